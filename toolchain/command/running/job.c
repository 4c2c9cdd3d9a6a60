/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/running/job.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/log/log.h"

#define TARGET "chimera::run"

bool job_is_kwctl(const struct chimera_cli_options *options)
{
    return strcmp(options->program, "kwctl") == 0;
}

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
    if (code == CHIMERA_OK && definitions->count > 1) /* kwctl's words */
        chimera_log(job_is_kwctl(job->options) ? CHIMERA_LOG_WARN : CHIMERA_LOG_DEBUG, TARGET,
                    CHIMERA_SLICE("Multiple policies defined inside of the CRD file. All of them "
                                  "will run sequentially using the same request."));
    return code;
}

bool job_check_line(const struct chimera_cli_options *options)
{
    size_t count = 0;
    for (size_t i = 0; i < options->given_count; i++)
        count += strcmp(options->given[i].option->name, "request-path") == 0;
    if (count <= 1 || !job_is_kwctl(options))
        return true;
    chimera_cli_refuse(options->program, options->command,
                       "the argument '--request-path <PATH>' cannot be used multiple times");
    return false;
}

/* Policy and request the wrong way round: what the one who reads either would say helps nobody. */
static int check_order(const struct chimera_cli_options *options, struct chimera_error *err)
{
    static const char end[] = ".wasm";
    for (size_t i = 0; i < options->given_count; i++) {
        const struct chimera_cli_given *given = &options->given[i];
        size_t size = given->value ? strlen(given->value) : 0;
        if (strcmp(given->option->name, "request-path") == 0 && size >= strlen(end) &&
            strcmp(given->value + size - strlen(end), end) == 0)
            return chimera_fail(err, CHIMERA_EINVAL,
                                "--request-path %s: a policy by its name, where a request is "
                                "wanted; the policy is named without an option",
                                given->value);
    }
    return CHIMERA_OK;
}

static int read_files(struct job *job, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < job->options->given_count && code == CHIMERA_OK; i++) {
        const struct chimera_cli_given *given = &job->options->given[i];
        if (strcmp(given->option->name, "request-path") == 0)
            code = request_files_read(given->value, &job->files, err);
    }
    return code;
}

/* kwctl's words for what is no JSON. */
static int check_verbatim(struct job *job, struct chimera_error *err)
{
    struct chimera_request any;
    return chimera_request_parse_file(chimera_buffer_slice(&job->files.list[0].text), true,
                                      &job->arena, &any, err);
}

static int make_requests(struct job *job, bool is_raw, const struct requests **ret_requests,
                         struct chimera_error *err)
{
    struct requests *requests = is_raw ? &job->raw : &job->reviews;
    bool *has = is_raw ? &job->has_raw : &job->has_reviews;
    enum request_reading reading = job_is_kwctl(job->options) ? REQUESTS_VERBATIM
                                   : is_raw                   ? REQUESTS_RAW
                                                              : REQUESTS_REVIEWS;
    int code = CHIMERA_OK;
    if (!*has)
        code = requests_make(&job->files, reading, requests, err);
    if (!*has && code == CHIMERA_OK) /* once: other policies get the same */
        requests_tell(requests);
    *has = true;
    *ret_requests = requests;
    return code;
}

/* Of the requests it is only known yet that they can be read: whether they are raw ones, each
 * policy's metadata say. */
int job_init(const struct chimera_cli_options *options, struct job *ret_job,
             struct chimera_error *err)
{
    const struct requests *any = NULL;
    struct chimera_buffer *details = err->details;
    *ret_job = (struct job){.options = options};
    chimera_arena_init(&ret_job->arena, RUNNER_ARENA_MAX);
    err->details = NULL;
    int code = runner_init(options, &ret_job->runner, err);
    err->details = details; /* all that is wrong with a file of policies; else one thing is */
    ret_job->runner.tells_wait = !job_is_kwctl(options);
    if (code == 0 && !job_is_kwctl(options))
        code = check_order(options, err);
    if (code == 0)
        code = definitions_take(options, &ret_job->definitions, err);
    if (code == 0)
        err->details = NULL;
    if (code == 0)
        code = read_files(ret_job, err);
    if (code == 0)
        code = job_is_kwctl(options) ? check_verbatim(ret_job, err)
                                     : make_requests(ret_job, true, &any, err);
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
    requests_done(&job->reviews);
    requests_done(&job->raw);
    request_files_done(&job->files);
    chimera_arena_free(&job->arena);
}

static bool is_raw(const struct job *job, size_t index)
{
    return chimera_cli_is_given(job->options, "raw") || runnable_is_raw(&job->runnables[index]);
}

int job_requests(struct job *job, size_t index, const struct requests **ret_requests,
                 struct chimera_error *err)
{
    return make_requests(job, is_raw(job, index), ret_requests, err);
}

int job_start(struct job *job, size_t index, struct chimera_error *err)
{
    return runnable_start(&job->runner, &job->runnables[index], err);
}

int job_read(struct job *job, size_t index, const struct request_text *text,
             struct chimera_request *ret_request, struct chimera_error *err)
{
    struct chimera_error why = {0};
    chimera_arena_reset(&job->arena);
    int code = chimera_request_parse_file(chimera_buffer_slice(&text->json), is_raw(job, index),
                                          &job->arena, ret_request, &why);
    if (code == CHIMERA_OK)
        return code;
    return job_is_kwctl(job->options)
               ? chimera_fail(err, code, "%s", why.text)
               : chimera_fail(err, code, "%.300s: %.650s", text->name, why.text);
}
