/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/routes.h"

#include <stdlib.h>

#include "runtime/base/clock.h"
#include "server/admin/html.h"

/* A page for a person: what is wrong comes first, then what is busy; the rest is on /policies. */

#define ROWS_MAX 200
#define REFRESH_SECONDS "5"

static const char style[] =
    ":root{color-scheme:light dark;--paper:#f6f7f9;--card:#fff;--ink:#1c2430;--dim:#667085;"
    "--line:#e3e7ee;--yes:#2f9e77;--no:#e39a2d;--error:#d0454c;--chart:#5f83bd;--none:#e9edf3}"
    "@media(prefers-color-scheme:dark){:root{--paper:#12161c;--card:#1a2028;--ink:#e4e8ee;"
    "--dim:#93a0b3;--line:#2a323d;--yes:#3fb58b;--no:#e8a948;--error:#ea6a70;--chart:#7c9fd6;"
    "--none:#2a323d}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,"
    "-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif;font-variant-numeric:tabular-nums}"
    "main{max-width:1180px;margin:0 auto;padding:28px 24px 48px}"
    "h1{font-size:22px;font-weight:650;margin:0;letter-spacing:-.01em}"
    "h2{font-size:15px;font-weight:650;margin:32px 0 10px}"
    "header{display:flex;align-items:center;gap:14px;flex-wrap:wrap}"
    "header p{margin:0 0 0 auto;color:var(--dim);font-size:13px}"
    ".pill,.tag{display:inline-block;border-radius:99px;font-weight:600;white-space:nowrap}"
    ".pill{padding:3px 11px;font-size:13px;color:#fff;background:var(--error)}"
    ".pill.good{background:var(--yes)}"
    ".tag{padding:0 7px;margin-left:6px;font-size:11px;line-height:17px;color:var(--dim);"
    "border:1px solid var(--line)}"
    ".tag.bad{color:var(--error);border-color:var(--error)}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;"
    "margin:20px 0 0;padding:0}"
    ".tiles div,.card{background:var(--card);border:1px solid var(--line);border-radius:10px}"
    ".tiles div{padding:11px 14px}"
    "dt{color:var(--dim);font-size:12px}dd{margin:1px 0 0;font-size:20px;font-weight:600;"
    "letter-spacing:-.01em}dd small{font-size:12px;font-weight:400;color:var(--dim);"
    "letter-spacing:0;display:block}"
    ".note{margin:14px 0 0;padding:9px 14px;border-radius:10px;background:var(--card);"
    "border:1px solid var(--line);border-left:4px solid var(--chart);overflow-wrap:anywhere}"
    ".note.bad{border-left-color:var(--error)}"
    ".card{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%}"
    "th{font-size:12px;font-weight:500;color:var(--dim);text-align:left;vertical-align:bottom}"
    "th,td{padding:9px 14px;border-bottom:1px solid var(--line)}"
    "tr:last-child td{border-bottom:0}td{vertical-align:top}"
    ".r{text-align:right;white-space:nowrap}.dim,td small{color:var(--dim)}"
    "td small{display:block;font-size:12px;font-weight:400}"
    ".origin{overflow-wrap:anywhere;max-width:340px}"
    ".name{font-weight:600;overflow-wrap:anywhere}.member{padding-left:30px}"
    ".why{color:var(--error);overflow-wrap:anywhere}.nowrap{white-space:nowrap}"
    ".text{overflow-wrap:anywhere;min-width:220px}.who{min-width:290px}.what{min-width:225px}"
    "svg{display:block}.bar{margin:5px 0 4px;border-radius:2px}.chart{margin-top:2px}"
    ".none{fill:var(--none)}.yes{fill:var(--yes)}.no{fill:var(--no)}.error{fill:var(--error)}"
    ".chart rect{fill:var(--chart)}.grid{stroke:var(--line)}"
    ".p50{stroke:var(--ink);stroke-width:1.5}"
    ".p99{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:2 2}"
    ".scale text{font-size:10px;fill:var(--dim)}"
    ".key{color:var(--dim);font-size:12px;margin:8px 2px 0}.key b{font-weight:600}"
    ".key .yes,.key .no,.key .error{display:inline-block;width:9px;height:9px;border-radius:2px;"
    "margin:0 4px 0 10px}.key .yes{background:var(--yes)}.key .no{background:var(--no)}"
    ".key .error{background:var(--error)}a{color:inherit}";

