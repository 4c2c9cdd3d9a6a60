/* SPDX-License-Identifier: Apache-2.0 */
/* worker_syscalls.h - which system calls a worker may make once it serves.
 *
 * A list of what is allowed; all else is refused. What only an intruder does (run a program, make a
 * process or a socket, map or unlock memory for execution, read another process) ends the process;
 * what a library may try in good faith (open a file, make a thread) fails with an error that it
 * knows.
 */
#ifndef CHIMERA_SERVER_LOCKDOWN_WORKER_SYSCALLS_H
#define CHIMERA_SERVER_LOCKDOWN_WORKER_SYSCALLS_H

#include <stdbool.h>

#include "runtime/base/error.h"

/* Applies to every thread of the process, for good. Needs PR_SET_NO_NEW_PRIVS. *ret_lacks is set
 * when the kernel (or this program, on a processor that it does not know) has no filters: that is
 * no failure. */
int syscall_filter_apply(bool *ret_lacks, struct chimera_error *err);

#endif
