/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a request's head when its bytes are no more (server/http/request.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "server/http/http1.c"
#define part route_part
#define refuse route_refuse
#include "server/http/route.c"

#include "server/http/request.c"
#include "tests/unit/failing_allocation.h"

static struct chimera_arena arena;
static struct http_request request;
static size_t text_size;

/* Of a head of which nothing is left behind it. */
static void keep(const char *path, const char *query, const char *type)
{
    static char bytes[8192];
    const struct route_rules rules = {.port = PORT_MAIN, .max_body_bytes = 1000};
    size_t scanned = 0;
    int size = snprintf(bytes, sizeof(bytes),
                        "POST %s%s HTTP/1.1\r\nHost: here:443\r\nContent-Type: %s\r\n\r\n", path,
                        query, type);
    request = (struct http_request){0};
    assert_int_equal(
        http_head_parse((struct chimera_slice){bytes, (size_t)size}, &scanned, &request.head),
        HTTP_DONE);
    text_size = http_request_route(&request, &rules, &arena);
    assert_true(http_request_keep(&request, text_size));
    memset(bytes, 'x', sizeof(bytes));
    chimera_arena_reset(&arena);
    memset(chimera_arena_take(&arena, 1000), 'y', 1000);
}

#define IS(slice, text) assert_true(chimera_slice_is(slice, text))

static void all_texts_are_its_own(void **state)
{
    (void)state;
    keep("/validate/policy", "?timeout=10s", "application/json");
    IS(request.head.method, "POST");
    IS(request.head.path, "/validate/policy");
    IS(request.head.query, "timeout=10s");
    assert_ptr_equal(request.head.query.data, request.head.path.data + request.head.path.size + 1);
    assert_int_equal(request.head.query.data[-1], '?'); /* a span shows both */
    IS(request.head.host, "here:443");
    IS(request.route.policy_id, "policy");
    assert_null(request.head.content_type.data);
    assert_int_equal(request.head.content_type.size, 0);
    assert_null(request.longer);
    assert_int_equal(text_size, 4 + 16 + 1 + 11 + 8);
    assert_false(http_request_drop(&request));
}

static void an_id_that_had_to_be_decoded_is_one_more_text(void **state)
{
    (void)state;
    keep("/validate/g%2Fm", "", "application/json");
    IS(request.head.path, "/validate/g%2Fm");
    IS(request.route.policy_id, "g/m");
    assert_int_equal(request.head.query.size, 0);
    IS(request.head.host, "here:443");
    assert_int_equal(text_size, 4 + 15 + 3 + 8);
    keep("/validate/%61", "", "application/json");
    IS(request.route.policy_id, "a");
    IS(request.head.path, "/validate/%61");
}

static void what_is_refused_has_no_id(void **state)
{
    (void)state;
    keep("/validate/p", "", "text/plain");
    assert_int_equal(request.route.status, 415);
    assert_int_equal(request.route.policy_id.size, 0);
    IS(request.head.path, "/validate/p");
}

static void long_texts_take_memory_until_they_are_dropped(void **state)
{
    char query[HTTP_TEXTS_BYTES];
    (void)state;
    for (int more = 0; more < 2; more++) { /* all that fits, and a byte more */
        int size = (int)HTTP_TEXTS_BYTES - 4 - 11 - 1 - 8 + more;
        snprintf(query, sizeof(query), "?%0*d", size, 0);
        keep("/validate/p", query, "application/json");
        assert_int_equal(text_size, HTTP_TEXTS_BYTES + (size_t)more);
        assert_int_equal(request.longer_size, more ? text_size : 0);
        assert_int_equal(request.head.query.size, size);
        IS(request.head.host, "here:443");
        IS(request.route.policy_id, "p");
        assert_int_equal(http_request_drop(&request), more);
        assert_int_equal(request.longer_size, 0);
        assert_false(http_request_drop(&request));
    }
}

static void without_memory_for_long_texts_nothing_has_changed(void **state)
{
    static const char path[] = "/validate/p";
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        return;
    request = (struct http_request){.head = {.path = {path, sizeof(path) - 1}}};
    fail_allocation(1);
    assert_false(http_request_keep(&request, HTTP_TEXTS_BYTES + 1));
    fail_allocation(0);
    assert_ptr_equal(request.head.path.data, path);
    assert_int_equal(request.longer_size, 0);
    assert_false(http_request_drop(&request));
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
        cmocka_unit_test(all_texts_are_its_own),
        cmocka_unit_test(an_id_that_had_to_be_decoded_is_one_more_text),
        cmocka_unit_test(what_is_refused_has_no_id),
        cmocka_unit_test(without_memory_for_long_texts_nothing_has_changed),
        cmocka_unit_test(long_texts_take_memory_until_they_are_dropped),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
