/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/report/judge.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"

#define LINE_MAX ((size_t)64 << 10)

/* Takes the line, which the caller has no more. */
static void add(struct bench_findings *findings, struct chimera_buffer *line, bool is_breach)
{
    struct bench_finding *grown =
        reallocarray(findings->list, findings->count + 1, sizeof(*findings->list));
    chimera_buffer_byte(line, '\0');
    if (!grown || line->failed) {
        findings->list = grown ? grown : findings->list;
        findings->failed = CHIMERA_ENOMEM;
        chimera_buffer_free(line);
        return;
    }
    findings->list = grown;
    findings->list[findings->count++] = (struct bench_finding){line->data, is_breach};
    findings->breaches += is_breach;
}

/* "labels on pod.json: wasmInstructions" */
static void begin(const struct bench_point *point, const struct bench_metric *metric,
                  struct chimera_buffer *line)
{
    chimera_buffer_init(line, LINE_MAX);
    chimera_printable_append(chimera_slice_of(point->policy), NULL, line);
    chimera_buffer_text(line, " on ");
    chimera_printable_append(chimera_slice_of(point->request), NULL, line);
    chimera_buffer_print(line, ": %s", metric->key);
}

static void put(const struct bench_metric *metric, uint64_t value, struct chimera_buffer *line)
{
    bench_metric_put(metric->unit, value, chimera_terminal_is_utf8(), line);
}

/* --- A budget --- */

static void judge_limit(const struct bench_point *point, const struct bench_metric *metric,
                        uint64_t most, struct bench_findings *findings)
{
    struct chimera_buffer line;
    uint64_t value = 0;
    bool is_known = !point->failure && metric->get(point, &value);
    if (is_known && value <= most)
        return;
    begin(point, metric, &line);
    if (is_known) {
        chimera_buffer_text(&line, " is ");
        put(metric, value, &line);
        chimera_buffer_text(&line, ", over the budget of ");
        put(metric, most, &line);
    } else
        chimera_buffer_text(&line, " has a limit in the budget, and was not measured");
    add(findings, &line, is_known);
}

void bench_judge_budget(const struct bench_run *run, const struct bench_budget *budget,
                        struct bench_findings *findings)
{
    for (size_t i = 0; i < run->count; i++) {
        struct bench_limits limits;
        bench_budget_of(budget, run->point[i].policy, &limits);
        for (size_t j = 0; j < BENCH_METRICS; j++)
            if (limits.is_set[j])
                judge_limit(&run->point[i], &bench_metrics[j], limits.most[j], findings);
    }
}

/* --- A threshold --- */

static void judge_pair(const struct bench_pair *pair, const struct bench_metric *metric,
                       const struct bench_threshold *threshold, const char *name,
                       struct bench_findings *findings)
{
    struct chimera_buffer line;
    uint64_t before = 0, now = 0;
    double percent = 0;
    bool is_known = bench_pair_change(pair, metric, &before, &now, &percent);
    bool is_time = metric->unit == BENCH_TIME;
    if (is_known && (now <= before || percent <= threshold->percent ||
                     (is_time && now - before <= threshold->least_ns)))
        return;
    begin(pair->now, metric, &line);
    if (is_known) {
        chimera_buffer_text(&line, " grew from ");
        put(metric, before, &line);
        chimera_buffer_text(&line, " to ");
        put(metric, now, &line);
        chimera_buffer_text(&line, " (");
        bench_put_percent(percent, &line);
        chimera_buffer_print(&line, "), over the threshold of %g %% against ", threshold->percent);
    } else
        chimera_buffer_text(&line, " is not known in both runs, so it is not judged against ");
    chimera_printable_append(chimera_slice_of(name), NULL, &line);
    add(findings, &line, is_known);
}

/* One of all is enough. */
static bool knows_instructions(const struct bench_comparison *comparison)
{
    for (size_t i = 0; i < comparison->count; i++) {
        uint64_t before, now;
        double percent;
        if (bench_pair_change(&comparison->pair[i], bench_wasm_instructions, &before, &now,
                              &percent))
            return true;
    }
    return false;
}

static void add_unjudged(const struct bench_comparison *comparison, const char *why,
                         struct bench_findings *findings)
{
    struct chimera_buffer line;
    chimera_buffer_init(&line, LINE_MAX);
    chimera_printable_append(chimera_slice_of(comparison->name), NULL, &line);
    chimera_buffer_text(&line, why);
    add(findings, &line, false);
}

void bench_judge_change(const struct bench_comparison *comparison,
                        const struct bench_threshold *threshold, struct bench_findings *findings)
{
    static const char *const times[] = {"mean", "p50", "p99"};
    bool has_counts = knows_instructions(comparison);
    for (size_t i = 0; i < comparison->count; i++) {
        const struct bench_pair *pair = &comparison->pair[i];
        if (!pair->now || !pair->before)
            continue;
        if (has_counts)
            judge_pair(pair, bench_wasm_instructions, threshold, comparison->name, findings);
        for (size_t j = 0; threshold->has_times && j < sizeof(times) / sizeof(*times); j++)
            judge_pair(pair, bench_metric_find(times[j]), threshold, comparison->name, findings);
    }
    if (comparison->both == 0)
        add_unjudged(comparison,
                     " has none of these policies and requests, so there is nothing that the "
                     "threshold could hold for",
                     findings);
    else if (!has_counts)
        add_unjudged(comparison,
                     ": wasmInstructions are not known in both runs, so the threshold is not "
                     "judged",
                     findings);
}

void bench_findings_done(struct bench_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        free(findings->list[i].text);
    free(findings->list);
    *findings = (struct bench_findings){0};
}
