/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/stand_in.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENT_MS 2000
#define LOOK_MS 20
#define DROP_BYTES ((size_t)1 << 20)

static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
                             "content-type: text/plain; charset=utf-8\r\n"
                             "content-length: 26\r\n"
                             "connection: close\r\n\r\n"
                             "no worker serves just now\n";

static void end_client(struct stand_in_client *client)
{
    close(client->fd);
    *client = (struct stand_in_client){0};
}

bool stand_in_has_room(const struct stand_in *stand_in)
{
    for (size_t i = 0; i < STAND_IN_CLIENTS; i++)
        if (!stand_in->client[i].until_ms)
            return true;
    return false;
}

void stand_in_accept(struct stand_in *stand_in, int listening_fd, int64_t now_ms)
{
    for (size_t i = 0; i < STAND_IN_CLIENTS; i++) {
        struct stand_in_client *client = &stand_in->client[i];
        if (client->until_ms)
            continue;
        int fd = accept4(listening_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            *client = (struct stand_in_client){.fd = fd, .until_ms = now_ms + CLIENT_MS};
        return;
    }
}

/* A client would take an answer that comes before its request for a mistake; and one whose
 * connection is closed with input unread may never see it. */
static void go_on(struct stand_in_client *client)
{
    /* On a stream that drops bytes, and copies none (tcp(7)). */
    ssize_t size = recv(client->fd, NULL, DROP_BYTES, MSG_TRUNC | MSG_DONTWAIT);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
        end_client(client);
        return;
    }
    if (size < 0 || client->is_answered)
        return;
    client->is_answered = true;
    if (send(client->fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        end_client(client);
    else
        shutdown(client->fd, SHUT_WR);
}

int64_t stand_in_pass_time(struct stand_in *stand_in, int64_t now_ms)
{
    int64_t at_ms = INT64_MAX;
    for (size_t i = 0; i < STAND_IN_CLIENTS; i++) {
        struct stand_in_client *client = &stand_in->client[i];
        if (client->until_ms && now_ms >= client->until_ms)
            end_client(client);
        else if (client->until_ms)
            go_on(client);
        if (client->until_ms)
            at_ms = now_ms + LOOK_MS;
    }
    return at_ms;
}

void stand_in_close(struct stand_in *stand_in)
{
    for (size_t i = 0; i < STAND_IN_CLIENTS; i++)
        if (stand_in->client[i].until_ms)
            end_client(&stand_in->client[i]);
}
