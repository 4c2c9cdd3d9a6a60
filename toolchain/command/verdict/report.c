/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/verdict/report.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/text/printable.h"
#include "runtime/text/problems.h"
#include "runtime/text/utf8.h"

#define XML_MAX ((size_t)256 << 20)
#define LINE_MAX ((size_t)1 << 20)
#define REPLACEMENT "\xEF\xBF\xBD"

void test_report_init(struct test_report *report, bool has_xml)
{
    *report = (struct test_report){.has_xml = has_xml};
    chimera_buffer_init(&report->suites, XML_MAX);
    chimera_buffer_init(&report->cases, XML_MAX);
}

void test_report_done(struct test_report *report)
{
    chimera_buffer_free(&report->suites);
    chimera_buffer_free(&report->cases);
}

/* --- XML --- */

/* U+FFFE and U+FFFF are no characters there; surrogates are no UTF-8. */
static bool is_xml(struct chimera_slice character)
{
    unsigned char byte = (unsigned char)*character.data;
    if (character.size == 1)
        return byte >= ' ' || byte == '\t' || byte == '\n' || byte == '\r';
    return character.size != 3 || memcmp(character.data, "\xEF\xBF", 2) != 0 ||
           (unsigned char)character.data[2] < 0xBE;
}

void test_report_escape(struct chimera_slice text, struct chimera_buffer *out)
{
    while (text.size > 0 && !out->failed) {
        size_t size = chimera_utf8_character(text);
        struct chimera_slice character = {text.data, size ? size : 1};
        char byte = *text.data;
        if (size == 0 || !is_xml(character))
            chimera_buffer_text(out, REPLACEMENT);
        else if (strchr("&<>\"'\n\r\t", byte) && size == 1)
            chimera_buffer_print(out, "&#%d;", byte); /* line ends stay in attributes so */
        else
            chimera_buffer_append(out, character);
        text = (struct chimera_slice){text.data + character.size, text.size - character.size};
    }
}

static void put_attribute(const char *name, struct chimera_slice value, struct chimera_buffer *out)
{
    chimera_buffer_print(out, " %s=\"", name);
    test_report_escape(value, out);
    chimera_buffer_byte(out, '"');
}

static void put_counts(size_t tests, size_t failed, size_t errors, uint64_t nanoseconds,
                       struct chimera_buffer *out)
{
    chimera_buffer_print(out,
                         " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\" "
                         "time=\"%.6f\"",
                         tests, failed, errors, (double)nanoseconds / 1e9);
}

static void put_case(struct test_report *report, const char *name, enum test_outcome outcome,
                     struct chimera_slice why, uint64_t nanoseconds)
{
    struct chimera_buffer *out = &report->cases;
    const char *element = outcome == TEST_FAILED ? "failure" : "error";
    const char *end = memchr(why.data ? why.data : "", '\n', why.size);
    struct chimera_slice first = {why.data, end ? (size_t)(end - why.data) : why.size};
    chimera_buffer_text(out, "    <testcase");
    put_attribute("name", chimera_slice_of(name), out);
    put_attribute("classname", chimera_slice_of(report->file), out);
    chimera_buffer_print(out, " time=\"%.6f\"", (double)nanoseconds / 1e9);
    if (outcome == TEST_PASSED) {
        chimera_buffer_text(out, "/>\n");
        return;
    }
    chimera_buffer_print(out, ">\n      <%s", element);
    put_attribute("message", first, out);
    put_attribute("type", chimera_slice_of(outcome == TEST_FAILED ? "answer" : "run"), out);
    chimera_buffer_byte(out, '>');
    test_report_escape(why, out);
    chimera_buffer_print(out, "</%s>\n    </testcase>\n", element);
}

static void add_line(void *context, const char *line)
{
    struct chimera_buffer *text = context;
    if (text->size > 0)
        chimera_buffer_byte(text, '\n');
    chimera_buffer_text(text, line);
}

void test_report_put(const struct test_report *report, struct chimera_buffer *out)
{
    chimera_buffer_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    put_counts(report->passed + report->failed + report->errors + report->unread, report->failed,
               report->errors + report->unread, report->nanoseconds, out);
    chimera_buffer_text(out, ">\n");
    chimera_buffer_append(out, chimera_buffer_slice(&report->suites));
    chimera_buffer_text(out, "</testsuites>\n");
    if (report->suites.failed && !out->failed)
        out->failed = report->suites.failed;
}

