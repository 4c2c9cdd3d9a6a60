/* SPDX-License-Identifier: Apache-2.0 */
/* changes.c - what became dearer or cheaper since the runs that this one is compared with. */
#include "toolchain/command/bench/page/page_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"

#define HALF 100.0 /* units of a bar's plot, from its middle to one side */

struct change {
    const struct bench_pair *pair;
    double percent; /* of instructions; of those that are not known 0 */
};

static int compare_changes(const void *a, const void *b)
{
    const struct change *left = a, *right = b;
    double x = fabs(left->percent), y = fabs(right->percent);
    if (x != y)
        return x > y ? -1 : 1;
    return (left->pair > right->pair) - (left->pair < right->pair);
}

/* Pairs that are in both, the most changed first. */
static size_t collect(const struct bench_comparison *comparison, struct change *change)
{
    size_t count = 0;
    for (size_t i = 0; i < comparison->count; i++) {
        const struct bench_pair *pair = &comparison->pair[i];
        uint64_t before, now;
        if (!pair->now || !pair->before)
            continue;
        change[count].pair = pair;
        if (!bench_pair_change(pair, bench_wasm_instructions, &before, &now,
                               &change[count].percent))
            change[count].percent = 0;
        count++;
    }
    qsort(change, count, sizeof(*change), compare_changes);
    return count;
}

/* To the right what grew, to the left what shrank. */
static void put_bar(const struct page *page, double percent, double greatest)
{
    double length = isinf(percent) ? HALF : HALF * fmin(1, fabs(percent) / greatest);
    chimera_buffer_print(page->out,
                         "<svg viewBox=\"0 0 200 12\" preserveAspectRatio=\"none\" "
                         "aria-hidden=\"true\"><rect class=\"%s\" x=\"%.1f\" y=\"1\" "
                         "width=\"%.1f\" height=\"10\"/><rect class=\"axis\" x=\"99.5\" "
                         "width=\"1\" height=\"12\"/></svg>",
                         percent > 0 ? "more" : "less", percent > 0 ? HALF : HALF - length, length);
}

static void put_metric(const struct page *page, const struct bench_pair *pair, const char *key,
                       const char *name)
{
    const struct bench_metric *metric = bench_metric_find(key);
    uint64_t before, now;
    double percent;
    chimera_buffer_print(page->out, "<td class=\"r\" data-name=\"%s\">", name);
    if (bench_pair_change(pair, metric, &before, &now, &percent)) {
        page_put_value(page, metric->unit, now);
        page_put(page, "<small>");
        bench_put_percent(percent, page->out);
        page_put(page, "</small>");
    } else
        page_put(page, "–");
    page_put(page, "</td>");
}

static void put_row(const struct page *page, const struct change *change, double greatest)
{
    page_put(page, "<tr><td class=\"wide\">");
    page_put_point(page, change->pair->now);
    page_put(page, "</td><td class=\"change wide\">");
    put_bar(page, change->percent, greatest);
    page_put(page, "</td>");
    put_metric(page, change->pair, "wasmInstructions", "Wasm instructions");
    put_metric(page, change->pair, "p50", "p50");
    put_metric(page, change->pair, "p99", "p99");
    put_metric(page, change->pair, "memoryPeak", "Memory");
    page_put(page, "</tr>\n");
}

static void put_difference(const struct page *page, const char *what, const char *before,
                           const char *now)
{
    if (strcmp(before ? before : "", now ? now : "") == 0)
        return;
    chimera_buffer_print(page->out, "<p class=\"note\"><b>Another %s:</b> ", what);
    page_put_name(page, before ? before : "unknown");
    page_put(page, ", now ");
    page_put_name(page, now ? now : "unknown");
    page_put(page, "</p>");
}

/* Those of one run alone. */
static void put_lonely(const struct page *page, const struct bench_comparison *comparison,
                       bool is_new)
{
    size_t count = 0;
    for (size_t i = 0; i < comparison->count; i++) {
        const struct bench_pair *pair = &comparison->pair[i];
        const struct bench_point *point = is_new ? pair->now : pair->before;
        if (!point || (is_new ? pair->before : pair->now) || ++count > PAGE_FINDINGS_MAX)
            continue;
        page_put(page, count > 1 ? ", "
                       : is_new  ? "<p class=\"about\">New: "
                                 : "<p class=\"about\">Gone: ");
        page_put_point(page, point);
    }
    if (count > PAGE_FINDINGS_MAX)
        chimera_buffer_print(page->out, " and %zu more", count - PAGE_FINDINGS_MAX);
    page_put(page, count > 0 ? "</p>\n" : "");
}

static void put_table(const struct page *page, const struct change *change, size_t count)
{
    double greatest = 10; /* percent: a small change has a small bar */
    size_t shown = count < PAGE_CHANGES_MAX ? count : PAGE_CHANGES_MAX;
    for (size_t i = 0; i < count; i++)
        if (!isinf(change[i].percent))
            greatest = fmax(greatest, fabs(change[i].percent));
    page_put(page, "<div class=\"card\"><table><thead><tr><th>Policy</th><th class=\"change\">"
                   "Change</th><th class=\"r\">Wasm instructions</th><th class=\"r\">p50</th>"
                   "<th class=\"r\">p99</th><th class=\"r\">Memory</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < shown; i++)
        put_row(page, &change[i], greatest);
    page_put(page, "</tbody></table></div>");
    page_put_rest(page, shown, count, "those that changed most");
}

static void put_comparison(const struct page *page, const struct bench_comparison *comparison)
{
    CHIMERA_FREE struct change *change = calloc(comparison->count + 1, sizeof(*change));
    if (!change) {
        page->out->failed = CHIMERA_ENOMEM;
        return;
    }
    size_t count = collect(comparison, change);
    page_put(page, "<section><h2>Since ");
    page_put_name(page, comparison->name);
    page_put(page, "</h2><p class=\"about\">Measured ");
    page_put_name(page, comparison->before->time ? comparison->before->time : "at another time");
    page_put(page, ". The bars are of wasm instructions.</p>\n");
    put_difference(page, "toolchain", comparison->before->toolchain, comparison->now->toolchain);
    put_difference(page, "machine, so times do not compare", comparison->before->machine,
                   comparison->now->machine);
    if (count > 0)
        put_table(page, change, count);
    put_lonely(page, comparison, true);
    put_lonely(page, comparison, false);
    page_put(page, "</section>\n");
}

void page_put_changes(const struct page *page)
{
    for (size_t i = 0; i < page->told->comparison_count; i++)
        put_comparison(page, &page->told->comparison[i]);
}
