/* SPDX-License-Identifier: Apache-2.0 */
/* Against tests/reference/server.jsonl: what the reference answered to each body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/review/request.h"

#define ARENA_MAX ((size_t)1 << 20)

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value && json_object_is_type(value, json_type_string) ? json_object_get_string(value)
                                                                 : NULL;
}

/* The body as it was sent; `owned` keeps the bytes. False for a request without one. */
static bool body_of(struct json_object *row, struct chimera_buffer *owned,
                    struct chimera_slice *ret_body)
{
    struct json_object *body = NULL, *times = NULL;
    json_object_object_get_ex(row, "body", &body);
    chimera_buffer_reset(owned);
    if (json_object_is_type(body, json_type_string)) {
        struct chimera_slice text = {json_object_get_string(body),
                                     (size_t)json_object_get_string_len(body)};
        chimera_buffer_append(owned, text);
    } else if (json_object_object_get_ex(body, "times", &times)) {
        chimera_buffer_text(owned, text_of(body, "before"));
        for (int64_t i = json_object_get_int64(times); i > 0; i--)
            chimera_buffer_text(owned, text_of(body, "fill"));
        chimera_buffer_text(owned, text_of(body, "after"));
    } else {
        return false;
    }
    *ret_body = chimera_buffer_slice(owned);
    return owned->failed == 0;
}

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Only rows whose answer hangs on the body. */
static bool is_ours(struct json_object *row)
{
    struct json_object *want = NULL, *status = NULL;
    const char *path = text_of(row, "path");
    json_object_object_get_ex(row, "want", &want);
    json_object_object_get_ex(want, "status", &status);
    int64_t code = json_object_get_int64(status);
    return strcmp(text_of(row, "method"), "POST") == 0 &&
           (code == 200 || code == 400 || code == 422) &&
           (starts(path, "/validate/") || starts(path, "/audit/") ||
            starts(path, "/validate_raw/"));
}

/* The reference's words, out of its JSON or bare, without what goes before them. */
static void recorded_why(struct json_object *want, struct chimera_buffer *out)
{
    const char *body = text_of(want, "body");
    CHIMERA_JSON struct json_object *tree = NULL;
    if (body[0] == '{' && chimera_json_parse(chimera_slice_of(body), &tree, NULL) == CHIMERA_OK)
        body = text_of(tree, "message");
    assert_true(starts(body, "Failed to "));
    chimera_buffer_reset(out);
    chimera_buffer_text(out, strstr(body, ": ") + 2);
    chimera_buffer_byte(out, '\0');
}

static enum chimera_request_problem problem_of(int64_t status)
{
    return status == 400   ? CHIMERA_REQUEST_SYNTAX
           : status == 422 ? CHIMERA_REQUEST_SHAPE
                           : CHIMERA_REQUEST_OK;
}

static bool is_same(const char *name, const char *ours, const char *recorded)
{
    if (strcmp(ours, recorded) == 0)
        return true;
    print_message("%s:\n  %s\n  %s\n", name, ours, recorded);
    return false;
}

static bool check_row(struct json_object *row, struct chimera_arena *arena)
{
    struct json_object *want = NULL, *status = NULL;
    struct chimera_buffer owned, recorded;
    struct chimera_slice body, why;
    struct chimera_request request;
    bool is_right = true;
    json_object_object_get_ex(row, "want", &want);
    json_object_object_get_ex(want, "status", &status);
    enum chimera_request_problem expected = problem_of(json_object_get_int64(status));

    chimera_buffer_init(&owned, (size_t)8 << 20);
    chimera_buffer_init(&recorded, 10000);
    if (body_of(row, &owned, &body)) {
        bool is_raw = starts(text_of(row, "path"), "/validate_raw/");
        enum chimera_request_problem problem =
            is_raw ? chimera_request_parse_raw(body, arena, &request, &why)
                   : chimera_request_parse_review(body, arena, &request, &why);
        is_right = problem == expected;
        if (!is_right)
            print_message("%s: %d\n", text_of(row, "case"), (int)problem);
        if (is_right && problem != CHIMERA_REQUEST_OK) {
            recorded_why(want, &recorded);
            is_right = is_same(text_of(row, "case"), why.data, recorded.data);
        }
    }
    chimera_buffer_free(&owned);
    chimera_buffer_free(&recorded);
    chimera_arena_reset(arena);
    return is_right;
}

