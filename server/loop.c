#include "server/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/instance/watchdog.h"
#include "runtime/policy/slots.h"
#include "server/clock.h"
#include "server/connection.h"

#define EVENTS_MAX 64
#define SWEEP_MS 500
#define SPARE_BYTES_MAX ((size_t)256 * 1024)
/* Twice what a read takes at least, a head, and whatever of a body fits the limit. */
#define INPUT_EXTRA ((size_t)128 * 1024)
#define DRAIN_MS 25000 /* Kubernetes kills after 30 seconds */
#define DRAIN_MESSAGE (-1)
#define RETIRE_MESSAGE (-2)

static int fail_errno(struct chimera_error *err, const char *what)
{
    return chimera_fail(err, CHIMERA_EIO, "%s: %s", what, strerror(errno));
}

int loop_open(struct loop *loop, unsigned index, const struct service *service, SSL_CTX *tls,
              struct chimera_error *err)
{
    int pipe_fds[2] = {-1, -1};
    *loop = (struct loop){.service = service, .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    if (loop->epoll_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0) {
        fail_errno(err, "cannot make a loop");
        close(loop->epoll_fd);
        return CHIMERA_EIO;
    }
    loop->inbox_read = pipe_fds[0];
    loop->inbox_write = pipe_fds[1];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}; /* NULL: the inbox */
    if (fcntl(loop->inbox_read, F_SETFL, O_NONBLOCK) < 0 ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->inbox_read, &event) < 0) {
        fail_errno(err, "cannot make a loop");
        loop_close(loop);
        return CHIMERA_EIO;
    }
    atomic_init(&loop->connection_count, 0);
    lane_init(&loop->lane, index, service->rules.max_body_bytes);
    loop->tls = tls;
    return CHIMERA_OK;
}

void loop_close(struct loop *loop)
{
    while (loop->connections)
        connection_free(loop->connections);
    while (loop->spare_count > 0)
        chimera_buffer_free(&loop->spare[--loop->spare_count]);
    lane_done(&loop->lane);
    SSL_CTX_free(loop->tls);
    close(loop->inbox_read);
    close(loop->inbox_write);
    close(loop->epoll_fd);
}

void loop_take_buffer(struct loop *loop, struct chimera_buffer *ret_buffer)
{
    if (loop->spare_count > 0)
        *ret_buffer = loop->spare[--loop->spare_count];
    else
        chimera_buffer_init(ret_buffer,
                            HTTP_HEAD_MAX + loop->service->rules.max_body_bytes + INPUT_EXTRA);
}

void loop_give_buffer(struct loop *loop, struct chimera_buffer *buffer)
{
    if (loop->spare_count < LOOP_SPARES && buffer->capacity <= SPARE_BYTES_MAX) {
        chimera_buffer_reset(buffer);
        loop->spare[loop->spare_count++] = *buffer;
    } else {
        chimera_buffer_free(buffer);
    }
    *buffer = (struct chimera_buffer){0};
}

/* Messages are whole: a pipe takes and gives four bytes at once or not at all. */
static void send_message(struct loop *loop, int message)
{
    ssize_t size;
    do
        size = write(loop->inbox_write, &message, sizeof(message));
    while (size < 0 && errno == EINTR);
}

void loop_add(struct loop *loop, int fd)
{
    atomic_fetch_add_explicit(&loop->connection_count, 1, memory_order_relaxed);
    send_message(loop, fd);
}

void loop_drain(struct loop *loop)
{
    atomic_store_explicit(&loop->is_draining, true, memory_order_relaxed);
    send_message(loop, DRAIN_MESSAGE);
}

void loop_retire(struct loop *loop)
{
    atomic_store_explicit(&loop->is_draining, true, memory_order_relaxed);
    send_message(loop, RETIRE_MESSAGE);
}

bool loop_has_ended(struct loop *loop)
{
    return atomic_load(&loop->has_ended);
}

static void read_inbox(struct loop *loop)
{
    int messages[EVENTS_MAX];
    ssize_t size = read(loop->inbox_read, messages, sizeof(messages));
    size_t count = size > 0 ? (size_t)size / sizeof(messages[0]) : 0;
    for (size_t i = 0; i < count; i++) {
        if (messages[i] == DRAIN_MESSAGE) /* the last one: no connection comes behind it */
            loop->drain_until_ms = loop->now_ms + DRAIN_MS;
        else if (messages[i] == RETIRE_MESSAGE) /* nor behind this one */
            loop->is_retiring = true;
        else if (!connection_new(loop, messages[i]))
            atomic_fetch_sub_explicit(&loop->connection_count, 1, memory_order_relaxed);
    }
}

/* Connections end themselves in here, so the next one is looked up before. */
static void for_each(struct loop *loop, void (*visit)(struct connection *connection))
{
    struct connection *next = NULL;
    for (struct connection *connection = loop->connections; connection; connection = next) {
        next = connection->next;
        visit(connection);
    }
}

static void end_if_late(struct connection *connection)
{
    if (connection->loop->now_ms >= connection->deadline_ms)
        connection_on_timeout(connection);
}

static void dispatch(struct loop *loop, const struct epoll_event *events, int count)
{
    loop->has_pages |= count > 0;
    for (int i = 0; i < count; i++) {
        if (!events[i].data.ptr)
            read_inbox(loop);
        else
            connection_on_ready(events[i].data.ptr, events[i].events);
    }
    /* Behind the events, because it frees what they point to. */
    if (loop->drain_until_ms && !loop->has_drained) {
        loop->has_drained = true;
        for_each(loop, connection_on_drain);
    }
    if (loop->now_ms - loop->swept_ms >= SWEEP_MS) {
        for_each(loop, end_if_late);
        loop->has_pages = chimera_slots_trim(loop->service->policies->slots, loop->lane.index,
                                             chimera_monotonic_ns());
        loop->swept_ms = loop->now_ms;
    }
}

static bool is_done(const struct loop *loop)
{
    if (!loop->connections)
        return loop->has_drained || loop->is_retiring;
    return loop->has_drained && loop->now_ms >= loop->drain_until_ms;
}

static void *run(void *context)
{
    struct loop *loop = context;
    struct epoll_event events[EVENTS_MAX];
    loop->now_ms = clock_now_ms();
    while (!is_done(loop)) {
        bool must_wake = loop->connections || loop->has_pages;
        int count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, must_wake ? SWEEP_MS : -1);
        loop->now_ms = clock_now_ms();
        if (count < 0 && errno != EINTR) {
            chimera_log_with(CHIMERA_LOG_ERROR, "server::loop", CHIMERA_SLICE("epoll_wait failed"),
                             CHIMERA_NUMBER("errno", errno));
            abort(); /* the supervisor starts another worker */
        }
        dispatch(loop, events, count);
    }
    atomic_store(&loop->has_ended, true);
    return NULL;
}

int loop_start(struct loop *loop, struct chimera_error *err)
{
    int number = pthread_create(&loop->thread, NULL, run, loop);
    if (number)
        return chimera_fail(err, CHIMERA_EIO, "cannot start a thread: %s", strerror(number));
    return CHIMERA_OK;
}

void loop_join(struct loop *loop)
{
    pthread_join(loop->thread, NULL);
}
