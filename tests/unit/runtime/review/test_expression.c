/* SPDX-License-Identifier: Apache-2.0 */
/* Group expressions (policy-server.md §3.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/review/expression.h"

#define YES EXPRESSION_YES
#define NO EXPRESSION_NO
#define UNKNOWN EXPRESSION_UNKNOWN

/* Members y (yes), n (no), e (cannot be asked), u (fails); `asked` tells which were called, in
 * order. */
static char asked[2048];

static int find_name(const void *context, struct chimera_slice name)
{
    static const char names[] = "yneu";
    (void)context;
    for (int i = 0; name.size == 1 && i < 4; i++)
        if (name.data[0] == names[i])
            return i;
    return -1;
}

static int answer(void *context, uint32_t member)
{
    size_t size = strlen(asked);
    (void)context;
    static const int answers[] = {YES, NO, CHIMERA_EGUEST, UNKNOWN};
    asked[size] = "yneu"[member];
    asked[size + 1] = '\0';
    return answers[member];
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
    {"y() // ends here\r&& n()", 0, "yn"},
    {"y() // ends here\r\n\f&& /* not // here */ n()", 0, "yn"},
    {"y(/**/) && y // c\n()", 1, "yy"},
    {"01 == 1 && 9223372036854775807 > 1", 1, ""},
    {"!n()&&!n()||!y()", 1, "nn"},
};

/* A failure is neither yes nor no, and neither is what depends on it: Kleene's logic for !, && and
 * ||, and a comparison knows both of its sides or nothing. */
static const struct good_case UNKNOWNS[] = {
    {"u()", UNKNOWN, "u"},
    {"!u()", UNKNOWN, "u"},
    {"!!u()", UNKNOWN, "u"},
    {"u() || y()", YES, "uy"},
    {"u() || n()", UNKNOWN, "un"},
    {"u() || u()", UNKNOWN, "uu"},
    {"y() || u()", YES, "y"},
    {"n() || u()", UNKNOWN, "nu"},
    {"u() && y()", UNKNOWN, "uy"},
    {"u() && n()", NO, "un"},
    {"u() && u()", UNKNOWN, "uu"},
    {"n() && u()", NO, "n"},
    {"y() && u()", UNKNOWN, "yu"},
    {"u() | y()", YES, "uy"},
    {"y() | u()", YES, "yu"},
    {"u() | n()", UNKNOWN, "un"},
    {"u() & n()", NO, "un"},
    {"n() & u()", NO, "nu"},
    {"u() & y()", UNKNOWN, "uy"},
    {"u() ^ y()", UNKNOWN, "uy"},
    {"n() ^ u()", UNKNOWN, "nu"},
    {"u() == u()", UNKNOWN, "uu"},
    {"u() != u()", UNKNOWN, "uu"},
    {"u() == true", UNKNOWN, "u"},
    {"false != u()", UNKNOWN, "u"},
    {"u() == 1", UNKNOWN, "u"},
    {"1 != u()", UNKNOWN, "u"},
    {"u() < 1 || y()", YES, "uy"},
    {"n() > u()", UNKNOWN, "nu"},
    {"u() >= n()", UNKNOWN, "un"},
    {"u() <= y()", UNKNOWN, "uy"},
    {"!(u() && n())", YES, "un"},
    {"!(u() || y())", NO, "uy"},
    {"!(u() && y())", UNKNOWN, "uy"},
    {"u() || n() || y()", YES, "uny"},
    {"u() && y() && n() && y()", NO, "uyn"},
    {"(u() || n()) && n()", NO, "unn"},
    {"(u() && y()) || y()", YES, "uyy"},
    {"u() && e()", CHIMERA_EGUEST, "ue"},
    {"u() == e()", CHIMERA_EGUEST, "ue"},
    {"true || u()", YES, ""},
    {"u() || true", YES, "u"},
    {"u() && false", NO, "u"},
};

static void run_cases(const struct good_case *cases, size_t count)
{
    struct expression *expression = malloc(sizeof(*expression));
    for (size_t i = 0; i < count; i++) {
        struct chimera_error err = {0};
        asked[0] = '\0';
        if (expression_compile(chimera_slice_of(cases[i].text), find_name, NULL, expression, &err) <
            0)
            fail_msg("%s: %s", cases[i].text, err.text);
        int verdict = expression_run(expression, answer, NULL);
        if (verdict != cases[i].verdict || strcmp(asked, cases[i].asked) != 0)
            fail_msg("%s: %d, asked %s", cases[i].text, verdict, asked);
    }
    free(expression);
}

static void expressions_ask_from_left_to_right_and_no_more_than_needed(void **state)
{
    (void)state;
    run_cases(GOOD, sizeof(GOOD) / sizeof(GOOD[0]));
}