static void bodies_are_taken_and_refused_as_recorded(void **state)
{
    struct chimera_buffer file;
    struct chimera_arena arena;
    unsigned seen = 0, wrong = 0;
    (void)state;
    chimera_buffer_init(&file, (size_t)4 << 20);
    chimera_arena_init(&arena, ARENA_MAX);
    assert_int_equal(chimera_file_read(TEST_DATA "/reference/server.jsonl", &file, NULL), 0);
    chimera_buffer_byte(&file, '\0');
    for (char *line = strtok(file.data, "\n"); line; line = strtok(NULL, "\n")) {
        CHIMERA_JSON struct json_object *row = NULL;
        assert_int_equal(chimera_json_parse(chimera_slice_of(line), &row, NULL), 0);
        if (!is_ours(row))
            continue;
        seen++;
        wrong += !check_row(row, &arena);
    }
    chimera_arena_free(&arena);
    chimera_buffer_free(&file);
    assert_true(seen > 160);
    assert_int_equal(wrong, 0);
}

static void assert_json(const struct chimera_request *request, const char *json)
{
    char text[2000];
    assert_true(request->json.size < sizeof(text));
    size_t size = chimera_pieces_copy(&request->json, 0, text, sizeof(text) - 1);
    text[size] = '\0';
    assert_string_equal(text, json);
}

#define HEAD "{\"uid\":\"u\",\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},"
#define RESOURCE "\"resource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"}"

static void guest_gets_known_members_without_nulls(void **state)
{
    static const char body[] =
        " {\"request\" : {\"options\":null, \"object\": {\"b\" : 1.50, \"a\":[ ]},\"surprise\":[1],"
        "\"userInfo\":{ \"username\":\"ann\"},\"operation\":\"CRE\\u0041TE\",\"dryRun\":false,"
        "\"name\\u0073pace\":\"shop\\n\",\"requestKind\":{\"kind\":\"P\\\"od\",\"group\":\"g\","
        "\"version\":\"v1\"}," RESOURCE ",\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":"
        "\"Pod\"},\"uid\":\"u\"},\"kind\":null}\n";
    struct chimera_arena arena;
    struct chimera_request request;
    struct chimera_slice why;
    (void)state;
    chimera_arena_init(&arena, ARENA_MAX);
    assert_int_equal(chimera_request_parse_review(CHIMERA_SLICE(body), &arena, &request, &why), 0);
    assert_json(&request, HEAD RESOURCE
                ",\"requestKind\":{\"kind\":\"P\\\"od\",\"group\":\"g\",\"version\":\"v1\"},"
                "\"namespace\":\"shop\\n\",\"operation\":\"CRE\\u0041TE\","
                "\"userInfo\":{ \"username\":\"ann\"},\"object\":{\"b\" : 1.50, \"a\":[ ]},"
                "\"dryRun\":false}");
    assert_false(request.is_raw);
    assert_true(chimera_slice_is(request.uid, "u"));
    assert_true(chimera_slice_is(request.name_space, "shop\n"));
    assert_true(chimera_slice_is(request.operation, "CREATE"));
    assert_true(chimera_slice_is(request.kind, "P\"od"));
    assert_true(chimera_slice_is(request.object, "{\"b\" : 1.50, \"a\":[ ]}"));
    chimera_arena_free(&arena);
}

struct part_case {
    const char *name, *before, *after; /* NULL: stays as it is, byte for byte, and uncopied */
};

