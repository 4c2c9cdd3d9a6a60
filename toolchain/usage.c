/* SPDX-License-Identifier: Apache-2.0 */
/* usage.c - what --help and a usage error print. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/printable.h"
#include "toolchain/commands.h"
#include "toolchain/options.h"

#define WIDTH 100
#define HELP_COLUMN 32

void usage_option(const struct option_entry *entry, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "--%s", entry->name);
    if (entry->kind == OPTION_GREEDY)
        chimera_buffer_print(out, " [<%s>...]", entry->value);
    else if (entry->kind != OPTION_FLAG)
        chimera_buffer_print(out, " <%s>", entry->value);
}

static bool has_options(const struct command_entry *command)
{
    for (const struct option_entry *entry = command->options; entry && entry->name; entry++)
        if (!entry->is_required)
            return true;
    return false;
}

void usage_line(const char *program, const struct command_entry *command,
                struct chimera_buffer *out)
{
    chimera_buffer_print(out, "Usage: %s", program);
    if (!command) {
        chimera_buffer_text(out, " [OPTIONS] <COMMAND>\n");
        return;
    }
    chimera_buffer_print(out, " %s%s", command->name, has_options(command) ? " [OPTIONS]" : "");
    for (const struct option_entry *entry = command->options; entry && entry->name; entry++) {
        if (!entry->is_required)
            continue;
        chimera_buffer_byte(out, ' ');
        usage_option(entry, out);
    }
    for (const struct argument_entry *entry = command->arguments; entry && entry->name; entry++)
        chimera_buffer_print(out, entry->is_required ? " <%s>%s" : " [%s]%s", entry->name,
                             entry->is_many ? "..." : "");
    chimera_buffer_byte(out, '\n');
}

/* `left` and then `help` in a column of its own, wrapped at spaces. */
static void print_row(const char *left, const char *help, struct chimera_buffer *out)
{
    chimera_buffer_text(out, left);
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

static void print_option(const struct option_entry *entry, struct chimera_buffer *out)
{
    struct chimera_buffer left, help;
    chimera_buffer_init(&left, 200);
    chimera_buffer_init(&help, 4000);
    if (entry->letter)
        chimera_buffer_print(&left, "  -%c, ", entry->letter);
    else
        chimera_buffer_text(&left, "      ");
    usage_option(entry, &left);
    chimera_buffer_byte(&left, 0);
    chimera_buffer_text(&help, entry->help);
    for (size_t i = 0; entry->choices && entry->choices[i]; i++)
        chimera_buffer_print(&help, "%s%s", i == 0 ? " [possible values: " : ", ",
                             entry->choices[i]);
    chimera_buffer_text(&help, entry->choices ? "]" : "");
    chimera_buffer_byte(&help, 0);
    print_row(left.data, help.data, out);
    chimera_buffer_free(&left);
    chimera_buffer_free(&help);
}

static void print_commands(struct chimera_buffer *out)
{
    chimera_buffer_text(out, "\nCommands:\n");
    for (size_t i = 0; commands[i]; i++) {
        char left[HELP_COLUMN];
        if (commands[i]->is_hidden)
            continue;
        snprintf(left, sizeof(left), "  %s", commands[i]->name);
        print_row(left, commands[i]->about, out);
    }
    print_row("  help", "Print this message or the help of a command", out);
}

static void print_arguments(const struct command_entry *command, struct chimera_buffer *out)
{
    if (!command->arguments || !command->arguments->name)
        return;
    chimera_buffer_text(out, "\nArguments:\n");
    for (const struct argument_entry *entry = command->arguments; entry->name; entry++) {
        char left[80];
        snprintf(left, sizeof(left), entry->is_required ? "  <%s>%s" : "  [%s]%s", entry->name,
                 entry->is_many ? "..." : "");
        print_row(left, entry->help, out);
    }
}

void usage_help(const char *program, const struct command_entry *command,
                struct chimera_buffer *out)
{
    chimera_buffer_print(out, "%s\n\n", command ? command->about : PROGRAM_ABOUT);
    usage_line(program, command, out);
    if (command)
        print_arguments(command, out);
    else
        print_commands(out);
    chimera_buffer_text(out, "\nOptions:\n");
    const struct option_entry *options = command ? command->options : global_options;
    for (const struct option_entry *entry = options; entry && entry->name; entry++)
        print_option(entry, out);
    print_row("  -h, --help", "Print help", out);
    if (!command)
        print_row("  -V, --version", "Print the version", out);
}

int usage_error(const char *program, const struct command_entry *command, const char *format, ...)
{
    struct chimera_buffer text;
    va_list arguments;
    chimera_buffer_init(&text, USAGE_TEXT_MAX);
    va_start(arguments, format);
    chimera_printable_vsay(stderr, "error", format, arguments);
    va_end(arguments);
    chimera_buffer_byte(&text, '\n');
    usage_line(program, command, &text);
    chimera_buffer_text(&text, "\nFor more information, try '--help'.\n");
    fwrite(text.data, 1, text.size, stderr);
    chimera_buffer_free(&text);
    return EXIT_USAGE;
}
