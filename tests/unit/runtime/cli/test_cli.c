/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: cli-and-distribution.md §1.1, policy-server.md §1, the usage errors of
 * command.jsonl and start.jsonl, and clap's rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/cli/manual.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define WORDS_MAX 12

static const char *const formats[] = {"yaml", "json", NULL};
static const char *const hidden_formats[] = {"yml", NULL};

static const struct chimera_cli_option run_options[] = {
    {.name = "request-path",
     .letter = 'r',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "PATH",
     .help = "A file"},
    {.name = "output",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .value = "FORMAT",
     .choices = formats,
     .aliases = hidden_formats,
     .help = "A format"},
    {.name = "key", .letter = 'k', .kind = CHIMERA_CLI_REPEAT, .value = "KEY", .help = "A key"},
    {.name = "allow", .kind = CHIMERA_CLI_GREEDY, .value = "PATTERN", .help = "Patterns"},
    {.name = "raw", .letter = 'w', .help = "As it is"},
    {.name = "quiet",
     .letter = 'q',
     .excludes = "raw",
     .help = "Say nothing at all, as long as there is nothing that has to be said"},
    {0},
};
static const struct chimera_cli_option aliased_options[] = {
    {.name = "threads", .letter = 't', .kind = CHIMERA_CLI_VALUE, .value = "N", .help = "Threads"},
    {.name = "concurrency",
     .letter = 'c',
     .is_hidden = true,
     .kind = CHIMERA_CLI_VALUE,
     .stands_for = "threads",
     .help = "Others' name of it"},
    {0},
};
static const struct chimera_cli_command aliased = {.name = "aliased", .options = aliased_options};
static const struct chimera_cli_argument run_arguments[] = {
    {.name = "policy", .is_required = true, .help = "A policy"}, {0}};
static const struct chimera_cli_command run = {.name = "run",
                                               .about = ".Run it \\ now",
                                               .description = "One.\n'Two' --raw.",
                                               .options = run_options,
                                               .arguments = run_arguments};
static const struct chimera_cli_argument many[] = {{.name = "FILE", .is_many = true, .help = "F"},
                                                   {0}};
static const struct chimera_cli_command list = {.name = "list", .about = "List", .arguments = many};
static const struct chimera_cli_command carry = {.name = "carry",
                                                 .about = "Carry on",
                                                 .options = run_options,
                                                 .arguments = many,
                                                 .has_plain_rest = true};
static const struct chimera_cli_command none = {.name = "none", .is_hidden = true};
static const struct chimera_cli_command *const commands[] = {&list, &none, &run, NULL};
static const struct chimera_cli_command tool = {.about = "A tool",
                                                .usage = "<COMMAND>",
                                                .version_help = "Print the version",
                                                .commands = commands};

static const char *const levels[] = {"info", "warn", NULL};
static const struct chimera_cli_option server_options[] = {
    {.name = "daemon", .kind = CHIMERA_CLI_SWITCH, .variable = "TEST_DAEMON", .help = "Go away"},
    {.name = "level",
     .kind = CHIMERA_CLI_VALUE,
     .value = "LEVEL",
     .variable = "TEST_LEVEL",
     .initial = "info",
     .choices = levels,
     .help = "How much"},
    {.name = "no-color", .kind = CHIMERA_CLI_SWITCH, .variable = "NO_COLOR", .help = "Grey"},
    {.name = "port",
     .kind = CHIMERA_CLI_VALUE,
     .value = "PORT",
     .variable = "TEST_PORT",
     .help = "Where"},
    {.name = "secret",
     .kind = CHIMERA_CLI_SWITCH,
     .is_hidden = true,
     .variable = "TEST_SECRET",
     .help = "Nobody knows"},
    {0},
};
static const struct chimera_cli_command server = {.about = "Serves.",
                                                  .usage = "[OPTIONS]",
                                                  .version_help = "Print version",
                                                  .options = server_options,
                                                  .is_help_below = true,
                                                  .is_long_only = true};

/* What a command line comes to: "name=value" of each option, "<argument>" of each argument, or
 * "help", or the refusal. */
