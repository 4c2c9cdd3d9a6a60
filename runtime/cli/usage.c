/* SPDX-License-Identifier: Apache-2.0 */
/* usage.c - what --help and a usage error print. */
#include <stdarg.h>
#include <string.h>

#include "runtime/cli/cli_internal.h"
#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"

#define WIDTH 80
#define WIDTH_MAX 120        /* lines that are longer are hard to read */
#define WIDTH_FOR_COLUMNS 70 /* with less, help stands below what it is about */
#define HELP_COLUMN 32
#define BELOW 10    /* its margin there */
#define TIED "\x1f" /* a space at which no line ends */

/* chimera_cli_look, of one command. */
struct look {
    unsigned width;
    const char *head, *end;
    bool is_below;
};

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

static void put_line(const char *program, const struct chimera_cli_command *command,
                     struct chimera_buffer *out)
{
    const struct chimera_cli_option *option = command->options;
    const struct chimera_cli_argument *argument = command->arguments;
    chimera_buffer_print(out, "%s ", program);
    if (command->usage)
        chimera_buffer_text(out, command->usage);
    else
        chimera_cli_put_path(command, " ", out);
    if (!command->usage && has_options(command))
        chimera_buffer_text(out, " [OPTIONS]");
    if (!command->usage && command->commands && !command->run)
        chimera_buffer_text(out, " <COMMAND>");
    for (; option && option->name; option++)
        if (option->is_required)
            chimera_buffer_print(out, " %s", chimera_cli_shown(option));
    for (; argument && argument->name; argument++)
        chimera_buffer_print(out, argument->is_required ? " <%s>%s" : " [%s]%s", argument->name,
                             argument->is_many ? "..." : "");
    chimera_buffer_byte(out, '\n');
}

void chimera_cli_put_usage(const char *program, const struct chimera_cli_command *command,
                           struct chimera_buffer *out)
{
    chimera_buffer_text(out, "Usage: ");
    put_line(program, command, out);
}

/* Continues a line that has `at` columns by the words of `text`, wrapped, further lines at
 * `margin`. */
static void put_words(const char *text, unsigned at, unsigned margin, unsigned width,
                      struct chimera_buffer *out)
{
    bool is_first = true;
    while (*text) {
        unsigned size = (unsigned)strcspn(text, " \n");
        if (!is_first && (at + 1 + size > width || text[-1] == '\n')) {
            chimera_buffer_print(out, "\n%*s", (int)margin, "");
            at = margin;
        } else if (!is_first) {
            chimera_buffer_byte(out, ' ');
            at++;
        }
        for (unsigned i = 0; i < size; i++)
            chimera_buffer_byte(out, (uint8_t)(text[i] == *TIED ? ' ' : text[i]));
        at += size;
        text += size + (text[size] != '\0');
        is_first = false;
    }
    chimera_buffer_byte(out, '\n');
}

/* `left` and then `help`, below or in a column of its own. */
static void put_row(const struct look *look, const char *left, const char *help,
                    struct chimera_buffer *out)
{
    unsigned column = (unsigned)strlen(left), margin = look->is_below ? BELOW : HELP_COLUMN;
    chimera_buffer_text(out, left);
    if (look->is_below || column > HELP_COLUMN - 2) {
        chimera_buffer_byte(out, '\n');
        column = 0;
    }
    chimera_buffer_print(out, "%*s", (int)(margin - column), "");
    put_words(help, margin, margin, look->width, out);
}

static void put_heading(const struct look *look, const char *text, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "\n%s%s:%s\n", look->head, text, look->end);
}

static void put_option(const struct look *look, const struct chimera_cli_option *option,
                       struct chimera_buffer *out)
{
    char left[200];
    struct chimera_buffer help;
    snprintf(left, sizeof(left), option->letter ? "  -%c, %s" : "     %c%s",
             option->letter ? option->letter : ' ', chimera_cli_shown(option));
    chimera_buffer_init(&help, CHIMERA_CLI_TEXT_MAX);
    chimera_buffer_text(&help, option->help);
    if (option->variable)
        chimera_buffer_print(&help, " [env:" TIED "%s]", option->variable);
    if (option->initial)
        chimera_buffer_print(&help, " [default:" TIED "%s]", option->initial);
    if (option->choices)
        chimera_cli_put_choices(option->choices, " [possible values: ", "]", &help);
    chimera_buffer_byte(&help, '\0');
    put_row(look, left, help.data, out);
    chimera_buffer_free(&help);
}

