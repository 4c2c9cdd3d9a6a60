/* SPDX-License-Identifier: Apache-2.0 */
/* Colours by the rule: --color wins, then NO_COLOR (no-color.org), TERM, and what the descriptor
 * is; and how wide a line may be. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"

static int terminal = -1, pipe_end = -1;

static int open_both(void **state)
{
    int ends[2];
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || pipe(ends) < 0)
        return -1;
    terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    pipe_end = ends[1];
    return terminal < 0 ? -1 : 0;
}

static void set(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static void colours_follow_the_rule(void **state)
{
    static const struct {
        enum chimera_colour_wish wish;
        const char *term, *no_color;
        bool on_terminal, in_pipe;
    } cases[] = {
        {CHIMERA_COLOURS_AUTO, "xterm", NULL, true, false},
        {CHIMERA_COLOURS_AUTO, "xterm", "", true, false},
        {CHIMERA_COLOURS_AUTO, "xterm", "0", false, false},
        {CHIMERA_COLOURS_AUTO, "dumb", NULL, false, false},
        {CHIMERA_COLOURS_AUTO, NULL, NULL, false, false},
        {CHIMERA_COLOURS_ALWAYS, "dumb", "1", true, true},
        {CHIMERA_COLOURS_NEVER, "xterm", NULL, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        chimera_colours_wish(cases[i].wish);
        set("TERM", cases[i].term);
        set("NO_COLOR", cases[i].no_color);
        assert_int_equal(chimera_colours_are_on(terminal), cases[i].on_terminal);
        assert_int_equal(chimera_colours_are_on(pipe_end), cases[i].in_pipe);
        assert_false(chimera_colours_are_on(-1));
        assert_int_equal(chimera_colour(terminal, CHIMERA_COLOUR_GOOD)[0] != '\0',
                         cases[i].on_terminal);
        assert_int_equal(chimera_colour_end(pipe_end)[0] != '\0', cases[i].in_pipe);
    }
    chimera_colours_wish(CHIMERA_COLOURS_AUTO);
}

static void a_message_has_its_word_in_colour(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size), *file = tmpfile();
    char read[80] = "";
    (void)state;
    chimera_colours_wish(CHIMERA_COLOURS_ALWAYS);
    chimera_printable_say(memory, "Error", "x"); /* which leads to no descriptor */
    chimera_printable_say(file, "Error", "x");
    chimera_printable_say(file, "Warning", "y");
    chimera_printable_say(file, NULL, "z");
    chimera_colours_wish(CHIMERA_COLOURS_AUTO);
    fclose(memory);
    rewind(file);
    assert_true(fread(read, 1, sizeof(read) - 1, file) > 0);
    fclose(file);
    assert_string_equal(text, "Error: x\n");
    assert_string_equal(read, "\033[1;31mError:\033[0m x\n\033[33mWarning:\033[0m y\nz\n");
    free(text);
}

/* For the whole process: the last of the tests. */
static void a_hushed_process_has_errors_alone(void **state)
{
    FILE *file = tmpfile();
    char read[80] = "";
    (void)state;
    chimera_printable_hush();
    chimera_printable_say(file, "Warning", "w");
    chimera_printable_say(file, "Note", "n");
    chimera_printable_say(file, NULL, "plain");
    chimera_printable_say(file, "error", "x");
    rewind(file);
    assert_true(fread(read, 1, sizeof(read) - 1, file) > 0);
    fclose(file);
    assert_string_equal(read, "plain\nerror: x\n");
}

static void the_width_is_the_variable_s_or_the_terminal_s(void **state)
{
    static const struct {
        const char *columns;
        unsigned on_terminal, in_pipe;
    } cases[] = {{NULL, 123, 80}, {"60", 60, 60},    {"7", 40, 40},       {"", 123, 80},
                 {"0", 123, 80},  {"wide", 123, 80}, {"100000", 123, 80}, {"-5", 123, 80}};
    struct winsize size = {.ws_row = 10, .ws_col = 123};
    (void)state;
    assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        set("COLUMNS", cases[i].columns);
        assert_int_equal(chimera_terminal_width(terminal), cases[i].on_terminal);
        assert_int_equal(chimera_terminal_width(pipe_end), cases[i].in_pipe);
        assert_int_equal(chimera_terminal_width(-1), cases[i].in_pipe);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_follow_the_rule),
        cmocka_unit_test(a_message_has_its_word_in_colour),
        cmocka_unit_test(the_width_is_the_variable_s_or_the_terminal_s),
        cmocka_unit_test(a_hushed_process_has_errors_alone),
    };
    return cmocka_run_group_tests(tests, open_both, NULL);
}
