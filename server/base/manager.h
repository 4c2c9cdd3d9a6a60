/* SPDX-License-Identifier: Apache-2.0 */
/* manager.h - what a service manager hands over, and is told: systemd's protocols of sockets
 * (sd_listen_fds(3)) and of readiness (sd_notify(3)). Without a manager nothing happens. One
 * thread.
 */
#ifndef CHIMERA_SERVER_BASE_MANAGER_H
#define CHIMERA_SERVER_BASE_MANAGER_H

#include "runtime/base/error.h"
#include "server/base/socket.h"

enum manager_port { MANAGER_MAIN, MANAGER_PROBE, MANAGER_ADMIN, MANAGER_PORTS };

/* Takes the sockets that were opened for us: ports[i] becomes the address that such a socket has,
 * and keeps the socket; a port that nothing was opened for stays. Takes the manager's variables out
 * of the environment, so that no child takes them for its own. To be called before there are
 * descriptors of ours or a process that is not the one that was started. */
int manager_take(struct address *const ports[MANAGER_PORTS], struct chimera_error *err);

/* Says that the server is ready; once. */
void manager_ready(void);

#endif
