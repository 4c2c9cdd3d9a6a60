/* SPDX-License-Identifier: Apache-2.0 */
/* freed_memory.h - what becomes of memory when it was freed: the heap keeps it, as it was.
 *
 * Where there were secrets in it, nothing of them is to be found in this process, or in its forks,
 * afterwards. And whoever has nothing to do gives the system back what is not needed.
 */
#ifndef CHIMERA_SERVER_BASE_FREED_MEMORY_H
#define CHIMERA_SERVER_BASE_FREED_MEMORY_H

/* From now on memory is overwritten when it is freed. Filling takes time, and touches memory that
 * may never be used, so only while there are secrets about. */
void freed_memory_guard(void);

/* Memory that is freed from now on stays as it is; of what was freed before nothing is left. */
void freed_memory_leave(void);

/* All whole pages that are free, of all threads. The heap is locked for some 0.15 ms a MiB, so for
 * when a process is ready, and then for those who have been idle for a while. */
void freed_memory_give_back(void);

#endif
