/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/http/http_response.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/capability/provider_answer.h"
#include "runtime/json/tree.h"
#include "runtime/text/utf8.h"
#include "runtime/yaml/yaml.h"

#define TREE_MAX ((uint64_t)128 << 20) /* bytes of what is made of a body */
#define KEPT_SECONDS_MAX 3600

/* --- The body --- */

/* application/json, or application/…+json, whatever follows a semicolon. */
static bool is_json(const char *type)
{
    static const char before[] = "application/";
    size_t size = type ? strcspn(type, "; \t") : 0;
    if (size < sizeof(before) || strncasecmp(type, before, sizeof(before) - 1) != 0 ||
        memchr(type + sizeof(before) - 1, '/', size - sizeof(before) + 1))
        return false;
    return (size == 16 && strncasecmp(type + 12, "json", 4) == 0) ||
           strncasecmp(type + size - 5, "+json", 5) == 0;
}

/* JSON is given on as it is written, for its numbers may be larger than any of ours. */
static void put_body(struct chimera_slice body, bool is_yaml, struct chimera_account *account,
                     struct chimera_buffer *out)
{
    const struct chimera_yaml_options options = {.account = account};
    struct json_object *tree = NULL;
    body = is_yaml ? body : chimera_slice_trim(body);
    int code = is_yaml ? chimera_yaml_parse(body, &options, &tree, NULL)
                       : chimera_json_parse_within(body, account, &tree, NULL);
    if (code < 0)
        chimera_buffer_text(out, "null");
    else if (is_yaml)
        chimera_json_write(tree, out);
    else
        chimera_buffer_append(out, body);
    json_object_put(tree);
}

/* What is no UTF-8 becomes U+FFFD, as in Go's JSON. */
static void put_text(struct chimera_slice text, struct chimera_buffer *out)
{
    struct chimera_buffer good;
    chimera_buffer_init(&good, 3 * HTTP_ANSWER_MAX);
    while (text.size > 0) {
        size_t size = chimera_utf8_prefix(text);
        chimera_buffer_append(&good, (struct chimera_slice){text.data, size});
        text = chimera_slice_behind(text, size);
        if (text.size > 0) {
            chimera_buffer_text(&good, "\xef\xbf\xbd");
            text = chimera_slice_behind(text, 1);
        }
    }
    chimera_json_write_string(chimera_buffer_slice(&good), out);
    if (good.failed)
        out->failed = good.failed;
    chimera_buffer_free(&good);
}

/* --- How long it may be kept --- */

static bool may_be_kept(unsigned status)
{
    static const unsigned statuses[] = {200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i] == status)
            return true;
    return false;
}

/* A directive of Cache-Control. *ret_number is what stands behind it, -1 for nothing. */
static bool find_directive(const char *control, const char *name, int64_t *ret_number)
{
    size_t size = strlen(name);
    for (const char *at = control; at && *at; at += strcspn(at, ","), at += *at == ',') {
        at += strspn(at, " ");
        if (strncasecmp(at, name, size) != 0 || !strchr("=, ", at[size]))
            continue;
        *ret_number = at[size] == '=' && isdigit((unsigned char)at[size + 1])
                          ? strtoll(at + size + 1, NULL, 10) /* allowed: any end does */
                          : -1;
        return true;
    }
    return false;
}

/* By RFC 9111, as OPA reads it: max-age counts from the server's Date. */
static int64_t find_lifetime(const struct http_request *request, const struct http_answer *answer)
{
    const char *control = http_answer_header(answer, "cache-control");
    const char *date = http_answer_header(answer, "date");
    const char *expires = http_answer_header(answer, "expires");
    int64_t now = (int64_t)(chimera_clock_wall_ms() / 1000), age = 0;
    if (!request->may_be_kept || !may_be_kept(answer->status))
        return 0;
    if (request->kept_seconds > 0)
        return request->kept_seconds;
    if (find_directive(control, "no-store", &age))
        return 0;
    if (find_directive(control, "max-age", &age)) {
        int64_t made = date ? (int64_t)curl_getdate(date, NULL) : -1;
        return made < 0 || age < 0 || age > INT32_MAX ? 0 : made + age - now;
    }
    int64_t until = expires ? (int64_t)curl_getdate(expires, NULL) : -1;
    return until < 0 ? 0 : until - now;
}

void http_response_give(const struct http_request *request, const struct http_answer *answer,
                        uint64_t deadline_ns, struct chimera_provider_answer *out)
{
    struct chimera_account account;
    const char *type = http_answer_header(answer, "content-type");
    struct chimera_slice body = chimera_buffer_slice(&answer->body);
    int64_t seconds = find_lifetime(request, answer);
    bool is_yaml =
        request->decodes_yaml ||
        (type && (strstr(type, "application/yaml") || strstr(type, "application/x-yaml")));
    chimera_account_open(&account, deadline_ns, TREE_MAX);
    chimera_buffer_text(&out->text, "{\"body\":");
    bool reads_json = request->decodes_json || is_json(type);
    if (reads_json || is_yaml)
        put_body(body, !reads_json, &account, &out->text);
    else
        chimera_buffer_text(&out->text, "null");
    chimera_buffer_text(&out->text, ",\"headers\":");
    chimera_json_write(answer->headers, &out->text);
    chimera_buffer_text(&out->text, ",\"raw_body\":");
    put_text(body, &out->text);
    chimera_buffer_text(&out->text, ",\"status\":");
    put_text(chimera_slice_of(answer->reason), &out->text);
    chimera_buffer_print(&out->text, ",\"status_code\":%u}", answer->status);
    seconds = seconds > KEPT_SECONDS_MAX ? KEPT_SECONDS_MAX : seconds;
    out->keep_ms = seconds > 0 ? (uint32_t)seconds * 1000 : 0;
    if (out->text.failed)
        chimera_provider_answer_fail(out, CHIMERA_CAUSES("http.send: the answer is too large"));
}

void http_response_fail(const struct http_failure *failure, bool raises,
                        struct chimera_provider_answer *out)
{
    static const char *const prefixes[] = {
        [HTTP_FAILURE_BUILTIN] = "eval_builtin_error: http.send: ",
        [HTTP_FAILURE_TYPE] = "eval_type_error: http.send: ",
        [HTTP_FAILURE_TIMEOUT] = "",
    };
    char text[sizeof(failure->err.text) + 64];
    bool is_network = failure->kind >= HTTP_FAILURE_NETWORK;
    if (raises) {
        /* Get "URL": context deadline … */
        const char *why = strstr(failure->err.text, "\": context deadline exceeded");
        const char *url = strchr(failure->err.text, '"');
        if (failure->kind == HTTP_FAILURE_TIMEOUT && why && url)
            snprintf(text, sizeof(text), "http.send: %.*s%.*s: request timed out",
                     (int)(url - failure->err.text), failure->err.text, (int)(why - url - 1),
                     url + 1);
        else
            snprintf(text, sizeof(text), "http.send: %s", failure->err.text);
        chimera_provider_answer_fail(out, CHIMERA_CAUSES(text));
        return;
    }
    snprintf(text, sizeof(text), "%s%s", prefixes[failure->kind] ? prefixes[failure->kind] : "",
             failure->err.text);
    chimera_buffer_reset(&out->text);
    chimera_buffer_print(&out->text,
                         "{\"error\":{\"code\":\"eval_http_send_%s_error\",\"message\":",
                         is_network ? "network" : "internal");
    put_text(chimera_slice_of(text), &out->text);
    chimera_buffer_text(&out->text, "},\"status_code\":0}");
}
