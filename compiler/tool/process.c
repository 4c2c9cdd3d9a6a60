/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/tool/process.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/tool/process_internal.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

#define MAX_JOBS 64u
#define READ_BYTES ((size_t)64 * 1024)
#define READS_AT_ONCE                                                           \
    64 /* more than a pipe can hold, so that all is heard of a child that ended \
        */
#define SECOND_MS 1000
#define TICK_MS 20 /* how often to look at children where the kernel gives no pidfd */

struct pool {
    const struct chimera_command *commands;
    size_t count, started;
    unsigned jobs, running;
    struct child *children; /* `jobs` places; owned */
    int (*on_done)(void *context, size_t index, struct chimera_error *err);
    void *context;
    int code; /* of the first failure, or 0 */
    struct chimera_error *err;
};

/* --- Listening --- */

static void text_add(struct text_ends *text, const char *bytes, size_t size)
{
    size_t head = HEAD_BYTES - text->head_size;
    if (head > size)
        head = size;
    memcpy(text->head + text->head_size, bytes, head);
    text->head_size += head;
    bytes += head;
    size -= head;
    if (size > TAIL_BYTES) {
        bytes += size - TAIL_BYTES;
        size = TAIL_BYTES;
    }
    size_t kept = text->tail_size + size > TAIL_BYTES ? TAIL_BYTES - size : text->tail_size;
    memmove(text->tail, text->tail + text->tail_size - kept, kept);
    memcpy(text->tail + kept, bytes, size);
    text->tail_size = kept + size;
}

/* Takes what is there, within bounds, so that a child that never stops talking still meets its time
 * limit. Returns the sink's refusal, or 0. */
static int listen_output(struct child *child)
{
    static _Thread_local char block[READ_BYTES];
    ssize_t got = -1;
    for (int i = 0; i < READS_AT_ONCE && (got = read(child->output, block, sizeof(block))) > 0;
         i++) {
        const struct chimera_command *command = child->command;
        struct chimera_slice bytes = {block, (size_t)got};
        int code = CHIMERA_OK;
        if (command->sink)
            code = command->sink(command->sink_context, bytes);
        else
            text_add(&child->text, block, (size_t)got);
        if (code < 0)
            return code;
    }
    if (got == 0) {
        close(child->output);
        child->output = -1;
    }
    return CHIMERA_OK;
}

/* --- Ends --- */

static bool next_output_line(struct chimera_slice *rest, struct chimera_slice *ret_line)
{
    if (rest->size == 0)
        return false;
    const char *end = memchr(rest->data, '\n', rest->size);
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    *ret_line = (struct chimera_slice){rest->data, size};
    size_t step = end ? size + 1 : size;
    *rest = (struct chimera_slice){rest->data + step, rest->size - step};
    return true;
}

static bool contains_word(struct chimera_slice text, const char *word)
{
    return memmem(text.data, text.size, word, strlen(word)) != NULL;
}

/* Compilers tell the cause first and then a summary; other programs end with the cause. */
static struct chimera_slice telling_line(const struct text_ends *text)
{
    struct chimera_slice line, last = {NULL, 0};
    struct chimera_slice parts[] = {{text->head, text->head_size}, {text->tail, text->tail_size}};
    for (size_t i = 0; i < 2; i++) {
        while (next_output_line(&parts[i], &line)) {
            line = chimera_slice_trim(line);
            if (contains_word(line, "error:") || contains_word(line, "ERROR:"))
                return line;
            if (line.size > 0)
                last = line;
        }
    }
    return last;
}

/* ": LINE", with what could steer a terminal replaced; empty when the child said nothing. */
static const char *tell_last_line(const struct child *child, char *ret_text, size_t size)
{
    struct chimera_slice line = telling_line(&child->text);
    size_t shown = line.size < size - 3 ? line.size : size - 3;
    ret_text[0] = '\0';
    if (shown > 0) {
        memcpy(ret_text, ": ", 2);
        memcpy(ret_text + 2, line.data, shown);
        ret_text[shown + 2] = '\0';
        for (char *at = ret_text; *at; at++) {
            if ((unsigned char)*at < 0x20 || *at == 0x7f)
                *at = '?';
        }
    }
    return ret_text;
}

static bool ran_out_of_memory(const struct child *child)
{
    const char *const signs[] = {"out of memory", "bad_alloc", "annot allocate memory",
                                 "length_error", "std::bad_array_new_length"};
    struct chimera_slice head = {child->text.head, child->text.head_size};
    struct chimera_slice tail = {child->text.tail, child->text.tail_size};
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (contains_word(head, signs[i]) || contains_word(tail, signs[i]))
            return true;
    }
    return false;
}

