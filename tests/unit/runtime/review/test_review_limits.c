/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers in an arena of each size, and with each allocation failing once: what comes
 * out is all of it, as with room, or a refusal that says so; never a part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/review/patch.h"
#include "runtime/review/response.h"
#include "runtime/review/strings.h"
#include "tests/unit/failing_allocation.h"

#define ROOM ((size_t)1 << 20)
#define OUT_MAX ((size_t)1 << 20)

/* Escapes, so that every text needs memory; and parts that are put in their normal form. */
#define KIND "{\"group\":\"g\\u0041\",\"version\":\"v\\n\",\"kind\":\"K\\t\",\"x\":1}"
#define RESOURCE "{\"group\":\"\",\"version\":\"v\",\"resource\":\"r\\t\",\"x\":1}"
#define REQUEST                                                                                 \
    "{\"uid\":\"u\\u0042\",\"kind\":" KIND ",\"resource\":" RESOURCE ",\"requestKind\":" KIND   \
    ",\"requestResource\":" RESOURCE ",\"subResource\":\"s\\t\",\"name\":\"n\\t\","             \
    "\"namespace\":\"ns\\t\",\"operation\":\"UPDATE\\u0020\",\"userInfo\":{\"username\":\"a\"," \
    "\"extra\":{\"b\\t\":[\"1\"],\"a\\t\":[],\"b\\t\":[\"2\"]},\"groups\":null},"               \
    "\"object\":{\"a\":[1,2],\"b\":\"\\u0043\"},\"oldObject\":null}"
#define REVIEW "{\"kind\":\"AdmissionReview\",\"request\":" REQUEST "}"

struct outcome {
    int code; /* 0: all is there */
    struct chimera_buffer out;
};

static struct chimera_request request;

static void put(struct outcome *outcome, struct chimera_slice text)
{
    chimera_buffer_append(&outcome->out, text);
    chimera_buffer_text(&outcome->out, "|");
}

static void put_request(struct outcome *outcome, const struct chimera_request *from)
{
    put(outcome, from->uid);
    put(outcome, from->name_space);
    put(outcome, from->operation);
    put(outcome, from->kind);
    for (unsigned i = 0; i < from->json.count; i++)
        put(outcome, from->json.piece[i]);
}

/* What an arena that is full makes of it: the code, and that the reason says so. */
static int expect_limit(int code, int limit, struct chimera_slice why, const char *wanted)
{
    if (code == 0)
        return 0;
    assert_int_equal(code, limit);
    assert_int_equal(why.size, strlen(wanted));
    assert_memory_equal(why.data, wanted, why.size);
    return CHIMERA_ELIMIT;
}

static void parse_review(struct chimera_arena *arena, struct outcome *ret_outcome)
{
    struct chimera_request parsed;
    struct chimera_slice why = {NULL, 0};
    int code = (int)chimera_request_parse_review(CHIMERA_SLICE(REVIEW), arena, &parsed, &why);
    ret_outcome->code = expect_limit(code, CHIMERA_REQUEST_TOO_BIG, why, "length limit exceeded");
    if (code == 0)
        put_request(ret_outcome, &parsed);
}

static void parse_raw(struct chimera_arena *arena, struct outcome *ret_outcome)
{
    struct chimera_request parsed;
    struct chimera_slice why = {NULL, 0};
    int code = (int)chimera_request_parse_raw(CHIMERA_SLICE("{\"request\":{\"uid\":\"u\\u0042\"}}"),
                                              arena, &parsed, &why);
    ret_outcome->code = expect_limit(code, CHIMERA_REQUEST_TOO_BIG, why, "length limit exceeded");
    if (code == 0)
        put_request(ret_outcome, &parsed);
}

static void parse_file(const char *text, bool is_raw, struct chimera_arena *arena,
                       struct outcome *ret_outcome)
{
    struct chimera_request parsed;
    struct chimera_error err = {0};
    ret_outcome->code =
        chimera_request_parse_file(chimera_slice_of(text), is_raw, arena, &parsed, &err);
    if (ret_outcome->code == CHIMERA_OK)
        put_request(ret_outcome, &parsed);
    else
        assert_string_equal(err.text, "the request is too big");
}

static void parse_request_file(struct chimera_arena *arena, struct outcome *ret_outcome)
{
    parse_file(REQUEST, false, arena, ret_outcome);
}

