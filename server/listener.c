#include "server/listener.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/log.h"

#define BACKLOG 1024
#define CONNECTIONS_MAX 16384 /* a loop; beyond, the backlog waits for idle ones to be closed */
#define PAUSE_MS 100

static int fail_errno(struct chimera_error *err, int number)
{
    return chimera_fail(err, CHIMERA_EIO, "%s (os error %d)", strerror(number), number);
}

int listener_bind(const struct address *address, int *ret_fd, struct chimera_error *err)
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

int listener_listen(int fd, struct chimera_error *err)
{
    return listen(fd, BACKLOG) < 0 ? fail_errno(err, errno) : CHIMERA_OK;
}

static unsigned count_of(struct loop *loop)
{
    return atomic_load_explicit(&loop->connection_count, memory_order_relaxed);
}

static struct loop *emptiest(struct loop *loops, unsigned count)
{
    struct loop *best = &loops[0];
    for (unsigned i = 1; i < count; i++)
        if (count_of(&loops[i]) < count_of(best))
            best = &loops[i];
    return best;
}

static void relieve_all(struct loop *loops, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        loop_relieve(&loops[i]);
}

/* Once for each time that descriptors or memory run out. */
static void tell_of_want(struct listener *listener, int number)
{
    if (!listener->is_in_want)
        chimera_log_with(CHIMERA_LOG_WARN, "server::listener",
                         CHIMERA_SLICE("cannot accept connections"),
                         CHIMERA_TEXT("error", chimera_slice_of(strerror(number))));
    listener->is_in_want = true;
}

/* False when it would only go round: no descriptors are left, or no room in the loops. */
static bool accept_all(struct listener *listener, int listening, struct loop *loops, unsigned count)
{
    for (;;) {
        struct loop *loop = emptiest(loops, count);
        if (count_of(loop) >= CONNECTIONS_MAX)
            return false;
        int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            loop_add(loop, fd);
            if (listening == listener->main_fd)
                atomic_fetch_add_explicit(&listener->accepted, 1, memory_order_relaxed);
        } else if (errno == EAGAIN) {
            return true;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            tell_of_want(listener, errno);
            return false;
        } /* else the client has gone meanwhile */
    }
}

static void *run(void *context)
{
    struct listener *listener = context;
    struct pollfd polled[] = {{.fd = listener->stop_fd, .events = POLLIN},
                              {.fd = listener->main_fd, .events = POLLIN},
                              {.fd = listener->probe_fd, .events = POLLIN}};
    bool is_stopped = false;
    while (sem_wait(&listener->go) < 0)
        ;
    while (!is_stopped) {
        if (poll(polled, 3, -1) < 0 && errno != EINTR)
            break;
        is_stopped = polled[0].revents != 0;
        bool is_all =
            accept_all(listener, listener->main_fd, listener->loops, listener->loop_count);
        is_all = accept_all(listener, listener->probe_fd, listener->probe_loop, 1) && is_all;
        listener->is_in_want = listener->is_in_want && !is_all;
        if (!is_all && !is_stopped) {
            relieve_all(listener->loops, listener->loop_count);
            poll(polled, 1, PAUSE_MS);
        }
    }
    return NULL;
}

int listener_start(struct listener *listener, struct chimera_error *err)
{
    listener->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (listener->stop_fd < 0)
        return fail_errno(err, errno);
    sem_init(&listener->go, 0, 0);
    int number = pthread_create(&listener->thread, NULL, run, listener);
    if (number) {
        close(listener->stop_fd);
        return fail_errno(err, number);
    }
    return CHIMERA_OK;
}

void listener_go(struct listener *listener)
{
    sem_post(&listener->go);
}

void listener_stop(struct listener *listener)
{
    const uint64_t one = 1;
    while (write(listener->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    pthread_join(listener->thread, NULL);
    sem_destroy(&listener->go);
    close(listener->stop_fd);
}
