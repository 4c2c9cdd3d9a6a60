/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the `chimera` command; called kwctl, it takes kwctl's command line. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/text/terminal.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/home.h"
#include "toolchain/command/variables.h"
#include "toolchain/command/version.h"

#define ABOUT_VERBOSE "Log what is being done to standard error"
#define ABOUT_NO_COLOR "Print no colours"

static const char *const colour_words[] = {"auto", "always", "never", NULL};

/* Before the command or behind it. */
static const struct chimera_cli_option global_options[] = {
    {.name = "verbose", .letter = 'v', .excludes = "quiet", .help = ABOUT_VERBOSE},
    {.name = "quiet",
     .letter = 'q',
     .help = "Print results and errors only: no warnings, notes and progress"},
    {.name = "color",
     .kind = CHIMERA_CLI_VALUE,
     .value = "WHEN",
     .choices = colour_words,
     .help = "Print colours; auto, as without it: on a terminal, unless TERM is dumb or NO_COLOR "
             "is set"},
    {.name = "no-color", .help = ABOUT_NO_COLOR},
    {0},
};

/* Before the command. */
static const struct chimera_cli_option kwctl_options[] = {
    {.name = "verbose", .letter = 'v', .help = ABOUT_VERBOSE},
    {.name = "no-color", .help = ABOUT_NO_COLOR},
    {0},
};

static const struct chimera_cli_command *const commands[] = {
    &command_annotate, &command_bench,  &command_build,       &command_bundle,   &command_cache,
    &command_call,     &command_check,  &command_completions, &command_diff,     &command_digest,
    &command_docs,     &command_doctor, &command_exec,        &command_fetch,    &command_info,
    &command_inspect,  &command_load,   &command_policies,    &command_pull,     &command_push,
    &command_rm,       &command_run,    &command_save,        &command_scaffold, &command_serve,
    &command_test,     &command_verify, &command_version,     &command_webhooks, NULL,
};

#define PROGRAM(its_options)                 \
    {                                        \
        .about = PROGRAM_ABOUT,              \
        .usage = "[OPTIONS] <COMMAND>",      \
        .version_help = "Print the version", \
        .options = its_options,              \
        .commands = commands,                \
    }

static bool is_kwctl(const char *program)
{
    return strcmp(program, "kwctl") == 0;
}

const struct chimera_cli_command *program_command(const char *program)
{
    static const struct chimera_cli_command ours = PROGRAM(global_options);
    static const struct chimera_cli_command theirs = PROGRAM(kwctl_options);
    return is_kwctl(program) ? &theirs : &ours;
}

static const char *program_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : path ? path : "";
    return is_kwctl(name) ? "kwctl" : "chimera";
}

static int run_help(const char *program, int argc, char **argv)
{
    const struct chimera_cli_command *command = program_command(program);
    for (int at = 0; at < argc; at++) {
        const struct chimera_cli_command *above = command;
        command = chimera_cli_find(above, argv[at]);
        if (!command)
            return chimera_cli_refuse_word(program, above, argv[at]);
    }
    if (command->run_words)
        return command->run_words(1, (char *const[]){(char[]){"--help"}, NULL});
    chimera_cli_print_help(program, command, stdout);
    return EXIT_GOOD;
}

/* What all commands take, from before the command or from behind it. */
static void take_globals(const struct chimera_cli_options *options)
{
    const struct chimera_cli_option *own = options->command->options;
    const char *colour = chimera_cli_value(options, "color");
    bool has_own_quiet = false;
    for (; own != global_options && own && own->name; own++)
        has_own_quiet |= strcmp(own->name, "quiet") == 0;
    if (chimera_cli_is_given(options, "quiet") && !has_own_quiet)
        say_level_set(SAY_QUIET);
    if (chimera_cli_is_given(options, "verbose"))
        say_level_set(SAY_VERBOSE);
    if (chimera_cli_is_given(options, "no-color"))
        chimera_colours_wish(CHIMERA_COLOURS_NEVER);
    if (colour && strcmp(colour, "auto") != 0)
        chimera_colours_wish(strcmp(colour, "always") == 0 ? CHIMERA_COLOURS_ALWAYS
                                                           : CHIMERA_COLOURS_NEVER);
    else if (colour)
        chimera_colours_wish(CHIMERA_COLOURS_AUTO);
}

