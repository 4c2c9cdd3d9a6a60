/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "server/base/role.h"

/* In the child: never returns. */
static void become(char *const *argv, pid_t parent, const int out[2], const int errors[2])
{
    sigset_t none;
    sigemptyset(&none);
    int empty = open("/dev/null", O_RDONLY);
    if (!role_follow(parent, SIGKILL))
        _exit(126);
    if (empty < 0 || dup2(empty, 0) < 0 || dup2(out[1], 1) < 0 || dup2(errors[1], 2) < 0)
        _exit(126);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(argv[0], argv);
    static const char text[] =
        "cannot be started: is `chimera` installed beside chimera-server, or in PATH?\n";
    (void)!write(2, text, sizeof(text) - 1);
    _exit(127);
}

/* False at the end of the stream. What is over the limit is read and dropped, so that the child
 * does not wait for ever. */
static bool take_output(int fd, struct chimera_buffer *to)
{
    char bytes[4096];
    ssize_t size = read(fd, bytes, sizeof(bytes));
    if (size < 0)
        return errno == EINTR;
    size_t room = to->limit - to->size;
    chimera_buffer_append(to,
                          (struct chimera_slice){bytes, (size_t)size < room ? (size_t)size : room});
    return size > 0;
}

/* Until the child has closed both ends. */
static void listen_to(struct pollfd polled[2], child_listener *listen, void *context,
                      struct chimera_buffer *errors)
{
    struct chimera_buffer lines;
    chimera_buffer_init(&lines, CHILD_LINE_MAX);
    while (polled[0].fd >= 0 || polled[1].fd >= 0) {
        if (poll(polled, 2, -1) < 0)
            continue;
        if (polled[0].fd >= 0 && polled[0].revents && !take_output(polled[0].fd, &lines))
            polled[0].fd = -1;
        /* What is behind the last whole line stays in the buffer. */
        size_t at = 0;
        const char *feed;
        while (at < lines.size && (feed = memchr(lines.data + at, '\n', lines.size - at))) {
            size_t size = (size_t)(feed - lines.data) - at;
            listen(context, (struct chimera_slice){lines.data + at, size});
            at += size + 1;
        }
        if (at > 0)
            memmove(lines.data, lines.data + at, lines.size - at);
        lines.size -= at;
        if (polled[1].fd >= 0 && polled[1].revents && !take_output(polled[1].fd, errors))
            polled[1].fd = -1;
    }
    chimera_buffer_free(&lines);
}

int child_run(char *const *argv, child_listener *listen, void *context,
              struct chimera_buffer *errors, int *ret_status, struct chimera_error *err)
{
    int out_pipe[2] = {-1, -1}, errors_pipe[2] = {-1, -1};
    if (pipe2(out_pipe, O_CLOEXEC) < 0)
        return chimera_fail_errno(err, "pipe");
    CHIMERA_CLOSE int out_fd = out_pipe[0];
    CHIMERA_CLOSE int out_end = out_pipe[1];
    if (pipe2(errors_pipe, O_CLOEXEC) < 0)
        return chimera_fail_errno(err, "pipe");
    CHIMERA_CLOSE int errors_fd = errors_pipe[0];
    CHIMERA_CLOSE int errors_end = errors_pipe[1];
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return chimera_fail_errno(err, "fork");
    if (pid == 0)
        become(argv, parent, out_pipe, errors_pipe);
    close(out_end);
    close(errors_end);
    out_end = errors_end = -1;
    struct pollfd polled[] = {{.fd = out_fd, .events = POLLIN},
                              {.fd = errors_fd, .events = POLLIN}};
    listen_to(polled, listen, context, errors);
    while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
        ;
    return CHIMERA_OK;
}
