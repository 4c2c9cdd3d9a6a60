/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/running/job.h"

#include <stdlib.h>

#include "runtime/log/log.h"
#include "toolchain/command/definition/run_input.h"

#define TARGET "chimera::run"

static int open_policies(struct job *job, struct chimera_error *err)
{
    const struct definitions *definitions = &job->definitions;
    int code = CHIMERA_OK;
    job->runnables = calloc(definitions->count + 1, sizeof(*job->runnables));
    if (!job->runnables)
        return chimera_fail_memory(err);
    if (job->runner.record && definitions->count > 1)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--record-host-capabilities-interactions writes the session of one "
                            "policy, and there are %zu",
                            definitions->count);
    if (definitions->are_set)
        job->runner.asked_mode = CHIMERA_MODE_NONE;
    for (size_t i = 0; i < definitions->count && code == CHIMERA_OK; i++)
        code = runnable_open(&job->runner, &definitions->list[i], &job->runnables[i], err);
    if (code == CHIMERA_OK && definitions->count > 1)
        chimera_log(CHIMERA_LOG_WARN, TARGET,
                    CHIMERA_SLICE("Multiple policies defined inside of the CRD file. All of them "
                                  "will run sequentially using the same request."));
    return code;
}

/* Of the request it is only known yet that it is JSON: whether it is a raw one, each policy's
 * metadata say. */
int job_init(const struct chimera_cli_options *options, struct job *ret_job,
             struct chimera_error *err)
{
    *ret_job = (struct job){.options = options};
    chimera_buffer_init(&ret_job->request_text, RUN_REQUEST_MAX);
    chimera_arena_init(&ret_job->arena, RUNNER_ARENA_MAX);
    int code = runner_init(options, &ret_job->runner, err);
    if (code == 0) {
        const char *path = chimera_cli_value(ret_job->options, "request-path");
        struct chimera_request any;
        code = definitions_take(ret_job->options, &ret_job->definitions, err);
        if (code == 0)
            code = run_input_request(path, &ret_job->request_text, err);
        if (code == 0)
            code = chimera_request_parse_file(chimera_buffer_slice(&ret_job->request_text), true,
                                              &ret_job->arena, &any, err);
    }
    if (code == 0)
        code = open_policies(ret_job, err);
    return code;
}

void job_done(struct job *job)
{
    for (size_t i = 0; job->runnables && i < job->definitions.count; i++)
        runnable_done(&job->runnables[i]);
    free(job->runnables);
    definitions_done(&job->definitions);
    runner_done(&job->runner);
    chimera_arena_free(&job->arena);
    chimera_buffer_free(&job->request_text);
}

int job_start(struct job *job, size_t index, struct chimera_request *ret_request,
              struct chimera_error *err)
{
    struct runnable *runnable = &job->runnables[index];
    bool is_raw = chimera_cli_is_given(job->options, "raw") || runnable_is_raw(runnable);
    chimera_arena_reset(&job->arena);
    int code = chimera_request_parse_file(chimera_buffer_slice(&job->request_text), is_raw,
                                          &job->arena, ret_request, err);
    return code == CHIMERA_OK ? runnable_start(&job->runner, runnable, err) : code;
}
