/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that have commands of their own, as clap treats them; and the scripts for shells. That
 * these work in a shell is tests/e2e/command/author's to see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/cli/completions.h"
#include "runtime/cli/manual.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct chimera_cli_command scaffold, deep;
static const char *const kinds[] = {"Big", "Small", NULL};
static const struct chimera_cli_option leaf_options[] = {
    {.name = "kind",
     .letter = 'k',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "KIND",
     .choices = kinds,
     .help = "Its kind: it's [big]"},
    {.name = "from", .kind = CHIMERA_CLI_VALUE, .value = "PATH", .help = "A file"},
    {.name = "name", .kind = CHIMERA_CLI_VALUE, .value = "TEXT", .help = "A name"},
    {.name = "secret", .is_hidden = true, .help = "Not shown"},
    {0},
};
static const struct chimera_cli_command leaf = {
    .name = "leaf", .parent = &scaffold, .about = "The leaf", .options = leaf_options};
static const struct chimera_cli_command deepest = {
    .name = "deepest", .parent = &deep, .about = "The deepest"};
static const struct chimera_cli_command *const deep_commands[] = {&deepest, NULL};
static const struct chimera_cli_command deep = {
    .name = "deep", .parent = &scaffold, .about = "Deeper", .commands = deep_commands};
static const struct chimera_cli_command *const scaffold_commands[] = {&leaf, &deep, NULL};
static const struct chimera_cli_command scaffold = {
    .name = "scaffold", .about = "Begin things", .commands = scaffold_commands};
static const struct chimera_cli_command part = {.name = "below", .about = "A part of it"};
static const struct chimera_cli_command *const both_commands[] = {&part, NULL};
static int run_both(const struct chimera_cli_options *options)
{
    (void)options;
    return 0;
}
static const struct chimera_cli_command both = {
    .name = "both", .about = "Does something", .commands = both_commands, .run = run_both};
static const struct chimera_cli_command plain = {.name = "plain", .about = "Plain"};
static const struct chimera_cli_command hidden = {
    .name = "hidden", .about = "Hidden", .is_hidden = true};
static const struct chimera_cli_command *const commands[] = {&scaffold, &plain, &hidden, NULL};
static const struct chimera_cli_option global_options[] = {
    {.name = "verbose", .letter = 'v', .help = "Say more"}, {0}};
static const struct chimera_cli_command program = {.about = "A program",
                                                   .usage = "[OPTIONS] <COMMAND>",
                                                   .version_help = "Print the version",
                                                   .options = global_options,
                                                   .commands = commands};

struct descent {
    const char *words[6]; /* behind the first command; ends with NULL */
    int want;
    const struct chimera_cli_command *at;
    int taken;
};