static void parse_raw_file(struct chimera_arena *arena, struct outcome *ret_outcome)
{
    parse_file("{\"uid\":\"u\\u0042\"}", true, arena, ret_outcome);
}

static void put_response(struct outcome *outcome, const struct chimera_response *response)
{
    chimera_response_write_review(response, false, &outcome->out);
}

static void read_validation(struct chimera_arena *arena, struct outcome *ret_outcome)
{
    static const char answer[] =
        "{\"accepted\":true,\"message\":\"m\\n\",\"code\":7,\"warnings\":[\"\\t\",\"w\"],"
        "\"audit_annotations\":{\"b\\t\":\"\\t\",\"a\":\"1\",\"b\\t\":\"2\"},"
        "\"mutated_object\":{\"a\":[2,{\"c\":null}],\"d\":\"\\u0044\"}}";
    struct chimera_response response;
    struct chimera_slice why = {NULL, 0};
    int code =
        chimera_response_from_validation(CHIMERA_SLICE(answer), &request, arena, &response, &why);
    ret_outcome->code = code;
    if (code == CHIMERA_OK)
        put_response(ret_outcome, &response);
    else if (code == CHIMERA_ENOMEM)
        assert_true(why.size > 0); /* of the trees: in json-c's words */
    else if (!chimera_slice_is(why, "the policy's answer is too big"))
        assert_true(chimera_slice_is(why, "the patch is too big"));
}

static void read_verdict(struct chimera_arena *arena, struct outcome *ret_outcome)
{
    static const char answer[] =
        "{\"uid\":\"x\",\"allowed\":false,\"patchType\":\"p\\t\",\"patch\":\"q\\t\",\"status\":{"
        "\"status\":\"Failure\",\"message\":\"m\\t\",\"reason\":\"Gone\",\"code\":65535,"
        "\"details\":{"
        "\"name\":\"n\\t\",\"group\":\"g\\t\",\"kind\":\"k\\t\",\"uid\":\"u\\t\","
        "\"retry_after_seconds\":4294967295,"
        "\"causes\":[{\"reason\":\"r\\t\",\"message\":\"m\\t\",\"field\":\"f\\t\"},{}]}},"
        "\"auditAnnotations\":{\"a\\u0041\":\"b\\t\"},\"warnings\":[\"w\\t\"]}";
    struct chimera_response response;
    struct chimera_slice why = {NULL, 0};
    int code =
        chimera_response_from_admission(CHIMERA_SLICE(answer), &request, arena, &response, &why);
    ret_outcome->code = expect_limit(code, CHIMERA_ELIMIT, why, "the policy's answer is too big");
    if (code == CHIMERA_OK)
        put_response(ret_outcome, &response);
}

static void read_settings(struct chimera_arena *arena, struct outcome *ret_outcome)
{
    struct chimera_slice message = {NULL, 0}, why = {NULL, 0};
    bool is_valid = true;
    int code = chimera_settings_from_answer(CHIMERA_SLICE("{\"valid\":false,\"message\":\"m\\t\"}"),
                                            arena, &is_valid, &message, &why);
    ret_outcome->code = expect_limit(code, CHIMERA_ELIMIT, why, "the policy's answer is too big");
    if (code == CHIMERA_OK)
        assert_false(is_valid);
    put(ret_outcome, message);
}

/* A wrong answer's reason needs memory, too. */
static void explain_answer(struct chimera_arena *arena, struct outcome *ret_outcome)
{
    struct chimera_response response;
    struct chimera_slice why = {NULL, 0};
    int code = chimera_response_from_validation(CHIMERA_SLICE("{\"accepted\":1}"), &request, arena,
                                                &response, &why);
    assert_int_not_equal(code, CHIMERA_OK);
    assert_non_null(why.data);
    ret_outcome->code = code == CHIMERA_EGUEST ? CHIMERA_OK : code;
    put(ret_outcome, why);
}

static void explain_request(struct chimera_arena *arena, struct outcome *ret_outcome)
{
    struct chimera_request parsed;
    struct chimera_slice why = {NULL, 0};
    int code =
        (int)chimera_request_parse_review(CHIMERA_SLICE("{\"request\":1}"), arena, &parsed, &why);
    assert_non_null(why.data);
    ret_outcome->code = code == CHIMERA_REQUEST_SHAPE     ? CHIMERA_OK
                        : code == CHIMERA_REQUEST_TOO_BIG ? CHIMERA_ELIMIT
                                                          : code;
    put(ret_outcome, why);
}

