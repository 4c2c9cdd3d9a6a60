/* SPDX-License-Identifier: Apache-2.0 */
/* freed_memory.h - for memory with secrets in it that is freed: nothing of them is to be found in
 * this process, or in its forks, afterwards.
 */
#ifndef CHIMERA_SERVER_BASE_FREED_MEMORY_H
#define CHIMERA_SERVER_BASE_FREED_MEMORY_H

/* From now on memory is overwritten when it is freed. Filling takes time, and touches memory that
 * may never be used, so only while there are secrets about. */
void freed_memory_guard(void);

/* Memory that is freed from now on stays as it is; of what was freed before nothing is left. */
void freed_memory_leave(void);

#endif
