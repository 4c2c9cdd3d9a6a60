/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/broker/parent_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "runtime/base/clock.h"

enum { LINES = 'L', CALL = 'C', GOOD = 'G', BAD = 'B' };

/* --- In the broker. --- */

void chimera_parent_line_open(struct chimera_parent_line *line, int socket)
{
    *line = (struct chimera_parent_line){.socket = socket};
    pthread_mutex_init(&line->one, NULL);
    pthread_mutex_init(&line->mutex, NULL);
    pthread_cond_init(&line->answered, NULL);
    chimera_buffer_init(&line->answer, CHIMERA_BROKER_PACKET_MAX);
}

size_t chimera_parent_receive(struct chimera_parent_line *line, int *fds, size_t max)
{
    size_t count;
    char *packet = malloc(CHIMERA_BROKER_PACKET_MAX);
    ssize_t size = packet ? chimera_broker_receive(line->socket, packet, CHIMERA_BROKER_PACKET_MAX,
                                                   fds, max, &count)
                          : -1;
    if (size > 0 && packet[0] != LINES) {
        pthread_mutex_lock(&line->mutex);
        if (line->is_asked) { /* else it comes too late */
            line->is_good = packet[0] == GOOD;
            chimera_buffer_append(&line->answer,
                                  (struct chimera_slice){packet + 1, (size_t)size - 1});
            line->has_answer = true;
            pthread_cond_signal(&line->answered);
        }
        pthread_mutex_unlock(&line->mutex);
    }
    free(packet);
    if (size == 0)
        return CHIMERA_PARENT_GONE;
    return size > 0 ? count : 0;
}

/* The answer has come, or the time is up; the mutex is held. */
static int await(struct chimera_parent_line *line, struct chimera_buffer *answer,
                 struct chimera_error *err)
{
    uint64_t until_ns = chimera_clock_ns() + (uint64_t)CHIMERA_PARENT_CALL_MS * 1000000;
    bool is_in_time = true;
    while (!line->has_answer && is_in_time)
        is_in_time = chimera_clock_await(&line->answered, &line->mutex, until_ns);
    struct chimera_slice text = chimera_buffer_slice(&line->answer);
    if (!line->has_answer)
        return chimera_fail(err, CHIMERA_EDEADLINE, "a helper program did not end in time");
    if (!line->is_good)
        return chimera_fail(err, CHIMERA_EREFUSED, "%.*s", (int)text.size, text.data);
    return chimera_buffer_append(answer, text);
}

int chimera_parent_ask(struct chimera_parent_line *line, const char *what,
                       struct chimera_slice argument, struct chimera_buffer *answer,
                       struct chimera_error *err)
{
    struct chimera_buffer packet;
    chimera_buffer_init(&packet, CHIMERA_BROKER_PACKET_MAX);
    chimera_buffer_byte(&packet, CALL);
    chimera_buffer_text(&packet, what);
    chimera_buffer_byte(&packet, '\0');
    chimera_buffer_append(&packet, argument);
    pthread_mutex_lock(&line->one);
    pthread_mutex_lock(&line->mutex);
    chimera_buffer_reset(&line->answer);
    line->has_answer = false;
    line->is_asked = true;
    int code = packet.failed ? packet.failed : CHIMERA_OK;
    if (code == CHIMERA_OK &&
        send(line->socket, packet.data, packet.size, MSG_NOSIGNAL) != (ssize_t)packet.size)
        code = chimera_fail_errno(err, "asking for a helper program");
    if (code == CHIMERA_OK)
        code = await(line, answer, err);
    line->is_asked = false;
    pthread_mutex_unlock(&line->mutex);
    pthread_mutex_unlock(&line->one);
    chimera_buffer_free(&packet);
    return code;
}

/* --- In the parent. --- */

int chimera_parent_take(int socket, struct chimera_parent_call *ret_call)
{
    size_t count;
    ssize_t size = chimera_broker_receive(socket, ret_call->packet, CHIMERA_BROKER_PACKET_MAX, NULL,
                                          0, &count);
    if (size < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : CHIMERA_EIO;
    if (size == 0)
        return CHIMERA_EIO;
    ret_call->packet[size] = '\0';
    ret_call->what = ret_call->packet + 1;
    size_t before = 1 + strlen(ret_call->what) + 1;
    if (ret_call->packet[0] != CALL || before > (size_t)size)
        return 0;
    ret_call->argument = (struct chimera_slice){ret_call->packet + before, (size_t)size - before};
    return 1;
}

void chimera_parent_answer(int socket, const struct chimera_parent_call *call,
                           chimera_parent_run *run, void *context)
{
    struct chimera_buffer answer;
    struct chimera_error err = {0};
    chimera_buffer_init(&answer, CHIMERA_BROKER_PACKET_MAX - 1);
    chimera_buffer_byte(&answer, GOOD);
    int code = run(context, call->what, call->argument, &answer, &err);
    if (code < 0 || answer.failed) {
        chimera_buffer_free(&answer);
        chimera_buffer_byte(&answer, BAD);
        chimera_buffer_text(&answer, err.text);
    }
    send(socket, answer.data, answer.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    chimera_buffer_free(&answer);
}