static void reprint_list(struct chimera_arena *arena, struct outcome *ret_outcome)
{
    struct chimera_slice json = CHIMERA_SLICE("old");
    bool is_done =
        chimera_strings_list(CHIMERA_SLICE("[ \"\\u0041\" , \"\\u0042\" ]"), arena, &json);
    ret_outcome->code = is_done ? CHIMERA_OK : CHIMERA_ELIMIT;
    put(ret_outcome, json);
}

static void reprint_map(struct chimera_arena *arena, struct outcome *ret_outcome)
{
    struct chimera_slice json = CHIMERA_SLICE("old");
    bool is_done = chimera_strings_map(
        CHIMERA_SLICE("{ \"\\u0042\" : \"\\u0041\" , \"\\u0041\" : \"\\u0042\" }"), arena, &json);
    ret_outcome->code = is_done ? CHIMERA_OK : CHIMERA_ELIMIT;
    put(ret_outcome, json);
}

typedef void work(struct chimera_arena *arena, struct outcome *ret_outcome);

static const struct {
    const char *name;
    work *work;
} works[] = {
    {"review", parse_review},
    {"raw", parse_raw},
    {"file", parse_request_file},
    {"raw file", parse_raw_file},
    {"validation", read_validation},
    {"verdict", read_verdict},
    {"settings", read_settings},
    {"explained answer", explain_answer},
    {"explained request", explain_request},
    {"list", reprint_list},
    {"map", reprint_map},
};
#define WORKS (sizeof(works) / sizeof(works[0]))

static size_t run_in(size_t limit, work *run, struct outcome *ret_outcome)
{
    struct chimera_arena arena;
    chimera_buffer_reset(&ret_outcome->out);
    chimera_arena_init(&arena, limit);
    run(&arena, ret_outcome);
    size_t used = arena.used;
    chimera_arena_free(&arena);
    return used;
}

static void compare(const char *name, size_t at, const struct outcome *got,
                    const struct outcome *whole)
{
    if (got->out.size != whole->out.size ||
        memcmp(got->out.data, whole->out.data, whole->out.size) != 0)
        fail_msg("%s, %zu: %.*s instead of %.*s", name, at, (int)got->out.size, got->out.data,
                 (int)whole->out.size, whole->out.data);
}

static void an_arena_of_each_size_is_enough_or_a_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORKS; i++) {
        struct outcome whole = {0}, got = {0};
        chimera_buffer_init(&whole.out, OUT_MAX);
        chimera_buffer_init(&got.out, OUT_MAX);
        size_t needed = run_in(ROOM, works[i].work, &whole);
        assert_int_equal(whole.code, CHIMERA_OK);
        for (size_t limit = 0; limit <= needed; limit++) {
            run_in(limit, works[i].work, &got);
            if (got.code == CHIMERA_OK)
                compare(works[i].name, limit, &got, &whole);
            else if (got.code != CHIMERA_ELIMIT)
                fail_msg("%s, %zu: %d", works[i].name, limit, got.code);
        }
        assert_int_equal(got.code, CHIMERA_OK); /* with what it needs */
        chimera_buffer_free(&whole.out);
        chimera_buffer_free(&got.out);
    }
}

/* The arena's own blocks and whatever the comparison of objects takes. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip();
    for (size_t i = 0; i < WORKS; i++) {
        struct outcome whole = {0}, got = {0};
        chimera_buffer_init(&whole.out, OUT_MAX);
        chimera_buffer_init(&got.out, OUT_MAX);
        assert_non_null(chimera_buffer_reserve(&got.out, 4096));
        run_in(ROOM, works[i].work, &whole);
        bool is_through = false;
        for (unsigned long n = 1; !is_through && n < 10000; n++) {
            fail_allocation(n);
            run_in(ROOM, works[i].work, &got);
            is_through = !has_failed;
            fail_allocation(0);
            if (got.code == CHIMERA_OK)
                compare(works[i].name, n, &got, &whole);
            else if (got.code != CHIMERA_ELIMIT && got.code != CHIMERA_ENOMEM)
                fail_msg("%s, allocation %lu: %d", works[i].name, n, got.code);
        }
        assert_true(is_through);
        chimera_buffer_free(&whole.out);
        chimera_buffer_free(&got.out);
    }
}

/* What comes out with room, after the structs of policy-server.md §5: keys sorted, the last of
 * equal ones, texts written anew; a retry in the reference's own spelling. */
