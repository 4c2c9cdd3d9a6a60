/* Against tests/reference/server.jsonl: what the reference answered to each body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
        cmocka_unit_test(absent_members_have_no_data),
        cmocka_unit_test(raw_request_is_taken_whole),
        cmocka_unit_test(full_arena_is_too_big),
        cmocka_unit_test(files_are_taken_and_refused_as_recorded),
        cmocka_unit_test(review_file_without_request_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