/* What the reference makes of each, as JSON: its own types, read and written with serde_json (the
 * order of members means nothing there). */
static const struct part_case PARTS[] = {
    {"kind", "{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"}", NULL},
    {"kind", "{ \"kind\" : \"P\\u006fd\", \"group\":\"\",\n \"version\":\"v1\" }", NULL},
    {"kind", "{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\",\"scope\":null}",
     "{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"}"},
    {"kind", "[\"apps\",\"v1\" , \"De\\\"ployment\"]",
     "{\"group\":\"apps\",\"version\":\"v1\",\"kind\":\"De\\\"ployment\"}"},
    {"kind", "{\"k\\u0069nd\":\"Pod\",\"group\":\"\",\"version\":\"v1\"}",
     "{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"}"},
    {"resource", "[\"\",\"v1\",\"pods\"]",
     "{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"}"},
    {"resource", "{\"resource\":\"pods\",\"kind\":{\"a\":[1]},\"version\":\"v1\",\"group\":\"\"}",
     "{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"}"},
    {"requestKind", "[\"g\",\"v\",\"k\"]", "{\"group\":\"g\",\"version\":\"v\",\"kind\":\"k\"}"},
    {"requestKind", "{\"kind\":\"k\",\"version\":\"v\",\"group\":\"g\"}", NULL},
    {"requestResource", "[\"g\",\"v\",\"r\"]",
     "{\"group\":\"g\",\"version\":\"v\",\"resource\":\"r\"}"},
    {"userInfo", "{}", NULL},
    {"userInfo",
     "{\"username\":\"a\\nb\" ,\"groups\":[ \"x\", \"y\"],\"extra\":{\"a\":[],\"b\":[\"1\"]}}",
     NULL},
    {"userInfo", "{\"username\":\"ann\",\"groups\":null,\"extra\":null}", "{\"username\":\"ann\"}"},
    {"userInfo", "{\"uid\":null}", "{}"},
    {"userInfo", "{\"impersonates\":{\"x\":1},\"uid\":\"1\"}", "{\"uid\":\"1\"}"},
    {"userInfo", "{\"user\\u006eame\":\"ann\"}", "{\"username\":\"ann\"}"},
    {"userInfo", "{\"groups\":[\"a\"],\"groups\":[\"b\"]}", "{\"groups\":[\"b\"]}"},
    {"userInfo", "{\"groups\":[\"a\"],\"uid\":\"1\",\"groups\":null}", "{\"uid\":\"1\"}"},
    {"userInfo", "{\"groups\":null,\"groups\":[\"b\"]}", "{\"groups\":[\"b\"]}"},
    {"userInfo", "{\"extra\":{\"b\":[\"1\"],\"a\":[\"2\"],\"b\":[]}}",
     "{\"extra\":{\"a\":[\"2\"],\"b\":[]}}"},
    {"userInfo", "{\"extra\":{\"a\":[\"1\"],\"\\u0061\":[\"2\"]}}",
     "{\"extra\":{\"\\u0061\":[\"2\"]}}"},
    {"userInfo", "{\"extra\":{\"\":[],\"a\":[],\"\\u0000\":[]}}",
     "{\"extra\":{\"\":[],\"\\u0000\":[],\"a\":[]}}"},
    {"userInfo",
     "{\"extra\":{\"q\":[],\"p\":[],\"o\":[],\"n\":[],\"m\":[],\"l\":[],\"k\":[],\"j\":[],\"i\":[],"
     "\"h\":[],"
     "\"g\":[],\"f\":[],\"e\":[],\"d\":[],\"c\":[],\"b\":[],\"q\":[\"1\"]}}",
     "{\"extra\":{\"b\":[],\"c\":[],\"d\":[],\"e\":[],\"f\":[],\"g\":[],\"h\":[],\"i\":[],\"j\":[],"
     "\"k\":[],\"l\":[],"
     "\"m\":[],\"n\":[],\"o\":[],\"p\":[],\"q\":[\"1\"]}}"},
};

