/* SPDX-License-Identifier: Apache-2.0 */
/* details.c - what is folded away: of each point its module, its message and its histogram. */
#include "toolchain/command/bench/page/page_internal.h"

#include <math.h>

#include "runtime/text/figures.h"
#include "toolchain/command/bench/report/chart.h"

#define COLUMNS 96
#define STEP 7.0
#define WIDTH (COLUMNS * STEP)
#define HEIGHT 90.0

static void put_mark(const struct page *page, const struct chart *chart, const char *class,
                     double nanoseconds)
{
    chimera_buffer_print(page->out, "<path class=\"%s\" d=\"M%.1f 0V%.1f\"/>", class,
                         chart_place(chart, nanoseconds) * WIDTH, HEIGHT);
}

static void put_histogram(const struct page *page, const struct bench_point *point)
{
    struct chart chart;
    if (!chart_fill(point, COLUMNS, &chart))
        return;
    chimera_buffer_print(page->out,
                         "<figure><svg role=\"img\" viewBox=\"0 0 %.0f %.0f\" "
                         "preserveAspectRatio=\"none\" aria-label=\"Histogram of times\">",
                         WIDTH, HEIGHT);
    for (size_t i = 0; i < COLUMNS; i++) {
        double height = fmax(1.5, HEIGHT * chart.column[i] / chart.highest);
        if (chart.column[i] > 0)
            chimera_buffer_print(page->out,
                                 "<rect class=\"bar\" x=\"%.0f\" y=\"%.1f\" width=\"%.0f\" "
                                 "height=\"%.1f\"/>",
                                 (double)i * STEP, HEIGHT - height, STEP - 1, height);
    }
    put_mark(page, &chart, "p50", point->evaluation.p50);
    put_mark(page, &chart, "p90", point->evaluation.p90);
    page_put(page, "</svg><figcaption><span>");
    page_put_time(page, chart.least);
    page_put(page, "</span><span>p50 solid, p90 dashed; logarithmic, up to the 99th percentile"
                   "</span><span>");
    page_put_time(page, chart.greatest);
    page_put(page, "</span></figcaption></figure>");
}

static void put_fact(const struct page *page, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    chimera_buffer_print(page->out, "<div><dt>%s</dt><dd>", name);
    page_put_name(page, text);
    page_put(page, "</dd></div>");
}

static void put_range(const struct page *page, const char *name, const struct bench_range *range)
{
    if (!range->is_known)
        return;
    chimera_buffer_print(page->out, "<div><dt>%s</dt><dd>", name);
    chimera_figure_count(range->min, page->out);
    if (range->max != range->min) {
        page_put(page, " to ");
        chimera_figure_count(range->max, page->out);
    }
    page_put(page, "</dd></div>");
}

static void put_count(const struct page *page, const char *name, uint64_t count)
{
    put_range(page, name, &(struct bench_range){true, count, count});
}

static void put_point(const struct page *page, const struct bench_point *point)
{
    page_put(page, "<details><summary>");
    page_put_point(page, point);
    page_put(page, " <small>p50 ");
    page_put_time(page, point->evaluation.p50);
    page_put(page, "</small></summary><div class=\"inside\">");
    put_histogram(page, point);
    page_put(page, "<dl class=\"facts\">");
    put_fact(page, "Request", point->request);
    put_fact(page, "Message", point->message);
    put_fact(page, "Module", point->module);
    put_fact(page, "Digest of the module", point->wasm_digest);
    put_fact(page, "Execution mode", point->mode);
    put_fact(page, "Tier", point->tier);
    put_range(page, "Wasm instructions", &point->wasm_instructions);
    put_range(page, "Wasm instructions before the snapshot", &point->start_wasm_instructions);
    put_range(page, "Native instructions", &point->native_instructions);
    put_range(page, "Pages written", &point->dirty_pages);
    put_count(page, "Evaluations", point->evaluation.count);
    if (page->told->run->rate > 0) {
        put_count(page, "Of them late", point->late);
        put_count(page, "Missed", point->missed);
    }
    page_put(page, "</dl></div></details>\n");
}

void page_put_details(const struct page *page)
{
    if (page->count == 0)
        return;
    page_begin_section(page, "Each of them", "Histograms of times, modules, messages.");
    for (size_t i = 0; i < page->count && i < PAGE_DETAILS_MAX; i++)
        put_point(page, page->dear[i]);
    page_put_rest(page, PAGE_DETAILS_MAX, page->count, "those with the most instructions");
    page_put(page, "</section>\n");
}
