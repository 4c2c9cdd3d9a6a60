/* Group expressions (policy-server.md §3.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "server/expression.c"

/* Members y (yes), n (no), e (fails); `asked` tells which were called, in order. */
static char asked[64];

static int find_name(const void *context, struct chimera_slice name)
{
    static const char names[] = "yne";
    (void)context;
    for (int i = 0; name.size == 1 && i < 3; i++)
        if (name.data[0] == names[i])
            return i;
    return -1;
}

static int answer(void *context, uint32_t member)
{
    size_t size = strlen(asked);
    (void)context;
    asked[size] = "yne"[member];
    asked[size + 1] = '\0';
    return member == 2 ? CHIMERA_EGUEST : member == 0;
}

struct good_case {
    const char *text;
    int verdict;
    const char *asked;
};

static const struct good_case GOOD[] = {
    {"true", 1, ""},
    {"false", 0, ""},
    {"y()", 1, "y"},
    {"!y()", 0, "y"},
    {"!!y()", 1, "y"},
    {"! ! ! n ( )", 1, "n"},
    {"y() && n()", 0, "yn"},
    {"n() && y()", 0, "n"},
    {"y() || n()", 1, "y"},
    {"n() || y()", 1, "ny"},
    {"y() || e()", 1, "y"},
    {"n() && e()", 0, "n"},
    {"e() || y()", CHIMERA_EGUEST, "e"},
    {"n() && y() || y()", 1, "ny"},
    {"y() || n() && e()", 1, "y"},
    {"(y() || n()) && n()", 0, "yn"},
    {"(y() && !n()) || e()", 1, "yn"},
    {"y() == n()", 0, "yn"},
    {"y() != n()", 1, "yn"},
    {"n() == false && y()", 1, "ny"},
    {"n() == n() == n()", 0, "nnn"},
    {"!n() == y()", 1, "ny"},
    {"y() && y()", 1, "yy"},
    {"\n y() // yes\n && /* and * / */ true\t", 1, "y"},
    {"n() || n() || y()", 1, "nny"},
    {"y() && y() && n() && e()", 0, "yyn"},
    {"2 > 1", 1, ""},
    {"1 > 2 || y()", 1, "y"},
    {"(2 <= 2) == y() && 1 >= 1 && 1 < 2 && 3 != 4 && (5) == 5", 1, "y"},
    {"true || y()", 1, ""},
    {"2 > 1 == true", 1, ""},
    /* What the reference makes of these: policy-server 1.36.0-beta.1, asked. */
    {"1 == true", 0, ""},
    {"true == 1", 0, ""},
    {"1 != true", 1, ""},
    {"y() < 1", 0, "y"},
    {"1 > y()", 0, "y"},
    {"n() != 1 && y()", 1, "ny"},
    {"3 > 2 > 1", 0, ""},
    {"2 > 1 > false", 1, ""},
    {"y() > n()", 1, "yn"},
    {"n() > y()", 0, "ny"},
    {"y() >= y() && n() >= n() && !(n() >= y()) && y() >= n()", 1, "yynnnyyn"},
    {"n() < y() && !(y() < y()) && !(n() < n()) && !(y() < n())", 1, "nyyynnyn"},
    {"y() <= y() && n() <= n() && n() <= y() && !(y() <= n())", 1, "yynnnyyn"},
    {"y() & n() & e()", CHIMERA_EGUEST, "yne"},
    {"y() & y() && n() || y()", 1, "yyny"},
    {"n() | y()", 1, "ny"},
    {"y() | n()", 1, "yn"},
    {"y() ^ y()", 0, "yy"},
    {"n() ^ y() || e()", 1, "ny"},
    {"y() || n() ^ y()", 0, "yy"},
    {"/* /* nested */ */ y()", 1, "y"},
};

static void expressions_ask_from_left_to_right_and_no_more_than_needed(void **state)
{
    struct expression *expression = malloc(sizeof(*expression));
    (void)state;
    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
        struct chimera_error err = {0};
        asked[0] = '\0';
        if (expression_compile(chimera_slice_of(GOOD[i].text), find_name, NULL, expression, &err) <
            0)
            fail_msg("%s: %s", GOOD[i].text, err.text);
        int verdict = expression_run(expression, answer, NULL);
        if (verdict != GOOD[i].verdict || strcmp(asked, GOOD[i].asked) != 0)
            fail_msg("%s: %d, asked %s", GOOD[i].text, verdict, asked);
    }
    free(expression);
}

struct bad_case {
    const char *text, *why;
};

