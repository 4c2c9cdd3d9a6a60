/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-decoding under each of the rules that callers have. Who has which: the file URLs of the
 * server (lenient, no NUL) in test_reference.c, of the command (strict, no NUL) in
 * tests/e2e/command/behaviour; ids of policies in test_route.c, headers in
 * test_otel_settings.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <string.h>

#include "runtime/base/percent.h"

#define LENIENT CHIMERA_PERCENT_LENIENT
#define STRICT CHIMERA_PERCENT_STRICT
#define NO_NUL CHIMERA_PERCENT_NO_NUL

struct text {
    struct chimera_slice from;
    unsigned rules;
    struct chimera_slice to; /* .data NULL: ended */
};

#define ENDED {NULL, 0}
#define TEXT(literal) {literal, sizeof(literal) - 1}

static const struct text texts[] = {
    {TEXT(""), STRICT, TEXT("")},
    {TEXT("a+b/é"), STRICT | NO_NUL, TEXT("a+b/é")},
    {TEXT("%41%2f%2F%C3%A9%ff"), STRICT | NO_NUL, TEXT("A//\xC3\xA9\xff")},
    {TEXT("%252F"), LENIENT, TEXT("%2F")}, /* once */
    {TEXT("%zz%4"), LENIENT, TEXT("%zz%4")},
    {TEXT("%%41%"), LENIENT, TEXT("%A%")},
    {TEXT("%zz"), STRICT, ENDED},
    {TEXT("a%4"), STRICT, ENDED},
    {TEXT("a%"), STRICT, ENDED},
    {TEXT("%00x"), LENIENT, TEXT("\0x")},
    {TEXT("%00x"), STRICT, TEXT("\0x")},
    {TEXT("%00x"), LENIENT | NO_NUL, TEXT("%00x")},
    {TEXT("x%00"), STRICT | NO_NUL, ENDED},
    {TEXT("\0%41"), STRICT | NO_NUL, TEXT("\0A")}, /* no escape of it */
};

static void an_escape_is_a_byte_under_its_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct text *text = &texts[i];
        char room[32];
        size_t size = 99;
        memset(room, '1', sizeof(room));                /* what is behind it completes no escape */
        memcpy(room, text->from.data, text->from.size); /* and where the text is */
        struct chimera_slice from = {room, text->from.size};
        bool is_done = chimera_percent_decode(from, text->rules, room, &size);
        if (is_done != (text->to.data != NULL))
            fail_msg("%s, rules %u", text->from.data, text->rules);
        assert_int_equal(size, is_done ? text->to.size : 99);
        if (is_done)
            assert_memory_equal(room, text->to.data, size);
    }
}

/* Whose room is smaller than the text takes byte after byte. */
static void a_text_is_taken_byte_by_byte(void **state)
{
    (void)state;
    struct chimera_slice text = TEXT("%41b%");
    assert_int_equal(chimera_percent_take(&text, STRICT), 'A');
    assert_int_equal(text.size, 2);
    assert_int_equal(chimera_percent_take(&text, STRICT), 'b');
    assert_int_equal(chimera_percent_take(&text, STRICT), -1);
    assert_int_equal(text.size, 1); /* it stays there */
    assert_int_equal(chimera_percent_take(&text, LENIENT), '%');
    assert_int_equal(text.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_escape_is_a_byte_under_its_rules),
        cmocka_unit_test(a_text_is_taken_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
