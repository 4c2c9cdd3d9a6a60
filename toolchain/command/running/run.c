/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - `chimera run`: policies, requests, and what the ones say to the others. */
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/text/printable.h"
#include "runtime/text/problems.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/running/job.h"
#include "toolchain/command/running/run_options.h"
#include "toolchain/command/running/timing.h"
#include "toolchain/command/running/watch.h"
#include "toolchain/command/verdict/said.h"
#include "toolchain/command/verdict/verdict.h"

#define EXIT_REJECTED 3 /* with --fail-on-reject */

struct run {
    struct job job;
    struct verdicts verdicts;
    struct timing timing;
    const char *name; /* of the policy that is asked */
};

static int check_settings(struct job *job, const struct runnable *runnable,
                          struct chimera_error *err)
{
    bool is_valid = false;
    struct chimera_slice message = {NULL, 0};
    int code = runnable_check_settings(runnable, &job->arena, &is_valid, &message, err);
    if (code < 0 || is_valid)
        return code;
    /* Printed here, because a message may be longer than an error's text. */
    if (message.size == 0 && !job_is_kwctl(job->options))
        message = CHIMERA_SLICE(RUNNABLE_NO_REASON);
    say_error("Provided settings are not valid: %.*s", (int)message.size,
              message.data ? message.data : "");
    return chimera_fail(err, CHIMERA_EGUEST, "%s", "");
}

static int ask(struct run *run, size_t index, const struct request_text *text,
               struct chimera_error *err)
{
    struct job *job = &run->job;
    const struct runnable *runnable = &job->runnables[index];
    struct chimera_request request;
    struct chimera_response response = {0};
    int code = job_read(job, index, text, &request, err);
    if (code < 0)
        return code;
    timing_begin(&run->timing);
    code = runnable_evaluate(runnable, &request, &job->arena, &response, err);
    timing_evaluation(&run->timing, runnable, text->name);
    if (code < 0)
        return code;
    runnable_handle(runnable, &job->arena, &response);
    const struct verdict verdict = {.policy = run->name,
                                    .name = text->name,
                                    .file = text->file,
                                    .request = &request,
                                    .response = &response,
                                    .nanoseconds = run->timing.nanoseconds};
    return verdicts_add(&run->verdicts, &verdict, err);
}

/* Without the folders that it is in; a policy of the command line has no id of its own. */
static const char *name_policy(const struct job *job, size_t index)
{
    const char *argument = job->options->arguments[0], *slash = strrchr(argument, '/');
    return job->definitions.are_set ? job->definitions.list[index].id
           : slash && slash[1]      ? slash + 1
                                    : argument;
}

static int run_policy(struct run *run, size_t index, struct chimera_error *err)
{
    struct job *job = &run->job;
    struct runnable *runnable = &job->runnables[index];
    const struct requests *requests = NULL;
    run->name = name_policy(job, index);
    int code = job_requests(job, index, &requests, err);
    timing_begin(&run->timing);
    if (code == CHIMERA_OK)
        code = job_start(job, index, err);
    timing_ready(&run->timing, &job->runner, runnable, run->name);
    if (code == CHIMERA_OK)
        code = check_settings(job, runnable, err);
    timing_settings(&run->timing);
    for (size_t i = 0; code == CHIMERA_OK && i < requests->count; i++)
        code = ask(run, index, &requests->list[i], err);
    return code == CHIMERA_OK ? runnable_finish(&job->runner, runnable, err) : code;
}

static int run_policies(struct run *run, struct chimera_error *err)
{
    struct job *job = &run->job;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < job->definitions.count && code == CHIMERA_OK; i++)
        code = run_policy(run, i, err);
    return code == CHIMERA_OK ? verdicts_end(&run->verdicts, err) : code;
}

static void say(void *context, const char *line)
{
    (void)context;
    if (*line)
        say_error("%s", line);
}

