/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/page/page_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/base64.h"
#include "runtime/base/digest.h"
#include "runtime/base/error.h"
#include "runtime/text/figures.h"
#include "runtime/text/html.h"

#define NAME_MAX 160 /* bytes that are shown of a name */
#define MESSAGE_MAX 2000

/* --- Pieces --- */

void page_put(const struct page *page, const char *literal)
{
    chimera_buffer_text(page->out, literal);
}

/* Whole characters, as many as fit. */
static struct chimera_slice cut(const char *text, size_t most, bool *ret_is_cut)
{
    size_t size = strnlen(text, most + 1);
    *ret_is_cut = size > most;
    if (*ret_is_cut)
        for (size = most; size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80;)
            size--;
    return (struct chimera_slice){text, size};
}

void page_put_name(const struct page *page, const char *text)
{
    bool is_cut;
    chimera_html_text(cut(text, NAME_MAX, &is_cut), page->out);
    page_put(page, is_cut ? "…" : "");
}

void page_put_plain(const struct page *page, const char *text)
{
    bool is_cut;
    chimera_html_plain(cut(text, NAME_MAX, &is_cut), page->out);
    page_put(page, is_cut ? "…" : "");
}

static void put_message(const struct page *page, const char *text)
{
    bool is_cut;
    chimera_html_text(cut(text, MESSAGE_MAX, &is_cut), page->out);
    page_put(page, is_cut ? "…" : "");
}

void page_put_point(const struct page *page, const struct bench_point *point)
{
    page_put(page, "<span class=\"name\">");
    page_put_name(page, point->policy);
    page_put(page, "</span>");
    if (!page->has_requests)
        return;
    page_put(page, " <small>");
    page_put_name(page, point->request);
    page_put(page, "</small>");
}

void page_put_value(const struct page *page, enum bench_unit unit, uint64_t value)
{
    bench_metric_put(unit, value, true, page->out);
}

void page_put_time(const struct page *page, double nanoseconds)
{
    page_put_value(page, BENCH_TIME, nanoseconds > 0 ? (uint64_t)llround(nanoseconds) : 0);
}

void page_begin_section(const struct page *page, const char *title, const char *text)
{
    chimera_buffer_print(page->out, "<section><h2>%s</h2><p class=\"about\">%s</p>\n", title, text);
}

void page_put_rest(const struct page *page, size_t shown, size_t of, const char *what)
{
    if (shown < of)
        chimera_buffer_print(page->out, "<p class=\"about\">%zu of %zu, %s.</p>\n", shown, of,
                             what);
}

const struct bench_point *page_before_of(const struct page *page, const struct bench_point *point)
{
    const struct bench_comparison *comparison = page->told->comparison;
    for (size_t i = 0; page->told->comparison_count > 0 && i < comparison->count; i++)
        if (comparison->pair[i].now == point)
            return comparison->pair[i].before;
    return NULL;
}

/* --- Head --- */

#define STYLE_MAX ((size_t)64 << 10)

/* 'sha256-…' of a text, for the policy of what may run. */
static void put_hash(const struct page *page, struct chimera_slice text)
{
    struct chimera_digest digest;
    if (chimera_digest_of(text, &digest) < 0) {
        page->out->failed = CHIMERA_ENOMEM;
        return;
    }
    page_put(page, "'sha256-");
    chimera_base64_encode(chimera_digest_slice(&digest), CHIMERA_BASE64_STANDARD, page->out);
    page_put(page, "'");
}

static void put_head(const struct page *page)
{
    struct chimera_buffer style;
    chimera_buffer_init(&style, STYLE_MAX);
    for (size_t i = 0; page_style[i]; i++)
        chimera_buffer_text(&style, page_style[i]);
    page_put(page, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                   "style-src ");
    put_hash(page, chimera_buffer_slice(&style));
    page_put(page, "; script-src ");
    put_hash(page, chimera_slice_of(page_script));
    page_put(page, "; base-uri 'none'; form-action 'none'\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\">\n"
                   "<title>What policies cost · chimera bench</title><style>");
    chimera_buffer_append(page->out, chimera_buffer_slice(&style));
    page_put(page, "</style></head>\n<body><main><header><h1>What policies cost</h1>");
    if (style.failed)
        page->out->failed = style.failed;
    chimera_buffer_free(&style);
}

