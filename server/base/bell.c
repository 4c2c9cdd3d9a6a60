/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static const int heard[] = {SIGHUP, SIGINT, SIGTERM};
#define HEARD (sizeof(heard) / sizeof(heard[0]))
static int ends[2] = {-1, -1}; /* the supervisor's, the children's */
static pid_t parent;           /* of this process; 0: it is no child */
static int end_fd = -1;        /* to be written to at the parent's SIGTERM */
static bool ends_group;
static volatile sig_atomic_t has_ended;

int bell_open(struct chimera_error *err)
{
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0 ? chimera_fail_errno(err, "pipe") : CHIMERA_OK;
}

void bell_close(void)
{
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
        ends[i] = -1;
    }
}

int bell_fd(void)
{
    return ends[0];
}

/* What a child writes that was taken over is no more than this. */
static bool is_known(int number)
{
    for (size_t i = 0; i < HEARD; i++)
        if (heard[i] == number)
            return true;
    return false;
}

int bell_take(void)
{
    unsigned char number;
    while (read(ends[0], &number, 1) == 1)
        if (is_known(number))
            return number;
    return 0;
}

int bell_end(void)
{
    return ends[1];
}

bool bell_pass_on(int number, pid_t sender)
{
    unsigned char byte = (unsigned char)number;
    if (!parent || sender == parent || ends[1] < 0)
        return false;
    return write(ends[1], &byte, 1) == 1 || errno == EAGAIN; /* then it was rung often enough */
}

/* The group's is ours again: that is no stranger's. */
static void end(void)
{
    if (has_ended)
        return;
    has_ended = true;
    if (ends_group)
        kill(0, SIGTERM);
    if (end_fd >= 0) {
        ssize_t size = write(end_fd, "", 1);
        (void)size;
    }
}

static void hear(int number, siginfo_t *info, void *context)
{
    int kept = errno;
    (void)context;
    if (!has_ended && !bell_pass_on(number, info->si_pid) && number == SIGTERM)
        end();
    errno = kept;
}

void bell_enter(pid_t supervisor, bool reads_signals)
{
    struct sigaction action = {.sa_sigaction = hear, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigset_t signals;
    parent = supervisor;
    ends[0] = -1;
    if (reads_signals)
        return;
    sigemptyset(&signals);
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < HEARD; i++) {
        sigaddset(&signals, heard[i]);
        sigaction(heard[i], &action, NULL);
    }
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

void bell_leave(void)
{
    parent = 0;
    ends[0] = ends[1] = -1;
    for (size_t i = 0; i < HEARD; i++)
        signal(heard[i], SIG_DFL);
}

void bell_end_by(int fd)
{
    end_fd = fd;
}

void bell_end_group(void)
{
    ends_group = true;
}

bool bell_has_ended(void)
{
    return has_ended;
}