static void with_room_all_of_it_comes_out(void **state)
{
    static const struct {
        work *work;
        const char *wanted;
    } cases[] = {
        {read_verdict,
         "{\"uid\":\"uB\",\"allowed\":false,\"patchType\":\"p\\t\",\"patch\":\"q\\t\",\"status\":{"
         "\"status\":\"Failure\",\"message\":\"m\\t\",\"reason\":\"Gone\",\"details\":{"
         "\"name\":\"n\\t\",\"group\":\"g\\t\",\"kind\":\"k\\t\",\"uid\":\"u\\t\",\"causes\":["
         "{\"reason\":\"r\\t\",\"message\":\"m\\t\",\"field\":\"f\\t\"},"
         "{\"reason\":null,\"message\":null,\"field\":null}],\"retry_after_seconds\":4294967295},"
         "\"code\":65535},\"auditAnnotations\":{\"aA\":\"b\\t\"},\"warnings\":[\"w\\t\"]}}"},
        {read_validation, "\"status\":{\"message\":\"m\\n\",\"code\":7},\"auditAnnotations\":{"
                          "\"a\":\"1\",\"b\\t\":\"2\"},\"warnings\":[\"\\t\",\"w\"]}}"},
        {reprint_list, "[\"A\",\"B\"]|"},
        {reprint_map, "{\"A\":\"B\",\"B\":\"A\"}|"},
        {parse_review, "uB|ns\t|UPDATE |K\t|"},
        {parse_request_file, "uB|ns\t|UPDATE |K\t|"},
        {parse_raw, "uB||||{\"uid\":\"u\\u0042\"}|"},
        {parse_raw_file, "uB||||{\"uid\":\"u\\u0042\"}|"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = {0};
        chimera_buffer_init(&outcome.out, OUT_MAX);
        run_in(ROOM, cases[i].work, &outcome);
        chimera_buffer_byte(&outcome.out, 0);
        if (!strstr(outcome.out.data, cases[i].wanted))
            fail_msg("%s is not in %s", cases[i].wanted, outcome.out.data);
        chimera_buffer_free(&outcome.out);
    }
}

/* Of equal keys the last one, wherever they stand. */
static void the_last_of_equal_annotations_stays(void **state)
{
    static const struct {
        const char *given, *wanted;
    } cases[] = {
        {"{\"a\":\"1\",\"a\":\"2\",\"b\":\"3\"}", "{\"a\":\"2\",\"b\":\"3\"}"},
        {"{\"b\":\"1\",\"a\":\"2\",\"b\":\"3\"}", "{\"a\":\"2\",\"b\":\"3\"}"},
        {"{\"b\":\"3\",\"a\":\"1\",\"a\":\"9\",\"a\":\"2\"}", "{\"a\":\"2\",\"b\":\"3\"}"},
        {"{\"ab\":\"1\",\"\":\"0\",\"a\":\"2\",\"aa\":\"3\"}",
         "{\"\":\"0\",\"a\":\"2\",\"aa\":\"3\",\"ab\":\"1\"}"},
        {"{\"aa\":\"1\",\"a\":\"2\"}", "{\"a\":\"2\",\"aa\":\"1\"}"},
        {"{}", "{}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_arena arena;
        struct chimera_slice json;
        chimera_arena_init(&arena, ROOM);
        assert_true(chimera_strings_map(chimera_slice_of(cases[i].given), &arena, &json));
        if (!chimera_slice_is(json, cases[i].wanted))
            fail_msg("%s: %.*s", cases[i].given, (int)json.size, json.data);
        chimera_arena_free(&arena);
    }
}

/* What is handed out says all of itself, whatever was there before. */
static void outputs_are_filled(void **state)
{
    struct chimera_arena arena;
    struct chimera_request parsed;
    struct chimera_slice why, patch = CHIMERA_SLICE("old");
    struct chimera_error err = {0};
    (void)state;
    chimera_arena_init(&arena, ROOM);
    memset(&parsed, 0x55, sizeof(parsed));
    assert_int_equal(
        chimera_request_parse_raw(CHIMERA_SLICE("{\"request\":{}}"), &arena, &parsed, &why),
        CHIMERA_REQUEST_OK);
    assert_true(parsed.is_raw);
    assert_null(parsed.name_space.data);
    assert_int_equal(parsed.uid.size + parsed.operation.size + parsed.kind.size, 0);
    assert_non_null(parsed.uid.data);
    assert_true(chimera_slice_is(parsed.object, "{}"));
    assert_int_equal(parsed.json.size, 2);
    assert_int_equal(parsed.name_space.size, 0);
    struct chimera_request_labels labels;
    const struct chimera_slice *label = (const struct chimera_slice *)(const void *)&labels;
    chimera_request_label(&parsed, &arena, &labels);
    for (size_t i = 0; i < sizeof(labels) / sizeof(*label); i++)
        assert_int_equal(label[i].size, 0);
    struct chimera_slice json = CHIMERA_SLICE("old");
    assert_true(chimera_strings_map((struct chimera_slice){NULL, 0}, &arena, &json));
    assert_null(json.data);
    json = CHIMERA_SLICE("old");
    assert_true(chimera_strings_list((struct chimera_slice){NULL, 0}, &arena, &json));
    assert_null(json.data);
    memset(&parsed, 0x55, sizeof(parsed));
    assert_int_equal(chimera_request_parse_review(CHIMERA_SLICE(REVIEW), &arena, &parsed, &why),
                     CHIMERA_REQUEST_OK);
    assert_false(parsed.is_raw);
    chimera_request_label(&parsed, &arena, &labels);
    assert_true(chimera_slice_is(labels.name, "n\t"));
    assert_true(chimera_slice_is(labels.subresource, "s\t"));
    assert_true(chimera_slice_is(labels.kind_group, "gA"));
    assert_true(chimera_slice_is(labels.kind_version, "v\n"));
    assert_true(chimera_slice_is(labels.kind, "K\t"));
    assert_true(chimera_slice_is(labels.resource_group, ""));
    assert_true(chimera_slice_is(labels.resource_version, "v"));
    assert_true(chimera_slice_is(labels.resource, "r\t"));
    assert_int_equal(
        chimera_request_parse_review(
            CHIMERA_SLICE("{\"request\":{\"uid\":\"\",\"kind\":{\"group\":\"\",\"version\":\"\","
                          "\"kind\":\"\"},\"resource\":{\"group\":\"\",\"version\":\"\","
                          "\"resource\":\"\"},\"operation\":\"\",\"userInfo\":{}}}"),
            &arena, &parsed, &why),
        CHIMERA_REQUEST_OK);
    assert_null(parsed.name_space.data);
    assert_int_equal(parsed.name_space.size, 0);
    assert_int_equal(chimera_patch_make(&(struct chimera_patch_texts){CHIMERA_SLICE("{}"),
                                                                      CHIMERA_SLICE("{}"), NULL},
                                        NULL, &arena, &patch, &err),
                     CHIMERA_OK);
    assert_null(patch.data); /* nothing differs */
    assert_int_equal(patch.size, 0);
    chimera_arena_free(&arena);
}

/* policy-server.md §7.3: the original message, or "", is the last cause. */
static void a_message_of_ours_keeps_the_policys_as_a_cause(void **state)
{
    struct chimera_arena arena;
    struct chimera_buffer out;
    struct chimera_response response = {.uid = CHIMERA_SLICE("u")};
    struct chimera_handling handling = {.policy_id = "p", .message = CHIMERA_SLICE("words")};
    (void)state;
    chimera_arena_init(&arena, ROOM);
    chimera_buffer_init(&out, OUT_MAX);
    chimera_response_handle(&response, &handling, &arena);
    chimera_response_write(&response, &out);
    assert_true(
        chimera_slice_is(chimera_buffer_slice(&out),
                         "{\"uid\":\"u\",\"allowed\":false,\"status\":{\"message\":\"words\","
                         "\"details\":{\"causes\":[{\"reason\":null,\"message\":\"\","
                         "\"field\":null}]}},\"auditAnnotations\":null,\"warnings\":null}"));
    chimera_response_handle(&response, &handling, &arena); /* and behind what is there */
    chimera_buffer_reset(&out);
    chimera_response_write(&response, &out);
    chimera_buffer_byte(&out, 0);
    assert_non_null(strstr(out.data, "\"message\":\"\",\"field\":null},{\"reason\":null,"
                                     "\"message\":\"words\",\"field\":null}]"));
    chimera_buffer_free(&out);
    chimera_arena_free(&arena);
}

/* Patches of every length in base64's steps, the larger ones filling a block of the arena: what is
 * taken afterwards is not theirs. */
static void a_patch_has_room_of_its_own(void **state)
{
    static char to[200 * 1024];
    (void)state;
    for (size_t size = 1; size < 140130; size += size == 64 ? 100000 : size == 100112 ? 40000 : 1) {
        struct chimera_arena arena;
        struct chimera_slice patch;
        struct chimera_error err = {0};
        chimera_arena_init(&arena, (size_t)16 << 20);
        size_t at = (size_t)snprintf(to, sizeof(to), "{\"a\":\"");
        memset(to + at, 'x', size);
        memcpy(to + at + size, "\"}", 3);
        assert_int_equal(
            chimera_patch_make(
                &(struct chimera_patch_texts){CHIMERA_SLICE("{}"), chimera_slice_of(to), NULL},
                NULL, &arena, &patch, &err),
            CHIMERA_OK);
        char *copy = malloc(patch.size);
        memcpy(copy, patch.data, patch.size);
        memset(chimera_arena_take(&arena, 64), '!', 64);
        assert_memory_equal(copy, patch.data, patch.size);
        assert_int_equal(patch.size % 4, 0);
        free(copy);
        chimera_arena_free(&arena);
    }
}

/* Details may have no causes at all. */
static void details_may_be_empty(void **state)
{
    struct chimera_arena arena;
    struct chimera_response response;
    struct chimera_slice why;
    struct chimera_buffer out;
    (void)state;
    chimera_arena_init(&arena, ROOM);
    chimera_buffer_init(&out, OUT_MAX);
    assert_int_equal(
        chimera_response_from_admission(
            CHIMERA_SLICE("{\"uid\":\"x\",\"allowed\":false,\"status\":{\"details\":{}}}"),
            &request, &arena, &response, &why),
        CHIMERA_OK);
    chimera_response_write(&response, &out);
    chimera_buffer_byte(&out, 0);
    assert_non_null(strstr(out.data, "\"status\":{\"details\":{}}"));
    chimera_buffer_free(&out);
    chimera_arena_free(&arena);
}

/* A small arena has the objects compared as trees, whose memory may fail as well. */
static void memory_may_be_short_in_two_ways(void **state)
{
    struct outcome whole = {0}, got = {0};
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip();
    chimera_buffer_init(&whole.out, OUT_MAX);
    chimera_buffer_init(&got.out, OUT_MAX);
    assert_non_null(chimera_buffer_reserve(&got.out, 4096));
    size_t needed = run_in(ROOM, read_validation, &whole);
    for (size_t limit = 0; limit <= needed; limit += 40) {
        for (unsigned long n = 1; n < 60; n++) {
            fail_allocation(n);
            run_in(limit, read_validation, &got);
            fail_allocation(0);
            if (got.code == CHIMERA_OK)
                compare("validation", n, &got, &whole);
        }
    }
    chimera_buffer_free(&whole.out);
    chimera_buffer_free(&got.out);
}

static struct chimera_arena arena_of_request;

static int make_request(void **state)
{
    struct chimera_slice why;
    (void)state;
    chimera_arena_init(&arena_of_request, ROOM);
    return (int)chimera_request_parse_review(CHIMERA_SLICE(REVIEW), &arena_of_request, &request,
                                             &why);
}

static int drop_request(void **state)
{
    (void)state;
    chimera_arena_free(&arena_of_request);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_of_each_size_is_enough_or_a_limit),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(with_room_all_of_it_comes_out),
        cmocka_unit_test(the_last_of_equal_annotations_stays),
        cmocka_unit_test(outputs_are_filled),
        cmocka_unit_test(a_patch_has_room_of_its_own),
        cmocka_unit_test(details_may_be_empty),
        cmocka_unit_test(memory_may_be_short_in_two_ways),
        cmocka_unit_test(a_message_of_ours_keeps_the_policys_as_a_cause),
    };
    return cmocka_run_group_tests(tests, make_request, drop_request);
}
