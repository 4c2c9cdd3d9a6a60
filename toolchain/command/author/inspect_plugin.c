/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_plugin.c - `chimera inspect` of a built plugin: what it was made from and how it starts.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "runtime/instance/types.h"
#include "runtime/policy/policy.h"
#include "runtime/review/request.h"
#include "runtime/text/printable.h"
#include "toolchain/command/author/inspect_plugin.h"
#include "toolchain/command/commands.h"

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

bool inspect_is_plugin(const char *path)
{
    size_t size = strlen(path);
    return size > 3 && strcmp(path + size - 3, ".so") == 0;
}

static void print_row(const char *name, const char *value)
{
    chimera_printable_say(stdout, NULL, "%-17s%s", name, value);
}

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

/* How much of an evaluation is done once, and how much each time. */
static void print_costs(struct chimera_policy *policy, uint64_t start_ns)
{
    char text[160];
    uint64_t pages = 0, request_ns = measure_request(policy, &pages);
    snprintf(text, sizeof(text), "%.3f ms, once", (double)start_ns / 1e6);
    print_row("before requests:", text);
    if (request_ns > 0)
        snprintf(text, sizeof(text),
                 "%.3f ms for a Pod of nothing, without settings; %llu pages of 4 KiB brought back",
                 (double)request_ns / 1e6, (unsigned long long)pages);
    print_row("each request:",
              request_ns > 0 ? text : "unknown: without settings the policy does not answer");
}

static void print_plugin(const struct chimera_loaded *loaded, const char *start, const char *values)
{
    const struct chimera_plugin *plugin = loaded->plugin;
    char hex[CHIMERA_DIGEST_HEX], memory[64];
    chimera_digest_hex(&loaded->manifest.wasm, hex);
    snprintf(memory, sizeof(memory), "%u pages of 64 KiB, at most %u", plugin->memory_min_pages,
             plugin->memory_max_pages);
    print_row("made from:", hex);
    print_row("execution mode:", chimera_mode_name((enum chimera_mode)plugin->mode));
    print_row("tier:", chimera_tier_name((enum chimera_tier)plugin->tier));
    print_row("toolchain:", plugin->toolchain);
    print_row("memory:", plugin->has_memory ? memory : "none");
    print_row("requests begin:", start);
    if (values[0])
        print_row("values:", values);
}

int inspect_plugin(const char *path)
{
    static struct chimera_loaded *loaded; /* mapped until the process ends */
    const struct chimera_policy_options options = {
        .id = "inspected", .limit_ms = LIMIT_MS, .lanes = 1};
    struct chimera_policy *policy = NULL;
    struct chimera_error err = {0};
    if (strncmp(path, "file://", 7) == 0)
        path += 7;
    if (chimera_plugin_load(path, &loaded, &err) < 0 ||
        chimera_policy_open(loaded, &options, &policy, &err) < 0)
        return say_error("%s", err.text);
    /* Brings one instance to where its requests begin: the only way to know. */
    uint64_t start_ns = measure_start(policy, &err);
    print_plugin(loaded, start_ns == 0 ? err.text : chimera_policy_start_text(policy),
                 chimera_policy_values_text(policy));
    if (start_ns > 0)
        print_costs(policy, start_ns);
    chimera_policy_close(policy);
    return EXIT_GOOD;
}
