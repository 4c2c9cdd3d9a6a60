/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PACKET_MAX ((size_t)64 * 1024) /* well below what a socket holds by default */

struct packet_head {
    uint32_t sequence;
    uint32_t size;   /* of the message */
    uint32_t offset; /* of what follows, in the message */
};

int channel_open(int ret_fds[2], struct chimera_error *err)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return chimera_fail_errno(err, "socketpair");
    if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0) {
        int number = errno;
        close(fds[0]);
        close(fds[1]);
        return chimera_fail(err, CHIMERA_EIO, "fcntl: %s", strerror(number));
    }
    ret_fds[0] = fds[0];
    ret_fds[1] = fds[1];
    return CHIMERA_OK;
}

/* A packet is sent whole or not at all. */
static int send_packet(int fd, struct packet_head *head, struct chimera_slice part)
{
    struct iovec parts[] = {{.iov_base = head, .iov_len = sizeof(*head)},
                            {.iov_base = (void *)(uintptr_t)part.data, .iov_len = part.size}};
    ssize_t size;
    do
        size = writev(fd, parts, 2);
    while (size < 0 && errno == EINTR);
    if (size >= 0)
        return CHIMERA_OK;
    return errno == EAGAIN ? CHIMERA_EDEADLINE : CHIMERA_EIO;
}

int channel_send(int fd, uint32_t sequence, struct chimera_slice message, size_t *offset)
{
    struct packet_head head = {.sequence = sequence, .size = (uint32_t)message.size};
    if (message.size > UINT32_MAX)
        return CHIMERA_ELIMIT;
    do {
        size_t left = message.size - *offset, step = left < PACKET_MAX ? left : PACKET_MAX;
        head.offset = (uint32_t)*offset;
        int code = send_packet(fd, &head, (struct chimera_slice){message.data + *offset, step});
        if (code < 0)
            return code;
        *offset += step;
    } while (*offset < message.size);
    return CHIMERA_OK;
}

int channel_receive(int fd, struct chimera_buffer *to, uint32_t *ret_sequence)
{
    struct packet_head head;
    char *at = chimera_buffer_reserve(to, PACKET_MAX);
    if (!at)
        return CHIMERA_ELIMIT;
    struct iovec parts[] = {{.iov_base = &head, .iov_len = sizeof(head)},
                            {.iov_base = at, .iov_len = PACKET_MAX}};
    ssize_t size;
    do
        size = readv(fd, parts, 2);
    while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN)
        return 0;
    if (size < (ssize_t)sizeof(head))
        return CHIMERA_EIO;
    size_t step = (size_t)size - sizeof(head);
    if (head.offset == 0 && to->size > 0) { /* the rest of the one before never came */
        memmove(to->data, at, step);
        to->size = 0;
    }
    if (head.offset != to->size || head.size - head.offset < step ||
        (to->size > 0 && head.sequence != *ret_sequence)) {
        to->size = 0; /* of a message whose beginning somebody else has read */
        return 0;
    }
    *ret_sequence = head.sequence;
    to->size += step;
    return to->size == head.size;
}
