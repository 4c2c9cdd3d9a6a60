/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/html.h"
#include "server/admin/page_internal.h"

/* A field of a rejection, with a mark where it was cut. */
static void put_field(const struct page *page, const char *bytes, const struct rejection_text *text)
{
    chimera_html_text((struct chimera_slice){bytes, text->size}, page->out);
    if (text->is_cut)
        page_put(page, "…");
}
#define FIELD(page, from, field) put_field((page), (from)->field, &(from)->field##_text)

static void put_who(const struct page *page, const struct rejection *rejection)
{
    page_put(page, "<td class=\"who wide\"><span class=\"name\">");
    chimera_html_text(scoreboard_id(page->admin->scoreboard, rejection->policy), page->out);
    page_put(page, "</span>");
    if (rejection->is_monitor)
        page_put_tag(page, "monitor", "monitor mode: the request was accepted all the same", false);
    if (rejection->is_audit)
        page_put_tag(page, "audit", "of the audit scanner: nobody was kept from anything", false);
    page_put(page, "</td>");
}

static void put_object(const struct page *page, const struct rejection *rejection)
{
    page_put(page, "<td class=\"name what wide\">");
    if (rejection->operation_text.size) {
        page_put(page, "<span class=\"dim\">");
        FIELD(page, rejection, operation);
        page_put(page, "</span> ");
    }
    FIELD(page, rejection, kind);
    page_put(page, " ");
    if (rejection->name_space_text.size) {
        FIELD(page, rejection, name_space);
        page_put(page, "/");
    }
    FIELD(page, rejection, name);
    page_put(page, "<small title=\"the request's uid\">");
    FIELD(page, rejection, uid);
    page_put(page, "</small></td>");
}

/* A group's are its members, by "spec.policies.NAME". */
static void put_cause(const struct page *page, const struct rejection_cause *cause)
{
    static const char members[] = "spec.policies.";
    struct chimera_slice field = {cause->field, cause->field_text.size};
    if (chimera_slice_starts(field, members)) {
        field.data += strlen(members);
        field.size -= strlen(members);
    }
    page_put(page, "<li>");
    if (field.size) {
        page_put(page, "<b>");
        chimera_html_text(field, page->out);
        page_put(page, cause->field_text.is_cut ? "…</b> " : "</b> ");
    }
    FIELD(page, cause, message);
    page_put(page, "</li>");
}

static void put_why(const struct page *page, const struct rejection *rejection)
{
    size_t kept = rejection_causes(rejection);
    page_put(page, "<td class=\"text wide\">");
    FIELD(page, rejection, message);
    if (rejection->function_text.size) {
        page_put(page, "<small class=\"why\">stopped in ");
        FIELD(page, rejection, function);
        page_put(page, "</small>");
    }
    if (kept) {
        page_put(page, "<ul class=\"causes\">");
        for (size_t i = 0; i < kept; i++)
            put_cause(page, &rejection->cause[i]);
        if (rejection->cause_count > kept)
            chimera_buffer_print(page->out, "<li>and %zu more</li>",
                                 (size_t)rejection->cause_count - kept);
        page_put(page, "</ul>");
    }
    page_put(page, "</td>");
}

static void put_rejection(const struct page *page, const struct rejection *rejection)
{
    page_put(page, "<tr><td class=\"dim nowrap when\" title=\"");
    html_moment(rejection->at_ms, page->out);
    page_put(page, "\">");
    page_put_ago(page, rejection->at_ms);
    page_put(page, "</td>");
    put_who(page, rejection);
    put_object(page, rejection);
    page_put(page, "<td class=\"r code\" title=\"the code of the answer's status\">");
    if (rejection->has_error_code)
        chimera_buffer_print(page->out, "%u", rejection->error_code);
    else
        page_put(page, "–");
    page_put(page, "</td>");
    put_why(page, rejection);
    page_put(page, "</tr>\n");
}

void page_put_rejections(const struct page *page)
{
    static struct rejection list[REJECTIONS_MAX]; /* of a process with one thread */
    size_t count = admin_read_rejections(page->admin, page->shown, list);
    page_put(page, "<h2 id=\"rejections\">Last rejections <a href=\"/rejections");
    if (page->shown != ADMIN_ALL) {
        page_put(page, "?policy=");
        page_put_id(page, scoreboard_id(page->admin->scoreboard, page->shown));
    }
    page_put(page, "\">JSON</a></h2>");
    if (count == 0) {
        page_put(page, "<p class=\"note\">None yet.</p>");
        return;
    }
    page_put(page,
             "<div class=\"card\"><table><thead><tr><th>When</th><th>Policy</th><th>Object</th>"
             "<th class=\"r\">Code</th><th>Message and causes</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < count; i++)
        put_rejection(page, &list[i]);
    page_put(page, "</tbody></table></div>");
    chimera_buffer_print(
        page->out,
        "<dl class=\"legend\"><div><dt>Last rejections</dt><dd>the newest %d of all "
        "policies, kept in memory until the server ends.</dd></div>"
        "<div><dt>Object</dt><dd>what was done to it, its kind, namespace and name; below that the "
        "request's uid.</dd></div>"
        "<div><dt>Code</dt><dd>of the answer's status; – where the policy gave "
        "none; 500: it could not be evaluated.</dd></div>"
        "<div><dt>Message and causes</dt><dd>what the policy or the group said, and of a group "
        "each "
        "member that said no; with the function in which a policy was stopped.</dd></div></dl>",
        REJECTIONS_MAX);
}
