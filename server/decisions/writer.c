/* SPDX-License-Identifier: Apache-2.0 */
#include "server/decisions/writer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "runtime/log/log_writer.h"
#include "server/base/bell.h"
#include "server/decisions/decision.h"
#include "server/lockdown/lockdown.h"

#define TARGET "server::decisions"
#define IN_BYTES (16 * DECISION_LINE_MAX)
#define RETRY_MS 1000
#define LOOK_MS 1000   /* between looks at whether the file is still there */
#define NOTICE_MS 1000 /* between two words about drops */
#define LOG_MS 200     /* that the end waits for the server's log */
#define MILLI 1000

struct writer {
    const struct decision_options *options;
    struct decision_counters *counters;
    struct decision_file file;
    int pipe_fd, signal_fd;
    bool is_ending, is_failing;
    int64_t retry_at_ms, looked_at_ms, noticed_at_ms;
    int64_t filled_at_ms;     /* the bucket of lines */
    uint64_t permits_milli;   /* in it, in thousandths */
    uint64_t crowded, beyond; /* of these drops the log has told */
    size_t in_size, out_size, out_at;
    char in[IN_BYTES];
    char out[IN_BYTES + DECISION_LINE_MAX];
};

static void count(_Atomic uint64_t *counter, uint64_t number)
{
    atomic_fetch_add_explicit(counter, number, memory_order_relaxed);
}

/* --- From the pipe --- */

static bool is_permitted(struct writer *writer, int64_t now_ms)
{
    uint64_t rate = writer->options->rate, most = 2 * rate * MILLI;
    if (!rate)
        return true;
    writer->permits_milli += (uint64_t)(now_ms - writer->filled_at_ms) * rate;
    writer->filled_at_ms = now_ms;
    if (writer->permits_milli > most)
        writer->permits_milli = most;
    if (writer->permits_milli < MILLI)
        return false;
    writer->permits_milli -= MILLI;
    return true;
}

/* A worker may have been taken over: what it sends is one line that can be an object, or nothing.
 */
static bool is_line(const char *line, size_t size)
{
    if (size < 2 || size >= DECISION_LINE_MAX || line[0] != '{' || line[size - 1] != '}')
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)line[i] < ' ')
            return false;
    return true;
}

static void take_line(struct writer *writer, const char *line, size_t size, int64_t now_ms)
{
    if (!is_line(line, size)) {
        count(&writer->counters->errors, 1);
    } else if (!is_permitted(writer, now_ms)) {
        count(&writer->counters->beyond, 1);
    } else {
        memcpy(writer->out + writer->out_size, line, size + 1);
        writer->out_size += size + 1;
    }
}

/* All that was written before is out. False when there was nothing. */
static bool read_pipe(struct writer *writer, int64_t now_ms)
{
    ssize_t size = read(writer->pipe_fd, writer->in + writer->in_size, IN_BYTES - writer->in_size);
    if (size <= 0)
        return false;
    writer->in_size += (size_t)size;
    writer->out_size = writer->out_at = 0;
    const char *at = writer->in, *end = writer->in + writer->in_size, *feed;
    while ((feed = memchr(at, '\n', (size_t)(end - at)))) {
        take_line(writer, at, (size_t)(feed - at), now_ms);
        at = feed + 1;
    }
    writer->in_size = (size_t)(end - at);
    memmove(writer->in, at, writer->in_size);
    if (writer->in_size >= DECISION_LINE_MAX) { /* no line is so long */
        count(&writer->counters->errors, 1);
        writer->in_size = 0;
    }
    return true;
}

/* --- To the file --- */

/* In another file a line that the one before has in part begins anew. */
static void begin_line_again(struct writer *writer)
{
    while (writer->out_at > 0 && writer->out[writer->out_at - 1] != '\n')
        writer->out_at--;
}

static void fail(struct writer *writer, int64_t now_ms, const struct chimera_error *err)
{
    count(&writer->counters->errors, 1);
    if (!writer->is_failing)
        chimera_log_with(
            CHIMERA_LOG_ERROR, TARGET,
            CHIMERA_SLICE("the decision log cannot be written; it is tried again every "
                          "second"),
            CHIMERA_TEXT("error", chimera_slice_of(err->text)));
    writer->is_failing = true;
    writer->retry_at_ms = now_ms + RETRY_MS;
}

static void open_again(struct writer *writer, int64_t now_ms)
{
    struct chimera_error err = {0};
    writer->looked_at_ms = now_ms;
    if (decision_file_open(&writer->file, &err) < 0)
        fail(writer, now_ms, &err);
    else
        begin_line_again(writer);
}

/* So much at a time that no line of another process comes between: what a pipe takes as a whole. */
static size_t step_size(const struct writer *writer)
{
    size_t size = writer->out_size - writer->out_at;
    if (writer->file.is_regular || size <= DECISION_LINE_MAX)
        return size;
    const char *from = writer->out + writer->out_at, *feed = memrchr(from, '\n', DECISION_LINE_MAX);
    return feed ? (size_t)(feed - from) + 1 : DECISION_LINE_MAX;
}

static void count_written(struct writer *writer, size_t size)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += writer->out[writer->out_at + i] == '\n';
    writer->out_at += size;
    count(&writer->counters->lines, lines);
    if (writer->is_failing)
        chimera_log(CHIMERA_LOG_WARN, TARGET, CHIMERA_SLICE("the decision log is written again"));
    writer->is_failing = false;
}