static const struct bad_case BAD[] = {
    {"", "Script is incomplete (line 1, position 1)"},
    {"y() &&", "Script is incomplete (line 1, position 7)"},
    {"(y()", "Expecting ')' to close a parenthesis (line 1, position 5)"},
    {"y())", "Unexpected ) (line 1, position 4)"},
    {"z()", "Function not found: z (line 1, position 1)"},
    {"y() &&\n  zz()", "Function not found: zz (line 2, position 3)"},
    {"y", "Variable not found: y (line 1, position 1)"},
    {"y(1)", "Expecting ')' behind a call without arguments (line 1, position 3)"},
    {"1", "Expecting a boolean expression, found a number (line 1, position 1)"},
    {"1 + 1", "Unexpected + (line 1, position 3)"},
    {"!1", "Function not found: ! (i64) (line 1, position 1)"},
    {"y() && 1", "Expecting a boolean expression, found a number (line 1, position 7)"},
    {"1 || y()", "Expecting a boolean expression, found a number (line 1, position 1)"},
    {"9223372036854775808 > 1", "Not a whole number: 9223372036854775808 (line 1, position 1)"},
    {"1x > 1", "Not a whole number: 1x (line 1, position 1)"},
    {"1.5 > 1", "Unexpected . (line 1, position 2)"},
    {"y() & 1", "Expecting a boolean expression, found a number (line 1, position 6)"},
    {"/* /* nested */ y()", "Script is incomplete (line 1, position 20)"},
    {"y() &&& y()", "Expecting a boolean expression, found & (line 1, position 7)"},
    {"y() + 1", "Unexpected + (line 1, position 5)"},
    {"a-b()", "Variable not found: a (line 1, position 1)"},
    {"let x = y(); x", "Variable not found: let (line 1, position 1)"},
    {"y() /* open", NULL},
    {"= y()", "Expecting a boolean expression, found = (line 1, position 1)"},
};

static void broken_expressions_are_explained(void **state)
{
    struct expression *expression = malloc(sizeof(*expression));
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct chimera_error err = {0};
        int code =
            expression_compile(chimera_slice_of(BAD[i].text), find_name, NULL, expression, &err);
        if (BAD[i].why ? code >= 0 || strcmp(err.text, BAD[i].why) != 0 : code < 0)
            fail_msg("%s: %s", BAD[i].text, err.text);
    }
    free(expression);
}

static void depth_and_length_are_limited(void **state)
{
    static char text[20000];
    struct expression *expression = malloc(sizeof(*expression));
    struct chimera_error err = {0};
    (void)state;
    memset(text, '(', sizeof(text));
    assert_true(expression_compile((struct chimera_slice){text, sizeof(text)}, find_name, NULL,
                                   expression, &err) < 0);
    assert_non_null(strstr(err.text, "maximum complexity"));
    for (size_t i = 0; i + 8 <= sizeof(text); i += 8)
        memcpy(text + i, "true && ", 8);
    assert_true(expression_compile((struct chimera_slice){text, sizeof(text)}, find_name, NULL,
                                   expression, &err) < 0);
    assert_non_null(strstr(err.text, "too long"));
    /* The deepest that is allowed, with an operand waiting at each level. */
    size_t size = 0;
    for (unsigned i = 0; i + 1 < DEPTH_MAX; i++, size += 9)
        memcpy(text + size, "true == (", 9);
    memcpy(text + size, "true", 4);
    size += 4;
    for (unsigned i = 0; i + 1 < DEPTH_MAX; i++)
        text[size++] = ')';
    assert_int_equal(
        expression_compile((struct chimera_slice){text, size}, find_name, NULL, expression, &err),
        0);
    assert_int_equal(expression_run(expression, answer, NULL), 1);
    free(expression);
}

static int answer_yes(void *context, uint32_t member)
{
    (void)context;
    return member == 0;
}

/* Each depth leaves as many operands waiting as there can be. */
static void the_deepest_expression_runs(void **state)
{
    static const char level[] = "y() | y() & y() == y() >= (";
    static char text[64 * sizeof(level) + 200];
    struct expression *expression = malloc(sizeof(*expression));
    struct chimera_error err = {0};
    unsigned depth = 0;
    (void)state;
    for (bool is_good = true; is_good; depth++) {
        size_t size = 0;
        for (unsigned i = 0; i <= depth; i++)
            size += (size_t)snprintf(text + size, sizeof(text) - size, "%s", level);
        size += (size_t)snprintf(text + size, sizeof(text) - size, "y()");
        memset(text + size, ')', depth + 1);
        is_good = expression_compile((struct chimera_slice){text, size + depth + 1}, find_name,
                                     NULL, expression, &err) == CHIMERA_OK;
        if (is_good)
            assert_int_equal(expression_run(expression, answer_yes, NULL), 1);
    }
    assert_int_equal(depth, 64);
    free(expression);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_ask_from_left_to_right_and_no_more_than_needed),
        cmocka_unit_test(broken_expressions_are_explained),
        cmocka_unit_test(depth_and_length_are_limited),
        cmocka_unit_test(the_deepest_expression_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
