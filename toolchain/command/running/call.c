/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - `chimera call`: one operation of a waPC module, with any bytes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/definition/run_input.h"
#include "toolchain/command/running/host_broker.h"
#include "toolchain/command/running/runner.h"

enum { MODULE, OPERATION, PAYLOAD }; /* arguments */

struct call {
    struct runner runner;
    struct policy_module module;
    struct chimera_loaded *loaded;
    struct chimera_policy *policy;
    struct chimera_buffer payload;
    struct chimera_arena arena;
};

static int read_payload(const struct chimera_cli_options *options, struct chimera_buffer *payload,
                        struct chimera_error *err)
{
    const char *path = chimera_cli_value(options, "payload-path");
    const char *text = options->argument_count > PAYLOAD ? options->arguments[PAYLOAD] : NULL;
    if (path && text)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the payload is given twice: as an argument, and by --payload-path");
    if (path && strcmp(path, "-") == 0)
        return chimera_fd_read(STDIN_FILENO, "standard input", payload, err);
    if (path)
        return chimera_file_read(path, payload, err);
    if (text && chimera_buffer_text(payload, text) < 0)
        return chimera_fail(err, payload->failed, "the payload: %s",
                            chimera_code_text(payload->failed));
    return CHIMERA_OK;
}

/* Everything up to the call itself. */
static int prepare(const struct chimera_cli_options *options, struct call *call,
                   struct chimera_error *err)
{
    int code = read_payload(options, &call->payload, err);
    if (code == CHIMERA_OK)
        code = runner_init(options, &call->runner, err);
    if (code == CHIMERA_OK)
        code = policy_module_open(options->arguments[MODULE], &call->runner.flags.fetch,
                                  &call->module, err);
    if (code == CHIMERA_OK && call->runner.patterns[0] && host_broker_is_wanted(&call->module))
        code = host_broker_start(&call->runner.flags, err);
    if (code == CHIMERA_OK)
        code = runner_load(&call->runner, &call->module, CHIMERA_MODE_WAPC, &call->loaded, err);
    const struct chimera_policy_options policy = {.id = "called",
                                                  .limit_ms = call->runner.limit_ms,
                                                  .memory_limit = call->runner.memory_limit,
                                                  .lanes = 1,
                                                  .capabilities = call->runner.patterns,
                                                  .source = call->runner.source};
    return code < 0 ? code : chimera_policy_open(call->loaded, &policy, &call->policy, err);
}

/* The answer as it is: it may be no text. */
static int tell(int code, struct chimera_slice answer, const struct chimera_error *err)
{
    if (code == CHIMERA_OK)
        return fwrite(answer.data, 1, answer.size, stdout) == answer.size
                   ? EXIT_GOOD
                   : say_error("cannot write to standard output");
    return answer.data ? say_error("Guest call failure: %.*s", (int)answer.size, answer.data)
                       : say_error("%s", err->text);
}

static int run_call(const struct chimera_cli_options *options)
{
    struct call call = {0};
    struct chimera_slice answer = {0};
    struct chimera_error err = {0};
    chimera_buffer_init(&call.payload, RUN_REQUEST_MAX);
    chimera_arena_init(&call.arena, RUNNER_ARENA_MAX);
    int code = prepare(options, &call, &err);
    if (code == CHIMERA_OK) {
        const struct chimera_policy_operation operation = {options->arguments[OPERATION],
                                                           chimera_buffer_slice(&call.payload)};
        code = chimera_policy_call(call.policy, 0, &operation, &call.arena, &answer, &err);
    }
    int exit_code = tell(code, answer, &err);
    chimera_policy_close(call.policy);
    policy_module_done(&call.module);
    runner_done(&call.runner);
    chimera_arena_free(&call.arena);
    chimera_buffer_free(&call.payload);
    return exit_code;
}

static const struct chimera_cli_option call_options[] = {
    {.name = "payload-path",
     .kind = CHIMERA_CLI_VALUE,
     .value = "PATH",
     .help = "File with the bytes that the operation is given; `-` is standard input"},
    OPTION_HOST_CAPABILITIES,
    OPTION_TIME_LIMIT,
    OPTION_MEMORY_LIMIT,
    OPTION_TIER,
    OPTION_NO_CACHE,
    FETCH_FLAGS,
    FETCH_FLAGS_OF_OPA,
    {0}};

static const struct chimera_cli_argument call_arguments[] = {
    {.name = "module",
     .is_required = true,
     .help = "The waPC module: a path, a URI (registry://..., https://..., file://...) or the "
             "beginning of the SHA-256 of one in the store"},
    {.name = "operation",
     .is_required = true,
     .help = "What it is to do: `validate`, `protocol_version`, or any name that it knows"},
    {.name = "payload", .help = "What it is given; nothing without this and --payload-path"},
    {0},
};

const struct chimera_cli_command command_call = {
    .name = "call",
    .about = "Have a waPC module do one operation",
    .description =
        "Builds the module if it is not in the cache, starts it as a policy is started, and calls "
        "the operation with the payload, which may be any bytes. The answer's bytes go to "
        "standard output as they are. When the module reports an error, that goes to standard "
        "error, and the exit code is 1.\n"
        "Any module that speaks waPC is called so, be it no policy: the actors of waSCC and of "
        "wasmCloud's first versions, which import `wapc` or `wasmbus`. What it asks of its host is "
        "answered as for a policy; what a policy's host does not know is an error to the module.",
    .options = call_options,
    .arguments = call_arguments,
    .run = run_call,
};
