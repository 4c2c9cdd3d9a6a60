/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: cli-and-distribution.md §1.1, the usage errors of command.jsonl, and clap's
 * rules. The sources are included, since the command is a program and no library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "toolchain/commands.h"

#include "toolchain/options.c"
#include "toolchain/usage.c"

const struct option_entry global_options[] = {{0}};
const struct command_entry *const commands[] = {NULL};

static const char *const formats[] = {"yaml", "json", NULL};
static const char *const hidden_formats[] = {"yml", NULL};

static const struct option_entry entries[] = {
    {.name = "request-path",
     .letter = 'r',
     .kind = OPTION_VALUE,
     .is_required = true,
     .value = "PATH",
     .help = "A file"},
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_VALUE,
     .value = "FORMAT",
     .choices = formats,
     .aliases = hidden_formats,
     .help = "A format"},
    {.name = "key", .letter = 'k', .kind = OPTION_REPEAT, .value = "KEY", .help = "A key"},
    {.name = "allow", .kind = OPTION_GREEDY, .value = "PATTERN", .help = "Patterns"},
    {.name = "raw", .letter = 'w', .help = "As it is"},
    {.name = "quiet", .letter = 'q', .excludes = "raw", .help = "Say nothing"},
    {0},
};

static const struct argument_entry arguments[] = {
    {.name = "policy", .is_required = true, .help = "A policy"}, {0}};

static const struct command_entry command = {
    .name = "run", .about = "Run", .options = entries, .arguments = arguments};

#define WORDS_MAX 12

struct parsed {
    struct options options;
    bool is_fine;
    int exit;
    char error[4096]; /* what went to standard error */
};

/* Splits `line` at single spaces and parses it, with standard error caught in a file. */
static struct parsed parse(const char *line)
{
    static char copy[400];
    static char *words[WORDS_MAX];
    struct parsed parsed = {.options = {.program = "kwctl", .command = &command}, .exit = -1};
    int count = 0;
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = copy; word && *word && count < WORDS_MAX; count++) {
        char *space = strchr(word, ' ');
        words[count] = word;
        if (space)
            *space = '\0';
        word = space ? space + 1 : NULL;
    }
    FILE *caught = tmpfile();
    assert_non_null(caught);
    fflush(stderr);
    int before = dup(STDERR_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
    parsed.is_fine = options_parse(&parsed.options, count, words, &parsed.exit);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(caught);
    size_t size = fread(parsed.error, 1, sizeof(parsed.error) - 1, caught);
    parsed.error[size] = '\0';
    fclose(caught);
    return parsed;
}

static void options_stand_before_and_behind_the_arguments_in_every_form(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "-r file policy.wasm --raw",
        "policy.wasm -r file --raw",
        "--raw policy.wasm -rfile",
        "-r=file policy.wasm -w",
        "--request-path=file -w policy.wasm",
        "-wr file policy.wasm",
        "-wrfile policy.wasm",
        "--raw --request-path file -- policy.wasm",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct parsed parsed = parse(lines[i]);
        if (!parsed.is_fine)
            fail_msg("%s: %s", lines[i], parsed.error);
        assert_string_equal(option_value(&parsed.options, "request-path"), "file");
        assert_true(option_is_given(&parsed.options, "raw"));
        assert_int_equal(parsed.options.argument_count, 1);
        assert_string_equal(parsed.options.arguments[0], "policy.wasm");
        options_done(&parsed.options);
    }
}

static void a_dash_alone_is_a_value_and_an_argument(void **state)
{
    (void)state;
    struct parsed parsed = parse("-r - -");
    assert_true(parsed.is_fine);
    assert_string_equal(option_value(&parsed.options, "request-path"), "-");
    assert_string_equal(parsed.options.arguments[0], "-");
    options_done(&parsed.options);
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    struct parsed parsed = parse("-r f -- --raw");
    assert_true(parsed.is_fine);
    assert_false(option_is_given(&parsed.options, "raw"));
    assert_string_equal(parsed.options.arguments[0], "--raw");
    options_done(&parsed.options);
}

