/* SPDX-License-Identifier: Apache-2.0 */
/* said.h - what a policy says while it is run, and where it was stopped, in words on standard
 * error.
 *
 * For who runs a policy and has not asked for the log. One thread; what is said on the guest's
 * stack (runtime/log/log.h) is written there.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_VERDICT_SAID_H
#define CHIMERA_TOOLCHAIN_COMMAND_VERDICT_SAID_H

/* From now on, unless -q or -v was given: lines of the policy from info on, the place of a trap or
 * a deadline, warnings of ours. `own` is the id of a policy that need not be named, because it is
 * the only one. Borrowed for the life of the process. */
void said_listen(const char *own);

#endif