static struct chimera_slice piece_of(const struct chimera_request *request, const char *name)
{
    char lead[40];
    snprintf(lead, sizeof(lead), "\"%s\":", name);
    for (unsigned i = 0; i + 1 < request->json.count; i++) {
        struct chimera_slice piece = request->json.piece[i];
        if (chimera_slice_is((struct chimera_slice){piece.data + 1, piece.size - 1}, lead))
            return request->json.piece[i + 1];
    }
    fail_msg("no %s", name);
    return (struct chimera_slice){NULL, 0};
}

/* A review whose part `name` is `text`, with odd members that are no reason to copy anything. */
static struct chimera_slice build_review(const char *name, const char *text, char *to, size_t room)
{
    static const char *const usual[][2] = {
        {"kind", "{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"}"},
        {"resource", "{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"}"},
        {"requestKind", "null"},
        {"requestResource", "null"},
        {"userInfo", "{\"username\":\"ann\"}"},
        {"object", "{\"a\":null,\"a\":[1]}"}};
    size_t size =
        (size_t)snprintf(to, room, "{\"request\":{\"uid\":\"u\",\"operation\":\"CREATE\"");
    for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
        size += (size_t)snprintf(to + size, room - size, ",\"%s\":%s", usual[i][0],
                                 strcmp(usual[i][0], name) == 0 ? text : usual[i][1]);
    size +=
        (size_t)snprintf(to + size, room - size, ",\"oldObject\":null,\"surprise\":{\"x\":null}}}");
    return (struct chimera_slice){to, size};
}

static bool is_inside(struct chimera_slice part, struct chimera_slice whole)
{
    return part.data >= whole.data && part.data + part.size <= whole.data + whole.size;
}

static void typed_parts_come_in_their_normal_form(void **state)
{
    static const char *const all[] = {"kind", "resource", "userInfo", "object"};
    (void)state;
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(*PARTS); i++) {
        char text[2000];
        struct chimera_arena arena;
        struct chimera_request request;
        struct chimera_slice why;
        struct chimera_slice body =
            build_review(PARTS[i].name, PARTS[i].before, text, sizeof(text));
        chimera_arena_init(&arena, ARENA_MAX);
        if (chimera_request_parse_review(body, &arena, &request, &why) != CHIMERA_REQUEST_OK)
            fail_msg("%s: %.*s", PARTS[i].before, (int)why.size, why.data);
        struct chimera_slice part = piece_of(&request, PARTS[i].name);
        if (!chimera_slice_is(part, PARTS[i].after ? PARTS[i].after : PARTS[i].before))
            fail_msg("%s: %.*s", PARTS[i].before, (int)part.size, part.data);
        assert_int_equal(is_inside(part, body), !PARTS[i].after);
        for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
            assert_true(strcmp(all[k], PARTS[i].name) == 0 ||
                        is_inside(piece_of(&request, all[k]), body));
        chimera_arena_free(&arena);
    }
}

static void names_for_the_log_come_from_any_form(void **state)
{
    char text[2000];
    struct chimera_arena arena;
    struct chimera_request request;
    struct chimera_request_labels labels;
    struct chimera_slice why;
    (void)state;
    chimera_arena_init(&arena, ARENA_MAX);
    assert_int_equal(
        chimera_request_parse_review(
            build_review("kind", "[\"apps\",\"v1\",\"Sc\\u0061le\"]", text, sizeof(text)), &arena,
            &request, &why),
        0);
    chimera_request_label(&request, &arena, &labels);
    assert_true(chimera_slice_is(labels.kind_group, "apps"));
    assert_true(chimera_slice_is(labels.kind, "Scale"));
    chimera_arena_free(&arena);
}

