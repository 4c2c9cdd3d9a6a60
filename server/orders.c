#include "server/orders.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int orders_open(int ret_fds[2], struct chimera_error *err)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        return chimera_fail(err, CHIMERA_EIO, "socketpair: %s", strerror(errno));
    ret_fds[0] = fds[0];
    ret_fds[1] = fds[1];
    return CHIMERA_OK;
}

void orders_send(int fd, enum order order)
{
    char letter = (char)order;
    while (send(fd, &letter, 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

enum order orders_receive(int fd)
{
    char letter = 0;
    ssize_t size;
    do
        size = read(fd, &letter, 1);
    while (size < 0 && errno == EINTR);
    return size == 1 ? (enum order)letter : ORDER_NONE;
}
