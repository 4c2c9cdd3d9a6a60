/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

static int fail_errno(struct chimera_error *err, int number)
{
    return chimera_fail(err, CHIMERA_EIO, "%s (os error %d)", strerror(number), number);
}

int socket_bind(const struct address *address, int *ret_fd, struct chimera_error *err)
{
    const int on = 1;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail_errno(err, errno);
    /* Accepted sockets inherit TCP_NODELAY. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
        bind(fd, &address->any, address->size) < 0) {
        int number = errno;
        close(fd);
        return fail_errno(err, number);
    }
    *ret_fd = fd;
    return CHIMERA_OK;
}

int socket_listen(int fd, struct chimera_error *err)
{
    return listen(fd, BACKLOG) < 0 ? fail_errno(err, errno) : CHIMERA_OK;
}
