/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/protocol.h"

#include <unistd.h>

#include "compiler/build.h"
#include "runtime/json/tree.h"
#include "runtime/policy/policy.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/interrupt.h"

#define LIMIT_MS 10000
#define ANSWER_MAX ((size_t)16 << 20)

/* Mapped plugins stay until the process ends, so what describes one does too. */
static struct chimera_loaded *loaded;

static int load(struct chimera_builder *builder, const char *path,
                struct chimera_progress *progress, bool *ret_was_cached, struct chimera_error *err)
{
    struct chimera_built built = {0};
    int code = chimera_build(builder, path, CHIMERA_MODE_WAPC, CHIMERA_TIER_ANY, &built, err);
    chimera_progress_clear(progress);
    *ret_was_cached = code == CHIMERA_OK && built.was_cached;
    if (code < 0)
        return code;
    if (!built.was_cached)
        confinement_warn();
    if (built.warning)
        say_warning("%s", built.warning);
    code = chimera_plugin_load(built.plugin, &loaded, err);
    chimera_built_done(&built);
    return code;
}

/* "v1" or "Unknown", as JSON. */
static int read_answer(struct chimera_slice answer, enum chimera_protocol *ret_protocol,
                       struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_error why = {0};
    int code = chimera_json_parse(answer, &tree, &why);
    if (code < 0)
        return chimera_fail(err, code, "the policy's answer is no protocol version: %.900s",
                            why.text);
    const char *name =
        json_object_is_type(tree, json_type_string) ? json_object_get_string(tree) : "";
    if (strcmp(name, "v1") != 0 && strcmp(name, "Unknown") != 0)
        return chimera_fail(err, CHIMERA_EGUEST,
                            "the policy's answer is no protocol version: expected \"v1\" or "
                            "\"Unknown\", found %.*s",
                            answer.size < 100 ? (int)answer.size : 100, answer.data);
    *ret_protocol = strcmp(name, "v1") == 0 ? CHIMERA_PROTOCOL_V1 : CHIMERA_PROTOCOL_UNKNOWN;
    return CHIMERA_OK;
}

static int ask(enum chimera_protocol *ret_protocol, struct chimera_error *err)
{
    const struct chimera_policy_options options = {
        .id = "annotated", .limit_ms = LIMIT_MS, .lanes = 1};
    const struct chimera_policy_operation question = {.name = "protocol_version"};
    struct chimera_policy *policy = NULL;
    struct chimera_slice answer = {0};
    struct chimera_arena arena;
    chimera_arena_init(&arena, ANSWER_MAX);
    int code = chimera_policy_open(loaded, &options, &policy, err);
    if (code == 0)
        code = chimera_policy_call(policy, 0, &question, &arena, &answer, err);
    if (code == 0)
        code = read_answer(answer, ret_protocol, err);
    chimera_policy_close(policy);
    chimera_arena_free(&arena);
    return code;
}

int protocol_ask(const char *path, enum chimera_protocol *ret_protocol, struct chimera_error *err)
{
    struct chimera_progress progress;
    struct chimera_builder *builder = NULL;
    bool was_cached = false;
    chimera_progress_init(&progress, say_level() == SAY_QUIET ? -1 : STDERR_FILENO);
    const struct chimera_build_options options = {.progress = &progress, .loads_plugins = true};
    interrupt_catch();
    int code = chimera_builder_new(&options, &builder, err);
    if (code == 0)
        code = load(builder, path, &progress, &was_cached, err);
    if (code < 0 && was_cached) { /* the cache left it to the loader to read it all */
        chimera_builder_distrust(builder);
        code = load(builder, path, &progress, &was_cached, err);
    }
    chimera_progress_clear(&progress);
    interrupt_release();
    if (code == 0)
        code = ask(ret_protocol, err);
    chimera_builder_free(builder);
    return code;
}
