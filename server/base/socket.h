/* SPDX-License-Identifier: Apache-2.0 */
/* socket.h - an address, and sockets that listen on it. */
#ifndef CHIMERA_SERVER_BASE_SOCKET_H
#define CHIMERA_SERVER_BASE_SOCKET_H

#include <netinet/in.h>

#include "runtime/base/error.h"

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t size;
    int fd; /* a socket that has it and listens already (manager.h); 0: none */
};

/* A bound socket that does not listen yet: connections are refused until it does. Or the address's
 * own, where connections wait; it is handed over. `flag` is what a failure names, such as "--port".
 */
int socket_bind(const struct address *address, const char *flag, int *ret_fd,
                struct chimera_error *err);
int socket_listen(int fd, const char *flag, struct chimera_error *err);

/* "127.0.0.1:80" or "[::]:80". Returns `to`. */
#define SOCKET_TEXT (INET6_ADDRSTRLEN + 9)
const char *socket_show(const struct address *address, char to[SOCKET_TEXT]);

#endif
