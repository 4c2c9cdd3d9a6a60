/* SPDX-License-Identifier: Apache-2.0 */
/* bench.c - `chimera bench`: how long policies take, and what they do in that time, measured in
 * this process; called kwctl as kwctl does it. */
#include <signal.h>
#include <stdio.h>

#include "toolchain/command/bench/loop.h"
#include "toolchain/command/bench/machine.h"
#include "toolchain/command/bench/measure.h"
#include "toolchain/command/bench/upstream.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/running/job.h"
#include "toolchain/command/running/run_options.h"

/* --- Called kwctl --- */

/* What is not kwctl's. */
static const char *const own_options[] = {"threads", "rate", "iterations", "warm-up-iterations"};

static int run_upstream(const struct chimera_cli_options *options)
{
    char word[100];
    for (size_t i = 0; i < sizeof(own_options) / sizeof(own_options[0]); i++) {
        snprintf(word, sizeof(word), "--%s", own_options[i]);
        if (chimera_cli_is_given(options, own_options[i]))
            return chimera_cli_refuse_word(options->program, options->command, word);
    }
    return options->argument_count > 1
               ? chimera_cli_refuse_word(options->program, options->command, options->arguments[1])
               : bench_upstream(options);
}

/* --- The command --- */

/* Until there is more. */
static void tell(const struct bench_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct bench_point *point = &run->point[i];
        printf("%s %s %s n=%llu mean=%.0f p50=%.0f p99=%.0f p999=%.0f max=%.0f [%.0f %.0f] tp=%.0f "
               "late=%llu missed=%llu "
               "host=%llu dirty=%llu..%llu peak=%llu phases=%.0f/%.0f/%.0f/%.0f/%.0f settings=%.0f "
               "cold=%.0f/%.0f/%.0f over=%.1f\n",
               point->policy, point->request, point->failure ? point->failure : "",
               (unsigned long long)point->evaluation.count, point->evaluation.mean,
               point->evaluation.p50, point->evaluation.p99, point->evaluation.p999,
               point->evaluation.max, point->mean_low, point->mean_high, point->throughput,
               (unsigned long long)point->late, (unsigned long long)point->missed,
               (unsigned long long)point->host_calls.max,
               (unsigned long long)point->dirty_pages.min,
               (unsigned long long)point->dirty_pages.max, (unsigned long long)point->memory_peak,
               point->copy_in, point->guest, point->host, point->answer, point->reset,
               point->settings.mean, point->cold_load, point->cold_start, point->cold_first,
               run->overhead);
    }
}

static bool has_failed(const struct bench_run *run)
{
    for (size_t i = 0; i < run->count; i++)
        if (run->point[i].failure)
            return true;
    return false;
}

static int measure(const struct bench_workload *workload, struct bench_set *set,
                   struct bench_run *run, struct chimera_error *err)
{
    run->threads = (unsigned)workload->threads;
    run->rate = workload->rate;
    run->warm_up = workload->warm_up / BENCH_SECOND;
    run->measurement = workload->measurement / BENCH_SECOND;
    int code = bench_machine_describe(run, err);
    if (code == CHIMERA_OK && set->file_count == 0)
        code = chimera_fail(err, CHIMERA_EINVAL, "there is no request to measure with");
    return code == CHIMERA_OK ? bench_measure(set, workload, run, err) : code;
}

static int run_own(const struct chimera_cli_options *options)
{
    struct bench_workload workload;
    struct bench_set set = {0};
    struct bench_run run = {0};
    struct chimera_error err = {0};
    int code = bench_workload_read(options, &workload, &err);
    if (code == CHIMERA_OK)
        code = bench_set_open(options, &set, &err);
    if (code == CHIMERA_OK)
        code = measure(&workload, &set, &run, &err);
    if (code == CHIMERA_OK)
        tell(&run);
    else
        say_error("%s", err.text);
    int exit_code = code < 0 || has_failed(&run) || set.unread > 0 ? EXIT_FAILED : EXIT_GOOD;
    bench_run_done(&run);
    bench_set_done(&set);
    fflush(stdout);
    if (bench_interrupted) /* as if nothing had caught it */
        raise(bench_interrupted);
    return exit_code;
}

static int run_bench(const struct chimera_cli_options *options)
{
    return job_is_kwctl(options) ? run_upstream(options) : run_own(options);
}

static const struct chimera_cli_option bench_options[] = {
    OPTIONS_RUN, OPTIONS_BENCH_WORKLOAD, FETCH_FLAGS, FETCH_FLAGS_OF_OPA, {0}};

static const struct chimera_cli_argument bench_arguments[] = {
    {.name = "uri_or_sha_prefix_or_yaml_file",
     .is_required = true,
     .is_many = true,
     .help = "The policies, each as `run` takes it; of a YAML file or a bundle all that are in it"},
    {0},
};

const struct chimera_cli_command command_bench = {
    .name = "bench",
    .about = "Measure how long policies take for requests, and what they do in that time",
    .description =
        "Each policy is measured on each request, in this process: building, loading and reading "
        "the request are not in the times, nor is a server.\n"
        "First it warms up; then it evaluates as long as --measurement-time says, and each time "
        "counts. What fails is told, and the others are measured all the same.\n"
        "Called kwctl it takes one policy and one request, and prints what kwctl prints.",
    .options = bench_options,
    .arguments = bench_arguments,
    .run = run_bench,
};