static void put_section(const struct look *look, const struct chimera_cli_option *option,
                        const char *section, struct chimera_buffer *out)
{
    for (option = cli_in_section(option, section); option;
         option = cli_in_section(option + 1, section))
        put_option(look, option, out);
}

/* Help and version are the last of the options, whichever heading that is. */
static void put_options(const struct look *look, const struct chimera_cli_command *command,
                        struct chimera_buffer *out)
{
    const struct chimera_cli_option *table = command->options;
    const struct chimera_cli_option *shared = command->name ? cli_shared() : NULL;
    const char *section = cli_next_section(command, NULL);
    bool is_one = !section && !shared;
    if (is_one || cli_in_section(table, NULL))
        put_heading(look, "Options", out);
    put_section(look, table, NULL, out);
    for (; section; section = cli_next_section(command, section)) {
        put_heading(look, section, out);
        put_section(look, table, section, out);
    }
    if (!is_one)
        put_heading(look, shared ? "Global options" : "Other options", out);
    struct chimera_cli_option one;
    for (; (shared = cli_shared_by(command, shared, &one)); shared++)
        put_option(look, &one, out);
    put_row(look, "  -h, --help", "Print help", out);
    if (command->version_help)
        put_row(look, "  -V, --version", command->version_help, out);
}

static void put_commands(const struct look *look, const struct chimera_cli_command *const *commands,
                         struct chimera_buffer *out)
{
    put_heading(look, "Commands", out);
    for (; *commands; commands++) {
        char left[HELP_COLUMN];
        if ((*commands)->is_hidden)
            continue;
        snprintf(left, sizeof(left), "  %s", (*commands)->name);
        put_row(look, left, (*commands)->about, out);
    }
    put_row(look, "  help", "Print this message or the help of a command", out);
}

static void put_arguments(const struct look *look, const struct chimera_cli_argument *argument,
                          struct chimera_buffer *out)
{
    put_heading(look, "Arguments", out);
    for (; argument->name; argument++) {
        char left[80];
        snprintf(left, sizeof(left), argument->is_required ? "  <%s>%s" : "  [%s]%s",
                 argument->name, argument->is_many ? "..." : "");
        put_row(look, left, argument->help, out);
    }
}

void chimera_cli_put_help(const char *program, const struct chimera_cli_command *command,
                          const struct chimera_cli_look *wanted, struct chimera_buffer *out)
{
    struct look look = {.width = wanted->width ? wanted->width : WIDTH,
                        .head = wanted->head ? wanted->head : "",
                        .end = wanted->end ? wanted->end : ""};
    put_words(command->about, 0, 0, look.width, out);
    chimera_buffer_byte(out, '\n');
    chimera_buffer_print(out, "%sUsage:%s ", look.head, look.end);
    put_line(program, command, out);
    look.is_below = look.width < WIDTH_FOR_COLUMNS;
    if (command->arguments)
        put_arguments(&look, command->arguments, out);
    if (command->commands)
        put_commands(&look, command->commands, out);
    look.is_below |= command->is_help_below;
    put_options(&look, command, out);
}

static void print(struct chimera_buffer *text, FILE *to)
{
    fwrite(text->data, 1, text->size, to);
    chimera_buffer_free(text);
}

void chimera_cli_print_help(const char *program, const struct chimera_cli_command *command,
                            FILE *to)
{
    struct chimera_buffer text;
    int fd = fileno(to);
    struct chimera_cli_look look = {.width = chimera_terminal_width(fd),
                                    .head = chimera_colour(fd, CHIMERA_COLOUR_BOLD),
                                    .end = chimera_colour_end(fd)};
    look.width = look.width < WIDTH_MAX ? look.width : WIDTH_MAX;
    chimera_buffer_init(&text, CHIMERA_CLI_TEXT_MAX);
    chimera_cli_put_help(program, command, &look, &text);
    print(&text, to);
}

int chimera_cli_refuse(const char *program, const struct chimera_cli_command *command,
                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    chimera_printable_vsay(stderr, "error", format, arguments);
    va_end(arguments);
    fputs("\n", stderr);
    struct chimera_buffer usage;
    chimera_buffer_init(&usage, CHIMERA_CLI_TEXT_MAX);
    chimera_cli_put_usage(program, command, &usage);
    print(&usage, stderr);
    fputs("\nFor more information, try '--help'.\n", stderr);
    return CHIMERA_CLI_EXIT_USAGE;
}
