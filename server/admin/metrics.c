/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/routes.h"

#include <unistd.h>

#include "runtime/text/printable.h"

/* Prometheus' text format 0.0.4. A family is written in one go, so each goes over all policies. */

static const struct family { /* one of the plain counters of a policy */
    const char *name, *help; /* NULL: it is in none of its own */
    size_t offset;           /* in struct counters_view */
    double scale;            /* 0: a whole number */
} families[] = {
#define X(field, name, help, scale) {name, help, offsetof(struct counters_view, field), scale},
    COUNTERS_LIST(X)
#undef X
};

/* Upper ends of the buckets of evaluations, in nanoseconds. */
static const uint64_t wall_bounds_ns[] = {10000,      25000,      50000,      100000,     250000,
                                          500000,     1000000,    2500000,    5000000,    10000000,
                                          25000000,   50000000,   100000000,  250000000,  500000000,
                                          1000000000, 2500000000, 5000000000, 10000000000};

static void begin_family(const char *name, const char *type, const char *help,
                         struct chimera_buffer *out)
{
    chimera_buffer_print(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A scrape is looked at in terminals, too: what may not be shown there is written as the log does.
 */
static void write_value(struct chimera_slice text, struct chimera_buffer *out)
{
    char room[CHIMERA_PRINTABLE_SIZE];
    while (text.size > 0) {
        struct chimera_slice shown;
        char c = text.data[0];
        size_t size = chimera_printable_next(text, CHIMERA_PRINTABLE_SHOWN, room, &shown);
        bool is_escape = shown.data == room;
        if (c == '\n') /* the format has an escape for it */
            shown = CHIMERA_SLICE("n");
        if (c == '\n' || c == '"' || c == '\\' || is_escape)
            chimera_buffer_byte(out, '\\'); /* else the escape's own would be the format's */
        chimera_buffer_append(out, shown);
        text.data += size;
        text.size -= size;
    }
}

static void write_label(const char *key, struct chimera_slice value, struct chimera_buffer *out)
{
    chimera_buffer_print(out, ",%s=\"", key);
    write_value(value, out);
    chimera_buffer_byte(out, '"');
}

/* The name of a metric with its first label; more may follow before end_sample(). */
static void begin_sample(const char *name, const char *suffix, struct chimera_slice policy,
                         struct chimera_buffer *out)
{
    chimera_buffer_print(out, "%s%s{policy_name=\"", name, suffix);
    write_value(policy, out);
    chimera_buffer_byte(out, '"');
}

static void end_sample(uint64_t number, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "} %llu\n", (unsigned long long)number);
}

static void end_sample_scaled(uint64_t number, double scale, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "} %.9g\n", (double)number * scale);
}

/* --- The reference's metrics --- */

static void write_labels(const struct admin *admin, const struct series_labels *labels,
                         const char *name, const char *suffix, struct chimera_buffer *out)
{
    static const char *const booleans[] = {"false", "true"};
    begin_sample(name, suffix, scoreboard_id(admin->scoreboard, labels->policy), out);
    write_label("policy_mode",
                labels->is_monitor ? CHIMERA_SLICE("monitor") : CHIMERA_SLICE("protect"), out);
    if (labels->origin != SERIES_RAW) {
        write_label("resource_kind", labels->kind, out);
        if (labels->name_space.data)
            write_label("resource_namespace", labels->name_space, out);
        write_label("resource_request_operation", labels->operation, out);
    }
    write_label("accepted", chimera_slice_of(booleans[labels->is_accepted]), out);
    write_label("mutated", chimera_slice_of(booleans[labels->is_mutated]), out);
    if (labels->origin != SERIES_RAW)
        write_label("request_origin",
                    labels->origin == SERIES_AUDIT ? CHIMERA_SLICE("audit")
                                                   : CHIMERA_SLICE("validate"),
                    out);
    if (labels->has_error_code)
        chimera_buffer_print(out, ",error_code=\"%u\"", labels->error_code);
}

