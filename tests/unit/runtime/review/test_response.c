/* SPDX-License-Identifier: Apache-2.0 */
/* Answers are those of tests/reference/make-policies, verdicts those recorded in server.jsonl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/review/response.h"

#define ARENA_MAX ((size_t)1 << 20)
#define POD                                                                                     \
    "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"nginx\", "          \
    "\"namespace\": \"default\", \"labels\": {\"app\": \"web/one~two\", \"added\": \"yes\"}}, " \
    "\"spec\": {\"containers\": [{\"image\": \"nginx:1.25\", \"name\": \"nginx\"}, "            \
    "{\"image\": \"busybox\", \"name\": \"side\"}]}}"
#define SAME_POD                                                                               \
    "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"nginx\", "         \
    "\"namespace\": \"default\", \"labels\": {\"app\": \"web\"}}, \"spec\": {\"containers\": " \
    "[{\"name\": \"nginx\", \"image\": \"nginx:1.25\"}], \"n\": 1}}"
#define MUTATE "{\"accepted\": true, \"mutated_object\": " POD "}"
#define MESSAGE_CODE "{\"accepted\":false,\"message\":\"not today\",\"code\":418}"
#define WARN "{\"accepted\":true,\"warnings\":[\"first\",\"second \xC3\xA9\"]}"
#define WORDS "the operator's words"

struct verdict {
    const char *name, *answer; /* the case's name in server.jsonl */
    enum chimera_policy_mode mode;
    bool forbids_mutation;
    const char *policy_id, *message;
};

static const struct verdict verdicts[] = {
    {"validate accept", "{\"accepted\":true}", 0, 0, 0, 0},
    {"validate accept-nulls",
     "{\"accepted\":true,\"message\":null,\"code\":null,\"mutated_object\":null,"
     "\"audit_annotations\":null,\"warnings\":null}",
     0, 0, 0, 0},
    {"validate accept-with-message", "{\"accepted\":true,\"message\":\"fine\",\"code\":200}", 0, 0,
     0, 0},
    {"validate reject", "{\"accepted\":false}", 0, 0, 0, 0},
    {"validate reject-message",
     "{\"accepted\":false,\"message\":\"not today: \\\"quoted\\\" \\u00e9 \\u2603\"}", 0, 0, 0, 0},
    {"audit reject-message-code", MESSAGE_CODE, 0, 0, 0, 0},
    {"validate reject-code", "{\"accepted\":false,\"code\":503}", 0, 0, 0, 0},
    {"validate reject-code-zero", "{\"accepted\":false,\"message\":\"zero\",\"code\":0}", 0, 0, 0,
     0},
    {"validate reject-code-big", "{\"accepted\":false,\"message\":\"big\",\"code\":70000}", 0, 0, 0,
     0},
    {"validate warnings", WARN, 0, 0, 0, 0},
    {"validate reject-warnings",
     "{\"accepted\":false,\"message\":\"no\",\"warnings\":[\"careful\"]}", 0, 0, 0, 0},
    {"validate audit-annotations",
     "{\"accepted\":true,\"audit_annotations\":{\"zeta\":\"1\",\"alpha\":\"2\"}}", 0, 0, 0, 0},
    {"validate answer-unknown-key", "{\"accepted\":true,\"surprise\":1}", 0, 0, 0, 0},
    {"validate answer-no-accepted", "{\"message\":\"I forgot\"}", 0, 0, 0, 0},
    {"validate answer-not-json", "this is not json", 0, 0, 0, 0},
    {"validate answer-array", "[true]", 0, 0, 0, 0},
    {"validate answer-accepted-string", "{\"accepted\":\"yes\"}", 0, 0, 0, 0},
    {"validate answer-trailing", "{\"accepted\":true} trailing", 0, 0, 0, 0},
    {"validate answer-duplicate", "{\"accepted\":true,\"accepted\":false}", 0, 0, 0, 0},
    {"audit mutate", MUTATE, 0, 0, 0, 0},
    {"raw mutate", MUTATE, 0, 0, 0, 0},
    {"delete mutate", MUTATE, 0, 0, 0, 0},
    {"validate mutate-same", "{\"accepted\":true,\"mutated_object\":" SAME_POD "}", 0, 0, 0, 0},
    {"float number", "{\"accepted\":true,\"mutated_object\":" SAME_POD "}", 0, 0, 0, 0},
    {"exponent", "{\"accepted\":true,\"mutated_object\":" SAME_POD "}", 0, 0, 0, 0},
    {"validate mutate-reject",
     "{\"accepted\": false, \"message\": \"no\", \"mutated_object\": " POD "}", 0, 0, 0, 0},
    {"validate mutate-string", "{\"accepted\":true,\"mutated_object\":\"a string\"}", 0, 0, 0, 0},
    {"validate wasi-newline", "{\"valid\":true,\"accepted\":true}\n", 0, 0, 0, 0},
    {"validate wasi-reject",
     "{\"valid\":true,\"accepted\":false,\"message\":\"not today\",\"code\":403}", 0, 0, 0, 0},
    {"raw reject-message-code", MESSAGE_CODE, 0, 0, 0, 0},
    {"odd uid", "{\"accepted\":true}", 0, 0, 0, 0},
    {"empty uid", "{\"accepted\":true}", 0, 0, 0, 0},
    {"validate mutate-not-allowed", MUTATE, 0, true, "mutate-not-allowed", 0},
    {"validate monitor-reject-message-code", MESSAGE_CODE, CHIMERA_MONITOR, 0, 0, 0},
    {"validate monitor-mutate", MUTATE, CHIMERA_MONITOR, 0, 0, 0},
    {"validate monitor-warnings", WARN, CHIMERA_MONITOR, 0, 0, 0},
    {"validate custom-message", MESSAGE_CODE, 0, 0, 0, WORDS},
    {"validate custom-message-mutate", MUTATE, 0, true, "custom-message-mutate", WORDS},
    {"validate custom-message-monitor", MESSAGE_CODE, CHIMERA_MONITOR, 0, 0, WORDS},
};

