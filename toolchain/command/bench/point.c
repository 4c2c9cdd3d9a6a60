/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/point.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "toolchain/command/bench/bench_statistics.h"
#include "toolchain/command/bench/native.h"
#include "toolchain/command/bench/phases.h"

/* Cold starts, evaluations in parts, evaluations that are counted: at most so many, as long as they
 * take no more than that share of the measurement. */
#define COLD_MOST 5
#define PHASES_MOST 1000
#define NATIVE_MOST 20
#define SHARE 10
#define LEAST_NS 50000000.0
/* Of the settings, which are looked at once when a server starts. */
#define SETTINGS_SHARE 10
#define SETTINGS_COUNT 100

static void show(const struct bench_measuring *measuring, const char *what)
{
    chimera_progress_show(measuring->progress, what, 0, 0);
}

/* When something that is done several times has to stop. */
static uint64_t end_of_share(const struct bench_measuring *measuring)
{
    double share = measuring->workload->measurement / SHARE;
    return chimera_clock_ns() + (uint64_t)(share > LEAST_NS ? share : LEAST_NS);
}

static bool goes_on(size_t done, size_t most, uint64_t until)
{
    return done == 0 || (done < most && chimera_clock_ns() < until && !bench_interrupted);
}

/* --- Cold --- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *list, size_t count)
{
    qsort(list, count, sizeof(*list), compare);
    return (list[(count - 1) / 2] + list[count / 2]) / 2;
}

/* All instances end, and are made again. */
static int start_anew(const struct runnable *runnable, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < runnable->definition->count && code == CHIMERA_OK; i++)
        code = chimera_policy_warm(runnable->policy[i], 0, err);
    return code;
}

static int measure_cold(struct bench_measuring *measuring, struct bench_asker *asker,
                        struct bench_point *point, struct chimera_error *err)
{
    const struct runnable *runnable = asker->runnable;
    double start[COLD_MOST], first[COLD_MOST];
    uint64_t until = end_of_share(measuring);
    size_t count = 0;
    for (; goes_on(count, COLD_MOST, until); count++) {
        for (size_t i = 0; i < runnable->definition->count; i++)
            chimera_policy_cool(runnable->policy[i]);
        uint64_t began = chimera_clock_ns();
        int code = start_anew(runnable, err);
        uint64_t ready = chimera_clock_ns();
        if (code == CHIMERA_OK)
            code = bench_ask(asker, 0, err);
        if (code < 0)
            return code;
        first[count] = (double)(chimera_clock_ns() - ready);
        start[count] = (double)(ready - began);
    }
    point->cold_load = (double)runnable->load_ns;
    point->cold_start = median_of(start, count);
    point->cold_first = median_of(first, count);
    return CHIMERA_OK;
}

/* --- Warm --- */

/* What it says, which is not measured. */
static int take_verdict(struct bench_asker *asker, struct bench_point *point,
                        struct chimera_error *err)
{
    struct chimera_response response;
    int code = bench_ask_once(asker, &response, err);
    if (code < 0)
        return code;
    point->verdict = response.is_failure ? BENCH_FAILED
                     : response.allowed  ? BENCH_ACCEPTED
                                         : BENCH_REJECTED;
    if (response.status.message.data && !response.allowed)
        point->message = strndup(response.status.message.data, response.status.message.size);
    return CHIMERA_OK;
}

static int warm_up(struct bench_measuring *measuring, struct bench_asker *asker,
                   struct chimera_error *err)
{
    const struct bench_workload *workload = measuring->workload;
    const struct bench_loop loop = {.turn = bench_ask,
                                    .context = asker,
                                    .threads = asker->count,
                                    .nanoseconds = (uint64_t)workload->warm_up,
                                    .count = workload->warm_up_count};
    show(measuring, "warming up");
    int code = bench_loop_run(&loop, measuring->timed, err);
    bench_timed_done(measuring->timed);
    return code;
}

static int keep_samples(const struct bench_workload *workload, const struct bench_samples *samples,
                        struct bench_point *point, struct chimera_error *err)
{
    if (samples->count == 0)
        return CHIMERA_OK;
    point->samples = calloc(samples->count, sizeof(*point->samples));
    if (!point->samples ||
        bench_interval(samples, workload->resamples, &point->mean_low, &point->mean_high) < 0)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < samples->count; i++)
        point->samples[i] = (double)samples->nanoseconds[i] / (double)samples->iterations[i];
    point->sample_count = samples->count;
    return CHIMERA_OK;
}

static int keep_timed(const struct bench_workload *workload, const struct bench_timed *timed,
                      struct bench_point *point, struct chimera_error *err)
{
    bench_times_of(&timed->histogram, &point->evaluation);
    point->late = timed->late;
    point->missed = timed->missed;
    if (timed->elapsed > 0)
        point->throughput = (double)timed->histogram.count * BENCH_SECOND / (double)timed->elapsed;
    point->histogram = malloc(sizeof(*point->histogram));
    if (!point->histogram)
        return chimera_fail_memory(err);
    *point->histogram = timed->histogram;
    return keep_samples(workload, &timed->samples, point, err);
}

