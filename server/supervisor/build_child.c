/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/build_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/log/log_writer.h"
#include "server/base/bell.h"
#include "server/base/program.h"
#include "server/base/role.h"

#define LOG_MS 500
#define LOOK_MS 1000
#define PATIENCE_MS 2000 /* of who waits for the end of a build */
#define SAID_MAX ((size_t)64 << 20)

/* What is said: for each policy a letter and a text that ends with NUL, and four texts of where
 * the module is from, then END; or ERROR and a text. */
enum {
    PLUGIN = 'p',
    QUICK_PLUGIN = 'q',
    FAILURE = 'f',       /* of its build */
    FETCH_FAILURE = 'g', /* there is no module */
    ORIGIN = 'o',
    ERROR = 'e',
    END = '.'
};

static void say(struct chimera_buffer *out, char kind, const char *text)
{
    chimera_buffer_byte(out, (uint8_t)kind);
    chimera_buffer_append(out, (struct chimera_slice){text, strlen(text) + 1});
}

static void say_result(struct chimera_buffer *out, const struct built_plugin *plugins, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (plugins[i].path)
            say(out, plugins[i].is_quick ? QUICK_PLUGIN : PLUGIN, plugins[i].path);
        else
            say(out, plugins[i].has_module ? FAILURE : FETCH_FAILURE, plugins[i].failure);
        const struct module_origin *origin = &plugins[i].origin;
        char seconds[24];
        snprintf(seconds, sizeof(seconds), "%lld", (long long)origin->fetched_s);
        say(out, ORIGIN, origin->digest ? origin->digest : "");
        say(out, ORIGIN, origin->signers ? origin->signers : "");
        say(out, ORIGIN, origin->module ? origin->module : "");
        say(out, ORIGIN, seconds);
    }
    chimera_buffer_byte(out, END);
}

static int write_all(int fd, struct chimera_slice bytes)
{
    while (bytes.size > 0) {
        ssize_t count = write(fd, bytes.data, bytes.size);
        if (count < 0 && errno != EINTR)
            return 1;
        if (count > 0) {
            bytes.data += count;
            bytes.size -= (size_t)count;
        }
    }
    return 0;
}

/* In the child: never returns. */
static _Noreturn void work(const struct builder_input *input, int fd, int priority)
{
    struct built_plugin *plugins = NULL;
    struct chimera_error err = {0};
    struct chimera_buffer out;
    setpgid(0, 0);
    bell_end_group();
    child_watch_stops(input->progress + input->policies->policy_count);
    unsetenv("CHIMERA_COMPILER_LAUNCHER"); /* what a server runs is compiled on its machine */
    if (chimera_log_buffer(NULL, NULL, NULL) == CHIMERA_OK)
        chimera_log_start_writer(NULL, NULL, NULL); /* else it writes itself, and may wait */
    if (priority > 0)
        setpriority(PRIO_PROCESS, 0, priority);
    chimera_buffer_init(&out, SAID_MAX);
    int code = builder_run(input, &plugins, &err);
    if (code == CHIMERA_OK)
        say_result(&out, plugins, input->policies->policy_count);
    else
        say(&out, ERROR, err.text);
    code = out.failed ? 1 : write_all(fd, chimera_buffer_slice(&out));
    chimera_log_finish(LOG_MS);
    _exit(code); /* what is ours to free goes with the process */
}

/* One more than there are policies, as nothing cannot be mapped. */
static int map_progress(struct builder_input *input, struct chimera_error *err)
{
    void *progress = mmap(NULL, input->policies->policy_count + 1, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED)
        return chimera_fail(err, CHIMERA_ENOMEM, "mmap: %s", strerror(errno));
    memset(progress, BUILD_WAITS, input->policies->policy_count);
    input->progress = progress;
    return CHIMERA_OK;
}

