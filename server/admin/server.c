/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "server/admin/host.h"

#define CLIENTS_MAX 32
#define REQUEST_MS 5000
#define ANSWER_MS 20000
#define LINGER_MS 2000
#define BODY_MAX ((size_t)64 << 20) /* more than all label sets take */
#define KEPT_BYTES ((size_t)1 << 20)

enum state { FREE, READING, WRITING, LINGERING };

struct client {
    enum state state;
    int fd;
    bool is_local; /* on this machine */
    int64_t deadline_ms;
    size_t in_size, scanned, out_at;
    struct chimera_buffer out;
    char in[HTTP_HEAD_MAX];
};

struct server {
    const struct admin *admin;
    int listening_fd;
    struct answer_date date;
    struct chimera_buffer body; /* of the answer being made */
    struct client client[CLIENTS_MAX];
};

static void end(struct client *client)
{
    close(client->fd);
    chimera_buffer_free(&client->out);
    client->state = FREE;
}

static void go_on_writing(struct client *client)
{
    while (client->out_at < client->out.size) {
        ssize_t count = send(client->fd, client->out.data + client->out_at,
                             client->out.size - client->out_at, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count < 0 && errno != EINTR) {
            end(client);
            return;
        }
        client->out_at += count > 0 ? (size_t)count : 0;
    }
    /* A socket closed with input unread resets the connection, and the answer may be lost with it.
     */
    shutdown(client->fd, SHUT_WR);
    chimera_buffer_free(&client->out);
    client->state = LINGERING;
    client->deadline_ms = chimera_clock_ms() + LINGER_MS;
}

/* `status` not 0: the head is refused. */
static void answer(struct server *server, struct client *client, const struct http_head *head,
                   unsigned status)
{
    struct answer answer = {.status = status, .closes = true};
    chimera_buffer_reset(&server->body);
    if (!status)
        admin_answer(server->admin, head, client->is_local, &server->body, &answer);
    chimera_buffer_init(&client->out, BODY_MAX + HTTP_HEAD_MAX);
    answer_write(&answer, &server->date, &client->out);
    chimera_buffer_recycle(&server->body, KEPT_BYTES);
    if (client->out.failed) {
        end(client);
        return;
    }
    client->state = WRITING;
    client->out_at = 0;
    client->deadline_ms = chimera_clock_ms() + ANSWER_MS;
    go_on_writing(client);
}

static void go_on_reading(struct server *server, struct client *client)
{
    struct http_head head;
    ssize_t count =
        read(client->fd, client->in + client->in_size, sizeof(client->in) - client->in_size);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        end(client);
        return;
    }
    client->in_size += (size_t)count;
    int status = http_head_parse((struct chimera_slice){client->in, client->in_size},
                                 &client->scanned, &head);
    if (status == HTTP_DONE)
        answer(server, client, &head, 0);
    else if (status >= 400 || client->in_size == sizeof(client->in))
        answer(server, client, NULL, status >= 400 ? (unsigned)status : 431);
}

static void accept_one(struct server *server)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *client = &server->client[i];
        if (client->state != FREE)
            continue;
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof(address);
        client->fd = accept4(server->listening_fd, (struct sockaddr *)&address, &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client->fd < 0)
            return;
        client->is_local = admin_host_is_loopback(&address);
        client->state = READING;
        client->in_size = client->scanned = 0;
        client->deadline_ms = chimera_clock_ms() + REQUEST_MS;
        return;
    }
}

/* What to wait for; -1 for ever. The first is the listening socket, unless all places are taken. */
static int prepare_poll(struct server *server, struct pollfd *polled)
{
    int64_t now_ms = chimera_clock_ms(), at_ms = INT64_MAX;
    bool has_room = false;
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *client = &server->client[i];
        if (client->state != FREE && now_ms >= client->deadline_ms)
            end(client);
        polled[i + 1] = (struct pollfd){.fd = client->state == FREE ? -1 : client->fd,
                                        .events = client->state == WRITING ? POLLOUT : POLLIN};
        has_room = has_room || client->state == FREE;
        if (client->state != FREE && client->deadline_ms < at_ms)
            at_ms = client->deadline_ms;
    }
    polled[0] = (struct pollfd){.fd = has_room ? server->listening_fd : -1, .events = POLLIN};
    if (at_ms == INT64_MAX)
        return -1;
    return at_ms > now_ms ? (int)(at_ms - now_ms) : 0;
}

_Noreturn void admin_serve(int listening_fd, const struct admin *admin)
{
    static struct server server; /* too large for a stack, and there is one */
    server.admin = admin;
    server.listening_fd = listening_fd;
    chimera_buffer_init(&server.body, BODY_MAX);
    for (;;) {
        struct pollfd polled[CLIENTS_MAX + 1];
        int timeout_ms = prepare_poll(&server, polled);
        if (poll(polled, CLIENTS_MAX + 1, timeout_ms) <= 0)
            continue;
        for (size_t i = 0; i < CLIENTS_MAX; i++)
            if (polled[i + 1].fd >= 0 && polled[i + 1].revents) {
                struct client *client = &server.client[i];
                if (client->state == READING) {
                    go_on_reading(&server, client);
                } else if (client->state == WRITING) {
                    go_on_writing(client);
                } else if (client->state == LINGERING) {
                    ssize_t count = read(client->fd, client->in, sizeof(client->in));
                    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
                        end(client);
                }
            }
        if (polled[0].revents)
            accept_one(&server);
    }
}