static void the_way_leads_down_by_words(void **state)
{
    (void)state;
    static const struct descent cases[] = {
        {{"leaf", "--kind", "Big"}, CHIMERA_CLI_GOES_ON, &leaf, 1},
        {{"deep", "deepest", "x"}, CHIMERA_CLI_GOES_ON, &deepest, 2},
        {{NULL}, CHIMERA_CLI_EXIT_USAGE, &scaffold, 0},
        {{"deep"}, CHIMERA_CLI_EXIT_USAGE, &deep, 0},
        {{"tree"}, CHIMERA_CLI_EXIT_USAGE, &scaffold, 0},
        {{"--kind", "Big", "leaf"}, CHIMERA_CLI_EXIT_USAGE, &scaffold, 0},
        {{"--help"}, 0, &scaffold, 0},
        {{"-h"}, 0, &scaffold, 0},
        {{"help"}, 0, &scaffold, 0},
        {{"help", "leaf"}, 0, &leaf, 0},
        {{"help", "deep", "deepest"}, 0, &deepest, 0},
        {{"help", "tree"}, CHIMERA_CLI_EXIT_USAGE, &scaffold, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct chimera_cli_options options = {.program = "p", .command = &scaffold};
        char *words[6];
        int count = 0, taken = 0;
        for (; cases[i].words[count]; count++)
            words[count] = strdup(cases[i].words[count]);
        assert_int_equal(chimera_cli_descend(&options, count, words, &taken), cases[i].want);
        assert_ptr_equal(options.command, cases[i].at);
        if (cases[i].want == CHIMERA_CLI_GOES_ON)
            assert_int_equal(taken, cases[i].taken);
        while (count-- > 0)
            free(words[count]);
    }
}

/* It need not be followed by one of its own: what else stands there is an argument. */
static void a_command_that_runs_may_have_others_below(void **state)
{
    (void)state;
    static const struct descent cases[] = {
        {{NULL}, CHIMERA_CLI_GOES_ON, &both, 0},
        {{"x"}, CHIMERA_CLI_GOES_ON, &both, 0},
        {{"--help"}, CHIMERA_CLI_GOES_ON, &both, 0},
        {{"x", "below"}, CHIMERA_CLI_GOES_ON, &both, 0},
        {{"below"}, CHIMERA_CLI_GOES_ON, &part, 1},
        {{"below", "x"}, CHIMERA_CLI_GOES_ON, &part, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct chimera_cli_options options = {.program = "p", .command = &both};
        char *words[6];
        int count = 0, taken = 7;
        for (; cases[i].words[count]; count++)
            words[count] = strdup(cases[i].words[count]);
        assert_int_equal(chimera_cli_descend(&options, count, words, &taken), cases[i].want);
        assert_ptr_equal(options.command, cases[i].at);
        assert_int_equal(taken, cases[i].taken);
        while (count-- > 0)
            free(words[count]);
    }
}

static void a_plain_command_takes_no_words(void **state)
{
    (void)state;
    struct chimera_cli_options options = {.program = "p", .command = &plain};
    int taken = 7;
    assert_int_equal(chimera_cli_descend(&options, 0, NULL, &taken), CHIMERA_CLI_GOES_ON);
    assert_int_equal(taken, 0);
    assert_ptr_equal(chimera_cli_find(&program, "plain"), &plain);
    assert_null(chimera_cli_find(&program, "leaf"));
    assert_null(chimera_cli_find(&plain, "x"));
}

static void assert_usage(const struct chimera_cli_command *command, const char *want)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 4096);
    chimera_cli_put_usage("p", command, &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(out.data, want);
    chimera_buffer_free(&out);
}

static void usage_has_the_whole_way(void **state)
{
    (void)state;
    assert_usage(&leaf, "Usage: p scaffold leaf [OPTIONS] --kind <KIND>\n");
    assert_usage(&scaffold, "Usage: p scaffold <COMMAND>\n");
    assert_usage(&deepest, "Usage: p scaffold deep deepest\n");
    assert_usage(&program, "Usage: p [OPTIONS] <COMMAND>\n");
}

static char folder[] = "/tmp/chimera-nested-XXXXXX";

static char *content(const char *name)
{
    struct chimera_buffer text;
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    chimera_buffer_init(&text, 1 << 20);
    assert_int_equal(chimera_file_read(path, &text, NULL), CHIMERA_OK);
    chimera_buffer_byte(&text, '\0');
    return text.data;
}

static void assert_reference(enum chimera_cli_markup markup, const char *name,
                             const char *const *parts)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    const struct chimera_cli_reference reference = {
        .name = "p", .program = &program, .markup = markup};
    assert_int_equal(chimera_cli_write_reference(&reference, path, NULL), CHIMERA_OK);
    CHIMERA_FREE char *text = content(name);
    for (const char *at = text; *parts; parts++) {
        at = strstr(at, *parts);
        if (!at)
            fail_msg("%s is not there, or not in its place: %s", *parts, text);
    }
    assert_null(strstr(text, "hidden"));
}

static void the_reference_has_all_levels(void **state)
{
    (void)state;
    static const char *const markdown[] = {"# Command line of `p`\n",
                                           "```text\nA program\n",
                                           "\n## p scaffold\n",
                                           "\n## p scaffold leaf\n",
                                           "\n## p scaffold deep deepest\n",
                                           "```\n",
                                           "\n## p plain\n",
                                           NULL};
    static const char *const asciidoc[] = {"= Command line of `p`\n",
                                           "----\nA program\n",
                                           "\n== p scaffold\n",
                                           "\n== p scaffold deep deepest\n",
                                           "----\n",
                                           NULL};
    assert_reference(CHIMERA_CLI_MARKDOWN, "x.md", markdown);
    assert_reference(CHIMERA_CLI_ASCIIDOC, "r.adoc", asciidoc);
}

