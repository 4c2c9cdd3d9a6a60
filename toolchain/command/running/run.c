/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - `chimera run`: policies, one request, the answer of each on a line. */
#include <string.h>

#include "toolchain/command/commands.h"
#include "toolchain/command/running/job.h"
#include "toolchain/command/running/run_options.h"

#define ANSWER_MAX ((size_t)256 << 20)

static int check_settings(struct job *job, const struct runnable *runnable,
                          struct chimera_error *err)
{
    bool is_valid = false;
    struct chimera_slice message = {NULL, 0};
    int code = runnable_check_settings(runnable, &job->arena, &is_valid, &message, err);
    if (code < 0 || is_valid)
        return code;
    /* Printed here, because a message may be longer than an error's text. */
    say_error("Provided settings are not valid: %.*s", (int)message.size,
              message.data ? message.data : "");
    return chimera_fail(err, CHIMERA_EGUEST, "%s", "");
}

static int run_policy(struct job *job, size_t index, struct chimera_error *err)
{
    const struct runnable *runnable = &job->runnables[index];
    struct chimera_request request;
    struct chimera_response response = {0};
    int code = job_start(job, index, &request, err);
    if (code == 0)
        code = check_settings(job, runnable, err);
    if (code == 0)
        code = runnable_evaluate(runnable, &request, &job->arena, &response, err);
    if (code < 0)
        return code;
    runnable_handle(runnable, &job->arena, &response);
    code = runnable_finish(&job->runner, runnable, err);
    if (code < 0)
        return code;
    struct chimera_buffer line;
    chimera_buffer_init(&line, ANSWER_MAX);
    chimera_response_write(&response, &line);
    chimera_buffer_byte(&line, '\n');
    code = line.failed;
    if (code == 0)
        say_json(chimera_buffer_slice(&line));
    chimera_buffer_free(&line);
    return code == 0 ? code : chimera_fail(err, code, "the answer: %s", chimera_code_text(code));
}

static int run_run(const struct chimera_cli_options *options)
{
    struct job job;
    struct chimera_error err = {0};
    int code = job_init(options, &job, &err);
    for (size_t i = 0; i < job.definitions.count && code == CHIMERA_OK; i++)
        code = run_policy(&job, i, &err);
    if (code < 0 && err.text[0] != '\0')
        say_error("%s", err.text);
    job_done(&job);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

static const struct chimera_cli_option run_options[] = {
    OPTIONS_RUN, FETCH_FLAGS, FETCH_FLAGS_OF_OPA, {0}};

static const struct chimera_cli_argument run_arguments[] = {
    {.name = "uri_or_sha_prefix_or_yaml_file",
     .is_required = true,
     .help = "The policy: a path, a URI (registry://..., https://..., file://...) or the beginning "
             "of the "
             "SHA-256 of one in the store; or a YAML file with AdmissionPolicy, "
             "ClusterAdmissionPolicy, AdmissionPolicyGroup and ClusterAdmissionPolicyGroup "
             "resources"},
    {0},
};

const struct chimera_cli_command command_run = {
    .name = "run",
    .about = "Run a policy on one request and print its answer",
    .description =
        "Builds the policy if it is not in the cache, has it check its settings, gives it the "
        "request, and "
        "prints the admission response as one line of JSON. Of a YAML file all policies and groups "
        "get the request, one after the other, with the settings that are in the file.\n"
        "The exit code says whether there was an answer, not which: it is 0 for a request that was "
        "refused too, and 1 when the settings are not valid.\n"
        "A policy that runs longer than --time-limit is stopped, which makes it refuse.",
    .options = run_options,
    .arguments = run_arguments,
    .run = run_run,
};