int build_child_start(struct build_child *build, const struct builder_input *input, int priority,
                      struct chimera_error *err)
{
    struct builder_input shared = *input; /* the same with `progress` */
    int ends[2];
    if (map_progress(&shared, err) < 0)
        return CHIMERA_ENOMEM;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        munmap(shared.progress, input->policies->policy_count + 1);
        return chimera_fail_errno(err, "pipe");
    }
    /* The listening sockets are the supervisor's and the workers': held by the child or by a
     * compiler that is only just being started, they would keep a port busy after the server has
     * ended. */
    const struct role_start start = {.role = ROLE_BUILD, .kept = &ends[1], .kept_count = 1};
    pid_t pid = role_fork(&start, err);
    if (pid == 0)
        work(&shared, ends[1], priority);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        munmap(shared.progress, input->policies->policy_count + 1);
        return pid;
    }
    setpgid(pid, pid); /* as in the child; whoever is first */
    madvise(shared.progress, input->policies->policy_count + 1, MADV_DONTFORK); /* from now on */
    *build = (struct build_child){.pid = pid,
                                  .fd = ends[0],
                                  .progress = shared.progress,
                                  .policy_count = input->policies->policy_count};
    chimera_buffer_init(&build->said, SAID_MAX);
    return CHIMERA_OK;
}

bool build_child_read(struct build_child *build)
{
    char bytes[4096];
    ssize_t size = read(build->fd, bytes, sizeof(bytes));
    if (size < 0)
        return errno != EINTR;
    chimera_buffer_append(&build->said, (struct chimera_slice){bytes, (size_t)size});
    return size == 0;
}

bool build_child_stopped(struct build_child *build, pid_t pid, bool is_stopped)
{
    if (build->pid == 0 || build->pid != pid)
        return false;
    build->is_stopped = is_stopped;
    return true;
}

bool build_child_pass_time(struct build_child *build, int64_t now_ms, unsigned limit_s,
                           int64_t *at_ms)
{
    if (build->fd < 0)
        return false;
    /* The byte behind the policies' is of the program that it runs. */
    bool is_stopped = build->is_stopped || build->progress[build->policy_count];
    if (is_stopped && !build->stopped_ms)
        build->stopped_ms = now_ms;
    if (!is_stopped)
        build->stopped_ms = 0;
    *at_ms = chimera_clock_earlier(*at_ms, now_ms + LOOK_MS);
    if (!is_stopped || now_ms - build->stopped_ms < (int64_t)limit_s * 1000)
        return false;
    build_child_stop(build);
    return true;
}

bool build_child_reaped(struct build_child *build, pid_t pid, int status)
{
    if (build->pid == 0 || build->pid != pid)
        return false;
    build->status = status;
    build->pid = 0;
    return true;
}

static void end(struct build_child *build)
{
    if (build->fd >= 0)
        close(build->fd);
    while (build->pid && waitpid(build->pid, &build->status, 0) < 0 && errno == EINTR)
        ;
    chimera_buffer_free(&build->said);
    munmap(build->progress, build->policy_count + 1);
    *build = BUILD_CHILD_NONE;
}

/* The next record; false when there is none that is whole. */
static bool take_record(struct chimera_slice *said, char *ret_kind, const char **ret_text)
{
    const char *nul = said->size > 1 ? memchr(said->data, '\0', said->size) : NULL;
    if (!nul)
        return false;
    *ret_kind = said->data[0];
    *ret_text = said->data + 1;
    said->size -= (size_t)(nul + 1 - said->data);
    said->data = nul + 1;
    return true;
}

/* 1 when it is whole, 0 when not, or a negative code; so are those below. */
static int take_copy(struct chimera_slice *said, char **ret_copy, struct chimera_error *err)
{
    char kind = 0;
    const char *text = NULL;
    if (!take_record(said, &kind, &text) || kind != ORIGIN)
        return 0;
    *ret_copy = *text ? strdup(text) : NULL;
    return *text && !*ret_copy ? chimera_fail_memory(err) : 1;
}