#define VERDICTS (sizeof(verdicts) / sizeof(verdicts[0]))

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    assert_true(json_object_object_get_ex(object, key, &value));
    return json_object_get_string(value);
}

static struct chimera_response respond(const struct verdict *verdict,
                                       const struct chimera_request *request,
                                       struct chimera_arena *arena)
{
    struct chimera_response response;
    struct chimera_slice why;
    struct chimera_handling handling = {.policy_id = verdict->policy_id,
                                        .mode = verdict->mode,
                                        .allowed_to_mutate = !verdict->forbids_mutation};
    if (verdict->message)
        handling.message = chimera_slice_of(verdict->message);
    int code = chimera_response_from_validation(chimera_slice_of(verdict->answer), request, arena,
                                                &response, &why);
    if (code == CHIMERA_EGUEST)
        response = chimera_response_reject_code(
            request->uid,
            chimera_arena_print(arena, "internal server error: invalid response from policy: %.*s",
                                (int)why.size, why.data),
            500);
    else
        assert_int_equal(code, CHIMERA_OK);
    chimera_response_handle(&response, &handling, arena);
    return response;
}

static void check_verdict(const struct verdict *verdict, struct json_object *row)
{
    struct chimera_arena arena;
    struct chimera_request request;
    struct chimera_slice why, body = chimera_slice_of(text_of(row, "body"));
    struct chimera_buffer out;
    struct json_object *want = NULL;
    bool is_raw = strncmp(text_of(row, "path"), "/validate_raw/", 14) == 0;
    json_object_object_get_ex(row, "want", &want);
    chimera_arena_init(&arena, ARENA_MAX);
    chimera_buffer_init(&out, ARENA_MAX);
    if (is_raw)
        assert_int_equal(chimera_request_parse_raw(body, &arena, &request, &why), 0);
    else
        assert_int_equal(chimera_request_parse_review(body, &arena, &request, &why), 0);
    struct chimera_response response = respond(verdict, &request, &arena);
    chimera_response_write_review(&response, is_raw, &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(out.data, text_of(want, "body"));
    chimera_buffer_free(&out);
    chimera_arena_free(&arena);
}

static void verdicts_are_as_recorded(void **state)
{
    struct chimera_buffer file;
    unsigned seen = 0;
    (void)state;
    chimera_buffer_init(&file, (size_t)4 << 20);
    assert_int_equal(chimera_file_read(TEST_DATA "/reference/server.jsonl", &file, NULL), 0);
    chimera_buffer_byte(&file, '\0');
    for (char *line = strtok(file.data, "\n"); line; line = strtok(NULL, "\n")) {
        CHIMERA_JSON struct json_object *row = NULL;
        assert_int_equal(chimera_json_parse(chimera_slice_of(line), &row, NULL), 0);
        for (size_t i = 0; i < VERDICTS; i++) {
            if (strcmp(verdicts[i].name, text_of(row, "case")) != 0)
                continue;
            check_verdict(&verdicts[i], row);
            seen++;
        }
    }
    chimera_buffer_free(&file);
    assert_int_equal(seen, VERDICTS);
}

static const struct chimera_request plain_request = {.uid = {"u", 1}, .object = {"{}", 2}};

static void assert_answer(const char *answer, int code, const char *expected)
{
    struct chimera_arena arena;
    struct chimera_response response;
    struct chimera_slice why;
    struct chimera_buffer out;
    chimera_arena_init(&arena, ARENA_MAX);
    chimera_buffer_init(&out, ARENA_MAX);
    assert_int_equal(chimera_response_from_validation(chimera_slice_of(answer), &plain_request,
                                                      &arena, &response, &why),
                     code);
    if (code < 0)
        chimera_buffer_append(&out, why);
    else
        chimera_response_write(&response, &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(out.data, expected);
    chimera_buffer_free(&out);
    chimera_arena_free(&arena);
}

/* Expected texts: serde_json 1.0.154 reading kubewarden-policy-sdk's ValidationResponse, run. */
static void answers_of_another_shape_are_refused(void **state)
{
    static const struct {
        const char *answer, *why;
    } cases[] = {
        {"", "EOF while parsing a value at line 1 column 0"},
        {"null", "invalid type: null, expected struct ValidationResponse at line 1 column 4"},
        {"[]",
         "invalid length 0, expected struct ValidationResponse with 6 elements at line 1 column 2"},
        {"[true,null,null,null,null,null,7]", "trailing characters at line 1 column 32"},
        {"[true,null,null,null,null,null,]", "trailing comma at line 1 column 32"},
        {"{\"accepted\":1.5}",
         "invalid type: floating point `1.5`, expected a boolean at line 1 column 15"},
        {"{\"accepted\":[]}", "invalid type: sequence, expected a boolean at line 1 column 12"},
        {"{\"accepted\":true,\"code\":-5}",
         "invalid value: integer `-5`, expected u16 at line 1 column 26"},
        {"{\"accepted\":true,\"code\":1.0}",
         "invalid type: floating point `1.0`, expected u16 at line 1 column 27"},
        {"{\"accepted\":true,\"code\":\"a\\n\\\"\\u0000\\u001b\"}",
         "invalid type: string \"a\\n\\\"\\0\\u{1b}\", expected u16 at line 1 column 43"},
        {"{\"accepted\":true,\"warnings\":{}}",
         "invalid type: map, expected a sequence at line 1 column 28"},
        {"{\"accepted\":true,\n\"warnings\":[1]}",
         "invalid type: integer `1`, expected a string at line 2 column 13"},
        {"{\"accepted\":true,\"audit_annotations\":{\"a\":null}}",
         "invalid type: null, expected a string at line 1 column 46"},
        {"{\"accepted\":true,\"audit_annotations\":true}",
         "invalid type: boolean `true`, expected a map at line 1 column 41"},
        {"{\"accepted\":true,\"message\" : 1 , \"message\" : 2}",
         "invalid type: integer `1`, expected a string at line 1 column 30"},
        {"{\"accepted\":true,\"message\":null , \"message\" : 2}",
         "duplicate field `message` at line 1 column 44"},
        {"{\"x\":{\"accepted\":1}}", "missing field `accepted` at line 1 column 20"},
        {"{\"accepted\":true", "EOF while parsing an object at line 1 column 16"},
        {"{\"accepted\":tru}", "expected ident at line 1 column 16"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_answer(cases[i].answer, CHIMERA_EGUEST, cases[i].why);
}

static void arrays_are_taken_by_position(void **state)
{
    (void)state;
    assert_answer("[false,\"m\",7,null,{},[]]", CHIMERA_OK,
                  "{\"uid\":\"u\",\"allowed\":false,\"status\":{\"message\":\"m\",\"code\":7},"
                  "\"auditAnnotations\":{},\"warnings\":[]}");
}

static void strings_are_reprinted(void **state)
{
    (void)state;
    assert_answer(
        "{\"accepted\":true,\"warnings\":[ \"\\/\\u0041\\u000a\" ,\"\\u00E9\\u0001\",\"\" ],"
        "\"audit_annotations\":{\"b\":\"1\",\"\\u0061\":\"\\\"\", \"b\":\"2\",\"\":\"3\"}}",
        CHIMERA_OK,
        "{\"uid\":\"u\",\"allowed\":true,\"auditAnnotations\":{\"\":\"3\",\"a\":\"\\\"\","
        "\"b\":\"2\"},\"warnings\":[\"/A\\n\",\"\xC3\xA9\\u0001\",\"\"]}");
}

/* guest-abis.md §4.3, policy-server.md §2.4. */
static void admission_response_passes_through(void **state)
{
    static const struct {
        const char *answer, *expected;
    } cases[] = {
        {"{\"uid\":\"other\",\"allowed\":true}",
         "{\"uid\":\"u\",\"allowed\":true,\"auditAnnotations\":null,\"warnings\":null}"},
        {"{\"warnings\":[\"w\"],\"auditAnnotations\":{\"k\":\"v\"},\"uid\":\"\",\"allowed\":false,"
         "\"patch\":\"W10=\",\"patchType\":\"JSONPatch\",\"status\":{\"status\":\"Failure\","
         "\"message\":\"m\",\"reason\":\"Forbidden\",\"code\":403,\"details\":{\"name\":\"n\","
         "\"group\":\"g\",\"kind\":\"k\",\"uid\":\"i\",\"causes\":[{\"field\":\"f\"},"
         "{\"message\":\"x\",\"reason\":\"r\"}],\"retry_after_seconds\":9}}}",
         "{\"uid\":\"u\",\"allowed\":false,\"patchType\":\"JSONPatch\",\"patch\":\"W10=\","
         "\"status\":{\"status\":\"Failure\",\"message\":\"m\",\"reason\":\"Forbidden\","
         "\"details\":{\"name\":\"n\",\"group\":\"g\",\"kind\":\"k\",\"uid\":\"i\",\"causes\":["
         "{\"reason\":null,\"message\":null,\"field\":\"f\"},"
         "{\"reason\":\"r\",\"message\":\"x\",\"field\":null}],\"retry_after_seconds\":9},"
         "\"code\":403},\"auditAnnotations\":{\"k\":\"v\"},\"warnings\":[\"w\"]}"},
        {"{\"uid\":\"\",\"allowed\":false,\"status\":{\"details\":{\"causes\":[]}}}",
         "{\"uid\":\"u\",\"allowed\":false,\"status\":{\"details\":{}},\"auditAnnotations\":null,"
         "\"warnings\":null}"},
        {"{\"allowed\":true}", "missing field `uid`"},
        {"{\"uid\":\"\"}", "missing field `allowed`"},
        {"{\"uid\":\"\",\"allowed\":false,\"status\":{\"status\":\"Odd\"}}",
         "unknown variant `Odd`, expected `Success` or `Failure`"},
        {"{\"uid\":\"\",\"allowed\":false,\"status\":{\"code\":65536}}",
         "invalid value: integer `65536`, expected u16"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_arena arena;
        struct chimera_response response;
        struct chimera_slice why;
        struct chimera_buffer out;
        chimera_arena_init(&arena, ARENA_MAX);
        chimera_buffer_init(&out, ARENA_MAX);
        int code = chimera_response_from_admission(chimera_slice_of(cases[i].answer),
                                                   &plain_request, &arena, &response, &why);
        if (code == CHIMERA_OK)
            chimera_response_write(&response, &out);
        else
            chimera_buffer_append(&out, why);
        chimera_buffer_byte(&out, '\0');
        assert_string_equal(out.data, cases[i].expected);
        assert_int_equal(code, cases[i].expected[0] == '{' ? CHIMERA_OK : CHIMERA_EGUEST);
        chimera_buffer_free(&out);
        chimera_arena_free(&arena);
    }
}

static void settings_answer_is_read(void **state)
{
    struct chimera_arena arena;
    struct chimera_slice message, why;
    bool is_valid = true;
    (void)state;
    chimera_arena_init(&arena, ARENA_MAX);
    assert_int_equal(chimera_settings_from_answer(
                         CHIMERA_SLICE("{\"valid\":false,\"message\":\"key x is missing\"}"),
                         &arena, &is_valid, &message, &why),
                     CHIMERA_OK);
    assert_false(is_valid);
    assert_true(chimera_slice_is(message, "key x is missing"));
    assert_int_equal(
        chimera_settings_from_answer(CHIMERA_SLICE("{\"valid\":true,\"message\":null}"), &arena,
                                     &is_valid, &message, &why),
        CHIMERA_OK);
    assert_true(is_valid);
    assert_null(message.data);
    assert_int_equal(
        chimera_settings_from_answer(CHIMERA_SLICE("hello"), &arena, &is_valid, &message, &why),
        CHIMERA_EGUEST);
    assert_true(chimera_slice_is(why, "expected value at line 1 column 1"));
    assert_int_equal(chimera_settings_from_answer(
                         CHIMERA_SLICE("{\"valid\":true,\"accepted\":true}\n{\"valid\":true}\n"),
                         &arena, &is_valid, &message, &why),
                     CHIMERA_EGUEST);
    assert_true(chimera_slice_is(why, "trailing characters at line 2 column 1"));
    chimera_arena_free(&arena);
}

static void answer_may_vanish_before_the_response(void **state)
{
    char answer[] = "{\"accepted\":false,\"message\":\"m\",\"warnings\":[\"w\"],"
                    "\"audit_annotations\":{\"a\":\"b\"}}";
    struct chimera_arena arena;
    struct chimera_response response;
    struct chimera_slice why;
    struct chimera_buffer out;
    (void)state;
    chimera_arena_init(&arena, ARENA_MAX);
    chimera_buffer_init(&out, ARENA_MAX);
    assert_int_equal(chimera_response_from_validation(chimera_slice_of(answer), &plain_request,
                                                      &arena, &response, &why),
                     CHIMERA_OK);
    memset(answer, '#', sizeof(answer));
    chimera_response_write(&response, &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(out.data, "{\"uid\":\"u\",\"allowed\":false,\"status\":{\"message\":\"m\"},"
                                  "\"auditAnnotations\":{\"a\":\"b\"},\"warnings\":[\"w\"]}");
    chimera_buffer_free(&out);
    chimera_arena_free(&arena);
}

static void full_arena_is_a_limit(void **state)
{
    struct chimera_arena arena;
    struct chimera_response response;
    struct chimera_slice why;
    (void)state;
    for (size_t limit = 0; limit < 120; limit++) {
        chimera_arena_init(&arena, limit);
        int code = chimera_response_from_validation(
            CHIMERA_SLICE("{\"accepted\":true,\"message\":\"m\\n\",\"warnings\":[\"\\t\"],"
                          "\"audit_annotations\":{\"\\t\":\"\\t\"},\"mutated_object\":1}"),
            &plain_request, &arena, &response, &why);
        assert_true(code == CHIMERA_ELIMIT || limit > 90);
        assert_true(code == CHIMERA_OK || why.data != NULL);
        chimera_arena_free(&arena);
    }
}

/* One text of `runes` characters, of which the first makes it differ from others. */
static void append_text(struct chimera_buffer *out, size_t number, size_t runes, const char *rune)
{
    uint32_t first = 0x4e00 + (uint32_t)number; /* three bytes of UTF-8 */
    char bytes[] = {(char)(0xe0 | first >> 12), (char)(0x80 | (first >> 6 & 0x3f)),
                    (char)(0x80 | (first & 0x3f)), 0};
    chimera_buffer_text(out, out->size > 1 ? ",\"" : "\"");
    chimera_buffer_text(out, bytes);
    for (size_t k = 1; k < runes; k++)
        chimera_buffer_text(out, rune);
    chimera_buffer_byte(out, '"');
}

static struct chimera_slice make_list(struct chimera_buffer *out, size_t count, size_t runes,
                                      const char *rune)
{
    chimera_buffer_reset(out);
    chimera_buffer_byte(out, '[');
    for (size_t i = 0; i < count; i++)
        append_text(out, i, runes, rune);
    chimera_buffer_byte(out, ']');
    return chimera_buffer_slice(out);
}

static void assert_cut(struct chimera_slice given, struct chimera_slice wanted, const char *what)
{
    struct chimera_arena arena;
    struct chimera_response response = {.warnings = given};
    chimera_arena_init(&arena, ARENA_MAX);
    chimera_response_limit_warnings(&response, &arena);
    if (!chimera_slice_equal(response.warnings, wanted))
        fail_msg("%s: %zu bytes, not %zu", what, response.warnings.size, wanted.size);
    chimera_arena_free(&arena);
}

struct warning_case {
    size_t count, runes, kept_count, kept_runes;
};

/* The numbers are those of the API server's warning recorder: 4096 in all, else 256 each. Those up
 * to the one that was too much are all shown, cut. */
static const struct warning_case WARNINGS[] = {
    {1, 4096, 1, 4096}, {1, 4097, 1, 256},  {16, 256, 16, 256}, {17, 256, 17, 256},
    {20, 300, 16, 256}, {40, 255, 17, 255}, {5000, 1, 4097, 1}, {4000, 1, 4000, 1},
    {3, 1500, 3, 256},  {30, 400, 16, 256}, {18, 256, 17, 256},
};

static void long_warnings_are_cut_as_an_api_server_does(void **state)
{
    static const char *const RUNES[] = {"x", "\xC3\xA9", "\xF0\x9F\x98\x80", "\\\"", "\\\\"};
    struct chimera_buffer given, wanted;
    char what[64];
    (void)state;
    chimera_buffer_init(&given, ARENA_MAX);
    chimera_buffer_init(&wanted, ARENA_MAX);
    for (size_t i = 0; i < sizeof(WARNINGS) / sizeof(WARNINGS[0]); i++) {
        for (size_t k = 0; k < sizeof(RUNES) / sizeof(RUNES[0]); k++) {
            const struct warning_case *test = &WARNINGS[i];
            struct chimera_slice list = make_list(&given, test->count, test->runes, RUNES[k]);
            snprintf(what, sizeof(what), "%zu of %zu %s", test->count, test->runes, RUNES[k]);
            assert_cut(list, make_list(&wanted, test->kept_count, test->kept_runes, RUNES[k]),
                       what);
        }
    }
    chimera_buffer_free(&wanted);
    chimera_buffer_free(&given);
}

/* What an API server does not show is not counted, either: of lists that are too long all of that
 * goes first. U+0080 to U+009F are control characters, U+00A0 is none. */
static void warnings_that_are_not_shown_take_no_room(void **state)
{
    static const char *const HIDDEN[] = {"\\n", "\\u0001", "\x7f", "\xC2\x80", "\xC2\x9F"};
    struct chimera_buffer given, wanted;
    (void)state;
    chimera_buffer_init(&given, ARENA_MAX);
    chimera_buffer_init(&wanted, ARENA_MAX);
    for (size_t i = 0; i < sizeof(HIDDEN) / sizeof(HIDDEN[0]); i++) {
        chimera_buffer_reset(&given);
        chimera_buffer_text(&given, "[\"\"");
        append_text(&given, 9, 3000, HIDDEN[i]);
        append_text(&given, 1, 1500, "f");
        append_text(&given, 1, 1500, "f");
        append_text(&given, 2, 1500, "\xC2\xA0");
        chimera_buffer_text(&given, "]");
        chimera_buffer_reset(&wanted);
        chimera_buffer_text(&wanted, "[");
        append_text(&wanted, 1, 1500, "f");
        append_text(&wanted, 2, 1500, "\xC2\xA0");
        chimera_buffer_text(&wanted, "]");
        assert_cut(chimera_buffer_slice(&given), chimera_buffer_slice(&wanted), HIDDEN[i]);
    }
    chimera_buffer_free(&wanted);
    chimera_buffer_free(&given);
}

/* Where texts are cut, it is what is left of them that must have no control characters. */
static void a_control_character_behind_the_cut_does_not_count(void **state)
{
    struct chimera_buffer given, wanted;
    (void)state;
    chimera_buffer_init(&given, ARENA_MAX);
    chimera_buffer_init(&wanted, ARENA_MAX);
    chimera_buffer_text(&given, "[");
    append_text(&given, 1, 300, "x");
    given.data[given.size - 1] = '\\'; /* in place of the closing quote: goes on */
    chimera_buffer_text(&given, "n\"");
    append_text(&given, 2, 2, "\\n");
    append_text(&given, 3, 3000, "y");
    append_text(&given, 4, 3000, "z");
    chimera_buffer_text(&given, "]");
    chimera_buffer_text(&wanted, "[");
    append_text(&wanted, 1, 256, "x");
    append_text(&wanted, 3, 256, "y");
    append_text(&wanted, 4, 256, "z");
    chimera_buffer_text(&wanted, "]");
    assert_cut(chimera_buffer_slice(&given), chimera_buffer_slice(&wanted), "behind the cut");
    chimera_buffer_free(&wanted);
    chimera_buffer_free(&given);
}

/* Their bytes are those of the reference. */
static void short_lists_stay_as_they_are(void **state)
{
    const struct chimera_slice list = CHIMERA_SLICE("[\"\",\"a\",\"a\",\"\\n\",\"\x7f\",\"\"]");
    (void)state;
    assert_cut(list, list, "a short list");
}

/* An API server answers 400 and 600 alike with the code; of 600 and more no client knows what it
 * means. Below 400 it says 400 itself. */
static void codes_above_599_become_500(void **state)
{
    static const struct {
        uint16_t said, told;
    } cases[] = {{0, 0},     {200, 200}, {399, 399}, {400, 400},
                 {599, 599}, {600, 500}, {999, 500}, {65535, 500}};
    struct chimera_response without = {.allowed = false};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_response response = {
            .has_status = true,
            .status = {.message = CHIMERA_SLICE("no"), .has_code = true, .code = cases[i].said}};
        chimera_response_limit_code(&response);
        assert_int_equal(response.status.code, cases[i].told);
        assert_true(chimera_slice_is(response.status.message, "no"));
    }
    chimera_response_limit_code(&without);
    assert_false(without.has_status || without.status.has_code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_warnings_are_cut_as_an_api_server_does),
        cmocka_unit_test(warnings_that_are_not_shown_take_no_room),
        cmocka_unit_test(a_control_character_behind_the_cut_does_not_count),
        cmocka_unit_test(short_lists_stay_as_they_are),
        cmocka_unit_test(codes_above_599_become_500),
        cmocka_unit_test(verdicts_are_as_recorded),
        cmocka_unit_test(answers_of_another_shape_are_refused),
        cmocka_unit_test(arrays_are_taken_by_position),
        cmocka_unit_test(strings_are_reprinted),
        cmocka_unit_test(admission_response_passes_through),
        cmocka_unit_test(settings_answer_is_read),
        cmocka_unit_test(answer_may_vanish_before_the_response),
        cmocka_unit_test(full_arena_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