static void write_step(struct writer *writer, int64_t now_ms)
{
    struct chimera_error err = {0};
    bool is_new = false;
    if (writer->is_failing && now_ms < writer->retry_at_ms)
        return;
    if (writer->file.fd < 0 ||
        (now_ms - writer->looked_at_ms >= LOOK_MS && decision_file_is_gone(&writer->file)))
        open_again(writer, now_ms);
    if (writer->file.fd < 0)
        return;
    if (now_ms - writer->looked_at_ms >= LOOK_MS)
        writer->looked_at_ms = now_ms;
    if (decision_file_prepare(&writer->file, step_size(writer), &is_new, &err) < 0) {
        fail(writer, now_ms, &err);
        return;
    }
    if (is_new)
        begin_line_again(writer);
    ssize_t size =
        decision_file_write(&writer->file, writer->out + writer->out_at, step_size(writer), &err);
    if (size < 0)
        fail(writer, now_ms, &err);
    else if (size > 0)
        count_written(writer, (size_t)size);
}

/* --- What was dropped --- */

static bool has_untold_drops(const struct writer *writer)
{
    return atomic_load_explicit(&writer->counters->crowded, memory_order_relaxed) !=
               writer->crowded ||
           atomic_load_explicit(&writer->counters->beyond, memory_order_relaxed) != writer->beyond;
}

/* Nothing is to be written just now. */
static void tell_drops(struct writer *writer, int64_t now_ms)
{
    uint64_t crowded = atomic_load_explicit(&writer->counters->crowded, memory_order_relaxed);
    uint64_t beyond = atomic_load_explicit(&writer->counters->beyond, memory_order_relaxed);
    size_t size = decision_begin_line(writer->out);
    int more = snprintf(writer->out + size, DECISION_LINE_MAX - size,
                        ",\"dropped\":{\"queue\":%llu,\"rate\":%llu}}\n",
                        (unsigned long long)(crowded - writer->crowded),
                        (unsigned long long)(beyond - writer->beyond));
    chimera_log_with(CHIMERA_LOG_WARN, TARGET,
                     CHIMERA_SLICE("rejections are not in the decision log"),
                     CHIMERA_NUMBER("queue", (int64_t)(crowded - writer->crowded)),
                     CHIMERA_NUMBER("rate", (int64_t)(beyond - writer->beyond)));
    writer->out_at = 0;
    writer->out_size = size + (size_t)more;
    writer->crowded = crowded;
    writer->beyond = beyond;
    writer->noticed_at_ms = now_ms;
}

/* --- The process --- */

static bool has_output(const struct writer *writer)
{
    return writer->out_at < writer->out_size;
}

static void read_signals(struct writer *writer, int64_t now_ms)
{
    struct signalfd_siginfo info;
    while (read(writer->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGUSR1)
            open_again(writer, now_ms);
        else if (!bell_pass_on((int)info.ssi_signo, (pid_t)info.ssi_pid) &&
                 info.ssi_signo == SIGTERM)
            writer->is_ending = true;
    }
}

/* Either lines are read, or written: what waits to be written waits in the pipe, but for a batch.
 */
static void wait_for_work(struct writer *writer)
{
    int64_t now_ms = chimera_clock_ms();
    bool is_held = writer->is_failing && now_ms < writer->retry_at_ms, is_full = has_output(writer);
    struct pollfd polled[] = {
        {.fd = writer->signal_fd, .events = POLLIN},
        {.fd = is_full ? -1 : writer->pipe_fd, .events = POLLIN},
        {.fd = is_full && !is_held ? writer->file.fd : -1, .events = POLLOUT},
    };
    int timeout_ms = -1;
    if (is_full && is_held)
        timeout_ms = (int)(writer->retry_at_ms - now_ms);
    else if (is_full && writer->file.fd < 0)
        timeout_ms = 0;
    else if (!is_full && has_untold_drops(writer))
        timeout_ms = NOTICE_MS;
    poll(polled, sizeof(polled) / sizeof(polled[0]), writer->is_ending ? 0 : timeout_ms);
}

static void work(struct writer *writer)
{
    while (!writer->is_ending || (has_output(writer) && !writer->is_failing)) {
        int64_t now_ms = chimera_clock_ms();
        read_signals(writer, now_ms);
        if (has_output(writer))
            write_step(writer, now_ms);
        else if (has_untold_drops(writer) && now_ms - writer->noticed_at_ms >= NOTICE_MS)
            tell_drops(writer, now_ms);
        else if (!read_pipe(writer, now_ms) && writer->is_ending)
            return;
        else if (has_output(writer))
            continue;
        wait_for_work(writer);
    }
}

static int prepare(struct writer *writer, const struct decision_writer_input *input,
                   struct chimera_error *err)
{
    sigset_t signals;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGUSR1);
    writer->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (writer->signal_fd < 0)
        return chimera_fail_errno(err, "signalfd");
    int code = lockdown_decisions(!input->config->options.is_without_lockdown,
                                  input->config->decisions.path, err);
    if (code == CHIMERA_OK)
        code = chimera_log_buffer(NULL, &input->counters->log_lines_dropped, err);
    return code < 0 ? code : chimera_log_start_writer(NULL, NULL, err);
}

int decision_writer_run(const struct decision_writer_input *input)
{
    static struct writer writer; /* too large for a stack, and there is one */
    struct chimera_error err = {0};
    writer.options = &input->config->decisions;
    writer.counters = &input->counters->decisions;
    writer.file = input->file;
    writer.pipe_fd = input->pipe_fd;
    writer.filled_at_ms = chimera_clock_ms();
    writer.permits_milli = 2 * MILLI * (uint64_t)writer.options->rate;
    int code = prepare(&writer, input, &err);
    if (code == CHIMERA_OK)
        work(&writer);
    else
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                         CHIMERA_SLICE("the decision log's process did not start"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
    chimera_log_finish(LOG_MS);
    return code < 0;
}