static int fail_limit(const struct child *child, const char *limit, uint64_t amount,
                      const char *unit, struct chimera_error *err)
{
    const char *advice = child->command->advice;
    return chimera_fail(err, CHIMERA_ELIMIT, "%s passed its %s limit of %llu %s%s%s",
                        child->command->what, limit, (unsigned long long)amount, unit,
                        advice ? "; " : "", advice ? advice : "");
}

static int fail_signal(const struct child *child, int number, struct chimera_error *err)
{
    char line[400];
    const char *what = child->command->what;
    if (process_is_stopping())
        return chimera_fail(err, CHIMERA_ETOOL, "%s was interrupted", what);
    if (number == SIGKILL)
        return chimera_fail(
            err, CHIMERA_ETOOL,
            "%s was killed from outside (signal 9): the machine or the container may be out "
            "of memory; give it more or build with fewer jobs",
            what);
    return chimera_fail(err, CHIMERA_ETOOL, "%s crashed with signal %d (%s)%s", what, number,
                        strsignal(number), tell_last_line(child, line, sizeof(line)));
}

/* Ours for it, or one that whoever started us has set. */
static int fail_file_size(const struct child *child, uint64_t bytes, struct chimera_error *err)
{
    struct rlimit own;
    if (getrlimit(RLIMIT_FSIZE, &own) == 0 && own.rlim_cur < bytes)
        return chimera_fail(err, CHIMERA_ELIMIT,
                            "%s passed the limit of %llu KiB that this process has for files "
                            "(ulimit -f): raise it",
                            child->command->what, (unsigned long long)own.rlim_cur >> 10);
    return fail_limit(child, "file size", bytes >> 20, "MiB", err);
}

static int judge_end(const struct child *child, const siginfo_t *end, struct chimera_error *err)
{
    const struct chimera_process_limits *limits = &child->command->limits;
    char line[400];
    bool is_signal = end->si_code != CLD_EXITED;
    if (!is_signal && end->si_status == 0)
        return CHIMERA_OK;
    if (child->is_late)
        return fail_limit(child, "time", limits->wall_seconds, "s", err);
    /* A shell in between turns the signal into 128 + N. */
    int number = is_signal ? end->si_status : end->si_status - 128;
    if (number == SIGXCPU)
        return fail_limit(child, "processor time", limits->cpu_seconds, "s", err);
    if (number == SIGXFSZ)
        return fail_file_size(child, limits->file_bytes, err);
    if (limits->memory_bytes > 0 && ran_out_of_memory(child))
        return fail_limit(child, "memory", limits->memory_bytes >> 20, "MiB", err);
    if (is_signal)
        return fail_signal(child, number, err);
    return chimera_fail(err, CHIMERA_ETOOL, "%s failed with exit code %d%s", child->command->what,
                        end->si_status, tell_last_line(child, line, sizeof(line)));
}

/* --- The pool --- */

static void note_failure(struct pool *pool, int code)
{
    if (pool->code != CHIMERA_OK || code >= 0)
        return;
    pool->code = code; /* its text is in pool->err by now */
    for (unsigned i = 0; i < pool->jobs; i++) {
        if (pool->children[i].pid > 0)
            process_kill(pool->children[i].pid);
    }
}

static void hear_child(struct pool *pool, struct child *child)
{
    if (child->errors >= 0) {
        char block[4096];
        ssize_t got = -1;
        for (int i = 0; i < READS_AT_ONCE && (got = read(child->errors, block, sizeof(block))) > 0;
             i++)
            text_add(&child->text, block, (size_t)got);
        if (got == 0) {
            close(child->errors);
            child->errors = -1;
        }
    }
    if (child->output < 0)
        return;
    int code = listen_output(child);
    if (code < 0) {
        /* Only the first failure may write its text. */
        chimera_fail(pool->code == CHIMERA_OK ? pool->err : NULL, code,
                     "the output of %s was refused", child->command->what);
        note_failure(pool, code);
        process_kill(child->pid);
    }
}