static void repeated_options_keep_all_their_values(void **state)
{
    (void)state;
    struct parsed parsed = parse("-k a policy -kb --key=c -r f");
    assert_true(parsed.is_fine);
    assert_string_equal(option_value(&parsed.options, "key"), "c");
    assert_string_equal(parsed.options.given[0].value, "a");
    assert_string_equal(parsed.options.given[1].value, "b");
    options_done(&parsed.options);
}

static void greedy_options_swallow_words_up_to_the_next_option(void **state)
{
    (void)state;
    struct parsed parsed = parse("--allow a b -r f policy");
    assert_true(parsed.is_fine);
    assert_string_equal(parsed.options.given[0].value, "a");
    assert_string_equal(parsed.options.given[1].value, "b");
    assert_int_equal(parsed.options.argument_count, 1);
    options_done(&parsed.options);

    parsed = parse("-r f --allow a -- policy");
    assert_true(parsed.is_fine);
    assert_string_equal(option_value(&parsed.options, "allow"), "a");
    options_done(&parsed.options);

    parsed = parse("policy --allow -r f");
    assert_true(parsed.is_fine);
    assert_true(option_is_given(&parsed.options, "allow"));
    assert_null(option_value(&parsed.options, "allow"));
    options_done(&parsed.options);
}

static void choices_take_their_aliases(void **state)
{
    (void)state;
    struct parsed parsed = parse("-r f -o yml policy");
    assert_true(parsed.is_fine);
    options_done(&parsed.options);
}

static void usage_errors_have_the_words_of_clap(void **state)
{
    (void)state;
    static const struct {
        const char *line, *want;
    } cases[] = {
        {"policy", "error: the following required arguments were not provided:\n"
                   "  --request-path <PATH>\n\n"
                   "Usage: kwctl run [OPTIONS] --request-path <PATH> <policy>\n\n"
                   "For more information, try '--help'.\n"},
        {"", "error: the following required arguments were not provided:\n"
             "  --request-path <PATH>\n  <policy>\n"},
        {"-r f --allow x policy", "error: the following required arguments were not provided:\n"
                                  "  <policy>\n"},
        {"-v -r f policy", "error: unexpected argument '-v' found\n"},
        {"-r f policy more", "error: unexpected argument 'more' found\n"},
        {"-r f policy --nothing=1", "error: unexpected argument '--nothing' found\n"},
        {"-r f policy -o xml", "error: invalid value 'xml' for '--output <FORMAT>'\n"
                               "  [possible values: yaml, json]\n"},
        {"policy -r",
         "error: a value is required for '--request-path <PATH>' but none was supplied\n"},
        {"policy -r --raw",
         "error: a value is required for '--request-path <PATH>' but none was supplied\n"},
        {"policy -r f -r g",
         "error: the argument '--request-path <PATH>' cannot be used multiple times\n"},
        {"policy -r f --raw=yes",
         "error: unexpected value 'yes' for '--raw' found; no more were expected\n"},
        {"policy -r f -q --raw", "error: the argument '--quiet' cannot be used with '--raw'\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parsed parsed = parse(cases[i].line);
        assert_false(parsed.is_fine);
        assert_int_equal(parsed.exit, EXIT_USAGE);
        if (strncmp(parsed.error, cases[i].want, strlen(cases[i].want)) != 0)
            assert_string_equal(parsed.error, cases[i].want);
        options_done(&parsed.options);
    }
}

static void numbers_are_whole_and_within_their_limit(void **state)
{
    (void)state;
    assert_int_equal(option_number("1", 9), 1);
    assert_int_equal(option_number("3600", 3600), 3600);
    static const char *const wrong[] = {"", "0", "10", "-1", "+1", "1s", " 1", "4294967297"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(option_number(wrong[i], 9), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_before_and_behind_the_arguments_in_every_form),
        cmocka_unit_test(a_dash_alone_is_a_value_and_an_argument),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(repeated_options_keep_all_their_values),
        cmocka_unit_test(greedy_options_swallow_words_up_to_the_next_option),
        cmocka_unit_test(choices_take_their_aliases),
        cmocka_unit_test(usage_errors_have_the_words_of_clap),
        cmocka_unit_test(numbers_are_whole_and_within_their_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