static void each_has_a_page(void **state)
{
    (void)state;
    static const struct chimera_cli_manual manual = {
        .name = "p", .about = "A program", .synopsis = "p", .description = "d", .see = "q(1)"};
    assert_int_equal(chimera_cli_write_pages(&program, &manual, folder, NULL), CHIMERA_OK);
    CHIMERA_FREE char *page = content("p-scaffold.1");
    assert_non_null(strstr(page, ".SH COMMANDS\n.TP\n\\fBp\\-scaffold\\-leaf\\fR(1)\nThe leaf.\n"));
    assert_non_null(strstr(page, ".SH SEE ALSO\n\\fBp\\fR(1)\n"));
    CHIMERA_FREE char *below = content("p-scaffold-deep-deepest.1");
    assert_non_null(strstr(below, ".SH SEE ALSO\n\\fBp\\-scaffold\\-deep\\fR(1)\n"));
    assert_non_null(strstr(below, "p scaffold deep deepest"));
}

static void assert_script(const char *shell, const char *const *parts)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 1 << 20);
    chimera_cli_put_completions("p", &program, shell, &out);
    chimera_buffer_byte(&out, '\0');
    assert_false(out.failed);
    for (; *parts; parts++)
        if (!strstr(out.data, *parts))
            fail_msg("%s: %s is not in %s", shell, *parts, out.data);
    assert_null(strstr(out.data, "secret"));
    assert_null(strstr(out.data, "hidden"));
    chimera_buffer_free(&out);
}

static void every_shell_has_a_script(void **state)
{
    (void)state;
    static const char *const bash[] = {"\" scaffold\") at=\"scaffold\" ;;",
                                       "\"scaffold leaf\") at=\"scaffold leaf\" ;;",
                                       "--kind | -k)",
                                       "compgen -W \"Big Small\"",
                                       "complete -F _p -o bashdefault -o default p\n",
                                       NULL};
    static const char *const zsh[] = {
        "#compdef p\n",
        "'(-k --kind)--kind=[Its kind\\: it'\\''s \\[big\\]]:KIND:(Big Small)'",
        "'(-k --kind)-k+[",
        "'--from=[A file]:PATH:_files'",
        "'--name=[A name]:TEXT:'",
        "'leaf:The leaf'",
        NULL};
    static const char *const fish[] = {
        "complete -c p -n '__p_is_at scaffold leaf' -l kind -s k -x -a 'Big Small' -d 'Its kind: "
        "it\\'s [big]'\n",
        "-l from -r -F", "complete -c p -n '__p_is_at' -f -a scaffold -d 'Begin things'\n", NULL};
    static const char *const elvish[] = {"&'p;scaffold;leaf'= {",
                                         "cand --kind 'Its kind: it''s [big]'\n",
                                         "cand deep 'Deeper'\n", NULL};
    static const char *const powershell[] = {
        "$known = @('', 'scaffold', 'scaffold;leaf', 'scaffold;deep', 'scaffold;deep;deepest', "
        "'plain')",
        "::new('-k', '-k', [System.Management.Automation.CompletionResultType]::ParameterName, "
        "'Its kind: it''s [big]')\n",
        "CompletionResultType]::ParameterValue, 'Begin things')\n", NULL};
    assert_script("bash", bash);
    assert_script("zsh", zsh);
    assert_script("fish", fish);
    assert_script("elvish", elvish);
    assert_script("powershell", powershell);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_way_leads_down_by_words),
        cmocka_unit_test(a_command_that_runs_may_have_others_below),
        cmocka_unit_test(a_plain_command_takes_no_words),
        cmocka_unit_test(usage_has_the_whole_way),
        cmocka_unit_test(the_reference_has_all_levels),
        cmocka_unit_test(each_has_a_page),
        cmocka_unit_test(every_shell_has_a_script),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
