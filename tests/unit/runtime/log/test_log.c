/* SPDX-License-Identifier: Apache-2.0 */
/* The two forms are the reference's, policy-server.md §6.4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/log/log.h"
#include "runtime/text/utf8.h"

#define STAMP_SIZE 27 /* 2026-05-21T08:33:56.123456Z */

static char line[65536];
static size_t line_size;

static int pipe_ends[2];

static int make_pipe(void **state)
{
    (void)state;
    return pipe(pipe_ends);
}

/* Reads what was logged; it all fits into a pipe. */
static void take_line(void)
{
    ssize_t size = read(pipe_ends[0], line, sizeof(line) - 1);
    assert_true(size > 0);
    line_size = (size_t)size;
    line[line_size] = '\0';
}

static void nothing_is_evaluated_while_silent(void **state)
{
    int calls = 0;
    (void)state;
    chimera_log_with(CHIMERA_LOG_ERROR, "t", CHIMERA_SLICE("m"), CHIMERA_NUMBER("n", ++calls));
    assert_int_equal(calls, 0);
    assert_false(chimera_log_is_on(CHIMERA_LOG_ERROR));
}

static void text_lines_look_like_the_reference_s(void **state)
{
    (void)state;
    chimera_log_open(pipe_ends[1], CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    chimera_log(CHIMERA_LOG_DEBUG, "t", CHIMERA_SLICE("too low"));
    chimera_log_with(CHIMERA_LOG_INFO, "policy_log", CHIMERA_SLICE("say \"hi\""),
                     CHIMERA_WORD("data", CHIMERA_SLICE("{\"k\":\"v\"}")),
                     CHIMERA_TEXT("id", CHIMERA_SLICE("a \"b\"\\")), CHIMERA_NUMBER("status", -200),
                     CHIMERA_BOOL("ok", true));
    take_line();
    assert_string_equal(line + STAMP_SIZE, "  INFO policy_log: say \"hi\" data={\"k\":\"v\"} "
                                           "id=\"a \\\"b\\\"\\\\\" status=-200 ok=true\n");
    assert_int_equal(line[10], 'T');
    assert_int_equal(line[26], 'Z');
}

static void json_lines_look_like_the_reference_s(void **state)
{
    (void)state;
    chimera_log_open(pipe_ends[1], CHIMERA_LOG_JSON, CHIMERA_LOG_TRACE);
    chimera_log_with(CHIMERA_LOG_WARN, "t", CHIMERA_SLICE("a\nb\x01\"c\""),
                     CHIMERA_WORD("w", CHIMERA_SLICE("é")), CHIMERA_NUMBER("n", 7),
                     CHIMERA_BOOL("b", false));
    take_line();
    assert_memory_equal(line, "{\"timestamp\":\"", 14);
    assert_string_equal(line + 14 + STAMP_SIZE,
                        "\",\"level\":\"WARN\",\"fields\":{\"message\":\"a\\nb\\u0001\\\"c\\\"\","
                        "\"w\":\"é\",\"n\":7,\"b\":false},\"target\":\"t\"}\n");
}

static void a_guest_cannot_forge_lines(void **state)
{
    (void)state;
    chimera_log_open(pipe_ends[1], CHIMERA_LOG_TEXT, CHIMERA_LOG_TRACE);
    chimera_log(CHIMERA_LOG_ERROR, "t", CHIMERA_SLICE("x\n2026 INFO y\x1b[2J\x7f\xff\xc3z"));
    take_line();
    assert_string_equal(line + STAMP_SIZE,
                        " ERROR t: x\\n2026 INFO y\\u{1b}[2J\\u{7f}\xef\xbf\xbd\xef\xbf\xbdz\n");
}

/* C1, a direction, a character outside of the first plane that cannot be seen: JSON keeps them. */
static void what_cannot_be_seen_is_shown(void **state)
{
    (void)state;
    chimera_log_open(pipe_ends[1], CHIMERA_LOG_TEXT, CHIMERA_LOG_TRACE);
    chimera_log(CHIMERA_LOG_ERROR, "t",
                CHIMERA_SLICE("\xc2\x9b"
                              "2J\xe2\x80\xae\xf3\xa0\x81\x81é"));
    take_line();
    assert_string_equal(line + STAMP_SIZE, " ERROR t: \\u{9b}2J\\u{202e}\\u{e0041}é\n");
    chimera_log_open(pipe_ends[1], CHIMERA_LOG_JSON, CHIMERA_LOG_TRACE);
    chimera_log(CHIMERA_LOG_ERROR, "t",
                CHIMERA_SLICE("\xc2\x9b"
                              "2J\xe2\x80\xae\xf3\xa0\x81\x81é"));
    take_line();
    assert_non_null(strstr(line, "\"message\":\"\\u009b2J\\u202e\\udb40\\udc41é\""));
}

static void a_long_line_is_cut_and_stays_whole(void **state)
{
    static char text[40000];
    (void)state;
    memset(text, '"', sizeof(text));
    chimera_log_open(pipe_ends[1], CHIMERA_LOG_JSON, CHIMERA_LOG_TRACE);
    chimera_log_with(CHIMERA_LOG_INFO, "t", ((struct chimera_slice){text, sizeof(text)}),
                     CHIMERA_TEXT("left", CHIMERA_SLICE("out")));
    take_line();
    assert_true(line_size <= 16384);
    assert_string_equal(line + line_size - strlen("\\\"…\"},\"target\":\"t\"}\n"),
                        "\\\"…\"},\"target\":\"t\"}\n");
}

static struct chimera_log_field review_fields[2], request_fields[1];
static struct chimera_span review_span, request_span;

static void complete(struct chimera_span *span)
{
    span->complete = NULL;
    review_fields[0] = CHIMERA_TEXT("name", CHIMERA_SLICE("pod \"x\"\n}: forged"));
    review_fields[1] = CHIMERA_BOOL("allowed", true);
    span->field_count = 2;
}

/* request{uri=/validate/x}:validation{…} */
static void enter_spans(void)
{
    request_fields[0] = CHIMERA_WORD("uri", CHIMERA_SLICE("/validate/x"));
    request_span =
        (struct chimera_span){.name = "request", .field = request_fields, .field_count = 1};
    review_span = (struct chimera_span){.parent = &request_span,
                                        .name = "validation",
                                        .field = review_fields,
                                        .complete = complete};
    chimera_log_span = &review_span;
}

static void text_lines_begin_with_their_spans(void **state)
{
    (void)state;
    chimera_log_open(pipe_ends[1], CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    enter_spans();
    chimera_log_with(CHIMERA_LOG_DEBUG, "t", CHIMERA_SLICE("too low"), CHIMERA_NUMBER("n", 1));
    assert_non_null(review_span.complete); /* nobody has asked */
    chimera_log_with(CHIMERA_LOG_INFO, "t", CHIMERA_SLICE("m"), CHIMERA_NUMBER("n", 1));
    take_line();
    assert_string_equal(line + STAMP_SIZE,
                        "  INFO request{uri=/validate/x}:validation{name=\"pod \\\"x\\\"\\n}: "
                        "forged\" allowed=true}: t: m n=1\n");
    chimera_log_in("policy_log", CHIMERA_LOG_INFO, "t", ((struct chimera_slice){NULL, 0}),
                   CHIMERA_NUMBER("n", 1));
    take_line();
    assert_string_equal(strstr(line, "allowed=true"), "allowed=true}:policy_log: t: n=1\n");
    chimera_log_span = NULL;
    chimera_log_in("policy_log", CHIMERA_LOG_INFO, "t", CHIMERA_SLICE("m"), CHIMERA_NUMBER("n", 1));
    take_line();
    assert_string_equal(line + STAMP_SIZE, "  INFO t: m n=1\n");
}

static void json_lines_name_the_innermost_span_and_all(void **state)
{
    (void)state;
    chimera_log_open(pipe_ends[1], CHIMERA_LOG_JSON, CHIMERA_LOG_INFO);
    enter_spans();
    chimera_log(CHIMERA_LOG_INFO, "t", CHIMERA_SLICE("m"));
    take_line();
    chimera_log_span = NULL;
#define VALIDATION \
    "{\"object_name\":\"pod \\\"x\\\"\\n}: forged\",\"allowed\":true,\"name\":\"validation\"}"
    assert_string_equal(strstr(line, "\"fields\""),
                        "\"fields\":{\"message\":\"m\"},\"target\":\"t\",\"span\":" VALIDATION
                        ",\"spans\":[{\"uri\":\"/validate/x\",\"name\":\"request\"}," VALIDATION
                        "]}\n");
}

static int depth_of(const char *text)
{
    int depth = 0;
    bool is_quoted = false;
    for (; *text; text++) {
        if (is_quoted && *text == '\\')
            text++;
        else if (*text == '"')
            is_quoted = !is_quoted;
        else if (!is_quoted)
            depth += *text == '{' || *text == '[' ? 1 : *text == '}' || *text == ']' ? -1 : 0;
    }
    return is_quoted ? 1000 : depth;
}

/* Whatever is too long, in the line or in its spans: it ends, and JSON is closed. */
static void a_long_line_in_long_spans_stays_whole(void **state)
{
    static char text[40000];
    static struct chimera_log_field fields[17];
    struct chimera_span spans[12];
    (void)state;
    memset(text, '\1', sizeof(text)); /* six bytes each, in JSON */
    for (size_t i = 0; i < 17; i++)
        fields[i] = CHIMERA_TEXT("field", ((struct chimera_slice){text, sizeof(text)}));
    for (size_t i = 0; i < 12; i++)
        spans[i] = (struct chimera_span){.parent = i ? &spans[i - 1] : NULL,
                                         .name = "validation_raw",
                                         .field = fields,
                                         .field_count = 17};
    chimera_log_span = &spans[11];
    for (int form = CHIMERA_LOG_TEXT; form <= CHIMERA_LOG_JSON; form++) {
        chimera_log_open(pipe_ends[1], (enum chimera_log_form)form, CHIMERA_LOG_INFO);
        chimera_log_write(CHIMERA_LOG_INFO, "t", (struct chimera_slice){text, sizeof(text)}, fields,
                          17);
        take_line();
        assert_true(line_size < 26000);
        assert_int_equal(line[line_size - 1], '\n');
        if (form == CHIMERA_LOG_JSON)
            assert_int_equal(depth_of(line), 0);
    }
    chimera_log_span = NULL;
}

static void levels_are_read_in_any_case(void **state)
{
    static const struct {
        const char *name;
        int level; /* -1: none */
    } cases[] = {{"trace", 0}, {"DEBUG", 1}, {"Info", 2}, {"warn", 3},   {"WARNING", 3},
                 {"error", 4}, {"", -1},     {"inf", -1}, {"infos", -1}, {"silent", -1}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        enum chimera_log_level level = CHIMERA_LOG_SILENT;
        assert_int_equal(chimera_log_level_parse(chimera_slice_of(cases[i].name), &level),
                         cases[i].level >= 0);
        if (cases[i].level >= 0)
            assert_int_equal(level, cases[i].level);
    }
}

/* Unicode's table 3-7, its edges. */
static void utf8_is_what_unicode_says(void **state)
{
    static const struct {
        const char *text;
        size_t good;
    } cases[] = {
        {"", 0},
        {"plain text of some length", 25},
        {"\xc2\x80", 2},
        {"\xc1\xbf", 0},
        {"\xc0\x80", 0},
        {"\x80", 0},
        {"\xe0\xa0\x80", 3},
        {"\xe0\x9f\xbf", 0},
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"12345678\xe2\x82", 8},
        {"a\xe2\x82\xac\xff", 4},
        {"\xe2\x28\xa1", 0},
        {"\xf0\x90\x28\xbc", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(chimera_utf8_prefix(chimera_slice_of(cases[i].text)), cases[i].good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_evaluated_while_silent),
        cmocka_unit_test(text_lines_look_like_the_reference_s),
        cmocka_unit_test(json_lines_look_like_the_reference_s),
        cmocka_unit_test(a_guest_cannot_forge_lines),
        cmocka_unit_test(what_cannot_be_seen_is_shown),
        cmocka_unit_test(a_long_line_is_cut_and_stays_whole),
        cmocka_unit_test(text_lines_begin_with_their_spans),
        cmocka_unit_test(json_lines_name_the_innermost_span_and_all),
        cmocka_unit_test(a_long_line_in_long_spans_stays_whole),
        cmocka_unit_test(levels_are_read_in_any_case),
        cmocka_unit_test(utf8_is_what_unicode_says),
    };
    return cmocka_run_group_tests(tests, make_pipe, NULL);
}
