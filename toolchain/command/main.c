/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the `chimera` command; called kwctl, it takes kwctl's command line. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/tool/confine.h"
#include "runtime/log/log.h"
#include "runtime/text/printable.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/version.h"

#define JOBS_MAX 512

/* Before the subcommand. */
static const struct chimera_cli_option global_options[] = {
    {.name = "verbose", .letter = 'v', .help = "Log what is being done to standard error"},
    {.name = "no-color", .help = "Print no colours"},
    {0},
};

static const struct chimera_cli_command *const commands[] = {
    &command_bench, &command_build,  &command_cache,   &command_bundle,
    &command_docs,  &command_doctor, &command_inspect, &command_run,
    &command_serve, &command_test,   &command_version, NULL,
};

const struct chimera_cli_command program_command = {
    .about = PROGRAM_ABOUT,
    .usage = "[OPTIONS] <COMMAND>",
    .version_help = "Print the version",
    .options = global_options,
    .commands = commands,
};

/* What kwctl has and we do not have yet: known, so that the answer can say so. */
static const char *const unsupported[] = {
    "annotate", "completions", "digest", "info",     "load",   "policies", "pull",
    "push",     "rm",          "save",   "scaffold", "verify", NULL,
};

int say_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    chimera_printable_vsay(stderr, "Error", format, arguments);
    va_end(arguments);
    return EXIT_FAILED;
}

/* For programs the bytes as they are; on a terminal what may not be shown there is escaped, which
 * changes nothing for who reads JSON. */
void say_json(struct chimera_slice line)
{
    struct chimera_buffer shown;
    if (!isatty(STDOUT_FILENO)) {
        fwrite(line.data, 1, line.size, stdout);
        return;
    }
    chimera_buffer_init(&shown, line.size * CHIMERA_PRINTABLE_SIZE);
    chimera_printable_document(line, CHIMERA_PRINTABLE_JSON, &shown);
    fwrite(shown.data, 1, shown.size, stdout);
    chimera_buffer_free(&shown);
}

void say_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    chimera_printable_vsay(stderr, "Warning", format, arguments);
    va_end(arguments);
}

bool say_in_colour(int fd)
{
    const char *terminal = getenv("TERM"), *wish = getenv("NO_COLOR");
    return isatty(fd) && terminal && strcmp(terminal, "dumb") != 0 && (!wish || *wish == '\0');
}

void confinement_warn(void)
{
    static bool is_told;
    const char *lacks = chimera_confine_lacks();
    if (lacks && !is_told)
        chimera_printable_say(stderr, "Warning",
                              "the compilers ran less confined than they should: %s", lacks);
    is_told = true;
}

bool option_jobs(const struct chimera_cli_options *options, unsigned *ret_jobs)
{
    const char *jobs = chimera_cli_value(options, "jobs");
    *ret_jobs = jobs ? chimera_cli_number(jobs, JOBS_MAX) : 0;
    if (!jobs || *ret_jobs)
        return true;
    chimera_cli_refuse(options->program, options->command,
                       "invalid value '%s' for '--jobs <N>': a number from 1 to %d is wanted", jobs,
                       JOBS_MAX);
    return false;
}

static const char *program_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : path ? path : "";
    return strcmp(name, "kwctl") == 0 ? "kwctl" : "chimera";
}

static const struct chimera_cli_command *find_command(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static bool is_unsupported(const char *name)
{
    for (size_t i = 0; unsupported[i]; i++)
        if (strcmp(unsupported[i], name) == 0)
            return true;
    return false;
}

static int refuse_command(const char *program, const char *name)
{
    if (is_unsupported(name))
        return say_error("`%s` is not supported by this version of chimera yet", name);
    return chimera_cli_refuse(program, &program_command, "unrecognized subcommand '%s'", name);
}

static int run_help(const char *program, int argc, char **argv)
{
    const struct chimera_cli_command *command = argc > 0 ? find_command(argv[0]) : &program_command;
    if (!command)
        return refuse_command(program, argv[0]);
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
        *ret_exit =
            chimera_cli_refuse(program, &program_command, "unexpected argument '%s' found", word);
    return false;
}

static int run_command(struct chimera_cli_options *options, int argc, char **argv)
{
    enum chimera_cli_action action = CHIMERA_CLI_RUN;
    if (options->command->run_words)
        return options->command->run_words(argc, argv);
    int code = chimera_cli_parse(options, argc, argv, &action);
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
    for (; at < argc && argv[at][0] == '-'; at++)
        if (!take_global(options.program, argv[at], &is_verbose, &code))
            return code;
    if (at >= argc) {
        chimera_cli_print_help(options.program, &program_command, stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[at], "help") == 0)
        return run_help(options.program, argc - at - 1, argv + at + 1);
    options.command = find_command(argv[at]);
    if (!options.command)
        return refuse_command(options.program, argv[at]);
    if (is_verbose)
        chimera_log_open(STDERR_FILENO, CHIMERA_LOG_TEXT, CHIMERA_LOG_DEBUG);
    code = run_command(&options, argc - at - 1, argv + at + 1);
    chimera_cli_done(&options);
    /* Output that could not be written is no success: the disk may be full. */
    if (fflush(stdout) != 0 && code == EXIT_GOOD)
        code = say_error("cannot write to standard output");
    return code;
}