static char *describe(const struct chimera_cli_command *command, const char *line)
{
    static char copy[400], text[1000];
    char *words[WORDS_MAX];
    static const char *const actions[] = {"", "help", "version", "short version"};
    struct chimera_cli_options options = {.program = "kwctl", .command = command};
    enum chimera_cli_action action = CHIMERA_CLI_RUN;
    struct chimera_buffer out;
    int count = 0;
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = copy; word && *word && count < WORDS_MAX; count++) {
        char *space = strchr(word, ' ');
        words[count] = word;
        if (space)
            *space = '\0';
        word = space ? space + 1 : NULL;
    }
    chimera_buffer_init(&out, sizeof(text) - 1);
    int code = chimera_cli_parse(&options, count, words, &action);
    bool is_run = code == CHIMERA_OK && action == CHIMERA_CLI_RUN;
    chimera_buffer_text(&out, code < 0 ? options.refusal.data : actions[action]);
    for (size_t i = 0; is_run && i < options.given_count; i++)
        chimera_buffer_print(&out, " %s%s%s", options.given[i].option->name,
                             options.given[i].value ? "=" : "",
                             options.given[i].value ? options.given[i].value : "");
    for (size_t i = 0; is_run && i < options.argument_count; i++)
        chimera_buffer_print(&out, " <%s>", options.arguments[i]);
    snprintf(text, sizeof(text), "%.*s", (int)out.size, out.data);
    chimera_buffer_free(&out);
    chimera_cli_done(&options);
    return text + (text[0] == ' ');
}

struct line {
    const char *words, *want;
};

static const struct line run_lines[] = {
    /* before and behind the arguments, in every form */
    {"-r file p --raw", "request-path=file raw <p>"},
    {"p -r file --raw", "request-path=file raw <p>"},
    {"--raw p -rfile", "raw request-path=file <p>"},
    {"-r=file p -w", "request-path=file raw <p>"},
    {"--request-path=file -w p", "request-path=file raw <p>"},
    {"-wr file p", "raw request-path=file <p>"},
    {"-wrfile p", "raw request-path=file <p>"},
    {"-wr=file p", "raw request-path=file <p>"},
    {"--raw --request-path file -- p", "raw request-path=file <p>"},
    /* a dash alone is a word, and two end the options */
    {"-r - -", "request-path=- <->"},
    {"-r f -- --raw", "request-path=f <--raw>"},
    {"-k a p -kb --key=c -r f", "key=a key=b key=c request-path=f <p>"},
    {"--allow a b -r f p", "allow=a allow=b request-path=f <p>"},
    {"-r f --allow a -- p", "request-path=f allow=a <p>"},
    {"p --allow -r f", "allow request-path=f <p>"},
    {"-r f --allow=a p", "request-path=f allow=a <p>"},
    {"-r f -o yml p", "request-path=f output=yml <p>"},
    /* help wins over what is missing, and over what stands behind it */
    {"--help", "help"},
    {"--help=x", "help"},
    {"-wh --nosuch", "help"},
    {"--nosuch -h", "unexpected argument '--nosuch' found"},
    {"-V", "unexpected argument '-V' found"},
    {"p", "the following required arguments were not provided:\n  --request-path <PATH>"},
    {"",
     "the following required arguments were not provided:\n  --request-path <PATH>\n  <policy>"},
    {"-r f --allow x p", "the following required arguments were not provided:\n  <policy>"},
    {"-v -r f p", "unexpected argument '-v' found"},
    {"-wxy", "unexpected argument '-x' found"},
    {"-r f p more", "unexpected argument 'more' found"},
    {"-r f p --nothing=1", "unexpected argument '--nothing' found"},
    /* the nearest is told, but none that is hidden or only a little like it */
    {"--outptu=x p", "unexpected argument '--outptu' found\n  did you mean '--output'?"},
    {"--hlep", "unexpected argument '--hlep' found\n  did you mean '--help'?"},
    {"--versoin", "unexpected argument '--versoin' found"},
    {"-r f p -o xml",
     "invalid value 'xml' for '--output <FORMAT>'\n  [possible values: yaml, json]"},
    {"p -r", "a value is required for '--request-path <PATH>' but none was supplied"},
    {"p -r --raw", "a value is required for '--request-path <PATH>' but none was supplied"},
    {"-r f -r", "a value is required for '--request-path <PATH>' but none was supplied"},
    {"p -r f -r g", "the argument '--request-path <PATH>' cannot be used multiple times"},
    {"p -r f -ww", "the argument '--raw' cannot be used multiple times"},
    {"p -r f --raw=yes", "unexpected value 'yes' for '--raw' found; no more were expected"},
    {"p -r f -q --raw", "the argument '--quiet' cannot be used with '--raw'"},
};

