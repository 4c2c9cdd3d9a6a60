/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/upstream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "toolchain/command/bench/bench_results.h"
#include "toolchain/command/bench/bench_statistics.h"
#include "toolchain/command/bench/workload.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/running/job.h"

#define LINE_BYTES_MAX ((size_t)64 << 10)
/* A change is pointed out when it is greater than this, and unlikely to be chance. */
#define NOISE_PERCENT 1.0
#define LIKELIHOOD 0.05

struct bench {
    struct job *job;
    const struct runnable *runnable;
    const struct chimera_request *request;
    size_t session_at; /* where its session of host calls stands before what is measured */
    struct bench_workload workload;
    bool is_colourful;
};

/* What is measured: once. */
typedef int measured(struct bench *bench, struct chimera_error *err);

/* --- Measuring --- */

static int measure_settings(struct bench *bench, struct chimera_error *err)
{
    struct chimera_slice message;
    bool is_valid;
    return runnable_check_settings(bench->runnable, &bench->job->arena, &is_valid, &message, err);
}

static int measure_evaluation(struct bench *bench, struct chimera_error *err)
{
    struct chimera_response response;
    return runnable_evaluate(bench->runnable, bench->request, &bench->job->arena, &response, err);
}

static int iterate(struct bench *bench, measured *what, uint64_t times, uint64_t *ret_nanoseconds,
                   struct chimera_error *err)
{
    uint64_t began = chimera_clock_ns();
    for (uint64_t i = 0; i < times; i++) {
        chimera_arena_reset(&bench->job->arena);
        if (bench->runnable->session)
            chimera_host_session_seek(bench->runnable->session, bench->session_at);
        int code = what(bench, err);
        if (code < 0)
            return code;
    }
    *ret_nanoseconds = chimera_clock_ns() - began;
    return CHIMERA_OK;
}

static int warm_up(struct bench *bench, measured *what, double *ret_mean, struct chimera_error *err)
{
    double elapsed = 0, iterations = 0;
    for (uint64_t times = 1; iterations == 0 || elapsed < bench->workload.warm_up; times *= 2) {
        uint64_t nanoseconds = 0;
        int code = iterate(bench, what, times, &nanoseconds, err);
        if (code < 0)
            return code;
        elapsed += (double)nanoseconds;
        iterations += (double)times;
    }
    *ret_mean = elapsed / iterations;
    return CHIMERA_OK;
}

/* --- Telling --- */

#define GREEN "\033[1;32m"
#define WHITE "\033[0;97m"
#define GRAY "\033[0;37m"
#define YELLOW "\033[0;93m"
#define BETTER "\033[0;92m"
#define WORSE "\033[0;91m"

static void put(const struct bench *bench, const char *colour, const char *text,
                struct chimera_buffer *out)
{
    const char *end = bench->is_colourful ? "\033[0m" : "";
    chimera_buffer_print(out, "%s%s%s", bench->is_colourful ? colour : "", text, end);
}

static void put_time(const struct bench *bench, const char *colour, double nanoseconds,
                     struct chimera_buffer *out)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, LINE_BYTES_MAX);
    bench_put_time(nanoseconds, 1, &text);
    chimera_buffer_byte(&text, 0);
    put(bench, colour, text.failed ? "" : text.data, out);
    chimera_buffer_free(&text);
}

static void put_number(const struct bench *bench, double number, struct chimera_buffer *out)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, LINE_BYTES_MAX);
    bench_put_number(number, &text);
    chimera_buffer_byte(&text, 0);
    put(bench, WHITE, text.failed ? "" : text.data, out);
    chimera_buffer_free(&text);
}

static void flush_line(struct chimera_buffer *line)
{
    chimera_buffer_byte(line, '\n');
    fwrite(line->data, 1, line->size, stdout);
    fflush(stdout);
    chimera_buffer_reset(line);
}

static void put_range(const struct bench *bench, const char *name, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "\t%s\t[", name);
    put(bench, GRAY, "min", out);
    chimera_buffer_byte(out, ' ');
    put(bench, WHITE, "mean", out);
    chimera_buffer_byte(out, ' ');
    put(bench, GRAY, "max", out);
    chimera_buffer_text(out, "]:\t[");
}

