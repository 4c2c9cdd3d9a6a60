/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/login/helper_program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

/* What we read of it. */
enum { ANSWER, COMPLAINT, STREAMS };

struct run {
    const struct chimera_helper_program *program;
    pid_t process;
    int fd;              /* becomes readable when the process has ended */
    int output[STREAMS]; /* all -1: not there */
    struct chimera_buffer *into[STREAMS];
};

static int fail_run(const struct run *run, const char *why, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_ETOOL, "%s: %s", run->program->words[0], why);
}

/* --- Its start --- */

static void redirect(posix_spawn_file_actions_t *files, int fd, int to)
{
    if (fd >= 0)
        posix_spawn_file_actions_adddup2(files, fd, to);
    else
        posix_spawn_file_actions_addopen(files, to, "/dev/null",
                                         to == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
}

static int spawn(struct run *run, int input, const int output[STREAMS])
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    redirect(&files, input, STDIN_FILENO);
    redirect(&files, output[ANSWER], STDOUT_FILENO);
    redirect(&files, output[COMPLAINT], STDERR_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int number = posix_spawnp(&run->process, run->program->words[0], &files, &attributes,
                              run->program->words, run->program->environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (number != 0)
        run->process = 0;
    return number;
}

static int make_pipe(int *ret_read, int *ret_write)
{
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) != 0)
        return -1;
    *ret_read = pair[0];
    *ret_write = pair[1];
    return 0;
}

/* The question lies in the pipe before anybody reads it, so a program that does not look at it
 * cannot end us by SIGPIPE. */
static int ask(const struct run *run, int *ret_input, struct chimera_error *err)
{
    const char *text = run->program->input;
    CHIMERA_CLOSE int question = -1;
    if (!text)
        return CHIMERA_OK;
    size_t size = strlen(text);
    if (make_pipe(ret_input, &question) != 0)
        return chimera_fail_errno(err, "pipe");
    if (size > PIPE_BUF || write(question, text, size) != (ssize_t)size)
        return fail_run(run, "cannot be asked", err);
    return CHIMERA_OK;
}

static int start(struct run *run, struct chimera_error *err)
{
    CHIMERA_CLOSE int input = -1;
    CHIMERA_CLOSE int answer = -1;
    CHIMERA_CLOSE int complaint = -1;
    int code = ask(run, &input, err);
    if (code < 0)
        return code;
    if (make_pipe(&run->output[ANSWER], &answer) != 0 ||
        (run->into[COMPLAINT] && make_pipe(&run->output[COMPLAINT], &complaint) != 0))
        return chimera_fail_errno(err, "pipe");
    for (int i = 0; i < STREAMS; i++)
        if (run->output[i] >= 0) /* our end alone does not wait */
            fcntl(run->output[i], F_SETFL, O_NONBLOCK);
    int number = spawn(run, input, (const int[STREAMS]){answer, complaint});
    if (number != 0)
        return fail_run(run, number == ENOENT ? "there is no such program" : strerror(number), err);
    run->fd = pidfd_open(run->process, 0);
    return run->fd < 0 ? chimera_fail_errno(err, "pidfd_open") : CHIMERA_OK;
}

/* --- What it says --- */

/* False: there is no more for now, or at all. Of complaints the beginning is enough. */
static bool read_some(struct run *run, int stream)
{
    char bytes[4096];
    struct chimera_buffer *into = run->into[stream];
    ssize_t got = read(run->output[stream], bytes, sizeof(bytes));
    size_t size = got > 0 ? (size_t)got : 0;
    if (stream == COMPLAINT && into && size > into->limit - into->size)
        size = into->limit - into->size;
    if (size > 0)
        chimera_buffer_append(into, (struct chimera_slice){bytes, size});
    explicit_bzero(bytes, sizeof(bytes));
    return got > 0 && !into->failed;
}

static int listen_to(struct run *run, struct chimera_error *err)
{
    int64_t until_ms = chimera_clock_ms() + run->program->limit_ms;
    struct pollfd sets[] = {{.fd = run->output[ANSWER], .events = POLLIN},
                            {.fd = run->output[COMPLAINT], .events = POLLIN},
                            {.fd = run->fd, .events = POLLIN}};
    const struct chimera_buffer *answer = run->into[ANSWER];
    while (!(sets[STREAMS].revents & POLLIN) && !answer->failed) {
        int64_t left_ms = until_ms - chimera_clock_ms();
        if (left_ms <= 0)
            return fail_run(run, "no answer in time", err);
        if (poll(sets, STREAMS + 1, (int)left_ms) < 0 && errno != EINTR)
            return chimera_fail_errno(err, run->program->words[0]);
        for (int i = 0; i < STREAMS; i++)
            if (sets[i].revents && !read_some(run, i))
                sets[i].fd = -1; /* its end */
    }
    /* What it has left behind in its pipes. A child of its own may write for ever. */
    for (int i = 0; i < STREAMS; i++)
        while (run->into[i] && (i == ANSWER || run->into[i]->size < run->into[i]->limit) &&
               read_some(run, i))
            ;
    return answer->failed ? fail_run(run, "it says too much", err) : CHIMERA_OK;
}

static int end(const struct run *run, bool has_ended)
{
    int status = -1;
    if (run->process > 0) {
        if (!has_ended)
            kill(-run->process, SIGKILL);
        while (waitpid(run->process, &status, 0) < 0 && errno == EINTR)
            ;
    }
    const int opened[] = {run->fd, run->output[ANSWER], run->output[COMPLAINT]};
    for (size_t i = 0; i < sizeof(opened) / sizeof(opened[0]); i++)
        if (opened[i] >= 0)
            close(opened[i]);
    return status;
}

int chimera_helper_program_run(const struct chimera_helper_program *program,
                               struct chimera_buffer *answer, struct chimera_buffer *complaint,
                               int *ret_status, struct chimera_error *err)
{
    struct run run = {
        .program = program, .fd = -1, .output = {-1, -1}, .into = {answer, complaint}};
    int code = start(&run, err);
    if (code == CHIMERA_OK)
        code = listen_to(&run, err);
    *ret_status = end(&run, code == CHIMERA_OK);
    return code;
}
