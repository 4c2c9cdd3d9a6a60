/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the `chimera` command; called kwctl, it takes kwctl's command line. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/log/log.h"
#include "runtime/text/printable.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/version.h"

/* Before the subcommand. */
static const struct chimera_cli_option global_options[] = {
    {.name = "verbose", .letter = 'v', .help = "Log what is being done to standard error"},
    {.name = "no-color", .help = "Print no colours"},
    {0},
};

static const struct chimera_cli_command *const commands[] = {
    &command_annotate,    &command_bench,   &command_build,
    &command_bundle,      &command_cache,   &command_call,
    &command_completions, &command_digest,  &command_docs,
    &command_doctor,      &command_exec,    &command_fetch,
    &command_info,        &command_inspect, &command_load,
    &command_policies,    &command_pull,    &command_push,
    &command_rm,          &command_run,     &command_save,
    &command_scaffold,    &command_serve,   &command_test,
    &command_verify,      &command_version, NULL,
};

const struct chimera_cli_command program_command = {
    .about = PROGRAM_ABOUT,
    .usage = "[OPTIONS] <COMMAND>",
    .version_help = "Print the version",
    .options = global_options,
    .commands = commands,
};

static const char *program_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : path ? path : "";
    return strcmp(name, "kwctl") == 0 ? "kwctl" : "chimera";
}

static int run_help(const char *program, int argc, char **argv)
{
    const struct chimera_cli_command *command = &program_command;
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

/* One option before the subcommand. True when the program should go on. */
static bool take_global(const char *program, const char *word, bool *is_verbose, int *ret_exit)
{
    *ret_exit = EXIT_GOOD;
    if (strcmp(word, "-v") == 0 || strcmp(word, "--verbose") == 0)
        return *is_verbose = true;
    if (strcmp(word, "--no-color") == 0)
        return setenv("TERM", "dumb", 1) == 0;
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        chimera_cli_print_help(program, &program_command, stdout);
    else if (strcmp(word, "-V") == 0)
        version_print_short(program);
    else if (strcmp(word, "--version") == 0)
        version_print(program);
    else
        *ret_exit = chimera_cli_refuse_word(program, &program_command, word);
    return false;
}

static int run_command(struct chimera_cli_options *options, int argc, char **argv)
{
    enum chimera_cli_action action = CHIMERA_CLI_RUN;
    int taken = 0, ended = chimera_cli_descend(options, argc, argv, &taken);
    if (ended != CHIMERA_CLI_GOES_ON)
        return ended;
    if (options->command->run_words)
        return options->command->run_words(argc - taken, argv + taken);
    int code = chimera_cli_parse(options, argc - taken, argv + taken, &action);
    if (code == CHIMERA_EINVAL)
        return chimera_cli_refuse(options->program, options->command, "%s", options->refusal.data);
    if (code < 0)
        return say_error("%s", chimera_code_text(code));
    if (action == CHIMERA_CLI_RUN)
        return options->command->run(options);
    chimera_cli_print_help(options->program, options->command, stdout);
    return EXIT_GOOD;
}

int main(int argc, char **argv)
{
    struct chimera_cli_options options = {.program = program_name(argc > 0 ? argv[0] : NULL)};
    bool is_verbose = false;
    int at = 1, code = EXIT_GOOD;
    /* A limit on the size of files is an error like a full disk, and cleaned up after. */
    signal(SIGXFSZ, SIG_IGN);
    for (; at < argc && argv[at][0] == '-'; at++)
        if (!take_global(options.program, argv[at], &is_verbose, &code))
            return code;
    if (at >= argc) {
        chimera_cli_print_help(options.program, &program_command, stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[at], "help") == 0)
        return run_help(options.program, argc - at - 1, argv + at + 1);
    options.command = chimera_cli_find(&program_command, argv[at]);
    if (!options.command)
        return chimera_cli_refuse_word(options.program, &program_command, argv[at]);
    if (is_verbose)
        chimera_log_open(STDERR_FILENO, CHIMERA_LOG_TEXT, CHIMERA_LOG_DEBUG);
    code = run_command(&options, argc - at - 1, argv + at + 1);
    chimera_cli_done(&options);
    /* Output that could not be written is no success: the disk may be full. */
    if (fflush(stdout) != 0 && code == EXIT_GOOD)
        code = say_error("cannot write to standard output");
    return code;
}
