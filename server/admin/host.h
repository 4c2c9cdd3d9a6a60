/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - by which names the admin port may be asked.
 *
 * There is no password, so a page of somebody else's must not read it through a browser that can
 * reach it. It could by DNS rebinding: the page's own name is made to point here, and for the
 * browser page and port are of one origin then. The browser sends that name as Host. So a name that
 * nobody has told us is refused; an address is no name, and nobody can make localhost point
 * elsewhere.
 */
#ifndef CHIMERA_SERVER_ADMIN_HOST_H
#define CHIMERA_SERVER_ADMIN_HOST_H

#include <sys/socket.h>

#include "runtime/base/slice.h"

/* `host` as the request has it, with a port or without; .data NULL: it has none, as only HTTP/1.0
 * allows, which browsers do not speak. `names`: of --admin-hosts, separated by commas; NULL: none.
 * `is_local`: the client is on this machine. */
bool admin_host_is_known(struct chimera_slice host, const char *names, bool is_local);

/* An address of the loopback interface. */
bool admin_host_is_loopback(const struct sockaddr_storage *address);

#endif
