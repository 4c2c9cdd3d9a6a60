/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/checking/guest_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- The child --- */

static _Noreturn void work_and_tell(guest_work *work, const void *context, unsigned wait_ms, int to)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const rlim_t seconds = wait_ms / 1000 + 1;
    struct rlimit none = {0, 0}, processor = {seconds, seconds};
    struct chimera_error err = {0};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_CPU, &processor);
    err.code = work(context, &err);
    ssize_t put = write(to, &err, sizeof(err));
    _exit(put == (ssize_t)sizeof(err) ? 0 : 1);
}

/* --- The parent --- */

static bool hear(int from, unsigned wait_ms, struct chimera_error *ret_said)
{
    struct pollfd poller = {.fd = from, .events = POLLIN};
    struct chimera_error said;
    int ready;
    do
        ready = poll(&poller, 1, (int)wait_ms);
    while (ready < 0 && errno == EINTR);
    if (ready <= 0 || read(from, &said, sizeof(said)) != (ssize_t)sizeof(said))
        return false;
    *ret_said = said;
    ret_said->text[sizeof(ret_said->text) - 1] = '\0';
    ret_said->details = NULL; /* an address of the child's */
    return true;
}

bool guest_child_ask(guest_work *work, const void *context, unsigned wait_ms,
                     struct chimera_error *ret_said)
{
    int pipes[2], status;
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        work_and_tell(work, context, wait_ms, pipes[1]);
    close(pipes[1]);
    bool is_heard = pid > 0 && hear(pipes[0], wait_ms, ret_said);
    close(pipes[0]);
    if (pid > 0) {
        kill(pid, SIGKILL); /* it has told, or is too late */
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    return is_heard;
}
