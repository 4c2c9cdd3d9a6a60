/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of what is wrong, and the word that was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/text/nearest.h"
#include "runtime/text/problems.h"

static void they_stand_in_the_order_of_their_places(void **state)
{
    struct chimera_problems problems = {0}, more = {0};
    struct chimera_buffer out;
    (void)state;
    chimera_buffer_init(&out, 4096);
    chimera_problems_add(&problems, 3, 1, "c", "third");
    chimera_problems_add(&problems, 1, 9, "b", "second");
    chimera_problems_add(&problems, 3, 1, "c.x", "fourth");
    chimera_problems_add(&more, 1, 2, "a", "first\nError: forged\x1b[2J");
    chimera_problems_add(&more, 3, 1, "c", "known already");
    chimera_problems_move(&more, &problems);
    assert_false(chimera_problems_any(&more));
    chimera_problems_write(&problems, "f.yml", &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(out.data,
                        "f.yml:1:2: a: first\\nError: forged\\u{1b}[2J\nf.yml:1:9: b: second\n"
                        "f.yml:3:1: c: third\nf.yml:3:1: c.x: fourth\n");
    chimera_buffer_free(&out);
    chimera_problems_done(&problems);
}

static void collect(void *context, const char *line)
{
    chimera_buffer_print(context, "<%s>", line);
}

static void an_error_has_the_first_and_the_details_all(void **state)
{
    struct chimera_problems problems = {0};
    struct chimera_buffer details, out;
    struct chimera_error err = {.details = &details}, other = {0};
    (void)state;
    chimera_buffer_init(&details, 4096);
    chimera_buffer_init(&out, 4096);
    assert_int_equal(chimera_problems_fail(&problems, "f", CHIMERA_EINVAL, &err), 0);
    chimera_problems_add(&problems, 0, 0, "policy \"a\"", "bad");
    assert_int_equal(chimera_problems_fail(&problems, NULL, CHIMERA_EINVAL, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "policy \"a\": bad");
    assert_int_equal(details.size, 0);
    chimera_error_each(&err, collect, &out);
    chimera_problems_add(&problems, 0, 0, "", "worse");
    chimera_problems_fail(&problems, NULL, CHIMERA_EINVAL, &err);
    assert_string_equal(err.text, "policy \"a\": bad; and 1 more mistake");
    chimera_error_each(&err, collect, &out);
    chimera_problems_fail(&problems, NULL, CHIMERA_EINVAL, &other); /* nobody asks for details */
    chimera_error_each(&other, collect, &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(
        out.data,
        "<policy \"a\": bad><policy \"a\": bad><worse><policy \"a\": bad; and 1 more mistake>");
    chimera_buffer_free(&out);
    chimera_buffer_free(&details);
    chimera_problems_done(&problems);
}

static void what_has_no_room_is_counted(void **state)
{
    struct chimera_problems problems = {0};
    struct chimera_buffer out;
    char where[20];
    (void)state;
    chimera_buffer_init(&out, 200);
    for (int i = 0; i < CHIMERA_PROBLEMS_MAX + 5; i++) {
        snprintf(where, sizeof(where), "p%d", i);
        chimera_problems_add(&problems, 1, 1, where, "a text of thirty-one characters");
    }
    assert_int_equal(problems.count, CHIMERA_PROBLEMS_MAX);
    assert_int_equal(problems.left_out, 5);
    chimera_problems_write(&problems, NULL, &out);
    chimera_buffer_byte(&out, '\0');
    assert_int_equal(out.failed, 0);
    assert_string_equal(out.data,
                        "p0: a text of thirty-one characters\np1: a text of thirty-one characters\n"
                        "p2: a text of thirty-one characters\nand 1002 more\n");
    chimera_buffer_free(&out);
    chimera_problems_done(&problems);
}

static void the_word_that_was_meant_is_found(void **state)
{
    static const char *const known[] = {"module",   "policyMode",         "allowedToMutate",
                                        "settings", "timeoutEvalSeconds", NULL};
    static const struct {
        const char *word, *want;
    } cases[] = {{"modul", "module"},
                 {"Module", "module"},
                 {"moduel", "module"},
                 {"policymode", "policyMode"},
                 {"mode", "policyMode"},
                 {"setting", "settings"},
                 {"timeout", "timeoutEvalSeconds"},
                 {"allowedToMutat", "allowedToMutate"},
                 {"surprise", NULL},
                 {"x", NULL},
                 {"", NULL},
                 {"a_word_that_is_longer_than_forty_letters_long", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *got = chimera_nearest(cases[i].word, known);
        if (cases[i].want ? !got || strcmp(got, cases[i].want) != 0 : got != NULL)
            fail_msg("%s: %s", cases[i].word, got ? got : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_stand_in_the_order_of_their_places),
        cmocka_unit_test(an_error_has_the_first_and_the_details_all),
        cmocka_unit_test(what_has_no_room_is_counted),
        cmocka_unit_test(the_word_that_was_meant_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
