/* SPDX-License-Identifier: Apache-2.0 */
/* Help by sections, by the width and the colours of where it goes; and options of all commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/cli/manual.h"

static const struct chimera_cli_option shared[] = {
    {.name = "verbose", .letter = 'v', .excludes = "quiet", .help = "Say more"},
    {.name = "quiet", .letter = 'q', .help = "Say less"},
    {.name = "color", .kind = CHIMERA_CLI_VALUE, .value = "WHEN", .help = "Colours"},
    {0},
};
static const struct chimera_cli_option options[] = {
    {.name = "port", .section = "Listening", .help = "A port"},
    {.name = "cpu", .section = "Limits", .help = "So much"},
    {.name = "plain", .help = "No section"},
    {.name = "address", .section = "Listening", .help = "An address"},
    {.name = "hidden", .section = "Nowhere", .is_hidden = true, .help = "x"},
    {.name = "quiet", .help = "Its own"},
    {.name = "view", .letter = 'v', .kind = CHIMERA_CLI_VALUE, .value = "V", .help = "Its letter"},
    {0},
};
static const char *const order[] = {"Limits", "Nowhere", "Nothing", "Listening", NULL};
static const struct chimera_cli_command all = {.name = "all", .about = "All", .options = options};
static const struct chimera_cli_command ordered = {
    .name = "all", .about = "All", .options = options + 3, .sections = order};
static const struct chimera_cli_command bare = {.name = "bare", .about = "Bare"};
static const struct chimera_cli_command leaf = {.name = "leaf", .about = "Leaf"};
static const struct chimera_cli_command *const leaves[] = {&leaf, NULL};
static const struct chimera_cli_command tree = {
    .name = "tree", .about = "Tree", .commands = leaves};

static void assert_help(const struct chimera_cli_command *command, struct chimera_cli_look look,
                        const char *want)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, CHIMERA_CLI_TEXT_MAX);
    chimera_cli_put_help("p", command, &look, &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(out.data, want);
    chimera_buffer_free(&out);
}

/* Those without a section first, then each section where it was first met; help is the last. */
static void options_stand_in_sections(void **state)
{
    (void)state;
    assert_help(&all, (struct chimera_cli_look){0},
                "All\n\nUsage: p all [OPTIONS]\n\n"
                "Options:\n"
                "      --plain                   No section\n"
                "      --quiet                   Its own\n"
                "  -v, --view <V>                Its letter\n\n"
                "Listening:\n"
                "      --port                    A port\n"
                "      --address                 An address\n\n"
                "Limits:\n"
                "      --cpu                     So much\n\n"
                "Other options:\n"
                "  -h, --help                    Print help\n");
}

static void a_command_may_say_in_which_order(void **state)
{
    static const struct chimera_cli_option few[] = {
        {.name = "port", .section = "Listening", .help = "A port"},
        {.name = "cpu", .section = "Limits", .help = "So much"},
        {0},
    };
    struct chimera_cli_command command = ordered;
    (void)state;
    command.options = few;
    assert_help(&command, (struct chimera_cli_look){.head = "<", .end = ">"},
                "All\n\n<Usage:> p all [OPTIONS]\n\n<Limits:>\n"
                "      --cpu                     So much\n\n<Listening:>\n"
                "      --port                    A port\n\n<Other options:>\n"
                "  -h, --help                    Print help\n");
}

/* What all commands take stands in each help, but for what a command has itself. */
static void shared_options_are_shown(void **state)
{
    (void)state;
    chimera_cli_share(shared);
    assert_help(&bare, (struct chimera_cli_look){0},
                "Bare\n\nUsage: p bare\n\nGlobal options:\n"
                "  -v, --verbose                 Say more\n"
                "  -q, --quiet                   Say less\n"
                "      --color <WHEN>            Colours\n"
                "  -h, --help                    Print help\n");
    struct chimera_cli_command command = all;
    command.options = options + 5;
    assert_help(&command, (struct chimera_cli_look){0},
                "All\n\nUsage: p all [OPTIONS]\n\nOptions:\n"
                "      --quiet                   Its own\n"
                "  -v, --view <V>                Its letter\n\nGlobal options:\n"
                "      --verbose                 Say more\n"
                "      --color <WHEN>            Colours\n"
                "  -h, --help                    Print help\n");
    chimera_cli_share(NULL);
}