/* The most that is sorted for anybody, and one more. */
static void extra_keys_are_bounded(void **state)
{
    (void)state;
    for (unsigned count = 4096; count <= 4097; count++) {
        struct chimera_buffer extra, body;
        struct chimera_arena arena;
        struct chimera_request request;
        struct chimera_slice why;
        chimera_arena_init(&arena, (size_t)8 << 20);
        chimera_buffer_init(&extra, ARENA_MAX);
        chimera_buffer_init(&body, ARENA_MAX);
        for (unsigned i = count; i-- > 0;)
            chimera_buffer_print(&extra, "%s\"k%04u\":[]", extra.size ? "," : "", i);
        chimera_buffer_print(&body,
                             "{\"request\":" HEAD RESOURCE
                             ",\"operation\":\"CREATE\",\"userInfo\":{\"extra\":{%.*s}}}}",
                             (int)extra.size, extra.data);
        enum chimera_request_problem problem =
            chimera_request_parse_review(chimera_buffer_slice(&body), &arena, &request, &why);
        assert_int_equal(problem, count == 4096 ? CHIMERA_REQUEST_OK : CHIMERA_REQUEST_TOO_BIG);
        if (problem == CHIMERA_REQUEST_OK) {
            struct chimera_slice part = piece_of(&request, "userInfo");
            assert_int_equal(part.size, extra.size + strlen("{\"extra\":{}}"));
            assert_true(chimera_slice_starts(part, "{\"extra\":{\"k0000\":[],\"k0001\":[],"));
        }
        chimera_buffer_free(&extra);
        chimera_buffer_free(&body);
        chimera_arena_free(&arena);
    }
}

/* Room for each number of bytes: either it is too little, or all is there. */
static void no_room_for_a_normal_form_is_too_big(void **state)
{
    char text[2000];
    struct chimera_slice body = build_review(
        "userInfo", "{\"uid\":\"1\",\"extra\":{\"a\":[\"1\"],\"\\u0061\":[\"2\"]},\"groups\":null}",
        text, sizeof(text));
    unsigned refused = 0;
    (void)state;
    for (size_t room = 0; room < 1000; room++) {
        struct chimera_arena arena;
        struct chimera_request request;
        struct chimera_slice why;
        chimera_arena_init(&arena, room);
        enum chimera_request_problem problem =
            chimera_request_parse_review(body, &arena, &request, &why);
        refused += problem == CHIMERA_REQUEST_TOO_BIG;
        if (problem == CHIMERA_REQUEST_OK)
            assert_true(chimera_slice_is(piece_of(&request, "userInfo"),
                                         "{\"extra\":{\"\\u0061\":[\"2\"]},\"uid\":\"1\"}"));
        chimera_arena_free(&arena);
    }
    assert_in_range(refused, 100, 900);
}

static void absent_members_have_no_data(void **state)
{
    static const char body[] =
        "{\"request\":" HEAD RESOURCE ",\"operation\":\"DELETE\",\"userInfo\":{},\"object\":null}}";
    struct chimera_arena arena;
    struct chimera_request request;
    struct chimera_slice why;
    (void)state;
    chimera_arena_init(&arena, ARENA_MAX);
    assert_int_equal(chimera_request_parse_review(CHIMERA_SLICE(body), &arena, &request, &why), 0);
    assert_null(request.object.data);
    assert_null(request.name_space.data);
    assert_int_equal(request.kind.size, 0);
    chimera_arena_free(&arena);
}

static void raw_request_is_taken_whole(void **state)
{
    static const char body[] = "{\"x\":1,\"request\": {\"uid\":\"\\u0061\", \"n\":1} }";
    struct chimera_arena arena;
    struct chimera_request request;
    struct chimera_slice why;
    (void)state;
    chimera_arena_init(&arena, ARENA_MAX);
    assert_int_equal(chimera_request_parse_raw(CHIMERA_SLICE(body), &arena, &request, &why), 0);
    assert_json(&request, "{\"uid\":\"\\u0061\", \"n\":1}");
    assert_true(request.is_raw);
    assert_true(chimera_slice_is(request.uid, "a"));
    assert_true(chimera_slice_is(request.object, "{\"uid\":\"\\u0061\", \"n\":1}"));
    chimera_arena_free(&arena);
}

