/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "server/base/bell.h"
#include "server/base/role.h"

#define READ_MAX ((size_t)4096)
#define LOOK_MS 1000

/* In the child: never returns. */
static void become(char *const *argv, pid_t parent, int input, int out, int errors)
{
    sigset_t none;
    sigemptyset(&none);
    if (!role_follow(parent, SIGKILL))
        _exit(126);
    if (dup2(input, 0) < 0 || dup2(out, 1) < 0 || dup2(errors, 2) < 0)
        _exit(126);
    signal(SIGPIPE, SIG_DFL);
    bell_leave();
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(argv[0], argv);
    const char *text =
        access("/proc/self", F_OK) == 0
            ? "cannot be started: is `chimera` installed beside chimera-server, or in PATH?\n"
            : "cannot be started: `chimera` is looked for beside chimera-server by /proc, which is "
              "not mounted\n";
    (void)!write(2, text, strlen(text));
    _exit(127);
}

/* False at the end of the stream. What is over the limit is read and dropped, so that the child
 * does not wait for ever. */
static bool take_output(int fd, struct chimera_buffer *to)
{
    char bytes[READ_MAX];
    ssize_t size = read(fd, bytes, sizeof(bytes));
    if (size < 0)
        return errno == EINTR;
    size_t room = to->limit - to->size;
    chimera_buffer_append(to,
                          (struct chimera_slice){bytes, (size_t)size < room ? (size_t)size : room});
    return size > 0;
}

struct lines {
    struct chimera_buffer text; /* behind the last whole line */
    bool is_cut;                /* what comes up to the end of the line is to be dropped */
};

/* What is behind the last whole line stays in the buffer. One that fills it is handed out as it is,
 * so that there is room for the lines behind it. */
static void hand_out_lines(struct lines *lines, child_listener *listen, void *context)
{
    struct chimera_slice rest = chimera_buffer_slice(&lines->text);
    const char *feed;
    while (rest.size > 0 && (feed = memchr(rest.data, '\n', rest.size))) {
        size_t size = (size_t)(feed - rest.data);
        if (!lines->is_cut)
            listen(context, (struct chimera_slice){rest.data, size});
        lines->is_cut = false;
        rest = (struct chimera_slice){feed + 1, rest.size - size - 1};
    }
    if (rest.size >= CHILD_LINE_MAX && !lines->is_cut) {
        listen(context, rest);
        lines->is_cut = true;
    }
    if (lines->is_cut)
        rest.size = 0;
    if (rest.size > 0)
        memmove(lines->text.data, rest.data, rest.size);
    lines->text.size = rest.size;
}

static uint8_t *told_of_stops; /* NULL: nobody asks */

void child_watch_stops(uint8_t *is_stopped)
{
    told_of_stops = is_stopped;
}

/* Whether it was stopped or goes on since it was asked last; that it has ended is not taken here.
 */
static void look_at(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WCONTINUED | WNOHANG) == 0 && info.si_pid)
        *told_of_stops = info.si_code == CLD_STOPPED;
}

struct heard {
    struct pollfd polled[2]; /* output, errors */
    child_listener *listen;
    void *context;
    struct chimera_buffer *errors;
};

/* Until the child has closed both ends. */
static void listen_to(struct heard *heard, pid_t pid)
{
    struct lines lines = {0};
    struct pollfd *polled = heard->polled;
    chimera_buffer_init(&lines.text, CHILD_LINE_MAX + READ_MAX); /* all of a piece has room */
    while (polled[0].fd >= 0 || polled[1].fd >= 0) {
        int count = poll(polled, 2, told_of_stops ? LOOK_MS : -1);
        if (told_of_stops)
            look_at(pid);
        if (count <= 0)
            continue;
        if (polled[0].fd >= 0 && polled[0].revents && !take_output(polled[0].fd, &lines.text))
            polled[0].fd = -1;
        hand_out_lines(&lines, heard->listen, heard->context);
        if (polled[1].fd >= 0 && polled[1].revents && !take_output(polled[1].fd, heard->errors))
            polled[1].fd = -1;
    }
    chimera_buffer_free(&lines.text);
}

/* A file in memory has room for all of it, and nobody waits; *ret_fd can be read from its start. */
static int open_input(struct chimera_slice input, int *ret_fd, struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = memfd_create("input", MFD_CLOEXEC);
    while (fd >= 0 && input.size > 0) {
        ssize_t size = write(fd, input.data, input.size);
        if (size < 0 && errno != EINTR)
            break;
        if (size > 0)
            input = (struct chimera_slice){input.data + size, input.size - (size_t)size};
    }
    if (fd < 0 || input.size > 0 || lseek(fd, 0, SEEK_SET) < 0)
        return chimera_fail_errno(err, "memfd_create");
    *ret_fd = fd;
    fd = -1; /* handed over */
    return CHIMERA_OK;
}

/* What the program was run for, nobody waits for any more. */
static void end_if_told(void)
{
    if (bell_has_ended())
        _exit(1);
}

int child_run(const struct child_command *command, child_listener *listen, void *context,
              struct chimera_buffer *errors, int *ret_status, struct chimera_error *err)
{
    int out_pipe[2] = {-1, -1}, errors_pipe[2] = {-1, -1};
    end_if_told();
    if (pipe2(out_pipe, O_CLOEXEC) < 0)
        return chimera_fail_errno(err, "pipe");
    CHIMERA_CLOSE int out_fd = out_pipe[0];
    CHIMERA_CLOSE int out_end = out_pipe[1];
    if (pipe2(errors_pipe, O_CLOEXEC) < 0)
        return chimera_fail_errno(err, "pipe");
    CHIMERA_CLOSE int errors_fd = errors_pipe[0];
    CHIMERA_CLOSE int errors_end = errors_pipe[1];
    CHIMERA_CLOSE int input = -1;
    int code = open_input(command->input, &input, err);
    if (code < 0)
        return code;
    /* What comes before the program is one is the program's. */
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        become(command->argv, parent, input, out_end, errors_end);
    int number = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = number;
    if (pid < 0)
        return chimera_fail_errno(err, "fork");
    close(out_end);
    close(errors_end);
    out_end = errors_end = -1;
    struct heard heard = {
        .polled = {{.fd = out_fd, .events = POLLIN}, {.fd = errors_fd, .events = POLLIN}},
        .listen = listen,
        .context = context,
        .errors = errors};
    listen_to(&heard, pid);
    while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
        ;
    end_if_told();
    return CHIMERA_OK;
}
