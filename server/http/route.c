/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/route.h"

#include <strings.h>

#include "runtime/base/percent.h"
#include "runtime/text/utf8.h"

#define TEXT_415 "Expected request with `Content-Type: application/json`"
#define TEXT_413 "Failed to buffer the request body: length limit exceeded"
#define TEXT_BAD_ID "Invalid UTF-8 in `policy_id`"
#define TIMEOUT_SECONDS_MAX 86400 /* longer waits are no limit to speak of */

static struct route refused_route(enum route_kind kind, unsigned status, const char *text)
{
    return (struct route){.kind = kind, .status = status, .text = text};
}

/* The rest of `path` behind `prefix`, when that is one segment and not empty. */
static bool take_segment(struct chimera_slice path, const char *prefix,
                         struct chimera_slice *ret_rest)
{
    size_t size = strlen(prefix);
    if (path.size <= size || memcmp(path.data, prefix, size) != 0)
        return false;
    struct chimera_slice rest = {path.data + size, path.size - size};
    if (memchr(rest.data, '/', rest.size))
        return false;
    *ret_rest = rest;
    return true;
}

static enum route_kind find_kind(struct chimera_slice path, const struct route_rules *rules,
                                 struct chimera_slice *ret_id)
{
    if (rules->port == PORT_READINESS)
        return chimera_slice_is(path, "/readiness") ? ROUTE_READINESS : ROUTE_NONE;
    if (take_segment(path, "/validate/", ret_id))
        return ROUTE_VALIDATE;
    if (take_segment(path, "/audit/", ret_id))
        return ROUTE_AUDIT;
    if (take_segment(path, "/validate_raw/", ret_id))
        return ROUTE_RAW;
    if (rules->has_pprof &&
        (chimera_slice_is(path, "/debug/pprof/cpu") || chimera_slice_is(path, "/debug/pprof/heap")))
        return ROUTE_PPROF;
    return ROUTE_NONE;
}

/* A percent sign without two digits behind it stands for itself. .data is NULL without memory. */
static struct chimera_slice decode(struct chimera_slice text, struct chimera_arena *arena)
{
    if (!memchr(text.data, '%', text.size))
        return text;
    char *out = chimera_arena_take(arena, text.size);
    size_t size = 0;
    if (out)
        chimera_percent_decode(text, CHIMERA_PERCENT_LENIENT, out, &size);
    return (struct chimera_slice){out, size};
}

/* application/json or application/ANYTHING+json, with any parameters. */
static bool is_json_type(struct chimera_slice type)
{
    const char *semicolon = type.size ? memchr(type.data, ';', type.size) : NULL;
    if (semicolon)
        type.size = (size_t)(semicolon - type.data);
    type = chimera_slice_trim(type);
    static const char prefix[] = "application/";
    if (type.size < sizeof(prefix) - 1 || strncasecmp(type.data, prefix, sizeof(prefix) - 1) != 0)
        return false;
    struct chimera_slice subtype = {type.data + sizeof(prefix) - 1,
                                    type.size - (sizeof(prefix) - 1)};
    for (size_t i = 0; i < subtype.size; i++)
        if (subtype.data[i] <= ' ' || subtype.data[i] == '/')
            return false;
    if (subtype.size == 4)
        return strncasecmp(subtype.data, "json", 4) == 0;
    return subtype.size > 5 && strncasecmp(subtype.data + subtype.size - 5, "+json", 5) == 0;
}

void route_find(const struct http_head *head, const struct route_rules *rules,
                struct chimera_arena *arena, struct route *ret_route)
{
    struct chimera_slice id = {NULL, 0};
    enum route_kind kind = find_kind(head->path, rules, &id);
    if (kind == ROUTE_NONE) {
        *ret_route = refused_route(kind, 404, NULL);
    } else if (kind == ROUTE_READINESS || kind == ROUTE_PPROF) {
        bool is_read =
            chimera_slice_is(head->method, "GET") || chimera_slice_is(head->method, "HEAD");
        *ret_route = refused_route(kind, is_read ? 0 : 405, NULL);
        ret_route->allow = "GET,HEAD";
    } else if (!chimera_slice_is(head->method, "POST")) {
        *ret_route = refused_route(kind, 405, NULL);
        ret_route->allow = "POST";
    } else {
        id = decode(id, arena);
        if (!id.data || !chimera_utf8_is_valid(id))
            *ret_route = refused_route(ROUTE_NONE, 400,
                                       TEXT_BAD_ID); /* no kind: a text even for /validate */
        else if (!is_json_type(head->content_type))
            *ret_route = refused_route(kind, 415, TEXT_415);
        else if (head->content_length > rules->max_body_bytes)
            *ret_route = refused_route(kind, 413, TEXT_413);
        else
            *ret_route = (struct route){.kind = kind, .policy_id = id};
    }
}

/* A number of seconds, with or without "s": what the API server sends. Anything else asks for
 * nothing. */
static uint32_t parse_seconds(struct chimera_slice value)
{
    uint32_t seconds = 0;
    if (value.size > 1 && value.data[value.size - 1] == 's')
        value.size--;
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return 0;
        seconds = seconds * 10 + (uint32_t)(value.data[i] - '0');
        if (seconds > TIMEOUT_SECONDS_MAX)
            return 0;
    }
    return seconds;
}

uint32_t route_timeout_ms(struct chimera_slice query)
{
    while (query.size > 0) {
        const char *mark = memchr(query.data, '&', query.size);
        size_t size = mark ? (size_t)(mark - query.data) : query.size;
        struct chimera_slice pair = {query.data, size};
        if (chimera_slice_starts(pair, "timeout="))
            return parse_seconds((struct chimera_slice){pair.data + 8, pair.size - 8}) * 1000;
        query.data += mark ? size + 1 : size;
        query.size -= mark ? size + 1 : size;
    }
    return 0;
}
