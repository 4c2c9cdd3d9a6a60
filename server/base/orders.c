/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/orders.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control { /* room for the descriptors, aligned for their head */
    char bytes[CMSG_SPACE(sizeof(int) * ORDER_FDS_MAX)];
    struct cmsghdr head;
};

int orders_open(int ret_fds[2], struct chimera_error *err)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        return chimera_fail_errno(err, "socketpair");
    ret_fds[0] = fds[0];
    ret_fds[1] = fds[1];
    return CHIMERA_OK;
}

void orders_send(int fd, const struct order *order)
{
    char letter = (char)order->verb;
    union control control = {{0}};
    struct iovec part = {.iov_base = &letter, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    size_t size = order->fd_count * sizeof(int);
    if (size > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(size);
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(&control.head), order->fds, size);
    }
    while (sendmsg(fd, &message, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

struct order orders_receive(int fd)
{
    char letter = 0;
    union control control = {{0}};
    struct iovec part = {.iov_base = &letter, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct order order = {.verb = ORDER_NONE};
    ssize_t size;
    do
        size = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size != 1)
        return order;
    order.verb = (enum order_verb)letter;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head && head->cmsg_type == SCM_RIGHTS) {
        order.fd_count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(order.fds, CMSG_DATA(head), order.fd_count * sizeof(int));
    }
    return order;
}
