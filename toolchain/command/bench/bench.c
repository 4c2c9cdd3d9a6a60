/* SPDX-License-Identifier: Apache-2.0 */
/* bench.c - `chimera bench`: how long policies take, and what they do in that time, measured in
 * this process; called kwctl as kwctl does it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "toolchain/command/bench/loop.h"
#include "toolchain/command/bench/machine.h"
#include "toolchain/command/bench/measure.h"
#include "toolchain/command/bench/profile.h"
#include "toolchain/command/bench/report.h"
#include "toolchain/command/bench/upstream.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/running/job.h"
#include "toolchain/command/running/run_options.h"

#define KEPT_ABOVE "target"
#define KEPT_FOLDER KEPT_ABOVE "/tiny-bench"
#define KEPT KEPT_FOLDER "/bench.json"

static const struct chimera_cli_option bench_options[] = {
    OPTIONS_RUN,          OPTIONS_BENCH_WORKLOAD,
    OPTION_BENCH_PROFILE, OPTIONS_BENCH_REPORT,
    OPTIONS_OF_GATOR,     FETCH_FLAGS,
    FETCH_FLAGS_OF_OPA,   {0}};

static const struct chimera_cli_option *option_called(const char *name)
{
    const struct chimera_cli_option *option = bench_options;
    while (option->name && strcmp(option->name, name) != 0)
        option++;
    return option;
}

/* --- Called kwctl --- */

/* What is not kwctl's, besides the report's. */
static const char *const own_options[] = {"threads", "rate", "iterations", "warm-up-iterations",
                                          "profile"};

static int run_upstream(const struct chimera_cli_options *options)
{
    const char *own = bench_report_option(options);
    char word[100];
    for (size_t i = 0; i < sizeof(own_options) / sizeof(own_options[0]) && !own; i++)
        own = chimera_cli_is_given(options, own_options[i]) ? own_options[i] : NULL;
    if (own) {
        snprintf(word, sizeof(word), "--%s", own);
        return chimera_cli_refuse_word(options->program, options->command, word);
    }
    return options->argument_count > 1
               ? chimera_cli_refuse_word(options->program, options->command, options->arguments[1])
               : bench_upstream(options);
}

/* --- The command --- */

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

/* Before anything is measured: a budget that names none of these policies is a mistake. */
static bool check_names(const struct bench_report *report, const struct bench_set *set,
                        int *ret_exit)
{
    const char **names = calloc(set->subject_count + 1, sizeof(char *));
    for (size_t i = 0; names && i < set->subject_count; i++)
        names[i] = set->subjects[i].name;
    bool is_good = names && bench_report_check_names(report, names, set->subject_count, ret_exit);
    if (!names)
        *ret_exit = say_error("no memory");
    free(names);
    return is_good;
}

static int measure_and_tell(const struct bench_workload *workload, struct bench_set *set,
                            const struct bench_report *report)
{
    struct bench_run run = {0};
    struct chimera_error err = {0};
    int exit_code = EXIT_FAILED;
    if (!check_names(report, set, &exit_code))
        return exit_code;
    int code = measure(workload, set, &run, &err);
    exit_code = code < 0 ? say_error("%s", err.text) : bench_report_tell(report, &run);
    bench_run_done(&run);
    return exit_code == EXIT_GOOD && set->unread > 0 ? EXIT_FAILED : exit_code;
}

static int run_with(const struct chimera_cli_options *options, const struct bench_report *report)
{
    struct bench_workload workload;
    struct bench_set set = {0};
    struct chimera_error err = {0};
    if (bench_workload_read(options, &workload, &err) < 0) {
        say_error("%s", err.text);
        return EXIT_USAGE;
    }
    int code = bench_set_open(options, &set, &err);
    int exit_code =
        code < 0 ? say_error("%s", err.text) : measure_and_tell(&workload, &set, report);
    bench_set_done(&set);
    return exit_code;
}

static int open_and_run(const struct chimera_cli_options *options)
{
    struct bench_report report = {0};
    int exit_code = EXIT_FAILED;
    if (bench_report_open(options, &report, &exit_code))
        exit_code = run_with(options, &report);
    bench_report_done(&report);
    return exit_code;
}

/* --dump-results-to-disk is --save, and --compare where something was kept before. */
static int run_kept(const struct chimera_cli_options *options)
{
    struct chimera_cli_options more = *options;
    struct stat status;
    if (stat(KEPT_ABOVE, &status) < 0 || !S_ISDIR(status.st_mode)) {
        say_warning("there is no folder `target` here: the result is not kept");
        return open_and_run(options);
    }
    struct chimera_error err = {0};
    if (chimera_folder_make(KEPT_FOLDER, CHIMERA_FOLDER_PLAIN, &err) < 0)
        return say_error("%s", err.text);
    more.given = calloc(options->given_count + 2, sizeof(*more.given));
    if (!more.given)
        return say_error("no memory");
    memcpy(more.given, options->given, options->given_count * sizeof(*more.given));
    if (access(KEPT, F_OK) == 0)
        more.given[more.given_count++] =
            (struct chimera_cli_given){.option = option_called("compare"), .value = KEPT};
    if (!chimera_cli_is_given(options, "save"))
        more.given[more.given_count++] =
            (struct chimera_cli_given){.option = option_called("save"), .value = KEPT};
    int exit_code = open_and_run(&more);
    free(more.given);
    return exit_code;
}

static int run_own(const struct chimera_cli_options *options)
{
    int exit_code = bench_workload_is_kept(options) ? run_kept(options) : open_and_run(options);
    fflush(stdout);
    if (bench_interrupted) /* as if nothing had caught it */
        raise(bench_interrupted);
    return exit_code;
}

static int run_bench(const struct chimera_cli_options *options)
{
    return job_is_kwctl(options) ? run_upstream(options) : run_own(options);
}

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
