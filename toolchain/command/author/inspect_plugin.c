/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_plugin.c - `chimera inspect` of a built plugin: what it was made from and how it starts.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "runtime/instance/types.h"
#include "runtime/json/tree.h"
#include "runtime/policy/policy.h"
#include "runtime/review/request.h"
#include "runtime/text/printable.h"
#include "toolchain/command/author/inspect_plugin.h"
#include "toolchain/command/author/inspect_toolchain.h"

#define LIMIT_MS 10000 /* for the start */
#define ARENA_MAX ((size_t)16 << 20)
#define ROUNDS 5                  /* the fastest counts */
#define ROUNDS_UNTIL_NS 200000000 /* but what is slow is not waited for again */

/* So little that what is measured is what the policy does for any request. */
static const char sample[] =
    "{\"request\":{\"uid\":\"00000000-0000-0000-0000-000000000000\",\"operation\":\"CREATE\","
    "\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},"
    "\"resource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},"
    "\"name\":\"sample\",\"namespace\":\"default\",\"userInfo\":{\"username\":\"sample\"},"
    "\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"sample\","
    "\"namespace\":\"default\"},\"spec\":{\"containers\":[{\"name\":\"sample\","
    "\"image\":\"sample\"}]}}}}";

/* Once in a slot's life. 0 when it fails, with the reason. */
static uint64_t measure_start(struct chimera_policy *policy, struct chimera_error *err)
{
    uint64_t best = UINT64_MAX;
    for (uint64_t i = 0, spent = 0; i < ROUNDS && spent < ROUNDS_UNTIL_NS; i++) {
        chimera_policy_cool(policy);
        uint64_t start = chimera_clock_ns();
        if (chimera_policy_warm(policy, 0, err) < 0)
            return 0;
        uint64_t took = chimera_clock_ns() - start;
        best = took < best ? took : best;
        spent += took;
    }
    return best;
}

/* 0 when no answer came; *ret_pages is what is brought back behind it. */
static uint64_t measure_request(struct chimera_policy *policy, uint64_t *ret_pages)
{
    uint64_t best = 0;
    for (uint64_t i = 0, spent = 0; i < ROUNDS && spent < ROUNDS_UNTIL_NS; i++) {
        struct chimera_arena arena;
        struct chimera_request request;
        struct chimera_response response;
        struct chimera_slice why;
        struct chimera_run_report report = {0};
        chimera_arena_init(&arena, ARENA_MAX);
        bool is_read = chimera_request_parse_review(CHIMERA_SLICE(sample), &arena, &request,
                                                    &why) == CHIMERA_REQUEST_OK;
        uint64_t start = chimera_clock_ns();
        bool is_answered = is_read && chimera_policy_evaluate(policy, 0, &request, LIMIT_MS, &arena,
                                                              &response) == CHIMERA_OK;
        uint64_t took = chimera_clock_ns() - start;
        chimera_policy_last_run(policy, 0, &report);
        chimera_arena_free(&arena);
        if (!is_answered || report.stop == CHIMERA_STOP_TRAP ||
            report.stop == CHIMERA_STOP_DEADLINE)
            return 0;
        best = best == 0 || took < best ? took : best;
        spent += took;
        *ret_pages = report.pages;
    }
    return best;
}

static void put_text(struct json_object *tree, const char *key, const char *text)
{
    json_object_object_add(tree, key, json_object_new_string(text));
}

/* How much of an evaluation is done once, and how much each time. */
static void put_costs(struct chimera_policy *policy, uint64_t start_ns, struct json_object *tree)
{
    uint64_t pages = 0, request_ns = measure_request(policy, &pages);
    json_object_object_add(tree, "startNanoseconds", json_object_new_int64((int64_t)start_ns));
    if (request_ns == 0)
        return;
    json_object_object_add(tree, "requestNanoseconds", json_object_new_int64((int64_t)request_ns));
    json_object_object_add(tree, "requestPages", json_object_new_int64((int64_t)pages));
}