static void finish_if_ended(struct pool *pool, struct child *child)
{
    siginfo_t end = {0};
    int waited = waitid(P_PID, (id_t)child->pid, &end, WEXITED | WNOHANG | WNOWAIT);
    if (waited < 0 || end.si_pid == 0)
        return;
    process_kill(child->pid); /* what it left behind; its number is still taken by the zombie */
    hear_child(pool, child);
    if (pool->code == CHIMERA_OK) {
        int code = judge_end(child, &end, pool->err);
        if (code == CHIMERA_OK && pool->on_done)
            code = pool->on_done(pool->context, child->index, pool->err);
        note_failure(pool, code);
    }
    process_release(child);
    pool->running--;
}

static void start_more(struct pool *pool)
{
    for (unsigned i = 0; i < pool->jobs && pool->started < pool->count; i++) {
        if (pool->children[i].pid > 0)
            continue;
        if (pool->code != CHIMERA_OK)
            return;
        size_t index = pool->started++;
        int code = process_start(&pool->children[i], &pool->commands[index], index, pool->err);
        if (code == CHIMERA_OK)
            pool->running++;
        note_failure(pool, code);
    }
}

/* Fills `polls` and returns how many; *ret_timeout_ms is until the next limit passes. */
static nfds_t collect_polls(struct pool *pool, struct pollfd *polls, int *ret_timeout_ms)
{
    nfds_t count = 0;
    uint64_t now = chimera_clock_ns(), wait_ns = UINT64_MAX;
    for (unsigned i = 0; i < pool->jobs; i++) {
        struct child *child = &pool->children[i];
        if (child->pid <= 0)
            continue;
        const int fds[] = {child->pidfd, child->output, child->errors};
        for (size_t k = 0; k < 3; k++) {
            if (fds[k] >= 0)
                polls[count++] = (struct pollfd){.fd = fds[k], .events = POLLIN};
        }
        if (!child->is_late && child->end_ns <= now) {
            child->is_late = true;
            process_kill(child->pid);
        } else if (!child->is_late && child->end_ns - now < wait_ns) {
            wait_ns = child->end_ns - now;
        }
        if (child->pidfd < 0 && wait_ns > TICK_MS * UINT64_C(1000000))
            wait_ns = TICK_MS * UINT64_C(1000000);
    }
    uint64_t wait_ms = wait_ns / UINT64_C(1000000) + 1;
    /* Seconds that are shown go on. */
    uint64_t most_ms = pool->commands[0].progress ? SECOND_MS : 60000;
    *ret_timeout_ms = wait_ns == UINT64_MAX || wait_ms > most_ms ? (int)most_ms : (int)wait_ms;
    return count;
}

static void poll_children(struct pool *pool, struct pollfd *polls)
{
    int timeout_ms;
    nfds_t count = collect_polls(pool, polls, &timeout_ms);
    if (poll(polls, count, timeout_ms) < 0 && errno != EINTR)
        return;
    chimera_progress_tick(pool->commands[0].progress);
    for (unsigned i = 0; i < pool->jobs; i++) {
        struct child *child = &pool->children[i];
        if (child->pid <= 0)
            continue;
        hear_child(pool, child);
        finish_if_ended(pool, child);
    }
}

int chimera_process_run_all(const struct chimera_command *commands, size_t count, unsigned jobs,
                            int (*on_done)(void *context, size_t index, struct chimera_error *err),
                            void *context, struct chimera_error *err)
{
    jobs = jobs < 1 ? 1 : jobs > MAX_JOBS ? MAX_JOBS : jobs;
    if (jobs > count)
        jobs = count > 0 ? (unsigned)count : 1;
    CHIMERA_FREE struct child *children = calloc(jobs, sizeof(*children));
    CHIMERA_FREE struct pollfd *polls = calloc((size_t)jobs * 3, sizeof(*polls));
    if (!children || !polls)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot start %zu programs: out of memory", count);

    struct pool pool = {.commands = commands,
                        .count = count,
                        .jobs = jobs,
                        .children = children,
                        .on_done = on_done,
                        .context = context,
                        .err = err};
    do {
        start_more(&pool);
        if (pool.running > 0)
            poll_children(&pool, polls);
    } while (pool.running > 0 || (pool.code == CHIMERA_OK && pool.started < pool.count));
    return pool.code;
}

int chimera_process_run(const struct chimera_command *command, struct chimera_error *err)
{
    return chimera_process_run_all(command, 1, 1, NULL, NULL, err);
}

int chimera_process_capture(void *buffer, struct chimera_slice bytes)
{
    return chimera_buffer_append(buffer, bytes);
}

unsigned chimera_process_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) < 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (unsigned)count : 1;
}