static void tell_figures(const struct bench *bench, const struct bench_figures *figures,
                         struct chimera_buffer *line)
{
    put_range(bench, "elapsed", line);
    put_time(bench, GRAY, figures->min, line);
    chimera_buffer_byte(line, ' ');
    put_time(bench, WHITE, figures->mean, line);
    chimera_buffer_byte(line, ' ');
    put_time(bench, GRAY, figures->max, line);
    chimera_buffer_text(line, "] (sample data: med = ");
    bench_put_time(figures->median, 1, line);
    chimera_buffer_text(line, ", var = ");
    bench_put_time(figures->variance, 2, line);
    chimera_buffer_text(line, ", stddev = ");
    bench_put_time(figures->deviation, 1, line);
    chimera_buffer_byte(line, ')');
    flush_line(line);
    chimera_buffer_text(line, "\tmean\t[95% confidence]:\t[");
    put_time(bench, GRAY, figures->low, line);
    chimera_buffer_byte(line, ' ');
    put_time(bench, GRAY, figures->high, line);
    chimera_buffer_text(line, "] (slope = ");
    bench_put_time(figures->slope, 1, line);
    chimera_buffer_byte(line, ')');
    flush_line(line);
}

static void tell_change(const struct bench *bench, const struct bench_change *change,
                        struct chimera_buffer *line)
{
    bool is_real = fabs(change->mean) >= NOISE_PERCENT && change->p <= LIKELIHOOD;
    const char *colour = !is_real ? WHITE : change->mean > 0 ? WORSE : BETTER;
    char text[64];
    put_range(bench, "change", line);
    snprintf(text, sizeof(text), "%+.4f%%", change->min);
    put(bench, GRAY, text, line);
    chimera_buffer_byte(line, ' ');
    snprintf(text, sizeof(text), "%+.4f%%", change->mean);
    put(bench, colour, text, line);
    chimera_buffer_byte(line, ' ');
    snprintf(text, sizeof(text), "%+.4f%%", change->max);
    put(bench, GRAY, text, line);
    chimera_buffer_print(line, "] (p = %.2f)", change->p);
    flush_line(line);
}

static void tell_plan(const struct bench *bench, const char *label, double mean, uint64_t step,
                      struct chimera_buffer *line)
{
    double times = bench_plan_time(1, bench->workload.samples, step);
    double expected = bench_plan_time(mean, bench->workload.samples, step);
    if (step == 1 && expected > bench->workload.measurement) {
        char text[200];
        snprintf(text, sizeof(text), "Unable to complete %zu samples in %.1fs",
                 bench->workload.samples, bench->workload.measurement / BENCH_SECOND);
        put(bench, YELLOW, text, line);
        chimera_buffer_print(line,
                             ". You may wish to increase target time to %.1fs or lower the "
                             "requested number of samples",
                             expected / BENCH_SECOND);
        flush_line(line);
    }
    put(bench, GREEN, label, line);
    chimera_buffer_text(line, " mean warm up execution time ");
    put_time(bench, WHITE, mean, line);
    chimera_buffer_text(line, " running ");
    put_number(bench, times, line);
    chimera_buffer_text(line, " iterations");
    flush_line(line);
}

static void tell_head(const struct bench *bench, const char *label,
                      const struct bench_figures *figures, double times,
                      struct chimera_buffer *line)
{
    put(bench, GREEN, label, line);
    chimera_buffer_text(line, " [");
    put_number(bench, times, line);
    chimera_buffer_text(line, " iterations in ");
    put_time(bench, WHITE, figures->elapsed, line);
    chimera_buffer_text(line, " with ");
    put_number(bench, (double)bench->workload.samples, line);
    chimera_buffer_text(line, " samples]:");
    flush_line(line);
}

static int tell_results(const struct bench *bench, const char *label,
                        const struct bench_samples *samples, struct chimera_buffer *line,
                        struct chimera_error *err)
{
    const struct definition *definition = bench->runnable->definition;
    struct bench_samples before = {0};
    struct bench_figures figures;
    struct bench_change change;
    if (bench_figure(samples, bench->workload.resamples, &figures) < 0)
        return chimera_fail_memory(err);
    tell_head(bench, label, &figures,
              bench_plan_time(1, bench->workload.samples, samples->iterations[0]), line);
    tell_figures(bench, &figures, line);
    if (!bench->workload.is_kept)
        return CHIMERA_OK;
    int code = bench_results_read(label, definition, &before, err);
    if (code == CHIMERA_OK && before.count > 0) {
        code = bench_compare(samples, &before, bench->workload.resamples, &change);
        if (code == CHIMERA_OK)
            tell_change(bench, &change, line);
    }
    bench_samples_free(&before);
    return code == CHIMERA_OK ? bench_results_write(label, definition, samples, err) : code;
}

