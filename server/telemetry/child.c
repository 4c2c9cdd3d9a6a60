/* SPDX-License-Identifier: Apache-2.0 */
#include "server/telemetry/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "server/base/role.h"
#include "server/telemetry/exporter.h"

#define TARGET "server::telemetry"
#define PIPE_BYTES (1 << 20) /* 256 packets; an ordinary user may have so much */
#define BACKOFF_FIRST_MS 500
#define BACKOFF_MAX_MS 30000
#define CALM_MS 60000
#define LAST_MS 5000 /* a little more than the exporter takes */

/* In packet mode, so that a reader never sees half of one, whoever writes. */
static int open_pipe(struct telemetry *telemetry, struct chimera_error *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK | O_DIRECT) < 0)
        return chimera_fail_errno(err, "pipe");
    fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES); /* refused: then it has 16 packets */
    telemetry->span_read = fds[0];
    telemetry->span_write = fds[1];
    return CHIMERA_OK;
}

/* In the child. The exit code. */
static int run_exporter(struct telemetry *telemetry, int report_fd)
{
    const struct exporter_input input = {.config = telemetry->config,
                                         .scoreboard = telemetry->scoreboard,
                                         .counters = telemetry->counters,
                                         .page = &telemetry->page,
                                         .span_fd = telemetry->span_read,
                                         .started_ns = telemetry->started_ns,
                                         .report_fd = report_fd};
    return exporter_run(&input);
}

static int start_process(struct telemetry *telemetry, int report_fd, struct chimera_error *err)
{
    const int kept[] = {report_fd, telemetry->span_read};
    const struct role_mapping mappings[] = {
        {telemetry->scoreboard, false}, {telemetry->counters, false}, {&telemetry->page, true}};
    const struct role_start start = {.role = ROLE_EXPORTER,
                                     .mappings = mappings,
                                     .mapping_count = sizeof(mappings) / sizeof(mappings[0]),
                                     .kept = kept,
                                     .kept_count = sizeof(kept) / sizeof(kept[0])};
    pid_t pid = role_fork(&start, err);
    if (pid == 0)
        _exit(run_exporter(telemetry, report_fd));
    telemetry->exporter_ms = chimera_clock_ms();
    telemetry->restart_at_ms = 0;
    if (pid < 0)
        return pid;
    telemetry->pid = pid;
    return CHIMERA_OK;
}

static int start_first(struct telemetry *telemetry, struct chimera_error *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return chimera_fail_errno(err, "pipe");
    int code = start_process(telemetry, fds[1], err);
    close(fds[1]);
    if (code == CHIMERA_OK) {
        /* EXPORTER_READY, a reason, or nothing at all. */
        char text[sizeof(err->text)];
        size_t size = 0;
        ssize_t count;
        do {
            count = read(fds[0], text + size, sizeof(text) - 1 - size);
            size += count > 0 ? (size_t)count : 0;
        } while ((count > 0 && text[0] != EXPORTER_READY) || (count < 0 && errno == EINTR));
        text[size] = '\0';
        if (size == 0 || text[0] != EXPORTER_READY)
            code = chimera_fail(err, CHIMERA_EIO, "%s", size ? text : "the exporter did not start");
    }
    close(fds[0]);
    return code;
}

static struct trace_sampler read_sampler(void)
{
    const char *name = getenv("OTEL_TRACES_SAMPLER"), *argument = getenv("OTEL_TRACES_SAMPLER_ARG");
    bool is_known;
    struct trace_sampler sampler = trace_sampler_read(name, argument, &is_known);
    if (!is_known)
        chimera_log_with(
            CHIMERA_LOG_WARN, TARGET,
            CHIMERA_SLICE("OTEL_TRACES_SAMPLER is not understood: all requests are traced"),
            CHIMERA_TEXT("name", chimera_slice_of(name ? name : "")),
            CHIMERA_TEXT("argument", chimera_slice_of(argument ? argument : "")));
    return sampler;
}

int telemetry_open(struct telemetry *telemetry, const struct config *config,
                   struct shared *scoreboard, struct shared *counters, struct chimera_error *err)
{
    const struct options *options = &config->options;
    bool has_traces = strcmp(options->log_format, "otlp") == 0;
    *telemetry = TELEMETRY_NONE;
    const char *value = getenv("OTEL_SDK_DISABLED");
    if ((value && strcasecmp(value, "true") == 0) || (!options->is_metrics && !has_traces))
        return CHIMERA_OK;
    telemetry->config = config;
    telemetry->scoreboard = scoreboard;
    telemetry->counters = counters;
    telemetry->sampler = has_traces ? read_sampler() : (struct trace_sampler){.threshold = 0};
    telemetry->started_ns = chimera_clock_wall_ns();
    int code =
        shared_make(&telemetry->page, "telemetry", sizeof(struct telemetry_page), false, err);
    if (code == CHIMERA_OK && has_traces)
        code = open_pipe(telemetry, err);
    return code < 0 ? code : start_first(telemetry, err);
}

static void plan_restart(struct telemetry *telemetry)
{
    int64_t now_ms = chimera_clock_ms();
    if (now_ms - telemetry->exporter_ms > CALM_MS)
        telemetry->backoff_ms = 0;
    telemetry->backoff_ms = telemetry->backoff_ms ? telemetry->backoff_ms * 2 : BACKOFF_FIRST_MS;
    if (telemetry->backoff_ms > BACKOFF_MAX_MS)
        telemetry->backoff_ms = BACKOFF_MAX_MS;
    telemetry->restart_at_ms = now_ms + telemetry->backoff_ms;
}

bool telemetry_reaped(struct telemetry *telemetry, pid_t pid, int status)
{
    if (pid != telemetry->pid)
        return false;
    telemetry->pid = 0;
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                     CHIMERA_SLICE("the exporter is gone; starting another"),
                     CHIMERA_NUMBER("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
                     CHIMERA_NUMBER("exit_code", WIFEXITED(status) ? WEXITSTATUS(status) : 0));
    plan_restart(telemetry);
    return true;
}

/* Nobody waits for the word of one that is started again: it logs its failure itself. */
int64_t telemetry_pass_time(struct telemetry *telemetry, int64_t now_ms)
{
    struct chimera_error err = {0};
    if (telemetry->restart_at_ms && now_ms >= telemetry->restart_at_ms &&
        start_process(telemetry, -1, &err) < 0) {
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                         CHIMERA_SLICE("the exporter did not start again"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
        plan_restart(telemetry);
    }
    return telemetry->restart_at_ms ? telemetry->restart_at_ms : INT64_MAX;
}

void telemetry_stop(struct telemetry *telemetry)
{
    if (telemetry->pid)
        role_stop(telemetry->pid, LAST_MS);
    if (telemetry->span_read >= 0) {
        close(telemetry->span_read);
        close(telemetry->span_write);
    }
    shared_done(&telemetry->page);
    *telemetry = TELEMETRY_NONE;
}

void telemetry_enter_worker(const struct telemetry *telemetry)
{
    if (telemetry->span_write < 0)
        return;
    struct telemetry_page *page = telemetry->page.data;
    trace_open(telemetry->span_write, &page->dropped_spans, telemetry->sampler);
}