static void full_arena_is_too_big(void **state)
{
    static const char body[] = "{\"request\":{\"uid\":\"\\u0061\"}}";
    struct chimera_arena arena;
    struct chimera_request request;
    struct chimera_slice why;
    (void)state;
    chimera_arena_init(&arena, 0);
    assert_int_equal(chimera_request_parse_raw(CHIMERA_SLICE(body), &arena, &request, &why),
                     CHIMERA_REQUEST_TOO_BIG);
    assert_int_equal(chimera_request_parse_raw(CHIMERA_SLICE("{"), &arena, &request, &why),
                     CHIMERA_REQUEST_TOO_BIG);
    assert_non_null(why.data);
    chimera_arena_free(&arena);
}

/* tests/reference/command.jsonl and inputs/. */
static void files_are_taken_and_refused_as_recorded(void **state)
{
    static const struct {
        const char *file;
        bool is_raw;
        const char *uid, *why;
    } cases[] = {
        {"review.json", false, "705ab4f5-6393-11e8-b7cc-42010a800002", NULL},
        {"request.json", false, "705ab4f5-6393-11e8-b7cc-42010a800002", NULL},
        {"review-kubewarden.json", false, "705ab4f5-6393-11e8-b7cc-42010a800002", NULL},
        {"raw.json", true, "", NULL},
        {"raw-wrapped.json", true, "", NULL},
        {"pod.json", false, NULL,
         "cannot build AdmissionRequest object from given input: invalid type: string \"Pod\", "
         "expected struct GroupVersionKind"},
        {"notjson.json", false, NULL, "expected ident at line 1 column 2"},
        {"empty.json", false, NULL, "EOF while parsing a value at line 1 column 0"},
        {"settings-list.json", false, NULL, "Invalid request object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_arena arena;
        struct chimera_buffer file;
        struct chimera_request request;
        struct chimera_error err = {0};
        char *path = chimera_path_join(TEST_DATA "/reference/inputs", cases[i].file);
        chimera_arena_init(&arena, ARENA_MAX);
        chimera_buffer_init(&file, ARENA_MAX);
        assert_int_equal(chimera_file_read(path, &file, NULL), 0);
        int code = chimera_request_parse_file(chimera_buffer_slice(&file), cases[i].is_raw, &arena,
                                              &request, &err);
        assert_int_equal(code, cases[i].why ? CHIMERA_EINVAL : CHIMERA_OK);
        if (cases[i].why)
            assert_string_equal(err.text, cases[i].why);
        else
            assert_true(chimera_slice_is(request.uid, cases[i].uid));
        chimera_buffer_free(&file);
        chimera_arena_free(&arena);
        free(path);
    }
}

static bool is_one_slice(struct chimera_slice a, struct chimera_slice b)
{
    return a.size == b.size && (a.size == 0 ? !a.data == !b.data : a.data == b.data);
}

static void expect_one_request(const struct chimera_request *a, const struct chimera_request *b)
{
    assert_true(is_one_slice(a->uid, b->uid) && is_one_slice(a->name_space, b->name_space));
    assert_true(is_one_slice(a->operation, b->operation) && is_one_slice(a->kind, b->kind));
    assert_true(is_one_slice(a->object, b->object));
    assert_int_equal(a->is_raw, b->is_raw);
    assert_int_equal(a->json.count, b->json.count);
    assert_int_equal(a->json.size, b->json.size);
    for (unsigned i = 0; i < a->json.count; i++)
        assert_true(a->json.piece[i].size == b->json.piece[i].size &&
                    memcmp(a->json.piece[i].data, b->json.piece[i].data, a->json.piece[i].size) ==
                        0);
}

/* True: there are places; then a body with another uid, read and taken by places, is one request.
 */
static bool places_give_what_is_read(struct chimera_slice body)
{
    struct chimera_arena arena;
    struct chimera_request request, read, taken;
    struct chimera_request_places places;
    struct chimera_slice why;
    chimera_arena_init(&arena, ARENA_MAX);
    char *other = malloc(body.size + 1);
    assert_non_null(other);
    bool has_places = chimera_request_parse_review(body, &arena, &request, &why) == 0 &&
                      chimera_request_find_places(&request, body, &places);
    if (has_places) {
        struct chimera_slice copy = {other, body.size};
        memcpy(other, body.data, body.size);
        memset(other + (request.uid.data - body.data), 'u', request.uid.size);
        assert_int_equal(chimera_request_parse_review(copy, &arena, &read, &why), 0);
        chimera_request_take_places(&places, copy, &taken);
        expect_one_request(&read, &taken);
    }
    free(other);
    chimera_arena_free(&arena);
    return has_places;
}

static void bodies_are_taken_by_their_places(void **state)
{
    static const char *const names[] = {"pod-5k.json",     "pod-50k.json",    "pod-update.json",
                                        "pod-delete.json", "deployment.json", "pod-plain.json"};
    struct chimera_buffer rows, owned;
    unsigned with_places = 0, without = 0;
    (void)state;
    chimera_buffer_init(&owned, (size_t)64 << 20);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = chimera_path_join(TEST_DATA "/requests", names[i]);
        chimera_buffer_reset(&owned);
        assert_int_equal(chimera_file_read(path, &owned, NULL), 0);
        assert_true(places_give_what_is_read(chimera_buffer_slice(&owned)));
        free(path);
    }
    chimera_buffer_init(&rows, (size_t)64 << 20);
    assert_int_equal(chimera_file_read(TEST_DATA "/reference/server.jsonl", &rows, NULL), 0);
    for (char *line = rows.data, *end; line < rows.data + rows.size; line = end + 1) {
        struct json_object *row = NULL;
        struct chimera_slice body;
        end = memchr(line, '\n', (size_t)(rows.data + rows.size - line));
        end = end ? end : rows.data + rows.size;
        struct chimera_slice text = {line, (size_t)(end - line)};
        if (text.size == 0 || chimera_json_parse(text, &row, NULL) < 0)
            continue;
        if (body_of(row, &owned, &body))
            places_give_what_is_read(body) ? with_places++ : without++;
        json_object_put(row);
    }
    assert_true(with_places > 30 && without > 30);
    chimera_buffer_free(&rows);
    chimera_buffer_free(&owned);
}

