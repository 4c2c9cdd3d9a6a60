/* SPDX-License-Identifier: Apache-2.0 */
/* nested.c - the way from a command to one of its own: `scaffold manifest`. */
#include <string.h>

#include "runtime/cli/cli_internal.h"

const struct chimera_cli_command *chimera_cli_find(const struct chimera_cli_command *command,
                                                   const char *name)
{
    const struct chimera_cli_command *const *at = command->commands;
    while (at && *at && strcmp((*at)->name, name) != 0)
        at++;
    return at ? *at : NULL;
}

/* In the reference's words. */
static int refuse_nothing(const char *program, const struct chimera_cli_command *command)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, CHIMERA_CLI_TEXT_MAX);
    chimera_buffer_print(&text, "'%s ", program);
    chimera_cli_put_path(command, " ", &text);
    chimera_buffer_text(&text,
                        "' requires a subcommand but one was not provided\n  [subcommands: ");
    for (const struct chimera_cli_command *const *at = command->commands; *at; at++)
        if (!(*at)->is_hidden)
            chimera_buffer_print(&text, "%s, ", (*at)->name);
    chimera_buffer_text(&text, "help]");
    chimera_buffer_byte(&text, '\0');
    int code = chimera_cli_refuse(program, command, "%s", text.failed ? "" : text.data);
    chimera_buffer_free(&text);
    return code;
}

static int print_help(const struct chimera_cli_options *options)
{
    chimera_cli_print_help(options->program, options->command, stdout);
    return 0;
}

/* What stands before the next word and is for all commands is put behind that. Of a command that
 * does something itself only where that word is one of its own: else it may be an option, which has
 * its value behind it. */
static void put_shared_behind(const struct chimera_cli_command *command, int argc, char **argv)
{
    int size = 0, next = 0;
    while (size < argc && (next = cli_shared_size(argv[size])) > 0)
        size += next;
    if (size == 0 || size >= argc || (command->run && !chimera_cli_find(command, argv[size])))
        return;
    char *word = argv[size];
    memmove(argv + 1, argv, (size_t)size * sizeof(*argv));
    argv[0] = word;
}

int chimera_cli_descend(struct chimera_cli_options *options, int argc, char **argv, int *ret_taken)
{
    bool wants_help = false; /* `help` stands before the command that it is about */
    int at = 0;
    while (options->command->commands) {
        put_shared_behind(options->command, argc - at, argv + at);
        /* One that does something itself need not be followed by one of its own. */
        if (options->command->run && !(at < argc && chimera_cli_find(options->command, argv[at])))
            break;
        const char *word = at < argc ? argv[at++] : NULL;
        if (!word && !wants_help)
            return refuse_nothing(options->program, options->command);
        if (!word || strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
            return print_help(options);
        if (strcmp(word, "help") == 0 && !wants_help) {
            wants_help = true;
            continue;
        }
        const struct chimera_cli_command *below = chimera_cli_find(options->command, word);
        if (!below)
            return chimera_cli_refuse_word(options->program, options->command, word);
        options->command = below;
    }
    *ret_taken = at;
    return wants_help ? print_help(options) : CHIMERA_CLI_GOES_ON;
}