static void a_narrow_terminal_has_one_column(void **state)
{
    static const struct chimera_cli_argument arguments[] = {
        {.name = "file", .is_required = true, .help = "One that has a name of more than a line"},
        {0}};
    static const struct chimera_cli_command narrow = {
        .name = "n",
        .about = "Words that come to more than forty columns of text",
        .arguments = arguments};
    (void)state;
    assert_help(&narrow, (struct chimera_cli_look){.width = 40},
                "Words that come to more than forty\ncolumns of text\n\nUsage: p n <file>\n\n"
                "Arguments:\n  <file>\n          One that has a name of more\n"
                "          than a line\n\n"
                "Options:\n  -h, --help\n          Print help\n");
}

/* What the words come to: the refusal, or the value of each shared option. */
static const char *parsed(const struct chimera_cli_command *command, int argc, char **argv)
{
    static char text[200];
    struct chimera_cli_options given = {.program = "p", .command = command};
    enum chimera_cli_action action = CHIMERA_CLI_RUN;
    int code = chimera_cli_parse(&given, argc, argv, &action);
    const char *colour = chimera_cli_value(&given, "color");
    if (code < 0)
        snprintf(text, sizeof(text), "%s", given.refusal.data);
    else
        snprintf(text, sizeof(text), "verbose=%d quiet=%d color=%s",
                 chimera_cli_is_given(&given, "verbose"), chimera_cli_is_given(&given, "quiet"),
                 colour ? colour : "");
    chimera_cli_done(&given);
    return text;
}

#define PARSED(command, ...)                                                 \
    parsed(command, (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)), \
           (char *[]){__VA_ARGS__})

static void shared_options_are_taken_by_each_command(void **state)
{
    static char quiet[] = "-q", verbose[] = "--verbose", v[] = "-v", colour[] = "--color=x",
                wrong[] = "--verbsoe", two[] = "two";
    (void)state;
    assert_string_equal(PARSED(&bare, quiet), "unexpected argument '-q' found");
    chimera_cli_share(shared);
    assert_string_equal(PARSED(&bare, quiet, colour), "verbose=0 quiet=1 color=x");
    assert_string_equal(PARSED(&bare, quiet, verbose),
                        "the argument '--verbose' cannot be used with '--quiet'");
    assert_string_equal(PARSED(&bare, wrong),
                        "unexpected argument '--verbsoe' found\n  did you mean '--verbose'?");
    assert_string_equal(PARSED(&all, v, two), "verbose=0 quiet=0 color="); /* its own letter */
    chimera_cli_share(NULL);
}

static void shared_options_may_stand_between_commands(void **state)
{
    char v[] = "-v", colour[] = "--color", never[] = "never", word[] = "leaf", end[] = "x";
    char *argv[] = {v, colour, never, word, end};
    char *const want[] = {word, v, colour, never, end};
    struct chimera_cli_options at = {.program = "p", .command = &tree};
    int taken = 0;
    (void)state;
    chimera_cli_share(shared);
    assert_int_equal(chimera_cli_descend(&at, 5, argv, &taken), CHIMERA_CLI_GOES_ON);
    assert_int_equal(taken, 1);
    assert_ptr_equal(at.command, &leaf);
    for (int i = 0; i < 5; i++)
        assert_ptr_equal(argv[i], want[i]);
    /* without a command behind them they stay */
    at.command = &tree;
    char *few[] = {v, v};
    assert_int_equal(chimera_cli_descend(&at, 2, few, &taken), CHIMERA_CLI_EXIT_USAGE);
    chimera_cli_share(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_in_sections),
        cmocka_unit_test(a_command_may_say_in_which_order),
        cmocka_unit_test(shared_options_are_shown),
        cmocka_unit_test(a_narrow_terminal_has_one_column),
        cmocka_unit_test(shared_options_are_taken_by_each_command),
        cmocka_unit_test(shared_options_may_stand_between_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
