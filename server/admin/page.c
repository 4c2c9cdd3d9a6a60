/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/base/percent.h"
#include "server/admin/html.h"
#include "server/admin/page_internal.h"

/* A page for a person: what is wrong comes first, then what is busy; the rest is on /policies. */

#define REFRESH_SECONDS "5"

void page_put_tag(const struct page *page, const char *text, const char *title, bool is_bad)
{
    chimera_buffer_print(page->out, " <span class=\"tag%s\" title=\"%s\">%s</span>",
                         is_bad ? " bad" : "", title, text);
}

void page_put_ago(const struct page *page, uint64_t at_ms)
{
    uint64_t seconds = page->now_ms > at_ms ? (page->now_ms - at_ms) / 1000 : 0;
    if (seconds < 120)
        chimera_buffer_print(page->out, "%u s ago", (unsigned)seconds);
    else if (seconds < 7200)
        chimera_buffer_print(page->out, "%u min ago", (unsigned)(seconds / 60));
    else
        html_moment(at_ms, page->out);
}

/* All marks that mean something in a reference, or in the text around it. */
void page_put_id(const struct page *page, struct chimera_slice id)
{
    chimera_percent_encode(id, CHIMERA_PERCENT_FILE "&+'=;[]", page->out);
}

/* --- What there is to show --- */

static int compare_rows(const void *a, const void *b)
{
    const struct page_row *left = a, *right = b;
    if (left->is_failed != right->is_failed)
        return left->is_failed ? -1 : 1;
    if (left->busy != right->busy)
        return left->busy > right->busy ? -1 : 1;
    if (left->head != right->head)
        return left->head < right->head ? -1 : 1;
    if ((left->number == left->head) != (right->number == right->head))
        return left->number == left->head ? -1 : 1;
    return left->number < right->number ? -1 : 1;
}

static bool is_failed(const struct admin_policy *policy)
{
    return policy->score.note.state == WORKER_SCORE_FAILED;
}

static void sort_rows(struct page *page)
{
    for (uint32_t i = 0; i < page->row_count; i++)
        for (uint32_t other = 0; page->rows[i].is_failed && other < page->row_count; other++)
            if (page->rows[other].head == page->rows[i].head)
                page->rows[other].is_failed = true;
    qsort(page->rows, page->row_count, sizeof(*page->rows), compare_rows);
}

/* Of a member its group, else itself. */
static uint32_t head_of(const struct page *page, uint32_t number)
{
    struct scoreboard_spec spec;
    scoreboard_read(page->admin->scoreboard, number, &spec);
    return spec.group ? spec.group : number;
}

static void collect(struct page *page)
{
    uint32_t count = scoreboard_count(page->admin->scoreboard);
    page->rows = calloc(count, sizeof(*page->rows));
    for (uint32_t i = SCOREBOARD_OTHER + 1; page->rows && i < count; i++) {
        struct admin_policy policy;
        admin_read_policy(page->admin, &page->server, i, &policy);
        if (!policy.spec.group) {
#define X(name, ...) page->sum.name += policy.counts.name;
            COUNTERS_LIST(X)
#undef X
            for (unsigned j = 0; j < HISTOGRAM_BUCKETS; j++)
                page->sum.wall.count[j] += policy.counts.wall.count[j];
            page->sum.wall.total += policy.counts.wall.total;
        }
        bool is_shown = page->shown == ADMIN_ALL || page->shown == i ||
                        page->shown == policy.spec.group || head_of(page, page->shown) == i;
        if (policy.spec.is_configured && is_shown) {
            struct page_row *row = &page->rows[page->row_count++];
            struct counters_view head;
            *row = (struct page_row){.number = policy.number, .is_failed = is_failed(&policy)};
            row->head = policy.spec.group ? policy.spec.group : policy.number;
            counters_read(page->admin->counters, row->head, &head);
            row->busy = head.evaluations;
            page->policy_count += row->head == row->number;
            page->failed_count += row->is_failed;
        }
    }
    if (page->rows)
        sort_rows(page);
}

/* --- Head --- */

/* A start is nothing bad, however long it takes. */
static void put_state(const struct page *page)
{
    const char *why;
    bool is_healthy = admin_is_healthy(&page->server, &why);
    uint8_t stage = page->server.stage;
    bool is_busy =
        stage == SCOREBOARD_STARTING || stage == SCOREBOARD_LOADING || stage == SCOREBOARD_STOPPING;
    page_put(page, is_healthy ? "<span class=\"pill good\">"
                   : is_busy  ? "<span class=\"pill busy\">"
                              : "<span class=\"pill\">");
    if (stage == SCOREBOARD_STARTING && page->progress.of)
        chimera_buffer_print(page->out, "starting: %u of %u built", page->progress.built,
                             page->progress.of);
    else
        page_put(page, is_healthy ? "serving" : why);
    page_put(page, "</span>");
}

