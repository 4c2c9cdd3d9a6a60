#include "server/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

/* In the child: never returns. */
static void become(char *const *argv, pid_t parent, const int out[2], const int errors[2])
{
    sigset_t none;
    sigemptyset(&none);
    int empty = open("/dev/null", O_RDONLY);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126); /* it has died before we could ask to be told */
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
static bool take(int fd, struct chimera_buffer *to)
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
static void listen_to(int out_fd, int errors_fd, struct chimera_buffer *out,
                      struct chimera_buffer *errors)
{
    struct pollfd polled[] = {{.fd = out_fd, .events = POLLIN},
                              {.fd = errors_fd, .events = POLLIN}};
    while (polled[0].fd >= 0 || polled[1].fd >= 0) {
        if (poll(polled, 2, -1) < 0)
            continue;
        if (polled[0].fd >= 0 && polled[0].revents && !take(out_fd, out))
            polled[0].fd = -1;
        if (polled[1].fd >= 0 && polled[1].revents && !take(errors_fd, errors))
            polled[1].fd = -1;
    }
}

int child_run(char *const *argv, struct chimera_buffer *out, struct chimera_buffer *errors,
              int *ret_status, struct chimera_error *err)
{
    int out_pipe[2] = {-1, -1}, errors_pipe[2] = {-1, -1};
    if (pipe2(out_pipe, O_CLOEXEC) < 0)
        return chimera_fail(err, CHIMERA_EIO, "pipe: %s", strerror(errno));
    CHIMERA_CLOSE int out_fd = out_pipe[0];
    CHIMERA_CLOSE int out_end = out_pipe[1];
    if (pipe2(errors_pipe, O_CLOEXEC) < 0)
        return chimera_fail(err, CHIMERA_EIO, "pipe: %s", strerror(errno));
    CHIMERA_CLOSE int errors_fd = errors_pipe[0];
    CHIMERA_CLOSE int errors_end = errors_pipe[1];
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return chimera_fail(err, CHIMERA_EIO, "fork: %s", strerror(errno));
    if (pid == 0)
        become(argv, parent, out_pipe, errors_pipe);
    close(out_end);
    close(errors_end);
    out_end = errors_end = -1;
    listen_to(out_fd, errors_fd, out, errors);
    while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
        ;
    return CHIMERA_OK;
}