static int measure_warm(struct bench_measuring *measuring, struct bench_asker *asker,
                        struct bench_point *point, struct chimera_error *err)
{
    const struct bench_workload *workload = measuring->workload;
    const struct bench_loop loop = {.turn = bench_ask,
                                    .context = asker,
                                    .threads = asker->count,
                                    .rate = workload->rate,
                                    .nanoseconds = (uint64_t)workload->measurement,
                                    .count = workload->count,
                                    .samples = workload->samples};
    show(measuring, "measuring");
    int code = bench_loop_run(&loop, measuring->timed, err);
    if (code == CHIMERA_OK)
        code = keep_timed(workload, measuring->timed, point, err);
    bench_timed_done(measuring->timed);
    return code;
}

int bench_point_settings(struct bench_measuring *measuring, struct bench_asker *asker,
                         struct bench_times *ret_times, struct chimera_error *err)
{
    const struct bench_workload *workload = measuring->workload;
    struct bench_loop loop = {.turn = bench_ask_settings,
                              .context = asker,
                              .threads = 1,
                              .nanoseconds = (uint64_t)(workload->warm_up / SETTINGS_SHARE)};
    show(measuring, "settings");
    int code = bench_loop_run(&loop, measuring->timed, err);
    bench_timed_done(measuring->timed);
    loop.nanoseconds = (uint64_t)(workload->measurement / SETTINGS_SHARE);
    loop.count = workload->count ? SETTINGS_COUNT : 0;
    if (code == CHIMERA_OK)
        code = bench_loop_run(&loop, measuring->timed, err);
    if (code == CHIMERA_OK)
        bench_times_of(&measuring->timed->histogram, ret_times);
    bench_timed_done(measuring->timed);
    return code;
}

/* --- In parts --- */

static uint64_t whole_of(const struct bench_phases *phases)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < BENCH_PHASES; i++)
        sum += phases->nanoseconds[i];
    return sum;
}

static int compare_phases(const void *a, const void *b)
{
    uint64_t x = whole_of(a), y = whole_of(b);
    return (x > y) - (x < y);
}

/* Means of the quicker half: who was interrupted was so in one part, and would spoil it. */
static void keep_phases(struct bench_phases *list, size_t count, struct bench_point *point)
{
    double *parts[BENCH_PHASES] = {[BENCH_COPY_IN] = &point->copy_in,
                                   [BENCH_GUEST] = &point->guest,
                                   [BENCH_HOST] = &point->host,
                                   [BENCH_ANSWER] = &point->answer,
                                   [BENCH_RESET] = &point->reset};
    size_t half = (count + 1) / 2;
    qsort(list, count, sizeof(*list), compare_phases);
    for (size_t i = 0; i < half; i++)
        for (size_t part = 0; part < BENCH_PHASES; part++)
            *parts[part] += (double)list[i].nanoseconds[part] / (double)half;
    for (size_t i = 0; i < count; i++) {
        bench_range_add(&point->host_calls, list[i].host_calls);
        bench_range_add(&point->dirty_pages, list[i].dirty_pages);
        if (list[i].memory_peak > point->memory_peak)
            point->memory_peak = list[i].memory_peak;
    }
    /* Not where the linker made one of files that call each other. */
    point->has_phases = point->guest > 0;
}

static int measure_phases(struct bench_measuring *measuring, struct bench_asker *asker,
                          struct bench_point *point, struct chimera_error *err)
{
    CHIMERA_FREE struct bench_phases *list = calloc(PHASES_MOST, sizeof(*list));
    uint64_t until = end_of_share(measuring);
    size_t count = 0;
    if (!list)
        return chimera_fail_memory(err);
    show(measuring, "parts");
    for (; goes_on(count, PHASES_MOST, until); count++) {
        bench_phases_begin();
        int code = bench_ask(asker, 0, err);
        bench_phases_end(&list[count]);
        if (code < 0)
            return code;
    }
    keep_phases(list, count, point);
    return CHIMERA_OK;
}

static int count_native(struct bench_measuring *measuring, struct bench_asker *asker,
                        struct bench_point *point, struct chimera_error *err)
{
    uint64_t until = end_of_share(measuring), instructions;
    for (size_t i = 0; measuring->native >= 0 && goes_on(i, NATIVE_MOST, until); i++) {
        bench_native_begin(measuring->native);
        int code = bench_ask(asker, 0, err);
        if (bench_native_end(measuring->native, &instructions))
            bench_range_add(&point->native_instructions, instructions);
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

int bench_point_measure(struct bench_measuring *measuring, struct bench_asker *asker,
                        struct bench_point *point, struct chimera_error *err)
{
    int code = take_verdict(asker, point, err);
    if (code == CHIMERA_OK)
        code = measure_cold(measuring, asker, point, err);
    if (code == CHIMERA_OK)
        code = warm_up(measuring, asker, err);
    if (code == CHIMERA_OK)
        code = measure_warm(measuring, asker, point, err);
    if (code == CHIMERA_OK && !bench_interrupted)
        code = measure_phases(measuring, asker, point, err);
    if (code == CHIMERA_OK && !bench_interrupted)
        code = count_native(measuring, asker, point, err);
    return code;
}