static void put_head(const struct page *page)
{
    const char *why;
    bool is_healthy = admin_is_healthy(&page->server, &why);
    page_put(page, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                   "<meta http-equiv=\"refresh\" content=\"" REFRESH_SECONDS "\"><title>");
    page_put(page, is_healthy ? "serving" : "not serving");
    page_put(page, " · chimera-server</title><style>");
    for (size_t i = 0; page_style[i]; i++)
        page_put(page, page_style[i]);
    page_put(page, "</style></head><body><main><header><h1>chimera-server</h1>");
    put_state(page);
    page_put(page,
             "<p>" CHIMERA_VERSION ", as policy-server " CHIMERA_KUBEWARDEN_VERSION " · up since ");
    html_moment(page->server.started_ms, page->out);
    page_put(page, " · <a href=\"#rejections\">rejections</a> · <a href=\"/metrics\">metrics</a>"
                   "</p></header>");
}

static void put_progress(const struct page *page, const char *before, const char *behind)
{
    page_put(page, "<p class=\"note\">");
    page_put(page, before);
    if (page->progress.of)
        chimera_buffer_print(page->out, ": %u of %u", page->progress.built, page->progress.of);
    page_put(page, behind);
    page_put(page, "</p>");
}

static void put_notes(const struct page *page)
{
    const struct scoreboard_server *server = &page->server;
    if (server->is_building_first)
        put_progress(page, "The policies are being built", ".");
    if (server->is_building_full)
        put_progress(page, "Serving from the quick tier while the full tier is being built", ".");
    if (server->is_reloading)
        put_progress(page, "A reload is under way",
                     " built. The policies before it serve meanwhile.");
    if (server->refusal[0]) {
        page_put(page, "<p class=\"note bad\"><b>The last reload was refused</b> (");
        html_moment(server->refused_ms, page->out);
        page_put(page, "); the policies before it go on serving. ");
        chimera_html_word(server->refusal, page->out);
        page_put(page, "</p>");
    }
}

/* What it says of a time, where there is one. */
static void put_quantile(const struct page *page, double quantile)
{
    if (page->sum.wall.total)
        chimera_figure_duration(counters_quantile(&page->sum, quantile), page->out);
    else
        page_put(page, "–");
}

static void begin_tile(const struct page *page, const char *name)
{
    page_put(page, "<div><dt>");
    page_put(page, name);
    page_put(page, "</dt><dd>");
}

static void put_small(const struct page *page, uint64_t count, const char *what)
{
    page_put(page, "<small>");
    chimera_figure_count(count, page->out);
    page_put(page, what);
    page_put(page, "</small></dd></div>");
}

static void put_tiles(const struct page *page)
{
    const struct counters_view *sum = &page->sum;
    page_put(page, "<dl class=\"tiles\">");
    begin_tile(page, "Policies and groups");
    chimera_figure_count(page->policy_count, page->out);
    put_small(page, page->failed_count, " failed to start");
    begin_tile(page, "Evaluations");
    chimera_figure_count(sum->evaluations, page->out);
    put_small(page, sum->mutated, " with a change");
    begin_tile(page, "Rejected");
    chimera_figure_count(sum->rejected, page->out);
    page_put(page, "</dd></div>");
    begin_tile(page, "Errors");
    chimera_figure_count(sum->errors, page->out);
    put_small(page, sum->deadlines, " at the time limit");
    begin_tile(page, "Evaluation, p50");
    put_quantile(page, 0.5);
    page_put(page, "<small>p99 ");
    put_quantile(page, 0.99);
    page_put(page, "</small></dd></div>");
    begin_tile(page, "Workers' memory");
    if (page->server.workers.resident_bytes)
        chimera_figure_bytes(page->server.workers.resident_bytes, page->out);
    else
        page_put(page, "–");
    put_small(page, page->server.restarts, " restarts");
    begin_tile(page, "Reloads");
    chimera_figure_count(page->server.reloads, page->out);
    put_small(page, page->server.refused_reloads, " refused");
    page_put(page, "</dl>");
}

void admin_write_page(const struct admin *admin, uint32_t policy, struct chimera_buffer *out)
{
    struct page page = {
        .admin = admin, .out = out, .shown = policy, .now_ms = chimera_clock_wall_ms()};
    scoreboard_read_server(admin->scoreboard, &page.server);
    admin_read_progress(admin, &page.server, &page.progress);
    collect(&page);
    put_head(&page);
    put_notes(&page);
    if (policy == ADMIN_ALL)
        put_tiles(&page);
    page_put_policies(&page);
    page_put_rejections(&page);
    page_put(&page, "</main></body></html>\n");
    free(page.rows);
}
