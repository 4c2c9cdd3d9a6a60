/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/routes.h"

#include "runtime/json/tree.h"
#include "server/config/plugins.h"

static void write_text(const char *key, struct chimera_slice text, struct chimera_buffer *out)
{
    chimera_buffer_print(out, ",\"%s\":", key);
    if (text.size)
        chimera_json_write_string(text, out);
    else
        chimera_buffer_text(out, "null");
}

static void write_word(const char *key, const char *text, struct chimera_buffer *out)
{
    write_text(key, chimera_slice_of(text), out);
}

static void write_number(const char *key, uint64_t number, struct chimera_buffer *out)
{
    chimera_buffer_print(out, ",\"%s\":%llu", key, (unsigned long long)number);
}

static void write_switch(const char *key, bool is_on, struct chimera_buffer *out)
{
    chimera_buffer_print(out, ",\"%s\":%s", key, is_on ? "true" : "false");
}

/* In microseconds with a decimal, as more would pretend to know. */
static void write_micros(const char *key, uint64_t ns, struct chimera_buffer *out)
{
    chimera_buffer_print(out, ",\"%s\":%.1f", key, (double)ns / 1000);
}

/* RFC 3339, or null for a moment that has not been. */
static void write_moment(const char *key, uint64_t ms, struct chimera_buffer *out)
{
    struct tm tm;
    char text[40] = "";
    time_t seconds = (time_t)(ms / 1000);
    if (ms && gmtime_r(&seconds, &tm))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    write_word(key, text, out);
}

static void write_counts(const struct admin_policy *policy, struct chimera_buffer *out)
{
    const struct counters_view *counts = &policy->counts;
    const char *before = ",\"counts\":{";
#define X(name, ...)                                                                             \
    chimera_buffer_print(out, "%s\"" #name "\":%llu", before, (unsigned long long)counts->name); \
    before = ",";
    COUNTERS_VERDICTS(X)
#undef X
    chimera_buffer_text(out, "},\"cost\":{\"cpu_seconds\":");
    chimera_buffer_print(out, "%.6f", (double)counts->cpu_ns / 1e9);
    write_word("cpu_class", admin_cpu_class_of(counts), out);
    write_micros("p50_us", histogram_quantile(&counts->wall, 0.5), out);
    write_micros("p99_us", histogram_quantile(&counts->wall, 0.99), out);
    write_number("resets", counts->resets, out);
    write_number("dirty_pages", counts->dirty_pages, out);
    write_number("instances", policy->score.instances, out);
    write_number("slot_bytes", policy->score.kept_bytes, out);
    chimera_buffer_byte(out, '}');
}

/* How far the full tier of a policy is that its quick tier serves. */
static const char *full_tier_of(const struct scoreboard_server *server,
                                const struct admin_policy *policy)
{
    if (!server->is_building_full || !policy->score.note.is_quick)
        return "";
    if (policy->spec.progress == BUILD_FULL)
        return "built";
    return policy->spec.progress == BUILD_FAILED ? "failed" : "building";
}

static void write_policy(const struct admin *admin, const struct scoreboard_server *server,
                         const struct admin_policy *policy, struct chimera_buffer *out)
{
    const struct worker_score_note *note = &policy->score.note;
    bool is_group = policy->spec.is_group;
    chimera_buffer_text(out, "{\"id\":");
    chimera_json_write_string(policy->id, out);
    write_word("kind", is_group ? "group" : policy->spec.group ? "member" : "policy", out);
    write_word("state", admin_state_of(server, policy), out);
    write_word("reason", note->failure, out);
    write_word("mode", policy->spec.is_monitor ? "monitor" : "protect", out);
    write_switch("allowed_to_mutate", policy->spec.may_mutate, out);
    write_text("group",
               policy->spec.group ? scoreboard_id(admin->scoreboard, policy->spec.group)
                                  : (struct chimera_slice){NULL, 0},
               out);
    write_word(is_group ? "expression" : "module", policy->spec.source, out);
    if (!is_group) {
        write_word("tier", admin_tier_of(policy), out);
        write_word("full_tier", full_tier_of(server, policy), out);
        write_word("digest", note->digest, out);
        write_word("manifest_digest", policy->spec.manifest_digest, out);
        write_word("signers", policy->spec.signers, out);
        write_moment("fetched", policy->spec.fetched_ms, out);
        write_word("execution_mode", note->mode, out);
        write_word("build", note->toolchain, out);
        write_word("requests_begin", note->start, out);
    }
    write_counts(policy, out);
    chimera_buffer_byte(out, '}');
}

static void write_server(const struct scoreboard_server *server, struct chimera_buffer *out)
{
    const char *why;
    bool is_healthy = admin_is_healthy(server, &why);
    chimera_buffer_text(out, "{\"version\":\"" CHIMERA_VERSION "\"");
    write_word("kubewarden_version", CHIMERA_KUBEWARDEN_VERSION, out);
    write_switch("is_ready", is_healthy, out);
    write_word("status", why, out);
    write_moment("started", server->started_ms, out);
    write_number("worker_restarts", server->restarts, out);
    write_switch("is_reloading", server->is_reloading, out);
    write_switch("is_full_tier_building", server->is_building_full, out);
    write_number("reloads", server->reloads, out);
    write_number("refused_reloads", server->refused_reloads, out);
    write_moment("last_reload", server->reloaded_ms, out);
    write_moment("last_refusal", server->refused_ms, out);
    write_word("refusal", server->refusal, out);
    chimera_buffer_byte(out, '}');
}

void admin_write_policies(const struct admin *admin, struct chimera_buffer *out)
{
    struct scoreboard_server server;
    bool is_first = true;
    scoreboard_read_server(admin->scoreboard, &server);
    chimera_buffer_text(out, "{\"server\":");
    write_server(&server, out);
    chimera_buffer_text(out, ",\"policies\":[");
    for (uint32_t i = SCOREBOARD_OTHER + 1; i < scoreboard_count(admin->scoreboard); i++) {
        struct admin_policy policy;
        admin_read_policy(admin, &server, i, &policy);
        if (!policy.spec.is_configured)
            continue;
        if (!is_first)
            chimera_buffer_byte(out, ',');
        is_first = false;
        write_policy(admin, &server, &policy, out);
    }
    chimera_buffer_text(out, "]}\n");
}
