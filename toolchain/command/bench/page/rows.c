/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c - the table of all points. */
#include "toolchain/command/bench/page/page_internal.h"

#include "toolchain/command/bench/report/json.h"

static const struct column {
    const char *title, *key;
} columns[] = {
    {"Wasm instr.", "wasmInstructions"},
    {"Native instr.", "nativeInstructions"},
    {"p50", "p50"},
    {"p99", "p99"},
    {"p99.9", "p999"},
    {"Max", "max"},
    {"Per second", "throughput"},
    {"Pages", "dirtyPages"},
    {"Memory", "memoryPeak"},
    {"Host calls", "hostCalls"},
};
#define COLUMNS (sizeof(columns) / sizeof(*columns))

/* A column of which nothing is known would be dashes only. */
static bool is_known(const struct page *page, const struct column *column)
{
    const struct bench_metric *metric = bench_metric_find(column->key);
    for (size_t i = 0; i < page->count; i++) {
        uint64_t value;
        if (metric->get(page->dear[i], &value))
            return true;
    }
    return false;
}

static void put_cell(const struct page *page, const struct bench_point *point,
                     const struct column *column)
{
    const struct bench_metric *metric = bench_metric_find(column->key);
    uint64_t value;
    if (!point->failure && metric->get(point, &value)) {
        chimera_buffer_print(page->out, "<td class=\"r\" data-name=\"%s\" data-v=\"%llu\">",
                             column->title, (unsigned long long)value);
        page_put_value(page, metric->unit, value);
    } else
        chimera_buffer_print(page->out, "<td class=\"r\" data-name=\"%s\" data-v=\"-1\">–",
                             column->title);
    page_put(page, "</td>");
}

static void put_row(const struct page *page, const struct bench_point *point,
                    const bool shown[COLUMNS])
{
    static const char *const classes[] = {
        [BENCH_ACCEPTED] = "good", [BENCH_REJECTED] = "note", [BENCH_FAILED] = "bad"};
    page_put(page, "<tr><td class=\"wide name\">");
    page_put_name(page, point->policy);
    page_put(page, "</td><td class=\"wide request\" data-name=\"Request\">");
    page_put_name(page, point->request);
    chimera_buffer_print(page->out, "</td><td class=\"wide %s\" data-name=\"Verdict\">",
                         point->failure ? "bad" : classes[point->verdict]);
    if (point->failure) {
        page_put(page, "not measured<small>");
        page_put_name(page, point->failure);
        page_put(page, "</small>");
    } else
        page_put(page, bench_verdict_name(point->verdict));
    page_put(page, "</td>");
    for (size_t i = 0; i < COLUMNS; i++)
        if (shown[i])
            put_cell(page, point, &columns[i]);
    page_put(page, "</tr>\n");
}

void page_put_rows(const struct page *page)
{
    const struct bench_run *run = page->told->run;
    bool shown[COLUMNS];
    if (run->count == 0)
        return;
    page_begin_section(page, "All that was measured",
                       "A click on a column's name sorts by it, where scripts run.");
    page_put(page, "<div class=\"card\"><table id=\"points\"><thead><tr><th>Policy</th>"
                   "<th>Request</th><th>Verdict</th>");
    for (size_t i = 0; i < COLUMNS; i++) {
        shown[i] = is_known(page, &columns[i]);
        if (shown[i])
            chimera_buffer_print(page->out, "<th class=\"r\">%s</th>", columns[i].title);
    }
    page_put(page, "</tr></thead><tbody>\n");
    /* All in their order or, of too many, the dearest. */
    bool has_all = run->count <= PAGE_ROWS_MAX;
    size_t count = has_all ? run->count : page->count;
    for (size_t i = 0; i < count && i < PAGE_ROWS_MAX; i++)
        put_row(page, has_all ? &run->point[i] : page->dear[i], shown);
    page_put(page, "</tbody></table></div>");
    page_put_rest(page, count < PAGE_ROWS_MAX ? count : PAGE_ROWS_MAX, run->count,
                  "those with the most instructions; -o json has the others");
    page_put(page, "</section>\n");
}
