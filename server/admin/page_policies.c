/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/html.h"
#include "server/admin/page_internal.h"

#define ROWS_MAX 200
#define DASH "–" /* nothing was measured */

static bool is_failed(const struct admin_policy *policy)
{
    return policy->score.note.state == WORKER_SCORE_FAILED;
}

/* Of a module that was fetched: which one it is, who signed it, and when it was last asked for. */
static void put_origin(const struct page *page, const struct scoreboard_spec *spec)
{
    if (!spec->fetched_ms)
        return;
    page_put(page, "<small class=\"origin\">");
    if (spec->manifest_digest[0]) {
        chimera_html_word(spec->manifest_digest, page->out);
        page_put(page, "<br>");
    }
    if (spec->signers[0]) {
        page_put(page, "signed: ");
        chimera_html_word(spec->signers, page->out);
        page_put(page, "<br>");
    }
    page_put(page, "fetched ");
    page_put_ago(page, spec->fetched_ms);
    page_put(page, "</small>");
}

static void put_stop(const struct page *page, const struct admin_policy *policy)
{
    struct stop stop;
    counters_read_stop(page->admin->counters, policy->number, &stop);
    if (!stop.at_ms)
        return;
    page_put(page, "<small class=\"why\" title=\"the function in which the policy last trapped, or "
                   "was stopped at its time limit\">last stopped in ");
    chimera_html_text((struct chimera_slice){stop.function, stop.function_text.size}, page->out);
    page_put(page, stop.function_text.is_cut ? "…, " : ", ");
    page_put_ago(page, stop.at_ms);
    page_put(page, "</small>");
}

static void put_tags(const struct page *page, const struct admin_policy *policy)
{
    const char *state = admin_state_of(&page->server, policy);
    if (policy->spec.is_group)
        page_put_tag(page, "group", "policies joined by an expression", false);
    if (policy->spec.is_monitor)
        page_put_tag(page, "monitor", "what it rejects is accepted all the same, and counted",
                     false);
    if (strcmp(admin_tier_of(policy), "quick") == 0)
        page_put_tag(page, "quick tier", "built in haste; the full tier takes its place", false);
    if (strcmp(state, "loaded") != 0)
        page_put_tag(page, state, "how far it is", strcmp(state, "failed") == 0);
}

static void put_name(const struct page *page, const struct admin_policy *policy)
{
    page_put(page,
             policy->spec.group ? "<tr><td class=\"wide member\">" : "<tr><td class=\"wide\">");
    page_put(page, "<a class=\"name\" href=\"/?policy=");
    page_put_id(page, policy->id);
    page_put(page, "\" title=\"this one alone, with its rejections\">");
    chimera_html_text(policy->id, page->out);
    page_put(page, "</a>");
    put_tags(page, policy);
    if (is_failed(policy)) {
        page_put(page, "<small class=\"why\">");
        chimera_html_word(policy->score.note.failure, page->out);
        page_put(page, "</small>");
    } else {
        page_put(page, "<small>");
        chimera_html_word(policy->spec.is_group ? policy->spec.source : policy->score.note.mode,
                          page->out);
        page_put(page, "</small>");
    }
    put_stop(page, policy);
    put_origin(page, &policy->spec);
    page_put(page, "</td>");
}

/* Rejections are kept by policy and group; those of a member are in its group's. */
static void put_rejected(const struct page *page, const struct admin_policy *policy)
{
    bool is_link = policy->counts.rejected && !policy->spec.group;
    if (is_link) {
        page_put(page, "<a href=\"/?policy=");
        page_put_id(page, policy->id);
        page_put(page, "#rejections\" title=\"its last rejections\">");
    }
    chimera_figure_count(policy->counts.rejected, page->out);
    page_put(page, is_link ? "</a>" : "");
}

static void put_verdicts(const struct page *page, const struct admin_policy *policy)
{
    const struct counters_view *counts = &policy->counts;
    page_put(page, "<td class=\"wide\">");
    html_verdict_bar(counts, page->out);
    page_put(page, "<small title=\"accepted · rejected · errors\">");
    chimera_figure_count(counts->accepted, page->out);
    page_put(page, " · ");
    put_rejected(page, policy);
    page_put(page, " · ");
    chimera_figure_count(counts->errors, page->out);
    if (counts->start_errors) {
        page_put(page, " · ");
        chimera_figure_count(counts->start_errors, page->out);
        page_put(page, " not started");
    }
    page_put(page, "</small></td>");
}

