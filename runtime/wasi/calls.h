/* SPDX-License-Identifier: Apache-2.0 */
/* calls.h - the functions that reach outside (wasi_system.h), a group a file. */
#ifndef CHIMERA_WASI_CALLS_H
#define CHIMERA_WASI_CALLS_H

#include "runtime/abi/wasi_system.h"

struct stat;

extern const struct chimera_wasi_waiting chimera_exec_waiting;         /* waiting.c */
extern const struct chimera_wasi_descriptors chimera_exec_descriptors; /* descriptors.c */
extern const struct chimera_wasi_data chimera_exec_data;               /* data.c */
extern const struct chimera_wasi_paths chimera_exec_paths;             /* paths.c */

/* Puts a filestat of that size into the guest's memory. */
void chimera_exec_put_stat(struct chimera_guest *guest, uint32_t at, uint32_t size,
                           const struct stat *status);

/* The access time and the modification time that utimensat() takes; WASI_INVAL for flags that
 * contradict each other. */
struct timespec;
uint32_t chimera_exec_times(uint64_t accessed, uint64_t modified, uint32_t flags,
                            struct timespec ret_times[2]);

/* Waits until a descriptor of the kernel is ready for `events` of poll(2), or leaves the guest when
 * its time is up. Returns at once where there is no time limit: then the call itself may wait. */
void chimera_exec_wait_for(struct chimera_guest *guest, int fd, short events);

#endif