static void write_latency(const struct admin *admin, const struct series_view *series,
                          struct chimera_buffer *out)
{
    static const char name[] = "kubewarden_policy_evaluation_latency_milliseconds";
    uint64_t count = 0;
    for (unsigned i = 0; i <= SERIES_BOUNDS; i++) {
        count += series->bucket[i];
        write_labels(admin, &series->labels, name, "_bucket", out);
        if (i < SERIES_BOUNDS)
            chimera_buffer_print(out, ",le=\"%u\"", series_bounds_ms[i]);
        else
            chimera_buffer_text(out, ",le=\"+Inf\"");
        end_sample(count, out);
    }
    write_labels(admin, &series->labels, name, "_sum", out);
    end_sample(series->sum_ms, out);
    write_labels(admin, &series->labels, name, "_count", out);
    end_sample(count, out);
}

/* Numbers that the scoreboard does not know would all be "other", and the same labels twice. */
static bool read_series(const struct admin *admin, uint32_t number, struct series_view *ret_series)
{
    return series_read(&admin->counters->series, number, ret_series) &&
           ret_series->labels.policy < scoreboard_count(admin->scoreboard);
}

static void write_reference(const struct admin *admin, const struct scoreboard_server *server,
                            struct chimera_buffer *out)
{
    const struct series_table *table = &admin->counters->series;
    struct series_view series;
    begin_family("kubewarden_policy_evaluations_total", "counter", "Number of policy evaluations.",
                 out);
    for (uint32_t i = 0; i < series_count(table); i++) {
        if (!read_series(admin, i, &series))
            continue;
        write_labels(admin, &series.labels, "kubewarden_policy_evaluations_total", "", out);
        end_sample(series.evaluations, out);
    }
    /* Requests of policies that have not started, by the reason as far as it is known. */
    for (uint32_t i = 0; i < scoreboard_count(admin->scoreboard); i++) {
        struct admin_policy policy;
        admin_read_policy(admin, server, i, &policy);
        if (!policy.counts.start_errors)
            continue;
        const char *why = policy.score.note.failure[0] ? policy.score.note.failure : SERIES_OTHER;
        begin_sample("kubewarden_policy_evaluations_total", "", policy.id, out);
        write_label("initialization_error", chimera_slice_of(why), out);
        end_sample(policy.counts.start_errors, out);
    }
    begin_family("kubewarden_policy_evaluation_latency_milliseconds", "histogram",
                 "Latency of policy evaluations in whole milliseconds.", out);
    for (uint32_t i = 0; i < series_count(table); i++)
        if (read_series(admin, i, &series))
            write_latency(admin, &series, out);
}

/* --- By policy --- */

struct walk { /* over the policies */
    const struct admin *admin;
    const struct scoreboard_server *server;
    struct chimera_buffer *out;
};

static void for_each_policy(const struct walk *walk,
                            void (*write)(const struct walk *walk,
                                          const struct admin_policy *policy, const void *context),
                            const void *context)
{
    for (uint32_t i = 0; i < scoreboard_count(walk->admin->scoreboard); i++) {
        struct admin_policy policy;
        admin_read_policy(walk->admin, walk->server, i, &policy);
        if (i != SCOREBOARD_OTHER || policy.counts.evaluations) /* nobody is "other" as a rule */
            write(walk, &policy, context);
    }
}

static void write_counter(const struct walk *walk, const struct admin_policy *policy,
                          const void *context)
{
    const struct family *family = context;
    uint64_t number;
    memcpy(&number, (const char *)&policy->counts + family->offset, sizeof(number));
    begin_sample(family->name, "", policy->id, walk->out);
    if (family->scale > 0)
        end_sample_scaled(number, family->scale, walk->out);
    else
        end_sample(number, walk->out);
}

static void write_verdicts(const struct walk *walk, const struct admin_policy *policy,
                           const void *context)
{
    const struct counters_view *counts = &policy->counts;
    const struct {
        const char *verdict;
        uint64_t number;
    } verdicts[] = {
        {"accepted", counts->accepted}, {"rejected", counts->rejected}, {"error", counts->errors}};
    (void)context;
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        begin_sample("chimera_policy_evaluations_total", "", policy->id, walk->out);
        write_label("verdict", chimera_slice_of(verdicts[i].verdict), walk->out);
        end_sample(verdicts[i].number, walk->out);
    }
}