static void put_fact(const struct page *page, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    chimera_buffer_print(page->out, "<div><dt>%s</dt><dd>", name);
    put_message(page, text);
    page_put(page, "</dd></div>");
}

static void put_verdict(const struct page *page)
{
    const struct bench_findings *findings = page->told->findings;
    if (!page->told->is_judged)
        return;
    if (findings->count == 0)
        page_put(page, "<span class=\"pill good\">within its limits</span>");
    else if (findings->breaches > 0)
        chimera_buffer_print(page->out, "<span class=\"pill\">%zu over a limit</span>",
                             findings->breaches);
    else
        page_put(page, "<span class=\"pill\">not all could be judged</span>");
}

static void put_facts(const struct page *page)
{
    const struct bench_run *run = page->told->run;
    put_verdict(page);
    page_put(page, "<p>chimera bench");
    if (run->version) {
        page_put(page, " ");
        page_put_name(page, run->version);
    }
    if (run->time) {
        page_put(page, " · ");
        page_put_name(page, run->time);
    }
    page_put(page, "</p></header>\n<dl class=\"facts\">");
    put_fact(page, "Machine", run->machine);
    put_fact(page, "Toolchain", run->toolchain);
    page_put(page, "<div><dt>Load</dt><dd>");
    chimera_buffer_print(page->out, "%u thread%s, ", run->threads, run->threads == 1 ? "" : "s");
    if (run->rate > 0)
        chimera_buffer_print(page->out, "open loop of %g a second", run->rate);
    else
        page_put(page, "closed loop");
    chimera_buffer_print(page->out, ", %g s each behind %g s of warm-up", run->measurement,
                         run->warm_up);
    page_put(page, "</dd></div></dl>\n");
}

/* --- Tiles --- */

static void begin_tile(const struct page *page, const char *name)
{
    chimera_buffer_print(page->out, "<div><dt>%s</dt><dd>", name);
}

static void end_tile(const struct page *page, const struct bench_point *whose, const char *what)
{
    page_put(page, "<small>");
    if (whose)
        page_put_name(page, whose->policy);
    page_put(page, what);
    page_put(page, "</small></dd></div>");
}

/* The point with the greatest value; NULL where nothing is known. */
static const struct bench_point *find_most(const struct page *page,
                                           const struct bench_metric *metric, uint64_t *ret_most)
{
    const struct bench_point *found = NULL;
    for (size_t i = 0; i < page->count; i++) {
        uint64_t value;
        if (!metric->get(page->dear[i], &value) || (found && value <= *ret_most))
            continue;
        found = page->dear[i];
        *ret_most = value;
    }
    return found;
}

static void put_most(const struct page *page, const char *name, const char *key)
{
    const struct bench_metric *metric = bench_metric_find(key);
    uint64_t most = 0;
    const struct bench_point *point = find_most(page, metric, &most);
    if (!point)
        return;
    begin_tile(page, name);
    page_put_value(page, metric->unit, most);
    end_tile(page, point, "");
}

static size_t count_policies(const struct bench_run *run)
{
    size_t count = 0; /* those of a policy stand together */
    for (size_t i = 0; i < run->count; i++)
        count += i == 0 || strcmp(run->point[i].policy, run->point[i - 1].policy) != 0;
    return count;
}