struct row { /* what the order of the table goes by */
    uint32_t number;
    uint32_t head;  /* of a member its group, which it stands behind; else itself */
    bool is_failed; /* it, or one of its group: these come first */
    uint64_t busy;  /* evaluations of the head */
};

struct page {
    const struct admin *admin;
    struct chimera_buffer *out;
    struct scoreboard_server server;
    uint64_t now_ms;
    struct row *rows; /* owned; NULL: no memory */
    uint32_t row_count, policy_count, failed_count;
    struct counters_view sum; /* of policies and groups, not of members */
};

static void put_text(const struct page *page, const char *text)
{
    chimera_buffer_text(page->out, text);
}

/* --- What there is to show --- */

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
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
        if (policy.spec.is_configured) {
            struct row *row = &page->rows[page->row_count++];
            struct counters_view head;
            *row = (struct row){.number = policy.number, .is_failed = is_failed(&policy)};
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

static void put_head(const struct page *page)
{
    const char *why;
    bool is_healthy = admin_is_healthy(&page->server, &why);
    put_text(page, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                   "<meta http-equiv=\"refresh\" content=\"" REFRESH_SECONDS "\"><title>");
    put_text(page, is_healthy ? "serving" : "not serving");
    put_text(page, " · chimera-server</title><style>");
    put_text(page, style);
    put_text(page, "</style></head><body><main><header><h1>chimera-server</h1><span class=\"pill");
    put_text(page, is_healthy ? " good\">serving" : "\">");
    put_text(page, is_healthy ? "" : why);
    put_text(page, "</span><p>" CHIMERA_VERSION ", as policy-server " CHIMERA_KUBEWARDEN_VERSION
                   " · up since ");
    html_moment(page->server.started_ms, page->out);
    put_text(page,
             " · <a href=\"/policies\">JSON</a> · <a href=\"/metrics\">metrics</a></p></header>");
}

static void put_notes(const struct page *page)
{
    const struct scoreboard_server *server = &page->server;
    if (server->is_building_first)
        put_text(page, "<p class=\"note\">The policies are being built.</p>");
    if (server->is_building_full)
        put_text(page, "<p class=\"note\">Serving from the quick tier while the full tier is being "
                       "built.</p>");
    if (server->is_reloading)
        put_text(page, "<p class=\"note\">A reload is under way; the policies before it serve "
                       "meanwhile.</p>");
    if (server->refusal[0]) {
        put_text(page, "<p class=\"note bad\"><b>The last reload was refused</b> (");
        html_moment(server->refused_ms, page->out);
        put_text(page, "); the policies before it go on serving. ");
        html_word(server->refusal, page->out);
        put_text(page, "</p>");
    }
}

static void begin_tile(const struct page *page, const char *name)
{
    put_text(page, "<div><dt>");
    put_text(page, name);
    put_text(page, "</dt><dd>");
}

static void put_small(const struct page *page, uint64_t count, const char *what)
{
    put_text(page, "<small>");
    html_count(count, page->out);
    put_text(page, what);
    put_text(page, "</small></dd></div>");
}

static void put_tiles(const struct page *page)
{
    const struct counters_view *sum = &page->sum;
    put_text(page, "<dl class=\"tiles\">");
    begin_tile(page, "Policies and groups");
    html_count(page->policy_count, page->out);
    put_small(page, page->failed_count, " failed to start");
    begin_tile(page, "Evaluations");
    html_count(sum->evaluations, page->out);
    put_small(page, sum->mutated, " with a change");
    begin_tile(page, "Rejected");
    html_count(sum->rejected, page->out);
    put_text(page, "</dd></div>");
    begin_tile(page, "Errors");
    html_count(sum->errors, page->out);
    put_small(page, sum->deadlines, " at the time limit");
    begin_tile(page, "Evaluation, p50");
    html_duration(histogram_quantile(&sum->wall, 0.5), page->out);
    put_text(page, "<small>p99 ");
    html_duration(histogram_quantile(&sum->wall, 0.99), page->out);
    put_text(page, "</small></dd></div>");
    begin_tile(page, "Workers' memory");
    html_bytes(page->server.workers.resident_bytes, page->out);
    put_small(page, page->server.restarts, " restarts");
    begin_tile(page, "Reloads");
    html_count(page->server.reloads, page->out);
    put_small(page, page->server.refused_reloads, " refused");
    put_text(page, "</dl>");
}

/* --- Policies --- */

static void put_tag(const struct page *page, const char *text, bool is_bad)
{
    put_text(page, is_bad ? " <span class=\"tag bad\">" : " <span class=\"tag\">");
    put_text(page, text);
    put_text(page, "</span>");
}

static void put_ago(const struct page *page, uint64_t at_ms)
{
    uint64_t seconds = page->now_ms > at_ms ? (page->now_ms - at_ms) / 1000 : 0;
    if (seconds < 120)
        chimera_buffer_print(page->out, "%u s ago", (unsigned)seconds);
    else if (seconds < 7200)
        chimera_buffer_print(page->out, "%u min ago", (unsigned)(seconds / 60));
    else
        html_moment(at_ms, page->out);
}

/* Of a module that was fetched: which one it is, who signed it, and when it was last asked for. */
static void put_origin(const struct page *page, const struct scoreboard_spec *spec)
{
    if (!spec->fetched_ms)
        return;
    put_text(page, "<small class=\"origin\">");
    if (spec->manifest_digest[0]) {
        html_word(spec->manifest_digest, page->out);
        put_text(page, "<br>");
    }
    if (spec->signers[0]) {
        put_text(page, "signed: ");
        html_word(spec->signers, page->out);
        put_text(page, "<br>");
    }
    put_text(page, "fetched ");
    put_ago(page, spec->fetched_ms);
    put_text(page, "</small>");
}

static void put_name(const struct page *page, const struct admin_policy *policy)
{
    const char *state = admin_state_of(&page->server, policy), *tier = admin_tier_of(policy);
    put_text(page, policy->spec.group ? "<tr><td class=\"member\">" : "<tr><td>");
    put_text(page, "<span class=\"name\">");
    html_text(policy->id, page->out);
    put_text(page, "</span>");
    if (policy->spec.is_group)
        put_tag(page, "group", false);
    if (policy->spec.is_monitor)
        put_tag(page, "monitor", false);
    if (strcmp(tier, "quick") == 0)
        put_tag(page, "quick tier", false);
    if (strcmp(state, "loaded") != 0)
        put_tag(page, state, is_failed(policy));
    if (is_failed(policy)) {
        put_text(page, "<small class=\"why\">");
        html_word(policy->score.note.failure, page->out);
        put_text(page, "</small>");
    } else {
        put_text(page, "<small>");
        html_word(policy->spec.is_group ? policy->spec.source : policy->score.note.mode, page->out);
        put_text(page, "</small>");
    }
    put_origin(page, &policy->spec);
    put_text(page, "</td>");
}

static void put_verdicts(const struct page *page, const struct counters_view *counts)
{
    put_text(page, "<td>");
    html_verdict_bar(counts, page->out);
    put_text(page, "<small>");
    html_count(counts->accepted, page->out);
    put_text(page, " · ");
    html_count(counts->rejected, page->out);
    put_text(page, " · ");
    html_count(counts->errors, page->out);
    if (counts->start_errors) {
        put_text(page, " · ");
        html_count(counts->start_errors, page->out);
        put_text(page, " not started");
    }
    put_text(page, "</small></td>");
}

static void put_times(const struct page *page, const struct counters_view *counts)
{
    put_text(page, "<td>");
    html_histogram(&counts->wall, page->out);
    put_text(page, "</td><td class=\"r\">");
    if (counts->wall.total) {
        html_duration(histogram_quantile(&counts->wall, 0.5), page->out);
        put_text(page, "<small>");
        html_duration(histogram_quantile(&counts->wall, 0.99), page->out);
        put_text(page, "</small>");
    }
    put_text(page, "</td>");
}

static void put_costs(const struct page *page, const struct admin_policy *policy)
{
    put_text(page, "<td class=\"r\">");
    if (!policy->spec.is_group && policy->counts.evaluations) {
        html_duration(policy->counts.cpu_ns, page->out);
        put_text(page, "<small>");
        put_text(page, admin_cpu_class_of(&policy->counts));
        put_text(page, "</small>");
    }
    put_text(page, "</td><td class=\"r\">");
    if (policy->score.instances) {
        html_bytes(policy->score.kept_bytes, page->out);
        put_text(page, "<small>");
        html_count(policy->score.instances, page->out);
        put_text(page, policy->score.instances == 1 ? " instance</small>" : " instances</small>");
    }
    put_text(page, "</td></tr>\n");
}

static void put_policies(const struct page *page)
{
    put_text(page, "<h2>Policies</h2><div class=\"card\"><table><thead><tr><th>Policy</th>"
                   "<th>Verdicts</th><th>Time of an evaluation");
    html_histogram_scale(page->out);
    put_text(page, "</th><th class=\"r\">p50<br>p99</th><th class=\"r\">CPU<br>class</th>"
                   "<th class=\"r\">Memory</th></tr></thead><tbody>\n");
    for (uint32_t i = 0; i < page->row_count && i < ROWS_MAX; i++) {
        struct admin_policy policy;
        admin_read_policy(page->admin, &page->server, page->rows[i].number, &policy);
        put_name(page, &policy);
        put_verdicts(page, &policy.counts);
        put_times(page, &policy.counts);
        put_costs(page, &policy);
    }
    put_text(page,
             "</tbody></table></div><p class=\"key\">Verdicts of the policies themselves:"
             "<span class=\"yes\"></span>accepted<span class=\"no\"></span>rejected"
             "<span class=\"error\"></span>error. In the charts a line is p50, a dashed one p99.");
    if (page->row_count > ROWS_MAX) {
        put_text(page, " <b>");
        html_count(page->row_count - ROWS_MAX, page->out);
        put_text(page, " more</b> are on <a href=\"/policies\">/policies</a>.");
    }
    put_text(page, "</p>");
}

/* --- Rejections --- */

/* A field of a rejection, with a mark where it was cut. */
static void put_field(const struct page *page, const char *bytes, const struct rejection_text *text)
{
    html_text((struct chimera_slice){bytes, text->size}, page->out);
    if (text->is_cut)
        put_text(page, "…");
}
#define FIELD(page, rejection, field) \
    put_field((page), (rejection)->field, &(rejection)->field##_text)

static void put_rejection(const struct page *page, const struct rejection *rejection)
{
    put_text(page, "<tr><td class=\"dim nowrap\">");
    put_ago(page, rejection->at_ms);
    put_text(page, "</td><td class=\"who\"><span class=\"name\">");
    html_text(scoreboard_id(page->admin->scoreboard, rejection->policy), page->out);
    put_text(page, "</span>");
    if (rejection->is_monitor)
        put_tag(page, "monitor", false);
    if (rejection->is_audit)
        put_tag(page, "audit", false);
    put_text(page, "</td><td class=\"name what\">");
    FIELD(page, rejection, kind);
    put_text(page, " ");
    if (rejection->name_space_text.size) {
        FIELD(page, rejection, name_space);
        put_text(page, "/");
    }
    FIELD(page, rejection, name);
    put_text(page, "<small>");
    FIELD(page, rejection, uid);
    put_text(page, "</small></td><td class=\"r\">");
    if (rejection->has_error_code)
        chimera_buffer_print(page->out, "%u", rejection->error_code);
    put_text(page, "</td><td class=\"text\">");
    FIELD(page, rejection, message);
    put_text(page, "</td></tr>\n");
}

static void put_rejections(const struct page *page)
{
    static struct rejection list[REJECTIONS_MAX]; /* of a process with one thread */
    size_t count = rejections_read(&page->admin->counters->rejections, list, REJECTIONS_MAX);
    put_text(page, "<h2>Last rejections</h2>");
    if (count == 0) {
        put_text(page, "<p class=\"note\">None yet.</p>");
        return;
    }
    put_text(page,
             "<div class=\"card\"><table><thead><tr><th>When</th><th>Policy</th><th>Object</th>"
             "<th class=\"r\">Code</th><th>Message</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < count; i++)
        put_rejection(page, &list[i]);
    put_text(page, "</tbody></table></div>");
}

void admin_write_page(const struct admin *admin, struct chimera_buffer *out)
{
    struct page page = {.admin = admin, .out = out, .now_ms = chimera_clock_wall_ms()};
    scoreboard_read_server(admin->scoreboard, &page.server);
    collect(&page);
    put_head(&page);
    put_notes(&page);
    put_tiles(&page);
    put_policies(&page);
    put_rejections(&page);
    put_text(&page, "</main></body></html>\n");
    free(page.rows);
}