/* Parses, and does what is the same everywhere. CHIMERA_CLI_GOES_ON, or the code to exit with. */
static int take_line(struct chimera_cli_options *options, const struct chimera_cli_command *shown,
                     int argc, char *const *argv)
{
    enum chimera_cli_action action = CHIMERA_CLI_RUN;
    int code = chimera_cli_parse(options, argc, argv, &action);
    take_globals(options);
    if (code == CHIMERA_EINVAL)
        return chimera_cli_refuse(options->program, shown, "%s", options->refusal.data);
    if (code < 0)
        return say_error("%s", chimera_code_text(code));
    if (action == CHIMERA_CLI_RUN)
        return CHIMERA_CLI_GOES_ON;
    if (action == CHIMERA_CLI_HELP)
        chimera_cli_print_help(options->program, shown, stdout);
    else if (action == CHIMERA_CLI_VERSION_SHORT)
        version_print_short(options->program);
    else
        version_print(options->program);
    return EXIT_GOOD;
}

static int run_command(struct chimera_cli_options *options, int argc, char **argv)
{
    int taken = 0, ended = chimera_cli_descend(options, argc, argv, &taken);
    if (ended != CHIMERA_CLI_GOES_ON)
        return ended;
    if (options->command->run_words)
        return options->command->run_words(argc - taken, argv + taken);
    ended = take_line(options, options->command, argc - taken, argv + taken);
    if (ended != CHIMERA_CLI_GOES_ON)
        return ended;
    struct chimera_error err = {0};
    if (options->command != &command_doctor && variables_check(&err) < 0)
        return say_error("%s", err.text);
    home_begin();
    ended = options->command->run(options);
    home_end();
    return ended;
}

static int run_words(const char *program, int argc, char **argv)
{
    struct chimera_cli_options options = {.program = program};
    if (argc == 0) {
        chimera_cli_print_help(program, program_command(program), stderr);
        return EXIT_USAGE;
    }
    chimera_cli_share(is_kwctl(program) ? NULL : global_options);
    if (strcmp(argv[0], "help") == 0)
        return run_help(program, argc - 1, argv + 1);
    options.command = chimera_cli_find(program_command(program), argv[0]);
    if (!options.command)
        return chimera_cli_refuse_word(program, program_command(program), argv[0]);
    int code = run_command(&options, argc - 1, argv + 1);
    chimera_cli_done(&options);
    return code;
}

/* The command with its words, as arguments of a command line that has only the options before it.
 */
static int run_line(const char *program, int argc, char **argv)
{
    static const struct chimera_cli_argument words[] = {{.name = "COMMAND", .is_many = true}, {0}};
    struct chimera_cli_command line = {.name = program,
                                       .version_help = "",
                                       .options = program_command(program)->options,
                                       .arguments = words,
                                       .has_plain_rest = true};
    struct chimera_cli_options options = {.program = program, .command = &line};
    int code = take_line(&options, program_command(program), argc, argv);
    int rest = (int)options.argument_count;
    if (code == CHIMERA_CLI_GOES_ON && is_kwctl(program) &&
        chimera_cli_is_given(&options, "no-color"))
        setenv("TERM", "dumb", 1);
    if (code == CHIMERA_CLI_GOES_ON)
        code = run_words(program, rest, argv + argc - rest);
    chimera_cli_done(&options);
    return code;
}

int main(int argc, char **argv)
{
    /* A limit on the size of files is an error like a full disk, and cleaned up after. */
    signal(SIGXFSZ, SIG_IGN);
    return chimera_cli_end(run_line(program_name(argc > 0 ? argv[0] : NULL), argc - 1, argv + 1));
}