static void put_tiles(const struct page *page)
{
    uint64_t evaluations = 0;
    for (size_t i = 0; i < page->count; i++)
        evaluations += page->dear[i]->evaluation.count;
    page_put(page, "<dl class=\"tiles\">");
    begin_tile(page, "Policies");
    chimera_figure_count(count_policies(page->told->run), page->out);
    page_put(page, "<small>");
    chimera_figure_count(page->told->run->count, page->out);
    page_put(page, " measurements</small></dd></div>");
    begin_tile(page, "Evaluations");
    chimera_figure_count(evaluations, page->out);
    page_put(page, "</dd></div>");
    put_most(page, "Most instructions", "wasmInstructions");
    put_most(page, "Longest p50", "p50");
    put_most(page, "Longest p99", "p99");
    put_most(page, "Most memory", "memoryPeak");
    page_put(page, "</dl>\n");
}

/* --- Notes --- */

static void put_note(const struct page *page, const char *head, const char *text)
{
    if (!text)
        return;
    chimera_buffer_print(page->out, "<p class=\"note\"><b>%s</b> ", head);
    put_message(page, text);
    page_put(page, "</p>\n");
}

static void put_findings(const struct page *page)
{
    const struct bench_findings *findings = page->told->findings;
    if (findings->count == 0)
        return;
    page_put(page, "<div class=\"note bad\"><b>Over a limit, or not judged</b><ul>");
    for (size_t i = 0; i < findings->count && i < PAGE_FINDINGS_MAX; i++) {
        page_put(page, "<li>");
        put_message(page, findings->list[i].text);
        page_put(page, "</li>");
    }
    page_put(page, "</ul>");
    page_put_rest(page, PAGE_FINDINGS_MAX, findings->count,
                  "the first ones; standard error has had all");
    page_put(page, "</div>\n");
}

static void put_notes(const struct page *page)
{
    const struct bench_run *run = page->told->run;
    put_findings(page);
    if (run->is_interrupted)
        page_put(page, "<p class=\"note\"><b>Interrupted.</b> What was not measured by then is not "
                       "here.</p>\n");
    put_note(page, "No wasm instructions:", run->count_obstacle);
    put_note(page, "No native instructions:", run->native_obstacle);
}

static void put_foot(const struct page *page)
{
    page_put(
        page,
        "<footer><p><b>Wasm instructions</b> are counted in a build that counts them: they are "
        "the same on every machine, and what budgets and comparisons are of. <b>Times</b> are "
        "of this machine, of everything from the parsed request to the response, with the "
        "reset of the policy's memory.</p></footer></main><script>");
    page_put(page, page_script);
    page_put(page, "</script></body></html>\n");
}

/* --- All --- */

static int compare_dear(const void *a, const void *b)
{
    const struct bench_point *left = *(const struct bench_point *const *)a;
    const struct bench_point *right = *(const struct bench_point *const *)b;
    uint64_t x = left->wasm_instructions.max, y = right->wasm_instructions.max;
    if (x != y)
        return x > y ? -1 : 1;
    if (left->evaluation.p50 != right->evaluation.p50)
        return left->evaluation.p50 > right->evaluation.p50 ? -1 : 1;
    return (left > right) - (left < right);
}

void bench_page_write(const struct bench_told *told, struct chimera_buffer *out)
{
    const struct bench_run *run = told->run;
    struct page page = {.told = told, .out = out};
    page.dear = calloc(run->count + 1, sizeof(*page.dear));
    if (!page.dear) {
        out->failed = CHIMERA_ENOMEM;
        return;
    }
    for (size_t i = 0; i < run->count; i++) {
        if (!run->point[i].failure)
            page.dear[page.count++] = &run->point[i];
        page.has_requests |= strcmp(run->point[i].request, run->point[0].request) != 0;
    }
    qsort(page.dear, page.count, sizeof(*page.dear), compare_dear);
    put_head(&page);
    put_facts(&page);
    put_tiles(&page);
    put_notes(&page);
    page_put_changes(&page);
    page_put_instructions(&page);
    page_put_curves(&page);
    page_put_phases(&page);
    page_put_cold(&page);
    page_put_rows(&page);
    page_put_details(&page);
    put_foot(&page);
    free(page.dear);
}
