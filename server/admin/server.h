/* SPDX-License-Identifier: Apache-2.0 */
/* server.h - HTTP for the admin port: one thread, a handful of clients, one request each.
 *
 * Not the workers' loop: that has threads, a watchdog and policies about it, none of which belongs
 * into a process that only shows numbers. The parser of heads is the same. Nobody is waited for:
 * each client has a deadline, and when all places are taken the backlog waits.
 */
#ifndef CHIMERA_SERVER_ADMIN_SERVER_H
#define CHIMERA_SERVER_ADMIN_SERVER_H

#include "server/admin/routes.h"

_Noreturn void admin_serve(int listening_fd, const struct admin *admin);

#endif
