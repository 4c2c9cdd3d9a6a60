/* SPDX-License-Identifier: Apache-2.0 */
/* refused_calls.h - system calls that are of no use to a process which handles what others made: a
 * compiler, or who speaks to registries.
 *
 * Lists of what is refused, not of what is allowed, because libraries differ in what they call;
 * calls that are newer than the lists are to be refused as unknown, which every library must cope
 * with.
 */
#ifndef CHIMERA_CONFINE_REFUSED_CALLS_H
#define CHIMERA_CONFINE_REFUSED_CALLS_H

#include <stdbool.h>

#include "runtime/confine/seccomp.h"

/* The beginning of a filter. Other processes, messages that outlive one, rarely used parts of the
 * kernel, the machine, who we are, files that are changed without being opened for writing, and,
 * unless it `has_network`, sockets of any kind: these fail with EPERM. What is newer, or has its
 * arguments in memory, where a filter cannot look, is unknown. What shall be allowed of it in spite
 * of that is put before. */
void chimera_seccomp_put_refused(struct chimera_seccomp_filter *filter, bool has_network);

#endif