static void write_duration(const struct walk *walk, const struct admin_policy *policy,
                           const void *context)
{
    static const char name[] = "chimera_policy_evaluation_seconds";
    const struct histogram_copy *wall = &policy->counts.wall;
    (void)context;
    for (size_t i = 0; i < sizeof(wall_bounds_ns) / sizeof(wall_bounds_ns[0]); i++) {
        begin_sample(name, "_bucket", policy->id, walk->out);
        chimera_buffer_print(walk->out, ",le=\"%g\"", (double)wall_bounds_ns[i] / 1e9);
        end_sample(histogram_below(wall, wall_bounds_ns[i]), walk->out);
    }
    struct chimera_buffer *out = walk->out;
    begin_sample(name, "_bucket", policy->id, out);
    chimera_buffer_text(out, ",le=\"+Inf\"");
    end_sample(wall->total, out);
    begin_sample(name, "_sum", policy->id, out);
    end_sample_scaled(policy->counts.wall_ns, 1e-9, out);
    begin_sample(name, "_count", policy->id, out);
    end_sample(wall->total, out);
}

static void write_quantiles(const struct walk *walk, const struct admin_policy *policy,
                            const void *context)
{
    static const char name[] = "chimera_policy_latency_microseconds";
    static const double shares[] = {0.5, 0.9, 0.99, 0.999};
    const struct histogram_copy *wall = &policy->counts.wall;
    (void)context;
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        begin_sample(name, "", policy->id, walk->out);
        chimera_buffer_print(walk->out, ",quantile=\"%g\"", shares[i]);
        if (wall->total)
            end_sample_scaled(histogram_quantile(wall, shares[i]), 1e-3, walk->out);
        else
            chimera_buffer_text(walk->out, "} NaN\n");
    }
    begin_sample(name, "_sum", policy->id, walk->out);
    end_sample_scaled(policy->counts.wall_ns, 1e-3, walk->out);
    begin_sample(name, "_count", policy->id, walk->out);
    end_sample(wall->total, walk->out);
}

static void write_cpu_classes(const struct walk *walk, const struct admin_policy *policy,
                              const void *context)
{
    static const char name[] = "chimera_policy_cpu_class";
    uint64_t count = 0;
    double bound = 1e-6;
    (void)context;
    for (unsigned i = 0; i < COUNTERS_CPU_CLASSES; i++, bound *= 10) {
        count += policy->counts.cpu_class[i];
        begin_sample(name, "_bucket", policy->id, walk->out);
        if (i < COUNTERS_CPU_CLASSES - 1)
            chimera_buffer_print(walk->out, ",le=\"%g\"", bound);
        else
            chimera_buffer_text(walk->out, ",le=\"+Inf\"");
        end_sample(count, walk->out);
    }
    begin_sample(name, "_sum", policy->id, walk->out);
    end_sample_scaled(policy->counts.cpu_sample_ns, 1e-9, walk->out);
    begin_sample(name, "_count", policy->id, walk->out);
    end_sample(count, walk->out);
}

static void write_instances(const struct walk *walk, const struct admin_policy *policy,
                            const void *context)
{
    const char *name = context;
    if (policy->score.note.state != WORKER_SCORE_LOADED || policy->spec.is_group)
        return;
    begin_sample(name, "", policy->id, walk->out);
    end_sample(strcmp(name, "chimera_policy_instances") == 0 ? policy->score.instances
                                                             : policy->score.kept_bytes,
               walk->out);
}

static void write_up(const struct walk *walk, const struct admin_policy *policy,
                     const void *context)
{
    (void)context;
    if (!policy->spec.is_configured)
        return;
    begin_sample("chimera_policy_up", "", policy->id, walk->out);
    end_sample(policy->score.note.state == WORKER_SCORE_LOADED, walk->out);
}

