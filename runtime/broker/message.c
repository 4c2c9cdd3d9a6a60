/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/broker/message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/clock.h"

#define FDS_MAX (CHIMERA_BROKER_LINES + 1)

uint64_t chimera_broker_stall(void)
{
    return chimera_clock_ns() + CHIMERA_BROKER_STALL_NS;
}

static bool wait_for(int fd, short events, uint64_t deadline_ns)
{
    for (;;) {
        int timeout_ms = -1;
        if (deadline_ns != CHIMERA_ACCOUNT_FOREVER) {
            uint64_t now_ns = chimera_clock_ns();
            if (now_ns >= deadline_ns)
                return false;
            uint64_t left_ms = (deadline_ns - now_ns) / 1000000 + 1;
            timeout_ms = left_ms < 60000 ? (int)left_ms : 60000;
        }
        struct pollfd one = {.fd = fd, .events = events};
        int ready = poll(&one, 1, timeout_ms);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

bool chimera_broker_read(int fd, void *to, size_t size, uint64_t deadline_ns)
{
    char *at = to;
    while (size > 0) {
        ssize_t count = recv(fd, at, size, MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (!wait_for(fd, POLLIN, deadline_ns))
                return false;
            continue;
        }
        if (count <= 0)
            return false;
        at += count;
        size -= (size_t)count;
    }
    return true;
}

bool chimera_broker_write(int fd, const void *from, size_t size, uint64_t deadline_ns)
{
    const char *at = from;
    while (size > 0) {
        ssize_t count = send(fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (!wait_for(fd, POLLOUT, deadline_ns))
                return false;
            continue;
        }
        if (count <= 0)
            return false;
        at += count;
        size -= (size_t)count;
    }
    return true;
}

union control { /* aligned as the kernel wants it */
    struct cmsghdr head;
    char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

/* Does not wait. */
static ssize_t send_with(int fd, const void *from, size_t size, const int *fds, size_t count)
{
    union control control;
    struct iovec part = {(void *)(uintptr_t)from, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(head), fds, count * sizeof(int));
    }
    ssize_t sent;
    do
        sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent;
}

/* What comes along beyond `max` is closed. */
ssize_t chimera_broker_receive(int socket, void *to, size_t size, int *fds, size_t max,
                               size_t *ret_count)
{
    union control control;
    struct iovec part = {to, size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    *ret_count = 0;
    ssize_t received = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (received < 0)
        return received;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int one;
            memcpy(&one, CMSG_DATA(head) + i * sizeof(int), sizeof(one));
            if (*ret_count < max)
                fds[(*ret_count)++] = one;
            else
                close(one);
        }
    }
    return received;
}

bool chimera_broker_read_reply(int fd, struct chimera_broker_reply *ret_reply, int *ret_memory,
                               uint64_t deadline_ns)
{
    size_t count = 0;
    *ret_memory = -1;
    for (;;) {
        ssize_t received =
            chimera_broker_receive(fd, ret_reply, sizeof(*ret_reply), ret_memory, 1, &count);
        if (received == (ssize_t)sizeof(*ret_reply))
            break;
        if (received > 0) { /* cut by the kernel: the rest is on its way, and brings nothing */
            if (chimera_broker_read(fd, (char *)ret_reply + received,
                                    sizeof(*ret_reply) - (size_t)received, chimera_broker_stall()))
                break;
        } else if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (wait_for(fd, POLLIN, deadline_ns))
                continue;
        }
        if (*ret_memory >= 0)
            close(*ret_memory);
        *ret_memory = -1;
        return false;
    }
    return true;
}

bool chimera_broker_write_reply(int fd, const struct chimera_broker_reply *reply, int memory)
{
    uint64_t until_ns = chimera_broker_stall();
    ssize_t sent;
    do
        sent = send_with(fd, reply, sizeof(*reply), &memory, memory >= 0 ? 1 : 0);
    while (sent < 0 && errno == EAGAIN && wait_for(fd, POLLOUT, until_ns));
    return sent > 0 && chimera_broker_write(fd, (const char *)reply + sent,
                                            sizeof(*reply) - (size_t)sent, until_ns);
}

bool chimera_broker_send_lines(int socket, const int *fds, size_t count)
{
    return send_with(socket, "L", 1, fds, count) == 1;
}

size_t chimera_broker_receive_lines(int socket, int *fds, size_t max)
{
    char letter;
    size_t count;
    return chimera_broker_receive(socket, &letter, 1, fds, max, &count) == 1 ? count : 0;
}