static int run_once(const struct chimera_cli_options *options)
{
    struct run run = {.timing = {.is_wanted = chimera_cli_is_given(options, "time")}};
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    /* kwctl says nothing more without -v. */
    if (!job_is_kwctl(options))
        said_listen(DEFINITION_OWN_ID);
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    verdicts_init(&run.verdicts, verdict_form_parse(chimera_cli_value(options, "output")));
    int code = job_init(options, &run.job, &err);
    if (code == CHIMERA_OK)
        code = run_policies(&run, &err);
    if (code < 0)
        chimera_error_each(&err, say, NULL);
    bool has_rejected = run.verdicts.rejected > 0;
    verdicts_done(&run.verdicts);
    job_done(&run.job);
    chimera_buffer_free(&details);
    return code < 0                                                          ? EXIT_FAILED
           : has_rejected && chimera_cli_is_given(options, "fail-on-reject") ? EXIT_REJECTED
                                                                             : EXIT_GOOD;
}

static bool reads_input(const struct chimera_cli_options *options)
{
    bool does = false;
    for (size_t i = 0; i < options->given_count; i++)
        does = does || (strcmp(options->given[i].option->name, "request-path") == 0 &&
                        strcmp(options->given[i].value, "-") == 0);
    return does;
}

static int run_run(const struct chimera_cli_options *options)
{
    if (!job_check_line(options))
        return EXIT_USAGE;
    if (!chimera_cli_is_given(options, "watch"))
        return run_once(options);
    if (reads_input(options))
        return say_error("standard input can be read once; --watch needs files");
    if (chimera_cli_is_given(options, "record-host-capabilities-interactions"))
        return say_error("--watch would record each run over the one before");
    return watch_run(options, run_once);
}

static const struct chimera_cli_option run_options[] = {
    OPTIONS_RUN,
    {.name = "output",
     .section = SECTION_OUTPUT,
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .value = "FORMAT",
     .choices = verdict_forms,
     .help = "How the answers are printed: json, as without it, an admission response a line; "
             "table for people, with the change of a mutation; yaml; junit; github, as annotations "
             "of a workflow"},
    {.name = "fail-on-reject",
     .section = SECTION_OUTPUT,
     .help = "Exit with 3 when a request was rejected"},
    {.name = "time",
     .section = SECTION_OUTPUT,
     .help = "Tell on standard error how long it took: building, the instance, the settings, each "
             "evaluation"},
    {.name = "watch",
     .section = SECTION_OUTPUT,
     .help = "Run again whenever the policy, the settings or a request changes, until Ctrl-C"},
    FETCH_FLAGS,
    FETCH_FLAGS_OF_OPA,
    {0}};

static const struct chimera_cli_argument run_arguments[] = {
    {.name = "uri_or_sha_prefix_or_yaml_file",
     .is_required = true,
     .help = "The policy: a path, a URI (registry://..., https://..., file://...) or the beginning "
             "of the "
             "SHA-256 of one in the store, or a built plugin; or a YAML file with AdmissionPolicy, "
             "ClusterAdmissionPolicy, AdmissionPolicyGroup and ClusterAdmissionPolicyGroup "
             "resources, or a policies.yml; or the folder of a bundle. `#ID` behind a file or a "
             "folder asks for one of its policies"},
    {0},
};

const struct chimera_cli_command command_run = {
    .name = "run",
    .about = "Run policies on requests and print their answers",
    .description =
        "Builds the policy if it is not in the cache, has it check its settings, gives it the "
        "requests, and "
        "prints each admission response as one line of JSON. Of a YAML file or a bundle all "
        "policies and groups "
        "get the requests, one after the other, with the settings that are in the file.\n"
        "An object of Kubernetes in the place of a request becomes the review of its CREATE, and a "
        "line on standard error says so; a List is its items.\n"
        "The exit code says whether there was an answer, not which, unless --fail-on-reject is "
        "given: it is 0 for a request that was "
        "refused too, and 1 when the settings are not valid.\n"
        "What the policy logs from info on, and where it was stopped, is told on standard error; "
        "not with -q, and with -v the whole log is.\n"
        "A policy that runs longer than --time-limit is stopped, which makes it refuse.",
    .options = run_options,
    .arguments = run_arguments,
    .run = run_run,
};
