/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/routes.h"

#include "runtime/json/tree.h"
#include "server/admin/json.h"
#include "server/config/plugins.h"

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
    admin_json_word("cpu_class", admin_cpu_class_of(counts), out);
    admin_json_micros("p50_us", counters_quantile(counts, 0.5), out);
    admin_json_micros("p99_us", counters_quantile(counts, 0.99), out);
    admin_json_number("resets", counts->resets, out);
    admin_json_number("dirty_pages", counts->dirty_pages, out);
    admin_json_number("instances", policy->score.instances, out);
    admin_json_number("slot_bytes", policy->score.kept_bytes, out);
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

static void write_stop(const struct admin *admin, uint32_t number, struct chimera_buffer *out)
{
    struct stop stop;
    counters_read_stop(admin->counters, number, &stop);
    if (!stop.at_ms) {
        admin_json_word("last_stop", "", out);
        return;
    }
    chimera_buffer_text(out, ",\"last_stop\":{\"function\":");
    chimera_json_write_string((struct chimera_slice){stop.function, stop.function_text.size}, out);
    admin_json_moment("at", stop.at_ms, out);
    chimera_buffer_byte(out, '}');
}

/* Without its last brace. */
static void begin_policy(const struct admin *admin, const struct scoreboard_server *server,
                         const struct admin_policy *policy, struct chimera_buffer *out)
{
    const struct worker_score_note *note = &policy->score.note;
    bool is_group = policy->spec.is_group;
    chimera_buffer_text(out, "{\"id\":");
    chimera_json_write_string(policy->id, out);
    admin_json_word("kind", is_group ? "group" : policy->spec.group ? "member" : "policy", out);
    admin_json_word("state", admin_state_of(server, policy), out);
    admin_json_word("reason", note->failure, out);
    admin_json_word("mode", policy->spec.is_monitor ? "monitor" : "protect", out);
    admin_json_switch("allowed_to_mutate", policy->spec.may_mutate, out);
    admin_json_text("group",
                    policy->spec.group ? scoreboard_id(admin->scoreboard, policy->spec.group)
                                       : (struct chimera_slice){NULL, 0},
                    out);
    admin_json_word(is_group ? "expression" : "module", policy->spec.source, out);
    if (!is_group) {
        admin_json_word("tier", admin_tier_of(policy), out);
        admin_json_word("full_tier", full_tier_of(server, policy), out);
        admin_json_word("digest", note->digest, out);
        admin_json_word("manifest_digest", policy->spec.manifest_digest, out);
        admin_json_word("signers", policy->spec.signers, out);
        admin_json_moment("fetched", policy->spec.fetched_ms, out);
        admin_json_word("execution_mode", note->mode, out);
        admin_json_word("build", note->toolchain, out);
        admin_json_word("requests_begin", note->start, out);
    }
    write_counts(policy, out);
    if (!is_group)
        write_stop(admin, policy->number, out);
}

static void write_progress(const struct admin *admin, const struct scoreboard_server *server,
                           struct chimera_buffer *out)
{
    struct admin_progress progress;
    admin_read_progress(admin, server, &progress);
    if (progress.of)
        chimera_buffer_print(out, ",\"building\":{\"built\":%u,\"of\":%u}", progress.built,
                             progress.of);
    else
        admin_json_word("building", "", out);
}

static void write_server(const struct admin *admin, const struct scoreboard_server *server,
                         struct chimera_buffer *out)
{
    const char *why;
    bool is_healthy = admin_is_healthy(server, &why);
    chimera_buffer_text(out, "{\"version\":\"" CHIMERA_VERSION "\"");
    admin_json_word("kubewarden_version", CHIMERA_KUBEWARDEN_VERSION, out);
    admin_json_switch("is_ready", is_healthy, out);
    admin_json_word("status", why, out);
    admin_json_moment("started", server->started_ms, out);
    admin_json_number("worker_restarts", server->restarts, out);
    admin_json_switch("is_reloading", server->is_reloading, out);
    admin_json_switch("is_full_tier_building", server->is_building_full, out);
    write_progress(admin, server, out);
    admin_json_number("reloads", server->reloads, out);
    admin_json_number("refused_reloads", server->refused_reloads, out);
    admin_json_moment("last_reload", server->reloaded_ms, out);
    admin_json_moment("last_refusal", server->refused_ms, out);
    admin_json_word("refusal", server->refusal, out);
    chimera_buffer_byte(out, '}');
}

/* Of a group; 0: all that are configured. */
static void write_list(const struct admin *admin, const struct scoreboard_server *server,
                       uint32_t group, struct chimera_buffer *out)
{
    const char *before = "";
    for (uint32_t i = SCOREBOARD_OTHER + 1; i < scoreboard_count(admin->scoreboard); i++) {
        struct admin_policy policy;
        admin_read_policy(admin, server, i, &policy);
        if (!policy.spec.is_configured || (group && policy.spec.group != group))
            continue;
        chimera_buffer_text(out, before);
        before = ",";
        begin_policy(admin, server, &policy, out);
        chimera_buffer_byte(out, '}');
    }
}

void admin_write_policies(const struct admin *admin, struct chimera_buffer *out)
{
    struct scoreboard_server server;
    scoreboard_read_server(admin->scoreboard, &server);
    chimera_buffer_text(out, "{\"server\":");
    write_server(admin, &server, out);
    chimera_buffer_text(out, ",\"policies\":[");
    write_list(admin, &server, 0, out);
    chimera_buffer_text(out, "]}\n");
}

void admin_write_policy(const struct admin *admin, uint32_t number, struct chimera_buffer *out)
{
    struct scoreboard_server server;
    struct admin_policy policy;
    scoreboard_read_server(admin->scoreboard, &server);
    admin_read_policy(admin, &server, number, &policy);
    begin_policy(admin, &server, &policy, out);
    if (policy.spec.is_group) {
        chimera_buffer_text(out, ",\"members\":[");
        write_list(admin, &server, number, out);
        chimera_buffer_byte(out, ']');
    }
    chimera_buffer_text(out, ",\"rejections\":[");
    admin_write_rejection_list(admin, number, out);
    chimera_buffer_text(out, "]}\n");
}
