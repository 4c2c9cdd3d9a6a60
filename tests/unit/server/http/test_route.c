/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints and what a head alone rules out (policy-server.md §2.1, §2.2; server.jsonl). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "server/http/route.h"

static struct chimera_arena arena;

static struct route find(enum port port, const char *method, const char *path, const char *type,
                         uint64_t length)
{
    const struct http_head head = {.method = chimera_slice_of(method),
                                   .path = chimera_slice_of(path),
                                   .content_type = type ? chimera_slice_of(type)
                                                        : (struct chimera_slice){NULL, 0},
                                   .content_length = length};
    const struct route_rules rules = {.port = port, .has_pprof = false, .max_body_bytes = 1000};
    struct route route = {0};
    route_find(&head, &rules, &arena, &route);
    return route;
}

struct route_case {
    const char *method, *path;
    unsigned status;
    enum route_kind kind;
};

static const struct route_case PATHS[] = {
    {"POST", "/validate/a", 0, ROUTE_VALIDATE},
    {"POST", "/audit/a", 0, ROUTE_AUDIT},
    {"POST", "/validate_raw/a", 0, ROUTE_RAW},
    {"GET", "/validate/a", 405, ROUTE_VALIDATE},
    {"post", "/validate/a", 405, ROUTE_VALIDATE},
    {"POST", "/validate", 404, ROUTE_NONE},
    {"POST", "/validate/", 404, ROUTE_NONE},
    {"POST", "/validate/a/b", 404, ROUTE_NONE},
    {"POST", "/validate/a/", 404, ROUTE_NONE},
    {"POST", "//validate/a", 404, ROUTE_NONE},
    {"GET", "/", 404, ROUTE_NONE},
    {"GET", "/readiness", 404, ROUTE_NONE},
    {"GET", "/debug/pprof/cpu", 404, ROUTE_NONE},
    {"OPTIONS", "*", 404, ROUTE_NONE},
};

static void paths_and_methods_lead_where_the_reference_leads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        struct route route = find(PORT_MAIN, PATHS[i].method, PATHS[i].path, "application/json", 1);
        if (route.status != PATHS[i].status || route.kind != PATHS[i].kind)
            fail_msg("%s %s: %u", PATHS[i].method, PATHS[i].path, route.status);
    }
    assert_string_equal(find(PORT_MAIN, "GET", "/validate/a", NULL, 0).allow, "POST");
    assert_int_equal(find(PORT_READINESS, "GET", "/readiness", NULL, 0).status, 0);
    assert_int_equal(find(PORT_READINESS, "HEAD", "/readiness", NULL, 0).status, 0);
    assert_int_equal(find(PORT_READINESS, "POST", "/readiness", NULL, 0).status, 405);
    assert_int_equal(find(PORT_READINESS, "POST", "/validate/a", "application/json", 0).status,
                     404);
}

struct id_case {
    const char *sent, *id; /* NULL: refused */
};

static void policy_ids_are_decoded(void **state)
{
    static const struct id_case cases[] = {
        {"a", "a"},   {"%61", "a"},   {"g%2Fm", "g/m"}, {"g%2fm", "g/m"}, {"%zz", "%zz"},
        {"a%", "a%"}, {"a%2", "a%2"}, {"%C3%A9", "é"},  {"%ff", NULL},    {"%C3", NULL},
        {"é", "é"},   {"\xff", NULL}, {"%252F", "%2F"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/validate/%s", cases[i].sent);
        struct route route = find(PORT_MAIN, "POST", path, "application/json", 1);
        if (cases[i].id ? route.status != 0 || !chimera_slice_is(route.policy_id, cases[i].id)
                        : route.status != 400 || route.kind != ROUTE_NONE)
            fail_msg("%s: %u %.*s", cases[i].sent, route.status, (int)route.policy_id.size,
                     route.policy_id.data);
        chimera_arena_reset(&arena);
    }
    /* The method comes before the decoding, and that before the content type. */
    assert_int_equal(find(PORT_MAIN, "GET", "/validate/%ff", NULL, 0).status, 405);
    assert_int_equal(find(PORT_MAIN, "POST", "/validate/%ff", "text/plain", 0).status, 400);
}

static void json_types_are_recognised(void **state)
{
    static const char *const good[] = {"application/json",       "Application/JSON",
                                       "application/vnd.x+json", "application/json; charset=utf-8",
                                       "application/json;x",     "application/a+JSON"};
    static const char *const bad[] = {"text/plain",
                                      "text/json",
                                      "application/jsonx",
                                      "application/xjson",
                                      "application/",
                                      "application/+json",
                                      "application/json, text/plain",
                                      "json",
                                      "",
                                      "application/a b+json"};
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (find(PORT_MAIN, "POST", "/audit/a", good[i], 1).status != 0)
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (find(PORT_MAIN, "POST", "/audit/a", bad[i], 1).status != 415)
            fail_msg("%s", bad[i]);
    assert_int_equal(find(PORT_MAIN, "POST", "/audit/a", NULL, 1).status, 415);
    assert_int_equal(find(PORT_MAIN, "POST", "/audit/a", "text/plain", 5000).status, 415);
    assert_int_equal(find(PORT_MAIN, "POST", "/audit/a", "application/json", 1001).status, 413);
    assert_int_equal(find(PORT_MAIN, "POST", "/audit/a", "application/json", 1000).status, 0);
}

struct query_case {
    const char *query;
    uint32_t timeout_ms;
};

static void the_client_s_deadline_is_read(void **state)
{
    static const struct query_case cases[] = {
        {"timeout=10s", 10000},
        {"a=b&timeout=1s&c", 1000},
        {"timeout=30", 30000},
        {"timeout=abc&x=%zz", 0},
        {"timeout=", 0},
        {"timeout=s", 0},
        {"timeout=1.5s", 0},
        {"timeout=-1s", 0},
        {"xtimeout=1s", 0},
        {"", 0},
        {"timeout=99999999999999999999s", 0},
        {"&&timeout=2s&", 2000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (route_timeout_ms(chimera_slice_of(cases[i].query)) != cases[i].timeout_ms)
            fail_msg("%s", cases[i].query);
}

static int open_arena(void **state)
{
    (void)state;
    chimera_arena_init(&arena, 1 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    chimera_arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_and_methods_lead_where_the_reference_leads),
        cmocka_unit_test(policy_ids_are_decoded),
        cmocka_unit_test(json_types_are_recognised),
        cmocka_unit_test(the_client_s_deadline_is_read),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