static void review_file_without_request_is_refused(void **state)
{
    struct chimera_arena arena;
    struct chimera_request request;
    struct chimera_error err = {0};
    (void)state;
    chimera_arena_init(&arena, ARENA_MAX);
    assert_int_equal(chimera_request_parse_file(CHIMERA_SLICE("{\"kind\":\"AdmissionReview\"}"),
                                                false, &arena, &request, &err),
                     CHIMERA_EINVAL);
    assert_string_equal(err.text, "invalid AdmissionReview object");
    chimera_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_taken_and_refused_as_recorded),
        cmocka_unit_test(guest_gets_known_members_without_nulls),
        cmocka_unit_test(typed_parts_come_in_their_normal_form),
        cmocka_unit_test(names_for_the_log_come_from_any_form),
        cmocka_unit_test(extra_keys_are_bounded),
        cmocka_unit_test(no_room_for_a_normal_form_is_too_big),
        cmocka_unit_test(absent_members_have_no_data),
        cmocka_unit_test(raw_request_is_taken_whole),
        cmocka_unit_test(full_arena_is_too_big),
        cmocka_unit_test(files_are_taken_and_refused_as_recorded),
        cmocka_unit_test(bodies_are_taken_by_their_places),
        cmocka_unit_test(review_file_without_request_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