static int measure(struct bench *bench, const char *label, measured *what,
                   struct chimera_error *err)
{
    struct bench_samples samples;
    struct chimera_buffer line;
    double mean = 0;
    if (bench_samples_new(bench->workload.samples, &samples) < 0)
        return chimera_fail_memory(err);
    chimera_buffer_init(&line, LINE_BYTES_MAX);
    put(bench, GREEN, label, &line);
    chimera_buffer_text(&line, " warming up for ");
    put_time(bench, WHITE, bench->workload.warm_up, &line);
    flush_line(&line);
    int code = warm_up(bench, what, &mean, err);
    uint64_t step = bench_plan(mean, bench->workload.samples, bench->workload.measurement);
    if (code == CHIMERA_OK) {
        tell_plan(bench, label, mean, step, &line);
        code = CHIMERA_OK;
        for (size_t i = 0; i < samples.count && code == CHIMERA_OK; i++) {
            samples.iterations[i] = (i + 1) * step;
            code = iterate(bench, what, samples.iterations[i], &samples.nanoseconds[i], err);
        }
    }
    if (code == CHIMERA_OK)
        code = tell_results(bench, label, &samples, &line, err);
    bench_samples_free(&samples);
    chimera_buffer_free(&line);
    return code;
}

/* --- The command --- */

static const char *show(const struct runnable *runnable)
{
    return definition_shown(runnable->definition, runnable->module[0].uri);
}

/* What is measured should be what people take it for. The host calls of the evaluation are behind
 * those of the settings, and each time the same. */
static int check_once(struct bench *bench, size_t *ret_behind_settings, struct chimera_error *err)
{
    struct chimera_arena *arena = &bench->job->arena;
    const char *shown = show(bench->runnable);
    struct chimera_slice message = {NULL, 0};
    struct chimera_response response = {0};
    bool is_valid = false;
    int code = runnable_check_settings(bench->runnable, arena, &is_valid, &message, err);
    if (code == CHIMERA_OK && !is_valid)
        return chimera_fail(err, CHIMERA_EGUEST, "[%s] - provided settings are not valid: %.*s",
                            shown, (int)message.size, message.data ? message.data : "");
    *ret_behind_settings =
        bench->runnable->session ? chimera_host_session_tell(bench->runnable->session) : 0;
    if (code == CHIMERA_OK)
        code = runnable_evaluate(bench->runnable, bench->request, arena, &response, err);
    if (code == CHIMERA_OK && response.is_failure)
        say_warning("[%s] the policy fails on this request: %.*s", shown,
                    (int)response.status.message.size, response.status.message.data);
    return code;
}

static int bench_policy(struct bench *bench, size_t index, struct chimera_error *err)
{
    struct chimera_request request;
    struct chimera_arena requests = {0};
    const struct requests *texts = NULL;
    size_t behind_settings = 0;
    bench->runnable = &bench->job->runnables[index];
    int code = job_requests(bench->job, index, &texts, err);
    if (code == CHIMERA_OK && texts->count > 1)
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "one request is measured, and --request-path has %zu", texts->count);
    if (code == CHIMERA_OK)
        code = job_start(bench->job, index, err);
    if (code == CHIMERA_OK)
        code = job_read(bench->job, index, texts->list, &request, err);
    /* What the request lies in is not to be given back between iterations. */
    requests = bench->job->arena;
    chimera_arena_init(&bench->job->arena, RUNNER_ARENA_MAX);
    bench->request = &request;
    bench->session_at = 0;
    if (code == CHIMERA_OK)
        code = check_once(bench, &behind_settings, err);
    if (code == CHIMERA_OK)
        code = measure(bench, "validate_settings", measure_settings, err);
    bench->session_at = behind_settings;
    if (code == CHIMERA_OK)
        code = measure(bench, "validate", measure_evaluation, err);
    if (code == CHIMERA_OK)
        code = runnable_finish(&bench->job->runner, bench->runnable, err);
    bench->request = NULL;
    chimera_arena_free(&requests);
    return code;
}

static int bench_policies(struct bench *bench, struct chimera_error *err)
{
    const struct definitions *definitions = &bench->job->definitions;
    for (size_t i = 0; i < definitions->count; i++) {
        struct chimera_error why = {0};
        int code = bench_policy(bench, i, &why);
        if (code < 0)
            return chimera_fail(err, code, "[%s] - %.400s", show(&bench->job->runnables[i]),
                                why.text);
    }
    return CHIMERA_OK;
}

int bench_upstream(const struct chimera_cli_options *options)
{
    struct job job;
    struct bench bench = {.job = &job, .is_colourful = say_in_colour(STDOUT_FILENO)};
    struct chimera_error err = {0};
    if (!job_check_line(options))
        return EXIT_USAGE;
    int code = job_init(options, &job, &err);
    job.runner.wants_full = true;
    if (code == CHIMERA_OK)
        code = bench_workload_read(options, &bench.workload, &err);
    if (code == CHIMERA_OK)
        code = bench_policies(&bench, &err);
    if (code < 0)
        say_error("%s", err.text);
    job_done(&job);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}
