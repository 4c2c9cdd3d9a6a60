/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - folders are watched, not files: editors and compilers put a new file in the place of
 * the old one. Each run is a process of its own, because what was mapped of a plugin stays. */
#include "toolchain/command/running/watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/text/printable.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/definition/definition.h"
#include "toolchain/command/policy_argument.h"
#include "toolchain/command/request/requests.h"

#define SETTLED_MS 50 /* without another event: who writes is done */
#define SETTLED_MOST_MS 2000
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE)
#define EVENT_BYTES 4096

struct watched {
    int folder; /* inotify's number of it */
    char *name; /* owned; NULL: the documents in it */
};

struct watch {
    int changes, signals;    /* descriptors */
    struct watched *watched; /* owned */
    size_t count;
    pid_t child; /* 0: none */
    char last[NAME_MAX + 1];
};

/* --- What is watched --- */

static int add(struct watch *watch, const char *folder, const char *name, struct chimera_error *err)
{
    int number = inotify_add_watch(watch->changes, folder, EVENTS);
    if (number < 0 && (errno == ENOENT || errno == ENOTDIR))
        return CHIMERA_OK; /* who names it tells that */
    if (number < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot watch %s: %s", folder, strerror(errno));
    struct watched *more = reallocarray(watch->watched, watch->count + 1, sizeof(*more));
    if (!more)
        return chimera_fail_memory(err);
    watch->watched = more;
    struct watched *last = &more[watch->count++];
    *last = (struct watched){number, name ? strdup(name) : NULL};
    return name && !last->name ? chimera_fail_memory(err) : CHIMERA_OK;
}

static int add_one(struct watch *watch, const char *path, struct chimera_error *err)
{
    struct stat status;
    const char *slash = strrchr(path, '/');
    CHIMERA_FREE char *folder =
        slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    if (!folder)
        return chimera_fail_memory(err);
    int code = add(watch, folder, slash ? slash + 1 : path, err);
    if (code == CHIMERA_OK && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        code = add(watch, path, NULL, err);
    return code;
}

/* Under the name that it was given, and where a link leads. */
static int add_path(struct watch *watch, const char *path, struct chimera_error *err)
{
    CHIMERA_FREE char *real = realpath(path, NULL);
    int code = add_one(watch, path, err);
    return code == CHIMERA_OK && real ? add_one(watch, real, err) : code;
}

static int add_module(struct watch *watch, const char *module, const char *store,
                      struct chimera_error *err)
{
    struct chimera_module_place place = {0};
    int code = CHIMERA_OK;
    if (policy_argument_read(module, POLICY_WORDS_ALL, store, &place, NULL) < 0)
        return CHIMERA_OK;
    if (place.is_local)
        code = add_path(watch, place.path, err);
    chimera_module_place_done(&place);
    return code;
}

/* Of a file with policies their modules, too. What cannot be read yet is told by the run. */
static int add_policies(struct watch *watch, const struct chimera_cli_options *options,
                        struct chimera_error *err)
{
    CHIMERA_FREE char *store = policy_store(NULL);
    CHIMERA_FREE char *path = strdup(options->arguments[0]);
    struct definitions definitions = {0};
    if (!path)
        return chimera_fail_memory(err);
    char *sign = strrchr(path, '#');
    if (sign && access(path, F_OK) < 0)
        *sign = '\0';
    int code = strstr(path, "://") ? CHIMERA_OK : add_path(watch, path, err);
    if (definitions_take(options, &definitions, NULL) < 0)
        return code;
    for (size_t i = 0; i < definitions.count; i++)
        for (size_t k = 0; k < definitions.list[i].count && code == CHIMERA_OK && store; k++)
            code = add_module(watch, definitions.list[i].member[k].module, store, err);
    definitions_done(&definitions);
    return code;
}

static int add_all(struct watch *watch, const struct chimera_cli_options *options,
                   struct chimera_error *err)
{
    static const char *const paths[] = {"request-path", "settings-path", "bundle",
                                        "replay-host-capabilities-interactions"};
    int code = CHIMERA_OK;
    for (size_t i = 0; i < options->given_count && code == CHIMERA_OK; i++) {
        const struct chimera_cli_given *given = &options->given[i];
        for (size_t k = 0; k < sizeof(paths) / sizeof(*paths) && code == CHIMERA_OK; k++)
            if (strcmp(given->option->name, paths[k]) == 0)
                code = add_path(watch, given->value, err);
    }
    return code == CHIMERA_OK ? add_policies(watch, options, err) : code;
}

static void forget(struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        free(watch->watched[i].name);
    free(watch->watched);
    watch->watched = NULL;
    watch->count = 0;
}

/* --- Events --- */

static bool is_watched(const struct watch *watch, const struct inotify_event *event)
{
    const char *name = event->len > 0 ? event->name : "";
    for (size_t i = 0; i < watch->count; i++) {
        const struct watched *watched = &watch->watched[i];
        if (watched->folder == event->wd &&
            (watched->name ? strcmp(watched->name, name) == 0 : request_file_is(name)))
            return true;
    }
    return false;
}

/* True when what came was of something that is watched; its name is kept. */
static bool take_events(struct watch *watch)
{
    _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    bool has_changed = false;
    ssize_t size = read(watch->changes, bytes, sizeof(bytes));
    for (ssize_t at = 0; at < size;) {
        const struct inotify_event *event = (const struct inotify_event *)(bytes + at);
        bool is_lost = event->mask & IN_Q_OVERFLOW;
        if (is_lost || is_watched(watch, event)) {
            has_changed = true;
            snprintf(watch->last, sizeof(watch->last), "%s",
                     event->len > 0 ? event->name : "something");
        }
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    return has_changed;
}

/* Takes one signal; true when it asks for the end. */
static bool is_asked_to_end(struct watch *watch)
{
    struct signalfd_siginfo signal;
    if (read(watch->signals, &signal, sizeof(signal)) <= 0)
        return false;
    if (signal.ssi_signo != SIGCHLD)
        return true;
    if (watch->child > 0 && waitpid(watch->child, NULL, WNOHANG) == watch->child)
        watch->child = 0;
    return false;
}

/* Others may write in the folder without end, and the file itself may be written so: then it is run
 * now and then. False when the end was asked for. */
static bool settle(struct watch *watch)
{
    struct pollfd ends[] = {{.fd = watch->changes, .events = POLLIN},
                            {.fd = watch->signals, .events = POLLIN}};
    int64_t now_ms = chimera_clock_ms(), last_ms = now_ms + SETTLED_MOST_MS;
    int64_t until_ms = now_ms + SETTLED_MS;
    char last[sizeof(watch->last)];
    bool is_ending = false;
    memcpy(last, watch->last, sizeof(last));
    for (; !is_ending && now_ms < until_ms && now_ms < last_ms; now_ms = chimera_clock_ms()) {
        if (poll(ends, 2, (int)(until_ms - now_ms)) <= 0)
            continue;
        is_ending = ends[1].revents & POLLIN && is_asked_to_end(watch);
        if (ends[0].revents & POLLIN && take_events(watch))
            until_ms = chimera_clock_ms() + SETTLED_MS;
    }
    memcpy(watch->last, last, sizeof(last));
    return !is_ending;
}

/* --- Runs --- */

static void wait_for_child(struct watch *watch)
{
    while (watch->child > 0 && waitpid(watch->child, NULL, 0) < 0 && errno == EINTR)
        ;
    watch->child = 0;
}

static void stop_child(struct watch *watch)
{
    if (watch->child > 0)
        kill(watch->child, SIGTERM);
    wait_for_child(watch);
}

static int start(struct watch *watch, const struct chimera_cli_options *options,
                 int (*once)(const struct chimera_cli_options *options), struct chimera_error *err)
{
    fflush(NULL); /* or both would write it */
    watch->child = fork();
    if (watch->child < 0)
        return chimera_fail_errno(err, "cannot start a process");
    if (watch->child > 0)
        return CHIMERA_OK;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close(watch->changes);
    close(watch->signals);
    int code = once(options);
    fflush(NULL);
    _exit(code);
}

/* 1: something has changed; 0: the run is over, and nothing has; -1: the end was asked for. */
static int wait_for_change(struct watch *watch)
{
    struct pollfd ends[] = {{.fd = watch->changes, .events = POLLIN},
                            {.fd = watch->signals, .events = POLLIN}};
    if (poll(ends, 2, -1) < 0)
        return errno == EINTR ? 0 : -1;
    if (ends[1].revents & POLLIN && is_asked_to_end(watch))
        return -1;
    return ends[0].revents & POLLIN && take_events(watch);
}

static int run(struct watch *watch, const struct chimera_cli_options *options,
               int (*once)(const struct chimera_cli_options *options), struct chimera_error *err)
{
    for (int change = 1; change >= 0;) {
        forget(watch); /* what a file names may be other files now */
        int code = add_all(watch, options, err);
        if (code == CHIMERA_OK)
            code = start(watch, options, once, err);
        if (code < 0)
            return code;
        while ((change = wait_for_change(watch)) == 0)
            ;
        if (change > 0 && !settle(watch))
            return CHIMERA_OK;
        if (change > 0) {
            stop_child(watch);
            if (say_level() != SAY_QUIET)
                chimera_printable_say(stderr, "Watch", "%s has changed", watch->last);
        }
    }
    return CHIMERA_OK;
}

int watch_run(const struct chimera_cli_options *options,
              int (*once)(const struct chimera_cli_options *options))
{
    struct watch watch = {.changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .signals = -1};
    struct chimera_error err = {0};
    sigset_t caught, before;
    sigemptyset(&caught);
    sigaddset(&caught, SIGINT);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGHUP);
    sigaddset(&caught, SIGCHLD);
    sigprocmask(SIG_BLOCK, &caught, &before);
    watch.signals = signalfd(-1, &caught, SFD_CLOEXEC);
    int code = watch.changes < 0 || watch.signals < 0 ? chimera_fail_errno(&err, "cannot watch")
                                                      : run(&watch, options, once, &err);
    stop_child(&watch);
    forget(&watch);
    if (watch.changes >= 0)
        close(watch.changes);
    if (watch.signals >= 0)
        close(watch.signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return code < 0 ? say_error("%s", err.text) : EXIT_GOOD;
}