static void put_times(const struct page *page, const struct counters_view *counts)
{
    page_put(page, "<td class=\"chart-cell\">");
    html_histogram(counts, page->out);
    page_put(page, "</td><td class=\"r\" data-name=\"p50, p99\">");
    if (counts->wall.total > 1) {
        chimera_figure_duration(counters_quantile(counts, 0.5), page->out);
        page_put(page, "<small>");
        chimera_figure_duration(counters_quantile(counts, 0.99), page->out);
        page_put(page, "</small>");
    } else if (counts->wall.total == 1) {
        chimera_figure_duration(counters_quantile(counts, 0.5), page->out);
        page_put(page, "<small>once</small>");
    } else {
        page_put(page, DASH);
    }
    page_put(page, "</td>");
}

static void put_cpu(const struct page *page, const struct admin_policy *policy)
{
    const char *class = admin_cpu_class_of(&policy->counts);
    page_put(page, "<td class=\"r\" data-name=\"CPU, most under\">");
    if (!policy->spec.is_group && policy->counts.evaluations) {
        chimera_figure_duration(policy->counts.cpu_ns, page->out);
        page_put(page, "<small>");
        page_put(page, *class ? class : DASH);
        page_put(page, "</small>");
    } else {
        page_put(page, DASH);
    }
    page_put(page, "</td>");
}

/* What instances wrote is given back to the system some time after their last request. */
static void put_memory(const struct page *page, const struct admin_policy *policy)
{
    page_put(page, "<td class=\"r\" data-name=\"Memory\">");
    if (policy->score.instances) {
        if (policy->score.kept_bytes)
            chimera_figure_bytes(policy->score.kept_bytes, page->out);
        else
            page_put(page, "given back");
        page_put(page, "<small>");
        chimera_figure_count(policy->score.instances, page->out);
        page_put(page, policy->score.instances == 1 ? " instance</small>" : " instances</small>");
    } else {
        page_put(page, DASH);
    }
    page_put(page, "</td></tr>\n");
}

static void put_legend(const struct page *page)
{
    page_put(
        page,
        "<dl class=\"legend\"><div><dt>Policy</dt><dd>what failed comes first, then what is busy; "
        "below the name how its code is spoken to, or a group's expression.</dd></div>"
        "<div><dt>Verdicts</dt><dd>of the policies themselves, before monitor "
        "mode: <span><i class=\"yes\"></i>accepted</span> <span><i "
        "class=\"no\"></i>rejected</span> "
        "<span><i class=\"error\"></i>error</span>, which is a trap, the time limit, or an answer "
        "that is none.</dd></div>"
        "<div><dt>Time of an evaluation</dt><dd>how many took how long, on a logarithmic scale, "
        "since the server's start; a line is p50, a dashed one p99.</dd></div>"
        "<div><dt>p50, p99</dt><dd>half of the evaluations, and 99 of 100, took no longer, within "
        "7 %; where there was one, its time.</dd></div>"
        "<div><dt>CPU total, most under</dt><dd>what the policy has computed in all; and the power "
        "of ten that most evaluations stay under.</dd></div>"
        "<div><dt>Memory</dt><dd>what its instances keep between requests; <b>given back</b>: "
        "nothing, as they have been idle for a while.</dd></div>"
        "<div><dt>–</dt><dd>nothing was measured.</dd></div></dl>");
}

static void put_left_out(const struct page *page)
{
    page_put(page, "<p class=\"note\"><b>");
    chimera_figure_count(page->row_count - ROWS_MAX, page->out);
    page_put(page, " more</b> are on <a href=\"/policies\">/policies</a>.</p>");
}

void page_put_policies(const struct page *page)
{
    page_put(page, "<h2>Policies <a href=\"/policies");
    if (page->shown != ADMIN_ALL) {
        page_put(page, "/");
        page_put_id(page, scoreboard_id(page->admin->scoreboard, page->shown));
    }
    page_put(page, "\">JSON</a>");
    if (page->shown != ADMIN_ALL)
        page_put(page, "<a href=\"/\">all policies</a>");
    page_put(page, "</h2><div class=\"card\"><table><thead><tr><th>Policy</th>"
                   "<th>Verdicts</th><th>Time of an evaluation");
    html_histogram_scale(page->out);
    page_put(page,
             "</th><th class=\"r\">p50<br>p99</th><th class=\"r\">CPU total<br>most under</th>"
             "<th class=\"r\">Memory</th></tr></thead><tbody>\n");
    for (uint32_t i = 0; i < page->row_count && i < ROWS_MAX; i++) {
        struct admin_policy policy;
        admin_read_policy(page->admin, &page->server, page->rows[i].number, &policy);
        put_name(page, &policy);
        put_verdicts(page, &policy);
        put_times(page, &policy.counts);
        put_cpu(page, &policy);
        put_memory(page, &policy);
    }
    page_put(page, "</tbody></table></div>");
    if (page->row_count > ROWS_MAX)
        put_left_out(page);
    put_legend(page);
}
