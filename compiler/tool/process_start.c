/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/tool/process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/tool/confine.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

#define MAX_LIVE 256u

/* The groups of all live children of the process, for chimera_process_kill_all(). A slot is taken
 * after the fork and emptied before the child is reaped, so no number in it can belong to a
 * stranger. */
static _Atomic pid_t live[MAX_LIVE];
static atomic_bool
    is_stopping; /* partner: register_child(), which looks at it after it took a slot */

struct launch { /* what a child needs between fork and exec, all made before the fork */
    const struct chimera_command *command;
    const struct chimera_confine_plan *plan; /* NULL: unconfined */
    char *const *environment;
    pid_t parent;
    int output, errors, report;
};

struct failed_step { /* sent by a child that could not exec */
    int number;
    char step[16];
};

/* --- The child, between fork and exec: async-signal-safe calls only. --- */

static bool lower_limit(int resource, uint64_t value, uint64_t margin)
{
    struct rlimit limit;
    if (value == 0)
        return true;
    if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
        return false;
    if (value < limit.rlim_max)
        limit.rlim_cur = value;
    else
        limit.rlim_cur = limit.rlim_max;
    if (value + margin < limit.rlim_max)
        limit.rlim_max = value + margin;
    return setrlimit((__rlimit_resource_t)resource, &limit) == 0;
}

/* All that takes rights away from a tool, in one place. The filter of system calls comes last. */
static bool confine_child(const struct launch *launch)
{
    const struct chimera_process_limits *limits = &launch->command->limits;
    struct rlimit none = {0, 0};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
           lower_limit(RLIMIT_CPU, limits->cpu_seconds, 2) &&
           lower_limit(RLIMIT_FSIZE, limits->file_bytes, 0) &&
           lower_limit(RLIMIT_STACK, limits->stack_bytes, 0) &&
           lower_limit(RLIMIT_AS, limits->memory_bytes, 0) &&
           (!launch->plan || confine_enter(launch->plan));
}

static _Noreturn void give_up(int report, const char *step)
{
    struct failed_step failed = {.number = errno};
    for (size_t i = 0; i + 1 < sizeof(failed.step) && step[i]; i++)
        failed.step[i] = step[i];
    ssize_t ignored = write(report, &failed, sizeof(failed));
    (void)ignored; /* the parent sees the exit code in any case */
    _exit(127);
}

static _Noreturn void become_command(const struct launch *launch)
{
    const struct chimera_command *command = launch->command;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launch->parent)
        _exit(127); /* died before the line above could tell us */
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(launch->output, STDOUT_FILENO) < 0 ||
        dup2(launch->errors, STDERR_FILENO) < 0)
        give_up(launch->report, "its streams");
    syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */); /* best effort */
    if (command->folder && chdir(command->folder) < 0)
        give_up(launch->report, "its folder");
    if (!confine_child(launch))
        give_up(launch->report, "confinement");
    /* execve() takes arrays of `char *` for historical reasons and changes nothing. */
    execve(command->argv[0], (char *const *)(uintptr_t)command->argv, launch->environment);
    give_up(launch->report, "the program");
}

/* --- Starting --- */

#define ENVIRONMENT_MAX 64

struct variables {
    char **list; /* its texts are owned */
    size_t count;
    bool has_failed;
};

static void add_variable(struct variables *variables, const char *name, const char *value)
{
    char *text = NULL;
    if (!value || variables->count + 1 >= ENVIRONMENT_MAX)
        return;
    if (asprintf(&text, "%s=%s", name, value) < 0)
        variables->has_failed = true;
    else
        variables->list[variables->count++] = text;
}

/* Those that tell launchers where to go, by their prefix. */
static void add_launcher_variables(struct variables *variables)
{
    static const char *const prefixes[] = {"DISTCC_", "ICECC_", "SCCACHE_", "CCACHE_"};
    for (char **at = environ; *at; at++)
        for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
            const char *equals = strchr(*at, '=');
            CHIMERA_FREE char *name = equals ? strndup(*at, (size_t)(equals - *at)) : NULL;
            if (name && strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
                add_variable(variables, name, equals + 1);
        }
}

/* Small and fixed, so that no CPATH, LANG or the like changes what a compiler does. The search
 * paths stay, for tools that are wrapped in scripts or live outside the system. */
static int make_environment(const struct chimera_command *command,
                            char *ret_environment[ENVIRONMENT_MAX])
{
    struct variables variables = {.list = ret_environment};
    const char *folder = command->folder;
    add_variable(&variables, "PATH", getenv("PATH"));
    add_variable(&variables, "LD_LIBRARY_PATH", getenv("LD_LIBRARY_PATH"));
    add_variable(&variables, "HOME",
                 command->launcher_home ? command->launcher_home : getenv("HOME"));
    add_variable(&variables, "LC_ALL", "C");
    add_variable(&variables, "TMPDIR", folder ? folder : "/tmp");
    if (command->launcher_home)
        add_launcher_variables(&variables);
    return variables.has_failed ? CHIMERA_ENOMEM : CHIMERA_OK;
}