static const struct line server_lines[] = {
    {"", "level=info"},
    {"--level warn", "level=warn"},
    {"--level=warn --daemon", "level=warn daemon=true"},
    {"--daemon=No --port -", "daemon=No port=- level=info"},
    {"--port=", "port= level=info"},
    {"--secret --", "secret=true level=info"},
    {"--no-color=grey", "no-color=grey level=info"},
    {"--help --nosuch", "help"},
    {"-h", "help"},
    {"--version", "version"},
    {"-V", "short version"},
    {"--nosuch --help", "unexpected argument '--nosuch' found"},
    {"--prot 1", "unexpected argument '--prot' found\n  did you mean '--port'?"},
    {"--versoin", "unexpected argument '--versoin' found\n  did you mean '--version'?"},
    {"--secert", "unexpected argument '--secert' found"},
    {"--help=x", "unexpected argument '--help' found"},
    {"extra", "unrecognized subcommand 'extra'"},
    {"-- --port=1", "unrecognized subcommand '--port=1'"},
    {"-", "unexpected argument '-' found"},
    {"-x", "unexpected argument '-x' found"},
    {"-hxy=1", "unexpected argument '-hxy' found"},
    {"--port -1", "unexpected argument '-1' found"},
    {"--port --daemon", "unexpected argument '--daemon' found"},
    {"--port", "a value is required for '--port <PORT>' but none was supplied"},
    {"--port=1 --port", "the argument '--port <PORT>' cannot be used multiple times"},
    {"--daemon --daemon=x", "the argument '--daemon' cannot be used multiple times"},
    {"--level loud", "invalid value 'loud' for '--level <LEVEL>'\n  [possible values: info, warn]"},
    {"--daemon=maybe", "invalid value 'maybe' for '--daemon'\n  "
                       "[possible values: true, 1, yes, on, false, 0, no, off]"},
};

static void another_name_is_taken_for_the_option(void **state)
{
    (void)state;
    char word[] = "-c=4", *const words[] = {word};
    struct chimera_cli_options options = {.program = "p", .command = &aliased};
    enum chimera_cli_action action;
    assert_string_equal(describe(&aliased, "--concurrency 4"), "threads=4");
    assert_string_equal(describe(&aliased, "-c4"), "threads=4");
    assert_string_equal(describe(&aliased, "-c4 --threads 5"),
                        "the argument '--threads <N>' cannot be used multiple times");
    assert_string_equal(describe(&aliased, "--concurrency"),
                        "a value is required for '--threads <N>' but none was supplied");
    assert_int_equal(chimera_cli_parse(&options, 1, words, &action), CHIMERA_OK);
    assert_int_equal(options.given_count, 1);
    assert_string_equal(options.given[0].alias->name, "concurrency");
    chimera_cli_done(&options);
}

static void words_are_taken_one_after_the_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(run_lines); i++)
        assert_string_equal(describe(&run, run_lines[i].words), run_lines[i].want);
    for (size_t i = 0; i < COUNT(server_lines); i++)
        assert_string_equal(describe(&server, server_lines[i].words), server_lines[i].want);
    assert_string_equal(describe(&list, "a b c"), "<a> <b> <c>");
    assert_string_equal(describe(&none, "a"), "unexpected argument 'a' found");
}

