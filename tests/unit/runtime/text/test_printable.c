/* SPDX-License-Identifier: Apache-2.0 */
/* What is a control, a format character or a separator: the general categories Cc, Cf, Zl and Zp of
 * the Unicode Character Database, 14.0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/text/printable.h"

static void assert_shows(const char *text, size_t size, const char *line_end, const char *want)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 4096);
    chimera_printable_append((struct chimera_slice){text, size}, line_end, &out);
    chimera_buffer_byte(&out, 0);
    assert_int_equal(out.failed, 0);
    assert_string_equal(out.data, want);
    chimera_buffer_free(&out);
}

static void what_has_no_shape_is_told_apart(void **state)
{
    static const uint32_t hidden[] = {0,      0x07,   0x1b,   0x1f,   0x7f,    0x80,
                                      0x9b,   0x9f,   0xad,   0x61c,  0x180e,  0x200b,
                                      0x200e, 0x2028, 0x2029, 0x202a, 0x202e,  0x2060,
                                      0x2066, 0x2069, 0xfeff, 0xfff9, 0xe0001, 0xe007f};
    static const uint32_t shown[] = {' ',    '~',    0xa0,   0xe9,   0x200c,  0x200d,
                                     0x2027, 0x202f, 0x4e2d, 0xfffd, 0x1f600, 0x10ffff};
    (void)state;
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        if (chimera_printable_is(hidden[i]))
            fail_msg("U+%04x", (unsigned)hidden[i]);
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
        if (!chimera_printable_is(shown[i]))
            fail_msg("U+%04x", (unsigned)shown[i]);
}

static void it_is_written_in_place_of_being_done(void **state)
{
    static const char text[] = "a\x1b[2J\r\n\tb\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81\0c\xff\xc3";
    (void)state;
    assert_shows(text, sizeof(text) - 1, NULL,
                 "a\\u{1b}[2J\\r\\n\\tb\\u{9b}\\u{202e}\\u{e0001}\\u{0}c\xef\xbf\xbd\xef\xbf\xbd");
    assert_shows("", 0, NULL, "");
}

static void line_ends_may_be_kept_in_a_form_that_is_told(void **state)
{
    (void)state;
    assert_shows("a\n\tb\r\nc\rd", 9, "\n  ", "a\n  \tb\n  c\\rd");
}

static void documents_stay_what_they_are(void **state)
{
    static const char json[] = "{\"a\xe2\x80\xae\":\"\x7f\xf3\xa0\x80\x81\"}\n";
    struct chimera_buffer out;
    (void)state;
    chimera_buffer_init(&out, 4096);
    chimera_printable_document(CHIMERA_SLICE(json), CHIMERA_PRINTABLE_JSON, &out);
    chimera_printable_document(CHIMERA_SLICE(json), CHIMERA_PRINTABLE_YAML, &out);
    chimera_buffer_byte(&out, 0);
    assert_string_equal(out.data, "{\"a\\u202e\":\"\\u007f\\udb40\\udc01\"}\n"
                                  "{\"a\\u202e\":\"\\u007f\\U000e0001\"}\n");
    chimera_buffer_free(&out);
}

static void no_line_of_a_message_passes_for_another(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    (void)state;
    chimera_printable_say(to, "Error", "%s", "a\x1b[1A\nError: b\n  c\n\td\r\n\ne");
    chimera_printable_say(to, NULL, "%d", 5);
    /* A workflow command of who runs us, which may be indented. */
    chimera_printable_say(to, "Policy", "a\n::stop-commands::b\n ::c\na::d");
    fclose(to);
    assert_string_equal(text, "Error: a\\u{1b}[1A\n  Error: b\n    c\n  \td\\r\n\n  e\n5\n"
                              "Policy: a\n  | ::stop-commands::b\n  |  ::c\n  a::d\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_no_shape_is_told_apart),
        cmocka_unit_test(it_is_written_in_place_of_being_done),
        cmocka_unit_test(line_ends_may_be_kept_in_a_form_that_is_told),
        cmocka_unit_test(documents_stay_what_they_are),
        cmocka_unit_test(no_line_of_a_message_passes_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