static void put_plugin(const struct chimera_loaded *loaded, struct json_object *tree)
{
    const struct chimera_plugin *plugin = loaded->plugin;
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(&loaded->manifest.wasm, hex);
    put_text(tree, "wasm", hex);
    put_text(tree, "mode", chimera_mode_name((enum chimera_mode)plugin->mode));
    put_text(tree, "tier", chimera_tier_name((enum chimera_tier)plugin->tier));
    put_text(tree, "toolchain", plugin->toolchain);
    inspect_toolchain_put(tree, plugin->toolchain, (enum chimera_tier)plugin->tier);
    if (!plugin->has_memory)
        return;
    json_object_object_add(tree, "memoryPages", json_object_new_int64(plugin->memory_min_pages));
    json_object_object_add(tree, "memoryPagesMost",
                           json_object_new_int64(plugin->memory_max_pages));
}

int inspect_plugin_read(const char *path, const struct chimera_digest *lock,
                        struct json_object **ret_tree, struct chimera_error *err)
{
    static struct chimera_loaded *loaded; /* mapped until the process ends */
    const struct chimera_policy_options options = {
        .id = "inspected", .limit_ms = LIMIT_MS, .lanes = 1};
    struct chimera_policy *policy = NULL;
    struct chimera_error why = {0};
    if (strncmp(path, "file://", 7) == 0)
        path += 7;
    int code = chimera_plugin_load_locked(path, lock, &loaded, err);
    if (code == CHIMERA_OK)
        code = chimera_policy_open(loaded, &options, &policy, err);
    if (code < 0)
        return code;
    struct json_object *tree = json_object_new_object();
    put_plugin(loaded, tree);
    /* Brings one instance to where its requests begin: the only way to know. */
    uint64_t start_ns = measure_start(policy, &why);
    const char *values = chimera_policy_values_text(policy);
    put_text(tree, "requestsBegin", start_ns == 0 ? why.text : chimera_policy_start_text(policy));
    if (values[0])
        put_text(tree, "values", values);
    if (start_ns > 0)
        put_costs(policy, start_ns, tree);
    chimera_policy_close(policy);
    *ret_tree = tree;
    return CHIMERA_OK;
}

/* --- For people --- */

__attribute__((format(printf, 3, 4))) static void
write_row(struct chimera_buffer *out, const char *name, const char *format, ...)
{
    char text[1200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    chimera_buffer_print(out, "%-17s", name);
    chimera_printable_append(chimera_slice_of(text), NULL, out);
    chimera_buffer_byte(out, '\n');
}

static void write_text(struct chimera_buffer *out, const char *name, struct json_object *tree,
                       const char *key)
{
    struct json_object *value = chimera_json_member(tree, key);
    if (value)
        write_row(out, name, "%s", json_object_get_string(value));
}

static void write_costs(struct json_object *tree, struct chimera_buffer *out)
{
    struct json_object *start = chimera_json_member(tree, "startNanoseconds");
    struct json_object *request = chimera_json_member(tree, "requestNanoseconds");
    if (!start)
        return;
    write_row(out, "before requests:", "%.3f ms, once", (double)json_object_get_int64(start) / 1e6);
    if (!request)
        write_row(out, "each request:", "unknown: without settings the policy does not answer");
    else
        write_row(
            out, "each request:",
            "%.3f ms for a Pod of nothing, without settings; %lld pages of 4 KiB brought back",
            (double)json_object_get_int64(request) / 1e6,
            (long long)json_object_get_int64(chimera_json_member(tree, "requestPages")));
}

void inspect_plugin_write(struct json_object *tree, struct chimera_buffer *out)
{
    struct json_object *pages = chimera_json_member(tree, "memoryPages");
    write_text(out, "made from:", tree, "wasm");
    write_text(out, "execution mode:", tree, "mode");
    write_text(out, "tier:", tree, "tier");
    write_text(out, "toolchain:", tree, "toolchain");
    write_text(out, "here:", tree, "here");
    if (pages)
        write_row(out, "memory:", "%lld pages of 64 KiB, at most %lld",
                  (long long)json_object_get_int64(pages),
                  (long long)json_object_get_int64(chimera_json_member(tree, "memoryPagesMost")));
    else
        write_row(out, "memory:", "none");
    write_text(out, "requests begin:", tree, "requestsBegin");
    write_text(out, "values:", tree, "values");
    write_costs(tree, out);
}
