/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/role.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "server/base/bell.h"
#include "server/base/descriptors.h"

static const struct role_row {
    int death_signal;    /* SIGTERM: it still has something to finish */
    bool keeps_settings; /* of the policies that it serves; else of none */
    bool is_deaf;        /* it passes no signals on */
    bool reads_signals;  /* itself, and passes on those that are not for it */
    const char *name;    /* of the process: 15 letters at most */
} rows[ROLE_COUNT] = {
    [ROLE_WORKER] = {.death_signal = SIGTERM,
                     .keeps_settings = true,
                     .reads_signals = true,
                     .name = "chimera-worker"},
    [ROLE_TENANT] = {.death_signal = SIGKILL,
                     .keeps_settings = true,
                     .is_deaf = true,
                     .name = "chimera-tenant"},
    [ROLE_ADMIN] = {.death_signal = SIGKILL, .name = "chimera-admin"},
    [ROLE_EXPORTER] = {.death_signal = SIGTERM, .name = "chimera-otlp"},
    [ROLE_DECISIONS] = {.death_signal = SIGTERM, .reads_signals = true, .name = "chimera-log"},
    [ROLE_BUILD] = {.death_signal = SIGTERM, .name = "chimera-build"},
    [ROLE_CERTIFICATE_CHECK] = {.death_signal = SIGKILL, .name = "chimera-certs"},
    [ROLE_BROKER] = {.death_signal = SIGKILL, .name = "chimera-broker"},
    [ROLE_HELPER] = {.death_signal = SIGKILL, .name = "chimera-helper"},
};

static char *shown_name; /* of the command line, which `ps` and `pidof` read; NULL: unknown */
static size_t shown_size;

void role_show_name(char *word)
{
    char *slash = strrchr(word, '/');
    shown_name = slash ? slash + 1 : word;
    shown_size = strlen(shown_name);
}

/* What is longer than the supervisor's is cut: nothing behind it is ours to write. */
static void take_name(const char *name)
{
    prctl(PR_SET_NAME, name);
    size_t size = strlen(name);
    if (!shown_name)
        return;
    memset(shown_name, '\0', shown_size);
    memcpy(shown_name, name, size < shown_size ? size : shown_size);
}

static role_forget *forget_settings; /* NULL: none were read */

void role_forget_by(role_forget *forget)
{
    forget_settings = forget;
}

/* The parent may die between the fork and the call that asks for its death to be told. */
bool role_follow(pid_t parent, int death_signal)
{
    prctl(PR_SET_PDEATHSIG, death_signal);
    return getppid() == parent;
}

/* Mappings come before descriptors, which they are made from. */
static void become(const struct role_start *start, pid_t parent)
{
    const struct role_row *row = &rows[start->role];
    struct chimera_error err = {0};
    if (!role_follow(parent, row->death_signal))
        _exit(1);
    take_name(row->name);
    int code = CHIMERA_OK;
    for (size_t i = 0; code == CHIMERA_OK && i < start->mapping_count; i++)
        code = shared_map(start->mappings[i].memory, start->mappings[i].is_written, &err);
    if (code < 0) {
        chimera_log_with(CHIMERA_LOG_ERROR, "server::role",
                         CHIMERA_SLICE("a process of the server cannot start"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
        _exit(1);
    }
    descriptors_keep(start->kept, start->kept_count, row->is_deaf ? -1 : bell_end());
    if (row->is_deaf)
        bell_leave();
    else
        bell_enter(parent, row->reads_signals);
    if (forget_settings)
        forget_settings(row->keeps_settings ? start->settings : NULL);
}

pid_t role_fork(const struct role_start *start, struct chimera_error *err)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return chimera_fail_errno(err, "fork");
    if (pid == 0)
        become(start, parent);
    return pid;
}

void role_stop(pid_t pid, int64_t patience_ms)
{
    const struct timespec pause = {.tv_nsec = 50L * 1000 * 1000};
    int64_t until_ms = chimera_clock_ms() + patience_ms;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    kill(pid, SIGTERM);
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (chimera_clock_ms() > until_ms)
            kill(pid, SIGKILL);
        sigtimedwait(&child, NULL, &pause);
    }
}