static int take_origin(struct chimera_slice *said, struct module_origin *ret_origin,
                       struct chimera_error *err)
{
    CHIMERA_FREE char *seconds = NULL;
    int code = take_copy(said, &ret_origin->digest, err);
    if (code > 0)
        code = take_copy(said, &ret_origin->signers, err);
    if (code > 0)
        code = take_copy(said, &ret_origin->module, err);
    if (code > 0)
        code = take_copy(said, &seconds, err);
    for (const char *digit = seconds; digit && *digit >= '0' && *digit <= '9'; digit++)
        ret_origin->fetched_s = ret_origin->fetched_s * 10 + (*digit - '0');
    return code;
}

static int take_plugin(struct chimera_slice *said, struct built_plugin *plugin,
                       struct chimera_error *err)
{
    char kind = 0;
    const char *text = NULL;
    if (!take_record(said, &kind, &text))
        return 0;
    if (kind == ERROR)
        return chimera_fail(err, CHIMERA_ETOOL, "%s", text);
    char *copy = strdup(text);
    if (!copy)
        return chimera_fail_memory(err);
    bool is_failure = kind == FAILURE || kind == FETCH_FAILURE;
    *(is_failure ? &plugin->failure : &plugin->path) = copy;
    plugin->is_quick = kind == QUICK_PLUGIN;
    plugin->has_module = kind != FETCH_FAILURE;
    return take_origin(said, &plugin->origin, err);
}

static int parse(struct chimera_slice said, size_t count, struct built_plugin *plugins,
                 struct chimera_error *err)
{
    char kind = 0;
    const char *text = NULL;
    for (size_t i = 0; i < count; i++) {
        int code = take_plugin(&said, &plugins[i], err);
        if (code <= 0)
            return code;
    }
    if (count == 0 && take_record(&said, &kind, &text))
        return chimera_fail(err, CHIMERA_ETOOL, "%s", text);
    return said.size == 1 && said.data[0] == END;
}

int build_child_finish(struct build_child *build, size_t count, struct built_plugin **ret_plugins,
                       struct chimera_error *err)
{
    struct built_plugin *plugins = calloc(count + 1, sizeof(*plugins));
    int code = plugins ? parse(chimera_buffer_slice(&build->said), count, plugins, err)
                       : chimera_fail_memory(err);
    while (build->pid && waitpid(build->pid, &build->status, 0) < 0 && errno == EINTR)
        ;
    build->pid = 0;
    if (code == 0) {
        int status = build->status;
        if (WIFSIGNALED(status))
            code = chimera_fail(err, CHIMERA_ETOOL, "the build was ended by signal %d (%s)",
                                WTERMSIG(status), strsignal(WTERMSIG(status)));
        else
            code = chimera_fail(err, CHIMERA_ETOOL, "the build ended with exit code %d",
                                WEXITSTATUS(status));
    }
    end(build);
    if (code < 0) {
        built_plugins_free(plugins, count);
        return code;
    }
    *ret_plugins = plugins;
    return CHIMERA_OK;
}

/* What it has begun is swept up by those who began it: they get a moment for that. */
static void end_process(struct build_child *build)
{
    const struct timespec pause = {.tv_nsec = 5L * 1000 * 1000};
    int64_t until_ms = chimera_clock_ms() + PATIENCE_MS;
    kill(build->pid, SIGTERM);
    kill(-build->pid, SIGCONT); /* who was stopped would not hear it */
    while (chimera_clock_ms() < until_ms) {
        if (waitpid(build->pid, &build->status, WNOHANG) != 0) {
            build->pid = 0;
            return;
        }
        nanosleep(&pause, NULL);
    }
    kill(-build->pid, SIGKILL);
}

void build_child_stop(struct build_child *build)
{
    if (build->fd < 0)
        return;
    close(build->fd); /* nobody listens any more */
    build->fd = -1;
    if (build->pid)
        end_process(build);
    end(build);
}
