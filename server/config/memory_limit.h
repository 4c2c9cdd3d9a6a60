/* SPDX-License-Identifier: Apache-2.0 */
/* memory_limit.h - how much memory the process may use: what its cgroups and the machine leave it.
 */
#ifndef CHIMERA_SERVER_CONFIG_MEMORY_LIMIT_H
#define CHIMERA_SERVER_CONFIG_MEMORY_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

/* The least limit of the cgroup that this process is in and of those above it, of version 2 or 1.
 * `root` is a folder in front of "/proc" and "/sys"; "" outside of tests. False: there is none. */
bool memory_limit_of_cgroup(const char *root, size_t *ret_bytes);

/* Of the machine. */
size_t memory_limit_of_machine(void);

#endif