static void write_info(const struct walk *walk, const struct admin_policy *policy,
                       const void *context)
{
    const struct worker_score_note *note = &policy->score.note;
    (void)context;
    if (note->state != WORKER_SCORE_LOADED || policy->spec.is_group)
        return;
    begin_sample("chimera_policy_info", "", policy->id, walk->out);
    write_label("policy_mode",
                policy->spec.is_monitor ? CHIMERA_SLICE("monitor") : CHIMERA_SLICE("protect"),
                walk->out);
    write_label("tier", chimera_slice_of(admin_tier_of(policy)), walk->out);
    write_label("digest", chimera_slice_of(note->digest), walk->out);
    write_label("execution_mode", chimera_slice_of(note->mode), walk->out);
    write_label("build", chimera_slice_of(note->toolchain), walk->out);
    write_label("manifest_digest", chimera_slice_of(policy->spec.manifest_digest), walk->out);
    write_label("signers", chimera_slice_of(policy->spec.signers), walk->out);
    end_sample(1, walk->out);
}

static void write_fetched(const struct walk *walk, const struct admin_policy *policy,
                          const void *context)
{
    (void)context;
    if (!policy->spec.is_configured || !policy->spec.fetched_ms)
        return;
    begin_sample("chimera_policy_fetched_timestamp_seconds", "", policy->id, walk->out);
    end_sample(policy->spec.fetched_ms / 1000, walk->out);
}

static void write_policies(const struct walk *walk)
{
    struct chimera_buffer *out = walk->out;
    begin_family("chimera_policy_up", "gauge", "1 while the policy is loaded and answers.", out);
    for_each_policy(walk, write_up, NULL);
    begin_family("chimera_policy_info", "gauge", "What serves for a policy.", out);
    for_each_policy(walk, write_info, NULL);
    begin_family("chimera_policy_fetched_timestamp_seconds", "gauge",
                 "When the policy's module was last asked for in its registry or web server.", out);
    for_each_policy(walk, write_fetched, NULL);
    begin_family("chimera_policy_evaluations_total", "counter",
                 "Evaluations by the verdict of the policy itself, also as a member of a group.",
                 out);
    for_each_policy(walk, write_verdicts, NULL);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (!families[i].name)
            continue;
        begin_family(families[i].name, "counter", families[i].help, out);
        for_each_policy(walk, write_counter, &families[i]);
    }
    begin_family("chimera_policy_evaluation_seconds", "histogram", "Time of evaluations.", out);
    for_each_policy(walk, write_duration, NULL);
    begin_family("chimera_policy_latency_microseconds", "summary",
                 "Time of evaluations since the server started, within 7 %.", out);
    for_each_policy(walk, write_quantiles, NULL);
    begin_family("chimera_policy_cpu_class", "histogram",
                 "CPU time in seconds of those evaluations that were sampled, by powers of ten.",
                 out);
    for_each_policy(walk, write_cpu_classes, NULL);
    begin_family("chimera_policy_instances", "gauge", "Instances that are ready for requests.",
                 out);
    for_each_policy(walk, write_instances, "chimera_policy_instances");
    begin_family("chimera_policy_slot_bytes", "gauge",
                 "Memory that instances keep between requests.", out);
    for_each_policy(walk, write_instances, "chimera_policy_slot_bytes");
}

/* --- The server --- */

static void write_single(const char *name, const char *type, const char *help, uint64_t number,
                         struct chimera_buffer *out)
{
    begin_family(name, type, help, out);
    chimera_buffer_print(out, "%s %llu\n", name, (unsigned long long)number);
}

static void write_by_process(const char *name, const char *help, const uint64_t numbers[3],
                             struct chimera_buffer *out)
{
    static const char *const processes[] = {"supervisor", "workers", "admin"};
    begin_family(name, "gauge", help, out);
    for (size_t i = 0; i < 3; i++)
        if (numbers[i])
            chimera_buffer_print(out, "%s{process=\"%s\"} %llu\n", name, processes[i],
                                 (unsigned long long)numbers[i]);
}