static void behind_the_first_argument_all_words_may_be_arguments(void **state)
{
    static const struct line lines[] = {
        {"-r file a --raw -r -x --help", "request-path=file <a> <--raw> <-r> <-x> <--help>"},
        {"-r file a -- b", "request-path=file <a> <--> <b>"},
        {"-r file -- -a --raw", "request-path=file <-a> <--raw>"},
        {"--help a", "help"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_string_equal(describe(&carry, lines[i].words), lines[i].want);
}

static void an_option_wins_over_its_variable_and_that_over_the_default(void **state)
{
    static const struct {
        const char *variable, *value, *words, *want;
    } cases[] = {
        {"TEST_LEVEL", "warn", "", "level=warn"},
        {"TEST_LEVEL", "warn", "--level=info", "level=info"},
        {"TEST_LEVEL", "loud", "--level=info", "level=info"}, /* nobody asks for it then */
        {"TEST_LEVEL", "loud", "--help", "help"},
        {"TEST_LEVEL", "loud", "",
         "invalid value 'loud' for 'TEST_LEVEL'\n  [possible values: info, warn]"},
        {"TEST_PORT", "8443", "--daemon", "daemon=true level=info port=8443"},
        {"TEST_DAEMON", "", "", "daemon= level=info"},
        {"TEST_DAEMON", "perhaps", "",
         "invalid value 'perhaps' for 'TEST_DAEMON'\n  "
         "[possible values: true, 1, yes, on, false, 0, no, off]"},
        {"NO_COLOR", "anything", "", "level=info no-color=anything"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        setenv(cases[i].variable, cases[i].value, 1);
        assert_string_equal(describe(&server, cases[i].words), cases[i].want);
        unsetenv(cases[i].variable);
    }
}

static void switches_take_more_than_true_and_false(void **state)
{
    static const char *const on[] = {"true", "1", "yes", "ON", "TRUE"};
    static const char *const off[] = {"false", "0", "No", "off", "", "anything"};
    (void)state;
    for (size_t i = 0; i < COUNT(on); i++)
        assert_true(chimera_cli_is_on(on[i]));
    for (size_t i = 0; i < COUNT(off); i++)
        assert_false(chimera_cli_is_on(off[i]));
}

static void the_last_value_of_an_option_counts(void **state)
{
    struct chimera_cli_options options = {.program = "kwctl", .command = &run};
    char words[][8] = {"-ka", "-kb", "-rf", "p"};
    char *argv[] = {words[0], words[1], words[2], words[3]};
    enum chimera_cli_action action;
    (void)state;
    assert_int_equal(chimera_cli_parse(&options, 4, argv, &action), 0);
    assert_string_equal(chimera_cli_value(&options, "key"), "b");
    assert_null(chimera_cli_value(&options, "raw"));
    assert_true(chimera_cli_is_given(&options, "request-path"));
    assert_false(chimera_cli_is_given(&options, "raw"));
    chimera_cli_done(&options);
}

static void numbers_are_whole_and_within_their_limit(void **state)
{
    static const char *const wrong[] = {"", "0", "10", "-1", "+1", "1s", " 1", "4294967297"};
    (void)state;
    assert_int_equal(chimera_cli_number("1", 9), 1);
    assert_int_equal(chimera_cli_number("3600", 3600), 3600);
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(chimera_cli_number(wrong[i], 9), 0);
}

#define RUN_HELP                                                                        \
    ".Run it \\ now\n\nUsage: kwctl run [OPTIONS] --request-path <PATH> <policy>\n\n"   \
    "Arguments:\n  <policy>                      A policy\n\nOptions:\n"                \
    "  -r, --request-path <PATH>     A file\n"                                          \
    "  -o, --output <FORMAT>         A format [possible values: yaml, json]\n"          \
    "  -k, --key <KEY>               A key\n"                                           \
    "      --allow [<PATTERN>...]    Patterns\n"                                        \
    "  -w, --raw                     As it is\n"                                        \
    "  -q, --quiet                   Say nothing at all, as long as there is nothing\n" \
    "                                that has to be said\n"                             \
    "  -h, --help                    Print help\n"
#define LIST_HELP                                                                              \
    "List\n\nUsage: kwctl list [FILE]...\n\nArguments:\n  [FILE]...                     F\n\n" \
    "Options:\n  -h, --help                    Print help\n"
#define TOOL_HELP                                                                     \
    "A tool\n\nUsage: kwctl <COMMAND>\n\nCommands:\n"                                 \
    "  list                          List\n"                                          \
    "  run                           .Run it \\ now\n"                                \
    "  help                          Print this message or the help of a command\n\n" \
    "Options:\n  -h, --help                    Print help\n"                          \
    "  -V, --version                 Print the version\n"

static void help_comes_from_the_tables(void **state)
{
    static const struct {
        const struct chimera_cli_command *command;
        const char *want;
    } cases[] = {
        {&run, RUN_HELP},
        {&list, LIST_HELP},
        {&tool, TOOL_HELP},
        {&server, "Serves.\n\nUsage: kwctl [OPTIONS]\n\nOptions:\n"
                  "      --daemon\n          Go away [env: TEST_DAEMON]\n"
                  "      --level <LEVEL>\n          How much [env: TEST_LEVEL] [default: info] "
                  "[possible values: info,\n          warn]\n"
                  "      --no-color\n          Grey [env: NO_COLOR]\n"
                  "      --port <PORT>\n          Where [env: TEST_PORT]\n"
                  "  -h, --help\n          Print help\n  -V, --version\n          Print version\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct chimera_buffer out;
        chimera_buffer_init(&out, CHIMERA_CLI_TEXT_MAX);
        chimera_cli_put_help("kwctl", cases[i].command, &(struct chimera_cli_look){0}, &out);
        chimera_buffer_byte(&out, '\0');
        assert_string_equal(out.data, cases[i].want);
        chimera_buffer_free(&out);
    }
}

/* Rows that are too long for their columns go on below. */
static void long_help_is_wrapped_at_spaces(void **state)
{
    static const struct chimera_cli_option options[] = {
        {.name = "a-name-that-needs-all-of-the-column",
         .help = "Words that come to more than a line of a hundred columns has room for, so that "
                 "the rest"},
        {0},
    };
    static const struct chimera_cli_command wide = {.name = "w", .about = "W", .options = options};
    struct chimera_buffer out;
    (void)state;
    chimera_buffer_init(&out, CHIMERA_CLI_TEXT_MAX);
    chimera_cli_put_help("p", &wide, &(struct chimera_cli_look){.width = 100}, &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(
        out.data,
        "W\n\nUsage: p w [OPTIONS]\n\nOptions:\n"
        "      --a-name-that-needs-all-of-the-column\n"
        "                                Words that come to more than a line of a hundred "
        "columns has room\n"
        "                                for, so that the rest\n"
        "  -h, --help                    Print help\n");
    chimera_buffer_free(&out);
}

/* What refuse() prints to standard error. */
static const char *said_of(int (*refuse)(const char *), const char *word)
{
    static char text[400];
    FILE *caught = tmpfile();
    assert_non_null(caught);
    fflush(stderr);
    int before = dup(STDERR_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
    int code = refuse(word);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(caught);
    text[fread(text, 1, sizeof(text) - 1, caught)] = '\0';
    fclose(caught);
    assert_int_equal(code, CHIMERA_CLI_EXIT_USAGE);
    return text;
}

static int refuse_text(const char *text)
{
    return chimera_cli_refuse("kwctl", &run, "not '%s'", text);
}

static int refuse_word(const char *word)
{
    return chimera_cli_refuse_word("kwctl", &tool, word);
}

static void a_refusal_ends_with_the_usage(void **state)
{
    (void)state;
    assert_string_equal(said_of(refuse_text, "\x1b[1m"),
                        "error: not '\\u{1b}[1m'\n\n"
                        "Usage: kwctl run [OPTIONS] --request-path <PATH> <policy>\n\n"
                        "For more information, try '--help'.\n");
}

static void a_mistyped_word_is_told_what_it_was_meant_to_be(void **state)
{
    static const struct line words[] = {
        {"lsit", "unrecognized subcommand 'lsit'\n  did you mean 'list'?"},
        {"RUN", "unrecognized subcommand 'RUN'\n  did you mean 'run'?"},
        {"nonne", "unrecognized subcommand 'nonne'"},
        {"hepl", "unrecognized subcommand 'hepl'\n  did you mean 'help'?"},
        {"--verison", "unexpected argument '--verison' found\n  did you mean '--version'?"},
        {"-x", "unexpected argument '-x' found"},
        {"-", "unrecognized subcommand '-'"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        char want[400];
        snprintf(want, sizeof(want),
                 "error: %s\n\nUsage: kwctl <COMMAND>\n\nFor more information, try '--help'.\n",
                 words[i].want);
        assert_string_equal(said_of(refuse_word, words[i].words), want);
    }
}

static const struct chimera_cli_entry files[] = {
    {"~/all", "Everybody's", 0},
    {"~/built", "Who builds", CHIMERA_CLI_BUILDS},
    {"~/fetched", "Who fetches", CHIMERA_CLI_FETCHES},
    {0},
};
static const struct chimera_cli_entry own_exits[] = {{"7", "Odd", 0}, {0}};
static const struct chimera_cli_page by_command[] = {
    {"run", CHIMERA_CLI_FETCHES, own_exits, ".run it\nrun --it", "x(5)"},
    {0},
};
static const struct chimera_cli_manual manual = {.name = "kwctl",
                                                 .about = "a tool",
                                                 .synopsis = "\\fBkwctl\\fR",
                                                 .description = "Does it.\n-Again.",
                                                 .uses = CHIMERA_CLI_BUILDS,
                                                 .files = files,
                                                 .examples = "kwctl run",
                                                 .see = "a-b(1) c(5)",
                                                 .pages = by_command};

#define HEADER(name) ".TH " name " 1 \"\" \"Chimera " CHIMERA_VERSION "\" \"Chimera\"\n.SH NAME\n"
#define HELP ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nPrint help.\n"
#define VERSION_HELP                                                                            \
    ".TP\n\\fB\\-V\\fR, \\fB\\-\\-version\\fR\nPrint the version; the letter prints the first " \
    "line of it.\n"
#define EXITS                                                                                     \
    ".SH EXIT STATUS\n.TP\n\\fB0\\fR\nSuccess.\n.TP\n\\fB1\\fR\nSomething failed; the reason is " \
    "on standard error.\n.TP\n\\fB2\\fR\nThe command line is wrong.\n"
#define FILES ".SH FILES\n.TP\n\\fB~/all\\fR\nEverybody's.\n"

/* Between parts of a page there may be more: variables. */
#define REST "\x01"

static const struct line pages[] = {
    {"tool/kwctl.1", HEADER("KWCTL") "kwctl \\- a tool\n.SH SYNOPSIS\n\\fBkwctl\\fR\n"
                                     ".SH DESCRIPTION\nDoes it.\n.PP\n\\-Again.\n.SH COMMANDS\n"
                                     ".TP\n\\fBkwctl\\-list\\fR(1)\nList.\n"
                                     ".TP\n\\fBkwctl\\-run\\fR(1)\n\\&.Run it \\e now.\n"
                                     ".SH OPTIONS\n" HELP VERSION_HELP ".SH ENVIRONMENT\n"
                                     ".TP\n\\fBCHIMERA_CACHE_DIR\\fR\n" REST FILES
                                     ".TP\n\\fB~/built\\fR\nWho builds.\n" EXITS
                                     ".SH EXAMPLES\n.PP\n.nf\nkwctl run\n.fi\n"
                                     ".SH SEE ALSO\n\\fBa\\-b\\fR(1),\n\\fBc\\fR(5)\n"},
    {"tool/kwctl-run.1",
     HEADER("KWCTL\\-RUN") "kwctl\\-run \\- \\&.Run it \\e now\n.SH SYNOPSIS\n"
                           "kwctl run [OPTIONS] \\-\\-request\\-path <PATH> <policy>\n"
                           ".SH DESCRIPTION\nOne.\n.PP\n\\&'Two' \\-\\-raw.\n"
                           ".SH ARGUMENTS\n.TP\n\\fIpolicy\\fR\nA policy.\n.SH OPTIONS\n"
                           ".TP\n\\fB\\-r\\fR, \\fB\\-\\-request\\-path\\fR "
                           "\\fIPATH\\fR\nA file.\n"
                           ".TP\n\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIFORMAT\\fR\n"
                           "A format.\nOne of: yaml, json.\n"
                           ".TP\n\\fB\\-k\\fR, \\fB\\-\\-key\\fR \\fIKEY\\fR\nA key.\n"
                           ".TP\n\\fB\\-\\-allow\\fR \\fIPATTERN\\fR...\nPatterns.\n"
                           ".TP\n\\fB\\-w\\fR, \\fB\\-\\-raw\\fR\nAs it is.\n"
                           ".TP\n\\fB\\-q\\fR, \\fB\\-\\-quiet\\fR\nSay nothing at all, as "
                           "long as there is nothing that has to be said.\n" HELP
                           ".SH ENVIRONMENT\n" REST FILES ".TP\n\\fB~/fetched\\fR\nWho fetches.\n"
                           ".SH EXIT STATUS\n.TP\n\\fB7\\fR\nOdd.\n"
                           ".SH EXAMPLES\n.PP\n.nf\n\\&.run it\nrun \\-\\-it\n.fi\n"
                           ".SH SEE ALSO\n\\fBkwctl\\fR(1),\n\\fBx\\fR(5)\n"},
    {"tool/kwctl-list.1",
     HEADER("KWCTL\\-LIST") "kwctl\\-list \\- List\n.SH SYNOPSIS\n"
                            "kwctl list [FILE]...\n.SH DESCRIPTION\nList.\n"
                            ".SH ARGUMENTS\n.TP\n\\fIFILE\\fR...\nF.\n.SH OPTIONS\n" HELP
                            ".SH ENVIRONMENT\n" REST FILES EXITS
                            ".SH SEE ALSO\n\\fBkwctl\\fR(1)\n"},
    {"./tool.md", "# Command line of `kwctl`\n\n```text\n" TOOL_HELP "```\n\n## kwctl list\n\n"
                  "```text\n" LIST_HELP "```\n\n## kwctl run\n\nOne.\n\n'Two' --raw.\n\n"
                  "```text\n" RUN_HELP "```\n\nThe end.\n"},
    {"server/kwctl.1",
     HEADER("KWCTL") "kwctl \\- a tool\n.SH SYNOPSIS\n\\fBkwctl\\fR\n"
                     ".SH DESCRIPTION\nDoes it.\n.PP\n\\-Again.\n.SH OPTIONS\n"
                     ".TP\n\\fB\\-\\-daemon\\fR\nGo away.\n"
                     "Environment: \\fBTEST_DAEMON\\fR.\n"
                     ".TP\n\\fB\\-\\-level\\fR \\fILEVEL\\fR\n"
                     "How much.\nOne of: info, warn.\nDefault: info.\n"
                     "Environment: \\fBTEST_LEVEL\\fR.\n"
                     ".TP\n\\fB\\-\\-no\\-color\\fR\nGrey.\n"
                     "Environment: \\fBNO_COLOR\\fR.\n"
                     ".TP\n\\fB\\-\\-port\\fR \\fIPORT\\fR\nWhere.\n"
                     "Environment: \\fBTEST_PORT\\fR.\n" HELP VERSION_HELP ".SH ENVIRONMENT\n"
                     ".TP\n\\fBTEST_DAEMON\\fR\nIn place of \\fB\\-\\-daemon\\fR.\n" REST
                     ".TP\n\\fBTEST_PORT\\fR\nIn place of \\fB\\-\\-port\\fR.\n"
                     ".TP\n\\fBCHIMERA_CACHE_DIR\\fR\n"},
    {"server.md",
     "# Command line of `kwctl`\n\n| flag | environment | default | what it does |\n"
     "| --- | --- | --- | --- |\n| `--daemon` | `TEST_DAEMON` |  | Go away |\n"
     "| `--level LEVEL` | `TEST_LEVEL` | `info` | How much: info, warn |\n"
     "| `--no-color` | `NO_COLOR` |  | Grey |\n"
     "| `--port PORT` | `TEST_PORT` |  | Where |\n\n"
     "## Variables of the environment\n\n- `CHIMERA_CACHE_DIR`: " REST "- `CHIMERA_COMMAND`: "},
};

/* Each part of `want`, between those, behind the one before; the first at the start. */
static void assert_parts(const char *name, const char *text, const char *want)
{
    const char *at = text;
    for (bool is_first = true; *want; is_first = false) {
        size_t size = strcspn(want, REST);
        CHIMERA_FREE char *part = strndup(want, size);
        const char *found = strstr(at, part);
        if (!found || (is_first && found != text))
            fail_msg("%s: not there, or not in its place:\n%s\nin:\n%s", name, part, text);
        at = found + size;
        want += size + (want[size] != '\0');
    }
}

static void pages_come_from_the_tables(void **state)
{
    char folder[] = "/tmp/test-cli-XXXXXX";
    struct chimera_error err = {0};
    struct chimera_cli_reference reference = {.name = "kwctl", .program = &tool};
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(chimera_cli_write_pages(&tool, &manual, "tool", &err), 0);
    assert_int_equal(chimera_cli_write_pages(&server, &manual, "server", &err), 0);
    reference.end = "The end.\n";
    assert_int_equal(chimera_cli_write_reference(&reference, "./tool.md", &err), 0);
    assert_true(chimera_cli_write_reference(&reference, "no/where.md", &err) < 0);
    reference = (struct chimera_cli_reference){
        .name = "kwctl", .program = &server, .uses = CHIMERA_CLI_SERVES};
    assert_int_equal(chimera_cli_write_reference(&reference, "server.md", &err), 0);
    assert_true(chimera_cli_write_pages(&tool, &manual, "./tool.md", &err) < 0);
    assert_int_not_equal(access("tool/kwctl-none.1", F_OK), 0);
    for (size_t i = 0; i < COUNT(pages); i++) {
        struct chimera_buffer text;
        chimera_buffer_init(&text, CHIMERA_CLI_TEXT_MAX);
        assert_int_equal(chimera_file_read(pages[i].words, &text, &err), 0);
        chimera_buffer_byte(&text, '\0');
        assert_parts(pages[i].words, text.data, pages[i].want);
        chimera_buffer_free(&text);
        unlink(pages[i].words);
    }
    rmdir("tool");
    rmdir("server");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_document_has_chapters(void **state)
{
    static const struct chimera_cli_entry chapters[] = {
        {"ONE", "First.\nname\tIs it.\n.Last.", 0}, {"TWO", "  as it\n  is", 0}, {0}};
    static const struct chimera_cli_document document = {"x.yml", "about x", 5, chapters, "y(1)"};
    char folder[] = "/tmp/test-cli-XXXXXX";
    struct chimera_buffer text;
    (void)state;
    assert_non_null(mkdtemp(folder));
    CHIMERA_FREE char *path = chimera_path_join(folder, "x.yml.5");
    assert_int_equal(chimera_cli_write_document(&document, folder, NULL), 0);
    chimera_buffer_init(&text, CHIMERA_CLI_TEXT_MAX);
    assert_int_equal(chimera_file_read(path, &text, NULL), 0);
    chimera_buffer_byte(&text, '\0');
    assert_string_equal(text.data, ".TH X.YML 5 \"\" \"Chimera " CHIMERA_VERSION
                                   "\" \"Chimera\"\n.SH NAME\nx.yml \\- about x\n"
                                   ".SH ONE\nFirst.\n.TP\n\\fBname\\fR\nIs it.\n"
                                   ".PP\n\\&.Last.\n.SH TWO\n.PP\n.nf\n  as it\n  is\n.fi\n"
                                   ".SH SEE ALSO\n\\fBy\\fR(1)\n");
    chimera_buffer_free(&text);
    assert_int_equal(chimera_folder_remove(folder, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_taken_one_after_the_other),
        cmocka_unit_test(another_name_is_taken_for_the_option),
        cmocka_unit_test(behind_the_first_argument_all_words_may_be_arguments),
        cmocka_unit_test(an_option_wins_over_its_variable_and_that_over_the_default),
        cmocka_unit_test(switches_take_more_than_true_and_false),
        cmocka_unit_test(the_last_value_of_an_option_counts),
        cmocka_unit_test(numbers_are_whole_and_within_their_limit),
        cmocka_unit_test(help_comes_from_the_tables),
        cmocka_unit_test(long_help_is_wrapped_at_spaces),
        cmocka_unit_test(a_refusal_ends_with_the_usage),
        cmocka_unit_test(a_mistyped_word_is_told_what_it_was_meant_to_be),
        cmocka_unit_test(pages_come_from_the_tables),
        cmocka_unit_test(a_document_has_chapters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
