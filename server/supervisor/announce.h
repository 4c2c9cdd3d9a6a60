/* SPDX-License-Identifier: Apache-2.0 */
/* announce.h - what an operator reads in the log when another set of policies begins to serve: one
 * line each at the start, for a reload, and for a swap to the full tier. All is borrowed.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_ANNOUNCE_H
#define CHIMERA_SERVER_SUPERVISOR_ANNOUNCE_H

#include <sys/types.h>

#include "server/config/generation.h"

/* The sockets say which ports the kernel has chosen, where none were given. */
void announce_start(const struct config *config, int main_fd, int probe_fd, int admin_fd,
                    const struct generation *served);
/* With the ids of what is new, gone or different: of each some, and how many more there are. */
void announce_reload(pid_t worker, const struct generation *before, const struct generation *now);
void announce_full_tier(pid_t worker, const struct generation *before,
                        const struct generation *now);

#endif