/* The second number of statm is pages. */
static uint64_t resident_bytes(const struct admin *admin)
{
    char text[128] = "";
    uint64_t pages = 0;
    if (pread(admin->statm_fd, text, sizeof(text) - 1, 0) <= 0)
        return 0;
    for (const char *at = text + strcspn(text, " ") + 1; *at >= '0' && *at <= '9'; at++)
        pages = pages * 10 + (uint64_t)(*at - '0');
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void write_reloads(const struct scoreboard_server *server, struct chimera_buffer *out)
{
    begin_family("chimera_reloads_total", "counter",
                 "Reloads of the policies by what came of them.", out);
    chimera_buffer_print(out, "chimera_reloads_total{result=\"accepted\"} %llu\n",
                         (unsigned long long)server->reloads);
    chimera_buffer_print(out, "chimera_reloads_total{result=\"refused\"} %llu\n",
                         (unsigned long long)server->refused_reloads);
    write_single("chimera_last_reload_timestamp_seconds", "gauge",
                 "When the last reload took over; 0: none has.", server->reloaded_ms / 1000, out);
}

static void write_answers(const struct admin *admin, struct chimera_buffer *out)
{
    begin_family("chimera_http_responses_total", "counter", "Answers on the main port by status.",
                 out);
    for (size_t i = 0; i < COUNTERS_STATUSES; i++) {
        uint64_t count = atomic_load_explicit(&admin->counters->answers[i], memory_order_relaxed);
        if (i < COUNTERS_STATUSES - 1)
            chimera_buffer_print(out, "chimera_http_responses_total{code=\"%u\"} %llu\n",
                                 counters_statuses[i], (unsigned long long)count);
        else
            chimera_buffer_print(out, "chimera_http_responses_total{code=\"other\"} %llu\n",
                                 (unsigned long long)count);
    }
}

/* What is kept of answers to host calls, in the processes with policies; and what the broker
 * counts. */
static void write_host_calls(const struct admin *admin, struct chimera_buffer *out)
{
    const struct chimera_answers_counters *answers = &admin->counters->host_calls;
    const struct {
        const char *name, *type, *help;
        const _Atomic uint64_t *number;
    } rows[] = {
        {"chimera_host_call_hits_total", "counter", "Host calls answered from what is kept.",
         &answers->hits},
        {"chimera_host_call_joined_total", "counter",
         "Host calls that got the answer to another's question.", &answers->joined},
        {"chimera_host_call_misses_total", "counter", "Host calls that the broker was asked for.",
         &answers->misses},
        {"chimera_host_call_evictions_total", "counter", "Answers that made room for others.",
         &answers->evicted},
        {"chimera_host_call_kept", "gauge", "Answers that are kept.", &answers->entries},
        {"chimera_host_call_kept_bytes", "gauge", "Bytes of answers that are kept.",
         &answers->bytes},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        write_single(rows[i].name, rows[i].type, rows[i].help,
                     atomic_load_explicit(rows[i].number, memory_order_relaxed), out);
    if (admin->tally)
        chimera_tally_read(admin->tally, out);
}

/* Evictions and bytes are of the worker that serves: a reload begins anew. */
static void write_reuse(const struct admin *admin, const struct scoreboard_server *server,
                        struct chimera_buffer *out)
{
    const struct reuse_counters *reuse = &admin->counters->reuse;
    static const struct chimera_verdicts_counters none;
    const struct chimera_verdicts_counters *verdicts =
        server->score < WORKER_SCORES ? &admin->counters->score[server->score].verdicts : &none;
    const struct {
        const char *name, *type, *help;
        const _Atomic uint64_t *number;
    } rows[] = {
        {"chimera_reuse_hits_total", "counter",
         "Verdicts that were given again without an evaluation.", &reuse->hits},
        {"chimera_reuse_misses_total", "counter",
         "Evaluations whose verdict might have been given again, but was not kept.",
         &reuse->misses},
        {"chimera_reuse_checks_total", "counter",
         "Evaluations for comparison with a verdict that is kept.", &reuse->checks},
        {"chimera_reuse_evictions", "gauge",
         "Requests of the serving worker that made room for others, with the verdicts on them.",
         &verdicts->evicted},
        {"chimera_reuse_bytes", "gauge", "Bytes that kept requests and verdicts take.",
         &verdicts->bytes},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        write_single(rows[i].name, rows[i].type, rows[i].help,
                     atomic_load_explicit(rows[i].number, memory_order_relaxed), out);
}

/* All zeros where there is no such log. */
static void write_decisions(const struct admin *admin, struct chimera_buffer *out)
{
    static const char dropped[] = "chimera_decision_log_dropped_total";
    const struct decision_counters *decisions = &admin->counters->decisions;
    write_single("chimera_decision_log_lines_total", "counter",
                 "Rejections that were written to the decision log.",
                 atomic_load_explicit(&decisions->lines, memory_order_relaxed), out);
    begin_family(dropped, "counter", "Rejections that the decision log lacks.", out);
    chimera_buffer_print(
        out, "%s{reason=\"queue\"} %llu\n%s{reason=\"rate\"} %llu\n", dropped,
        (unsigned long long)atomic_load_explicit(&decisions->crowded, memory_order_relaxed),
        dropped,
        (unsigned long long)atomic_load_explicit(&decisions->beyond, memory_order_relaxed));
    write_single("chimera_decision_log_errors_total", "counter",
                 "Attempts to write or to open the decision log that failed.",
                 atomic_load_explicit(&decisions->errors, memory_order_relaxed), out);
}

static void write_server(const struct admin *admin, const struct scoreboard_server *server,
                         struct chimera_buffer *out)
{
    const struct series_table *series = &admin->counters->series;
    const char *why;
    begin_family("chimera_build_info", "gauge", "The version of this server.", out);
    chimera_buffer_print(out, "chimera_build_info{version=\"%s\",kubewarden_version=\"%s\"} 1\n",
                         CHIMERA_VERSION, CHIMERA_KUBEWARDEN_VERSION);
    write_single("chimera_ready", "gauge", "1 while a worker serves.",
                 admin_is_healthy(server, &why), out);
    write_single("chimera_workers", "gauge", "Workers: those that retire, too.",
                 server->worker_count, out);
    write_single("chimera_worker_restarts_total", "counter",
                 "Workers started in place of crashed ones.", server->restarts, out);
    write_reloads(server, out);
    write_answers(admin, out);
    write_single("chimera_connections", "gauge",
                 "Connections of clients to the worker that serves.",
                 server->score < WORKER_SCORES
                     ? atomic_load_explicit(&admin->counters->score[server->score].connections,
                                            memory_order_relaxed)
                     : 0,
                 out);
    write_single("chimera_log_lines_dropped_total", "counter",
                 "Log lines that were dropped because the log was not read in time.",
                 atomic_load_explicit(&admin->counters->log_lines_dropped, memory_order_relaxed),
                 out);
    write_single("chimera_label_sets", "gauge",
                 "Label sets of the kubewarden metrics; there are no more than 4096.",
                 series_count(series), out);
    write_single("chimera_label_sets_lost_total", "counter",
                 "Evaluations that the kubewarden metrics had no room for.",
                 atomic_load_explicit(&series->lost, memory_order_relaxed), out);
    write_by_process("chimera_process_resident_bytes", "Resident memory of processes.",
                     (uint64_t[3]){server->supervisor.resident_bytes,
                                   server->workers.resident_bytes, resident_bytes(admin)},
                     out);
    write_by_process("chimera_process_open_fds", "Open descriptors of processes.",
                     (uint64_t[3]){server->supervisor.descriptors, server->workers.descriptors, 0},
                     out);
    write_single("process_start_time_seconds", "gauge", "When the server started.",
                 server->started_ms / 1000, out);
}

void admin_write_metrics(const struct admin *admin, struct chimera_buffer *out)
{
    struct scoreboard_server server;
    scoreboard_read_server(admin->scoreboard, &server);
    const struct walk walk = {.admin = admin, .server = &server, .out = out};
    write_reference(admin, &server, out);
    write_policies(&walk);
    write_server(admin, &server, out);
    write_decisions(admin, out);
    write_host_calls(admin, out);
    write_reuse(admin, &server, out);
}