static void what_depends_on_a_failure_is_unknown(void **state)
{
    (void)state;
    run_cases(UNKNOWNS, sizeof(UNKNOWNS) / sizeof(UNKNOWNS[0]));
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
    {"y() && 1", "Expecting a boolean expression, found a number (line 1, position 8)"},
    {"1 || y()", "Expecting a boolean expression, found a number (line 1, position 1)"},
    {"9223372036854775808 > 1", "Not a whole number: 9223372036854775808 (line 1, position 1)"},
    {"1x > 1", "Not a whole number: 1x (line 1, position 1)"},
    {"1.5 > 1", "Unexpected . (line 1, position 2)"},
    {"y() & 1", "Expecting a boolean expression, found a number (line 1, position 7)"},
    {"/* /* nested */ y()", "Script is incomplete (line 1, position 20)"},
    {"y() &&& y()", "Expecting a boolean expression, found & (line 1, position 7)"},
    {"y() + 1", "Unexpected + (line 1, position 5)"},
    {"a-b()", "Variable not found: a (line 1, position 1)"},
    {"let x = y(); x", "No member can be called by a reserved word: let (line 1, position 1)"},
    {"y() /* open", NULL},
    {"y() && _1()",
     "No member can be called by a name without a letter first: _1 (line 1, position 8)"},
    {"y() || \xC3\xA9()",
     "Expecting a boolean expression, found \xC3\xA9 (U+00E9) (line 1, position 8)"},
    {"pr\xC3\xBC()",
     "A name has letters, digits and '_' only, found \xC3\xBC (U+00FC) (line 1, position 3)"},
    {"/* \xC3\xA9\xE2\x88\xA7 */ y() \xE2\x88\xA7 y()",
     "Unexpected \xE2\x88\xA7 (U+2227) (line 1, position 14)"},
    {"y()\xC2\xA0", "Unexpected \xC2\xA0 (U+00A0) (line 1, position 4)"},
    {"\xF0\x9F\x98\x80",
     "Expecting a boolean expression, found \xF0\x9F\x98\x80 (U+1F600) (line 1, position 1)"},
    {"y() \xFF", "Unexpected \\xFF (line 1, position 5)"},
    {"y()\v", "Unexpected \\x0B (line 1, position 4)"},
    {"y() !== y()", "Expecting a boolean expression, found = (line 1, position 7)"},
    {"y()()", "Unexpected ( (line 1, position 4)"},
    {"()", "Expecting a boolean expression, found ) (line 1, position 2)"},
    {"y() && (1 || y())", "Expecting a boolean expression, found a number (line 1, position 9)"},
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

static int find_any_name(const void *context, struct chimera_slice name)
{
    (void)context;
    (void)name;
    return 0;
}

static bool compiles(struct chimera_slice text, struct chimera_error *err)
{
    struct expression *expression = malloc(sizeof(*expression));
    int code = expression_compile(text, find_name, NULL, expression, err);
    bool is_as_said = true;
    if (code == CHIMERA_OK)
        is_as_said = expression_run(expression, answer, NULL) <= EXPRESSION_UNKNOWN;
    free(expression);
    assert_true(is_as_said);
    return code == CHIMERA_OK;
}

/* What the reference's engine (Rhai 1.24, as policy-server 1.36.0-beta.1 sets it up) said of each,
 * as the name of a member that the expression calls. */
static const char *const REFUSED_NAMES[] = {
    /* its keywords */
    "as", "break", "catch", "const", "continue", "do", "else", "export", "fn", "for", "if",
    "import", "in", "let", "loop", "private", "return", "switch", "throw", "try", "until", "while",
    "true", "false", "_",
    /* reserved by it */
    "async", "await", "case", "default", "go", "goto", "is", "match", "module", "new", "nil",
    "null", "package", "protected", "public", "shared", "spawn", "static", "super", "sync", "this",
    "thread", "use", "var", "void", "with", "yield",
    /* its own functions come first */
    "call", "curry", "debug", "eval", "Fn", "is_def_fn", "is_def_var", "is_shared", "print",
    "type_of",
    /* no names */
    "__", "_1", "__1"};
static const char *const TAKEN_NAMES[] = {
    "A1",        "_a",      "a_",   "abs",       "and",      "array",  "bool",
    "contains",  "elapsed", "exit", "eval_file", "function", "global", "in_",
    "int",       "is_",     "keys", "len",       "map",      "mod",    "namespace",
    "not",       "null_",   "or",   "range",     "self",     "string", "timestamp",
    "to_string", "values",  "xor",  "Default",   "MATCH"};

static void check_names(const char *const *names, size_t count, bool is_refused)
{
    struct expression *expression = malloc(sizeof(*expression));
    for (size_t i = 0; i < count; i++) {
        char text[64];
        struct chimera_error err = {0};
        snprintf(text, sizeof(text), "!%s()", names[i]);
        int code =
            expression_compile(chimera_slice_of(text), find_any_name, NULL, expression, &err);
        if ((code < 0) != is_refused)
            fail_msg("%s: %s", names[i], err.text);
    }
    free(expression);
}

static void names_are_refused_that_the_reference_refuses(void **state)
{
    (void)state;
    check_names(REFUSED_NAMES, sizeof(REFUSED_NAMES) / sizeof(*REFUSED_NAMES), true);
    check_names(TAKEN_NAMES, sizeof(TAKEN_NAMES) / sizeof(*TAKEN_NAMES), false);
}

struct limit_case {
    const char *before, *repeated, *middle, *closing;
    unsigned fixed; /* how often `before` comes */
    unsigned most;  /* how often the reference takes `repeated`, and no more often */
};

/* Found by trying each length with the reference's engine, as above. */
static const struct limit_case LIMITS[] = {
    {"", "y() && ", "y()", "", 0, 63},
    {"", "n() || ", "y()", "", 0, 63},
    {"", "y() == ", "y()", "", 0, 63},
    {"", "y() < ", "y()", "", 0, 63},
    {"", "y() & ", "y()", "", 0, 63},
    {"", "y() && y() || ", "y()", "", 0, 62},
    {"", "y() || y() && ", "y()", "", 0, 62},
    {"", "(", "y()", ")", 0, 31},
    {"", "!", "y()", "", 0, 63},
    {"", "!(", "y()", ")", 0, 21},
    {"", "y() && (", "y()", ")", 0, 31},
    {"", "(", "y()", " && y())", 0, 31},
    {"y() && ", "(", "y()", ")", 1, 31},
    {"y() && ", "(", "y()", ")", 10, 27},
    {"y() && ", "(", "y()", ")", 31, 16},
    {"y() && ", "(", "y()", ")", 62, 1},
    {"y() && ", "(", "y()", ")", 63, 0},
    {"y() && ", "!", "y()", "", 10, 54},
    {"y() && ", "!", "y()", "", 63, 1},
    {"n() || ", "y() && ", "y()", "", 1, 62},
    {"n() || ", "y() && ", "y()", "", 31, 32},
    {"n() || ", "y() && ", "y()", "", 62, 1},
    {"y() && ", "y() || ", "y()", "", 31, 32},
};

static struct chimera_slice build(const struct limit_case *limit, unsigned count, char *to,
                                  size_t room)
{
    size_t size = 0;
    for (unsigned i = 0; i < limit->fixed; i++)
        size += (size_t)snprintf(to + size, room - size, "%s", limit->before);
    for (unsigned i = 0; i < count; i++)
        size += (size_t)snprintf(to + size, room - size, "%s", limit->repeated);
    size += (size_t)snprintf(to + size, room - size, "%s", limit->middle);
    for (unsigned i = 0; i < count; i++)
        size += (size_t)snprintf(to + size, room - size, "%s", limit->closing);
    return (struct chimera_slice){to, size};
}

static void chains_and_nesting_are_limited_as_in_the_reference(void **state)
{
    static char text[4096];
    (void)state;
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        struct chimera_error err = {0};
        asked[0] = '\0';
        if (!compiles(build(&LIMITS[i], LIMITS[i].most, text, sizeof(text)), &err))
            fail_msg("%s: %s", text, err.text);
        if (compiles(build(&LIMITS[i], LIMITS[i].most + 1, text, sizeof(text)), &err))
            fail_msg("%s", text);
        assert_non_null(strstr(err.text, "maximum complexity"));
    }
}
/* A limit of ours, which nobody's expression meets: thirty parentheses with twenty calls each. */
static void length_is_limited(void **state)
{
    static char text[8192];
    struct chimera_error err = {0};
    size_t size = 0;
    (void)state;
    for (unsigned i = 0; i < 600; i++)
        size +=
            (size_t)snprintf(text + size, sizeof(text) - size, "%sy()%s", i % 20 == 0 ? "(" : "",
                             i == 599       ? ")"
                             : i % 20 == 19 ? ")||"
                                            : "&&");
    assert_false(compiles((struct chimera_slice){text, size}, &err));
    assert_non_null(strstr(err.text, "too long"));
}

/* With an operand waiting for the right side of an operator at as many levels as there can be. */
static void the_deepest_expression_runs(void **state)
{
    static const char level[] = "y() | y() & y() == y() >= (";
    static char text[1024];
    struct chimera_error err = {0};
    size_t size = 0;
    unsigned depth = 0;
    (void)state;
    do {
        asked[0] = '\0';
        depth++;
        size = 0;
        for (unsigned i = 0; i < depth; i++)
            size += (size_t)snprintf(text + size, sizeof(text) - size, "%s", level);
        size += (size_t)snprintf(text + size, sizeof(text) - size, "y()");
        memset(text + size, ')', depth);
    } while (compiles((struct chimera_slice){text, size + depth}, &err));
    assert_int_equal(depth, 13); /* five levels each: twelve are taken */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_ask_from_left_to_right_and_no_more_than_needed),
        cmocka_unit_test(broken_expressions_are_explained),
        cmocka_unit_test(what_depends_on_a_failure_is_unknown),
        cmocka_unit_test(names_are_refused_that_the_reference_refuses),
        cmocka_unit_test(chains_and_nesting_are_limited_as_in_the_reference),
        cmocka_unit_test(length_is_limited),
        cmocka_unit_test(the_deepest_expression_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
