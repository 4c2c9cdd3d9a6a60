/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the `chimera` command; called kwctl, it takes kwctl's command line. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compiler/confine.h"
#include "runtime/base/log.h"
#include "runtime/base/printable.h"
#include "toolchain/commands.h"
#include "toolchain/version.h"

const struct option_entry global_options[] = {
    {.name = "verbose", .letter = 'v', .help = "Log what is being done to standard error"},
    {.name = "no-color", .help = "Print no colours"},
    {0},
};

const struct command_entry *const commands[] = {
    &command_build,   &command_bundle, &command_docs,    &command_doctor,
    &command_inspect, &command_run,    &command_version, NULL,
};

/* What kwctl has and we do not have yet: known, so that the answer can say so. */
static const char *const unsupported[] = {
    "annotate", "bench", "completions", "digest", "info",     "load",   "policies",
    "pull",     "push",  "rm",          "save",   "scaffold", "verify", NULL,
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

void confinement_warn(void)
{
    static bool is_told;
    const char *lacks = chimera_confine_lacks();
    if (lacks && !is_told)
        chimera_printable_say(stderr, "Warning",
                              "the compilers ran less confined than they should: %s", lacks);
    is_told = true;
}

static const char *program_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : path ? path : "";
    return strcmp(name, "kwctl") == 0 ? "kwctl" : "chimera";
}

static const struct command_entry *find_command(const char *name)
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

static void print_usage(const char *program, const struct command_entry *command, FILE *to)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, USAGE_TEXT_MAX);
    usage_help(program, command, &text);
    fwrite(text.data, 1, text.size, to);
    chimera_buffer_free(&text);
}

static int refuse_command(const char *program, const char *name)
{
    if (is_unsupported(name))
        return say_error("`%s` is not supported by this version of chimera yet", name);
    return usage_error(program, NULL, "unrecognized subcommand '%s'", name);
}

static int run_help(const char *program, int argc, char **argv)
{
    const struct command_entry *command = argc > 0 ? find_command(argv[0]) : NULL;
    if (argc > 0 && !command)
        return refuse_command(program, argv[0]);
    print_usage(program, command, stdout);
    return EXIT_GOOD;
}

/* One option before the subcommand. True when the program should go on. */
static bool take_global(struct options *options, const char *word, int *ret_exit)
{
    *ret_exit = EXIT_GOOD;
    if (strcmp(word, "-v") == 0 || strcmp(word, "--verbose") == 0)
        return options->is_verbose = true;
    if (strcmp(word, "--no-color") == 0)
        return options->has_no_color = true;
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        print_usage(options->program, NULL, stdout);
    else if (strcmp(word, "-V") == 0)
        version_print_short(options->program);
    else if (strcmp(word, "--version") == 0)
        version_print(options->program);
    else
        *ret_exit = usage_error(options->program, NULL, "unexpected argument '%s' found", word);
    return false;
}

int main(int argc, char **argv)
{
    struct options options = {.program = program_name(argc > 0 ? argv[0] : NULL)};
    int at = 1, code = EXIT_GOOD;
    for (; at < argc && argv[at][0] == '-'; at++)
        if (!take_global(&options, argv[at], &code))
            return code;
    if (at >= argc) {
        print_usage(options.program, NULL, stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[at], "help") == 0)
        return run_help(options.program, argc - at - 1, argv + at + 1);
    options.command = find_command(argv[at]);
    if (!options.command)
        return refuse_command(options.program, argv[at]);
    if (options.is_verbose)
        chimera_log_open(STDERR_FILENO, CHIMERA_LOG_TEXT, CHIMERA_LOG_DEBUG);
    if (options_parse(&options, argc - at - 1, argv + at + 1, &code))
        code = options.command->run(&options);
    options_done(&options);
    /* Output that could not be written is no success: the disk may be full. */
    if (fflush(stdout) != 0 && code == EXIT_GOOD)
        code = say_error("cannot write to standard output");
    return code;
}
