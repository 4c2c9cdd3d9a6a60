/* SPDX-License-Identifier: Apache-2.0 */
/* usage.c - what --help and a usage error print. */
#include <stdarg.h>
#include <string.h>

#include "runtime/cli/cli.h"
#include "runtime/text/printable.h"

#define WIDTH 100
#define HELP_COLUMN 32

const char *chimera_cli_shown(const struct chimera_cli_option *option)
{
    static char text[128];
    bool is_greedy = option->kind == CHIMERA_CLI_GREEDY;
    const char *value = option->value;
    snprintf(text, sizeof(text), "--%s%s%s%s", option->name,
             value ? (is_greedy ? " [<" : " <") : "", value ? value : "",
             value ? (is_greedy ? ">...]" : ">") : "");
    return text;
}

void chimera_cli_put_choices(const char *const *choices, const char *before, const char *behind,
                             struct chimera_buffer *out)
{
    for (size_t i = 0; choices[i]; i++)
        chimera_buffer_print(out, "%s%s", i > 0 ? ", " : before, choices[i]);
    chimera_buffer_text(out, behind);
}

void chimera_cli_put_path(const struct chimera_cli_command *command, const char *between,
                          struct chimera_buffer *out)
{
    if (command->parent) {
        chimera_cli_put_path(command->parent, between, out);
        chimera_buffer_text(out, between);
    }
    chimera_buffer_text(out, command->name);
}

static bool has_options(const struct chimera_cli_command *command)
{
    const struct chimera_cli_option *option = command->options;
    for (; option && option->name; option++)
        if (!option->is_required)
            return true;
    return false;
}

void chimera_cli_put_usage(const char *program, const struct chimera_cli_command *command,
                           struct chimera_buffer *out)
{
    const struct chimera_cli_option *option = command->options;
    const struct chimera_cli_argument *argument = command->arguments;
    chimera_buffer_print(out, "Usage: %s ", program);
    if (command->usage)
        chimera_buffer_text(out, command->usage);
    else
        chimera_cli_put_path(command, " ", out);
    if (!command->usage && has_options(command))
        chimera_buffer_text(out, " [OPTIONS]");
    if (!command->usage && command->commands)
        chimera_buffer_text(out, " <COMMAND>");
    for (; option && option->name; option++)
        if (option->is_required)
            chimera_buffer_print(out, " %s", chimera_cli_shown(option));
    for (; argument && argument->name; argument++)
        chimera_buffer_print(out, argument->is_required ? " <%s>%s" : " [%s]%s", argument->name,
                             argument->is_many ? "..." : "");
    chimera_buffer_byte(out, '\n');
}

/* `left` and then `help`, below or in a column of its own, wrapped at spaces. */
static void put_row(const char *left, const char *help, bool is_below, struct chimera_buffer *out)
{
    chimera_buffer_text(out, left);
    if (is_below) {
        chimera_buffer_print(out, "\n          %s\n", help);
        return;
    }
    size_t column = strlen(left);
    if (column > HELP_COLUMN - 2) {
        chimera_buffer_byte(out, '\n');
        column = 0;
    }
    chimera_buffer_print(out, "%*s", (int)(HELP_COLUMN - column), "");
    column = HELP_COLUMN;
    while (*help) {
        size_t word = strcspn(help, " ");
        if (column > HELP_COLUMN && column + 1 + word > WIDTH) {
            chimera_buffer_print(out, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            chimera_buffer_byte(out, ' ');
            column++;
        }
        chimera_buffer_append(out, (struct chimera_slice){help, word});
        column += word;
        help += word + (help[word] == ' ');
    }
    chimera_buffer_byte(out, '\n');
}

static void put_option(const struct chimera_cli_option *option, bool is_below,
                       struct chimera_buffer *out)
{
    char left[200];
    struct chimera_buffer help;
    snprintf(left, sizeof(left), option->letter ? "  -%c, %s" : "     %c%s",
             option->letter ? option->letter : ' ', chimera_cli_shown(option));
    chimera_buffer_init(&help, CHIMERA_CLI_TEXT_MAX);
    chimera_buffer_text(&help, option->help);
    if (option->variable)
        chimera_buffer_print(&help, " [env: %s]", option->variable);
    if (option->initial)
        chimera_buffer_print(&help, " [default: %s]", option->initial);
    if (option->choices)
        chimera_cli_put_choices(option->choices, " [possible values: ", "]", &help);
    chimera_buffer_byte(&help, '\0');
    put_row(left, help.data, is_below, out);
    chimera_buffer_free(&help);
}

static void put_commands(const struct chimera_cli_command *const *commands,
                         struct chimera_buffer *out)
{
    chimera_buffer_text(out, "\nCommands:\n");
    for (; *commands; commands++) {
        char left[HELP_COLUMN];
        if ((*commands)->is_hidden)
            continue;
        snprintf(left, sizeof(left), "  %s", (*commands)->name);
        put_row(left, (*commands)->about, false, out);
    }
    put_row("  help", "Print this message or the help of a command", false, out);
}

void chimera_cli_put_help(const char *program, const struct chimera_cli_command *command,
                          struct chimera_buffer *out)
{
    const struct chimera_cli_option *option = command->options;
    bool is_below = command->is_help_below;
    chimera_buffer_print(out, "%s\n\n", command->about);
    chimera_cli_put_usage(program, command, out);
    if (command->arguments) {
        const struct chimera_cli_argument *argument = command->arguments;
        chimera_buffer_text(out, "\nArguments:\n");
        for (; argument->name; argument++) {
            char left[80];
            snprintf(left, sizeof(left), argument->is_required ? "  <%s>%s" : "  [%s]%s",
                     argument->name, argument->is_many ? "..." : "");
            put_row(left, argument->help, false, out);
        }
    }
    if (command->commands)
        put_commands(command->commands, out);
    chimera_buffer_text(out, "\nOptions:\n");
    for (; option && option->name; option++)
        if (!option->is_hidden)
            put_option(option, is_below, out);
    put_row("  -h, --help", "Print help", is_below, out);
    if (command->version_help)
        put_row("  -V, --version", command->version_help, is_below, out);
}

static void print_text(const char *program, const struct chimera_cli_command *command,
                       void (*put)(const char *, const struct chimera_cli_command *,
                                   struct chimera_buffer *),
                       FILE *to)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, CHIMERA_CLI_TEXT_MAX);
    put(program, command, &text);
    fwrite(text.data, 1, text.size, to);
    chimera_buffer_free(&text);
}

void chimera_cli_print_help(const char *program, const struct chimera_cli_command *command,
                            FILE *to)
{
    print_text(program, command, chimera_cli_put_help, to);
}

int chimera_cli_refuse(const char *program, const struct chimera_cli_command *command,
                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    chimera_printable_vsay(stderr, "error", format, arguments);
    va_end(arguments);
    fputs("\n", stderr);
    print_text(program, command, chimera_cli_put_usage, stderr);
    fputs("\nFor more information, try '--help'.\n", stderr);
    return CHIMERA_CLI_EXIT_USAGE;
}