int test_report_write(const struct test_report *report, const char *path, struct chimera_error *err)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, XML_MAX + LINE_MAX);
    test_report_put(report, &out);
    int code = out.failed;
    code = code < 0 ? chimera_fail(err, code, "%s: %s", path, chimera_code_text(code))
                    : chimera_file_write(path, chimera_buffer_slice(&out), CHIMERA_FILE_PLAIN, err);
    chimera_buffer_free(&out);
    return code;
}

/* --- Lines --- */

static void print(struct chimera_buffer *line)
{
    if (!line->failed)
        fwrite(line->data, 1, line->size, stdout);
    chimera_buffer_free(line);
}

static void print_file(struct test_report *report)
{
    struct chimera_buffer line;
    if (report->is_told)
        return;
    report->is_told = true;
    chimera_buffer_init(&line, LINE_MAX);
    chimera_printable_append(chimera_slice_of(report->file), NULL, &line);
    chimera_buffer_byte(&line, '\n');
    print(&line);
}

static void print_case(struct test_report *report, const char *name, enum test_outcome outcome,
                       struct chimera_slice why)
{
    static const char *const words[] = {"passed", "FAILED", "ERROR "};
    static const char *const colours[] = {"\033[0;32m", "\033[0;31m", "\033[0;31m"};
    struct chimera_buffer line;
    if (report->is_silent || (outcome == TEST_PASSED && report->is_quiet))
        return;
    print_file(report);
    chimera_buffer_init(&line, LINE_MAX);
    chimera_buffer_print(&line, "  %s%s%s  ", report->is_colourful ? colours[outcome] : "",
                         words[outcome], report->is_colourful ? "\033[0m" : "");
    chimera_printable_append(chimera_slice_of(name), NULL, &line);
    chimera_buffer_byte(&line, '\n');
    if (why.size > 0) {
        chimera_buffer_text(&line, "          ");
        chimera_printable_append(why, "\n          ", &line);
        chimera_buffer_byte(&line, '\n');
    }
    print(&line);
    fflush(stdout);
}

void test_report_begin(struct test_report *report, const char *file)
{
    report->file = file;
    report->is_told = false;
    report->count = report->file_failed = report->file_errors = 0;
    report->file_nanoseconds = 0;
    chimera_buffer_reset(&report->cases);
}

void test_report_case(struct test_report *report, const char *name, enum test_outcome outcome,
                      struct chimera_slice why, uint64_t nanoseconds)
{
    report->passed += outcome == TEST_PASSED;
    report->failed += outcome == TEST_FAILED;
    report->errors += outcome == TEST_ERROR;
    report->file_failed += outcome == TEST_FAILED;
    report->file_errors += outcome == TEST_ERROR;
    report->nanoseconds += nanoseconds;
    report->file_nanoseconds += nanoseconds;
    report->count++;
    print_case(report, name, outcome, why);
    if (report->has_xml)
        put_case(report, name, outcome, why, nanoseconds);
}

void test_report_end(struct test_report *report)
{
    if (report->has_xml && report->count > 0) {
        struct chimera_buffer *out = &report->suites;
        chimera_buffer_text(out, "  <testsuite");
        put_attribute("name", chimera_slice_of(report->file), out);
        put_counts(report->count, report->file_failed, report->file_errors,
                   report->file_nanoseconds, out);
        chimera_buffer_text(out, ">\n");
        chimera_buffer_append(out, chimera_buffer_slice(&report->cases));
        chimera_buffer_text(out, "  </testsuite>\n");
        if (report->cases.failed && !out->failed)
            out->failed = report->cases.failed;
    }
}

void test_report_unread(struct test_report *report, const char *file,
                        const struct chimera_error *why)
{
    struct chimera_buffer text;
    if (!report->has_xml)
        return;
    chimera_buffer_init(&text, XML_MAX);
    chimera_error_each(why, add_line, &text);
    test_report_begin(report, file);
    report->count = report->file_errors = 1;
    report->unread++;
    put_case(report, "the file itself", TEST_ERROR, chimera_buffer_slice(&text), 0);
    test_report_end(report);
    chimera_buffer_free(&text);
}

void test_report_sum(const struct test_report *report)
{
    printf("%zu passed, %zu failed\n", report->passed, report->failed + report->errors);
}
