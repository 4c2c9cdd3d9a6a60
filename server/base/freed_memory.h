/* SPDX-License-Identifier: Apache-2.0 */
/* freed_memory.h - what the supervisor has freed must not be found in its forks: the settings of
 * all policies went through such memory when they were read.
 */
#ifndef CHIMERA_SERVER_BASE_FREED_MEMORY_H
#define CHIMERA_SERVER_BASE_FREED_MEMORY_H

/* From now on memory is overwritten when it is freed, but for small pieces. */
void freed_memory_fill(void);

/* Overwrites the small pieces that were freed before. */
void freed_memory_wipe_small(void);

/* For a fork, which has work to do: memory that is freed from now on stays as it is. */
void freed_memory_leave(void);

#endif