bool process_is_stopping(void)
{
    return atomic_load(&is_stopping);
}

static bool register_child(pid_t pid)
{
    for (size_t i = 0; i < MAX_LIVE; i++) {
        pid_t empty = 0;
        if (atomic_compare_exchange_strong(&live[i], &empty, pid))
            return !process_is_stopping();
    }
    return false;
}

void process_kill(pid_t pid)
{
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL); /* it may not have made its group yet */
}

void chimera_process_kill_all(void)
{
    int saved = errno;
    atomic_store(&is_stopping, true);
    for (size_t i = 0; i < MAX_LIVE; i++) {
        pid_t pid = atomic_load(&live[i]);
        if (pid > 0)
            process_kill(pid);
    }
    errno = saved;
}

/* Signals wait from before the fork until the child is in the table, so that a handler misses none.
 */
static pid_t fork_registered(const struct launch *launch)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        become_command(launch);
    int number = errno;
    if (pid > 0) {
        setpgid(pid, pid);
        if (!register_child(pid))
            process_kill(pid);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return pid;
}

static int read_report(int report, const struct chimera_command *command, struct chimera_error *err)
{
    struct failed_step failed;
    ssize_t got;
    do {
        got = read(report, &failed, sizeof(failed));
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(failed))
        return CHIMERA_OK; /* exec closed the pipe */
    failed.step[sizeof(failed.step) - 1] = '\0';
    return chimera_fail(err, CHIMERA_ETOOL, "cannot start %s (%s): %s: %s", command->what,
                        command->argv[0], failed.step, strerror(failed.number));
}

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0)
            close(pair[i]);
    }
}

void process_release(struct child *child)
{
    int status;
    bool is_forgotten = false;
    for (size_t i = 0; i < MAX_LIVE && !is_forgotten; i++) {
        pid_t expected = child->pid;
        is_forgotten = atomic_compare_exchange_strong(&live[i], &expected, 0);
    }
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close_pair((int[2]){child->output, child->errors});
    if (child->pidfd >= 0)
        close(child->pidfd);
    child->pid = 0;
}

static void adopt_child(struct child *child, const struct chimera_command *command, size_t index,
                        pid_t pid, int output, int errors)
{
    uint32_t seconds = command->limits.wall_seconds;
    child->command = command;
    child->index = index;
    child->pid = pid;
    child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0u);
    child->output = output;
    child->errors = errors;
    child->end_ns = seconds > 0 ? chimera_clock_ns() + seconds * SECOND_NS : UINT64_MAX;
    child->is_late = false;
    child->text.head_size = child->text.tail_size = 0;
    fcntl(output, F_SETFL, O_NONBLOCK);
    fcntl(errors, F_SETFL, O_NONBLOCK);
}

static int start_with(struct child *child, const struct chimera_command *command, size_t index,
                      const struct chimera_confine_plan *plan, char *const *environment,
                      struct chimera_error *err)
{
    int output[2] = {-1, -1}, errors[2] = {-1, -1}, report[2] = {-1, -1};
    pid_t pid = -1;
    if (pipe2(output, O_CLOEXEC) == 0 && pipe2(errors, O_CLOEXEC) == 0 &&
        pipe2(report, O_CLOEXEC) == 0) {
        struct launch launch = {.command = command,
                                .plan = plan,
                                .environment = environment,
                                .parent = getpid(),
                                .output = output[1],
                                .errors = errors[1],
                                .report = report[1]};
        pid = fork_registered(&launch);
    }
    if (pid < 0) {
        int number = errno;
        close_pair(output);
        close_pair(errors);
        close_pair(report);
        return chimera_fail(err, CHIMERA_ETOOL, "cannot start %s: %s", command->what,
                            strerror(number));
    }
    close(output[1]);
    close(errors[1]);
    close(report[1]);
    adopt_child(child, command, index, pid, output[0], errors[0]);
    int code = read_report(report[0], command, err);
    close(report[0]);
    if (code < 0)
        process_release(child);
    return code;
}

static int start_confined(struct child *child, const struct chimera_command *command, size_t index,
                          char *const *environment, struct chimera_error *err)
{
    struct chimera_confine_plan plan = {.ruleset = -1};
    if (command->is_unconfined)
        return start_with(child, command, index, NULL, environment, err);
    int code = confine_prepare(command, &plan, err);
    if (code == CHIMERA_OK)
        code = start_with(child, command, index, &plan, environment, err);
    confine_done(&plan);
    return code;
}

int process_start(struct child *child, const struct chimera_command *command, size_t index,
                  struct chimera_error *err)
{
    char *environment[ENVIRONMENT_MAX] = {NULL};
    int code = make_environment(command, environment);
    if (code < 0)
        chimera_fail(err, code, "cannot start %s: out of memory", command->what);
    else if (process_is_stopping())
        code = chimera_fail(err, CHIMERA_ETOOL, "interrupted");
    else
        code = start_confined(child, command, index, environment, err);
    for (size_t i = 0; i < ENVIRONMENT_MAX; i++)
        free(environment[i]);
    return code;
}
