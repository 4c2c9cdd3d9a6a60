/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cli/manual.h"

#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/cli/cli_internal.h"
#include "runtime/cli/roff.h"

#define NAME_MAX_SIZE 80 /* of a page, with its NUL */

static const struct chimera_cli_entry exits[] = {
    {"0", "Success", 0},
    {"1", "Something failed; the reason is on standard error", 0},
    {"2", "The command line is wrong", 0},
    {0},
};

/* --- Options --- */

static void put_choices(struct chimera_buffer *out, const char *const *choices)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, CHIMERA_CLI_TEXT_MAX);
    chimera_cli_put_choices(choices, "One of: ", ".\n", &text);
    roff_slice(out, chimera_buffer_slice(&text));
    chimera_buffer_free(&text);
}

static void put_option(struct chimera_buffer *out, const struct chimera_cli_option *option)
{
    chimera_buffer_text(out, ".TP\n\\fB");
    if (option->letter)
        chimera_buffer_print(out, "\\-%c\\fR, \\fB", option->letter);
    chimera_buffer_text(out, "\\-\\-");
    roff_text(out, option->name);
    chimera_buffer_text(out, "\\fR");
    if (option->value)
        chimera_buffer_print(out, " \\fI%s\\fR%s", option->value,
                             option->kind == CHIMERA_CLI_GREEDY ? "..." : "");
    chimera_buffer_byte(out, '\n');
    roff_text(out, option->help);
    chimera_buffer_text(out, ".\n");
    if (option->choices)
        put_choices(out, option->choices);
    if (option->initial) {
        chimera_buffer_text(out, "Default: ");
        roff_text(out, option->initial);
        chimera_buffer_text(out, ".\n");
    }
    if (option->variable)
        chimera_buffer_print(out, "Environment: \\fB%s\\fR.\n", option->variable);
}

static void put_section(struct chimera_buffer *out, const struct chimera_cli_option *option,
                        const char *section)
{
    for (option = cli_in_section(option, section); option;
         option = cli_in_section(option + 1, section))
        put_option(out, option);
}

/* Those of all commands, and help. */
static void put_common(struct chimera_buffer *out, const struct chimera_cli_command *command)
{
    static const struct chimera_cli_option help = {
        .name = "help", .letter = 'h', .help = "Print help"};
    static const struct chimera_cli_option version = {
        .name = "version",
        .letter = 'V',
        .help = "Print the version; the letter prints the first line of it"};
    const struct chimera_cli_option *shared = command->name ? cli_shared() : NULL;
    struct chimera_cli_option one;
    if (shared || cli_next_section(command, NULL))
        chimera_buffer_print(out, ".SS %s options\n", shared ? "Global" : "Other");
    for (; (shared = cli_shared_by(command, shared, &one)); shared++)
        put_option(out, &one);
    put_option(out, &help);
    if (command->version_help)
        put_option(out, &version);
}

static void put_options(struct chimera_buffer *out, const struct chimera_cli_command *command)
{
    const struct chimera_cli_option *table = command->options;
    const char *section = cli_next_section(command, NULL);
    roff_heading(out, "OPTIONS");
    put_section(out, table, NULL);
    for (; section; section = cli_next_section(command, section)) {
        chimera_buffer_text(out, ".SS ");
        roff_text(out, section);
        chimera_buffer_byte(out, '\n');
        put_section(out, table, section);
    }
    put_common(out, command);
}

static void put_arguments(struct chimera_buffer *out, const struct chimera_cli_argument *argument)
{
    if (argument && argument->name)
        roff_heading(out, "ARGUMENTS");
    for (; argument && argument->name; argument++) {
        chimera_buffer_print(out, ".TP\n\\fI%s\\fR%s\n", argument->name,
                             argument->is_many ? "..." : "");
        roff_text(out, argument->help);
        chimera_buffer_text(out, ".\n");
    }
}

static void put_commands(struct chimera_buffer *out, const char *page,
                         const struct chimera_cli_command *const *commands)
{
    if (commands)
        roff_heading(out, "COMMANDS");
    for (; commands && *commands; commands++) {
        if ((*commands)->is_hidden)
            continue;
        chimera_buffer_text(out, ".TP\n\\fB");
        roff_text(out, page);
        chimera_buffer_text(out, "\\-");
        roff_text(out, (*commands)->name);
        chimera_buffer_text(out, "\\fR(1)\n");
        roff_text(out, (*commands)->about);
        chimera_buffer_text(out, ".\n");
    }
}

/* --- What stands behind the options --- */

static void put_environment(struct chimera_buffer *out, const struct chimera_cli_command *command,
                            unsigned uses)
{
    const struct chimera_cli_option *option = command->options;
    bool is_first = true;
    for (; option && option->name; option++) {
        if (!option->variable || option->is_hidden)
            continue;
        if (is_first)
            roff_heading(out, "ENVIRONMENT");
        is_first = false;
        chimera_buffer_print(out, ".TP\n\\fB%s\\fR\nIn place of \\fB\\-\\-", option->variable);
        roff_text(out, option->name);
        chimera_buffer_text(out, "\\fR.\n");
    }
    roff_entries(out, is_first ? "ENVIRONMENT" : NULL, chimera_cli_variables, uses);
}

static void put_examples(struct chimera_buffer *out, const char *examples)
{
    if (!examples)
        return;
    roff_heading(out, "EXAMPLES");
    roff_example(out, examples);
}

static void put_synopsis(struct chimera_buffer *out, const char *program,
                         const struct chimera_cli_command *command)
{
    struct chimera_buffer usage;
    roff_heading(out, "SYNOPSIS");
    chimera_buffer_init(&usage, CHIMERA_CLI_TEXT_MAX);
    chimera_cli_put_usage(program, command, &usage);
    chimera_buffer_byte(&usage, 0);
    roff_text(out, usage.failed ? "" : usage.data + strlen("Usage: "));
    chimera_buffer_free(&usage);
}

/* --- Pages --- */

static const struct chimera_cli_page *page_of(const struct chimera_cli_manual *manual,
                                              const struct chimera_cli_command *command)
{
    static const struct chimera_cli_page none = {0};
    const struct chimera_cli_page *page = manual->pages;
    struct chimera_buffer path;
    chimera_buffer_init(&path, NAME_MAX_SIZE);
    chimera_cli_put_path(command, " ", &path);
    chimera_buffer_byte(&path, 0);
    while (page && page->command && (path.failed || strcmp(page->command, path.data) != 0))
        page++;
    chimera_buffer_free(&path);
    return page && page->command ? page : &none;
}

static void put_see_also(struct chimera_buffer *out, const struct chimera_cli_manual *manual,
                         const struct chimera_cli_command *command, const char *further)
{
    struct chimera_buffer pages;
    chimera_buffer_init(&pages, CHIMERA_CLI_TEXT_MAX);
    chimera_buffer_text(&pages, manual->name);
    if (command->parent) {
        chimera_buffer_byte(&pages, '-');
        chimera_cli_put_path(command->parent, "-", &pages);
    }
    chimera_buffer_print(&pages, "(1)%s%s", further ? " " : "", further ? further : "");
    chimera_buffer_byte(&pages, 0);
    if (!pages.failed)
        roff_see_also(out, pages.data);
    chimera_buffer_free(&pages);
}

static void put_command_page(struct chimera_buffer *out, const char *name,
                             const struct chimera_cli_manual *manual,
                             const struct chimera_cli_command *command)
{
    const struct chimera_cli_page *page = page_of(manual, command);
    unsigned uses = page->uses | CHIMERA_CLI_SHOWS;
    roff_header(out, name, 1, command->about);
    put_synopsis(out, manual->name, command);
    roff_heading(out, "DESCRIPTION");
    if (command->description)
        roff_paragraphs(out, command->description);
    else
        chimera_buffer_print(out, "%s.\n", command->about);
    put_commands(out, name, command->commands);
    put_arguments(out, command->arguments);
    put_options(out, command);
    put_environment(out, command, uses);
    roff_entries(out, "FILES", manual->files, uses);
    roff_entries(out, "EXIT STATUS", page->exits ? page->exits : exits, 0);
    put_examples(out, page->examples);
    put_see_also(out, manual, command, page->see);
}

/* The pages of commands and of those of their own. */
static int write_command_pages(const struct chimera_cli_command *const *commands,
                               const struct chimera_cli_manual *manual, const char *folder,
                               struct chimera_buffer *page, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (; code == CHIMERA_OK && commands && *commands; commands++) {
        struct chimera_buffer name;
        if ((*commands)->is_hidden)
            continue;
        chimera_buffer_init(&name, NAME_MAX_SIZE);
        chimera_buffer_print(&name, "%s-", manual->name);
        chimera_cli_put_path(*commands, "-", &name);
        chimera_buffer_byte(&name, 0);
        chimera_buffer_reset(page);
        code = name.failed ? chimera_fail(err, name.failed, "the name of a page is too long")
                           : CHIMERA_OK;
        if (code == CHIMERA_OK)
            put_command_page(page, name.data, manual, *commands);
        if (code == CHIMERA_OK)
            code = roff_write(folder, name.data, 1, page, err);
        chimera_buffer_free(&name);
        if (code == CHIMERA_OK)
            code = write_command_pages((*commands)->commands, manual, folder, page, err);
    }
    return code;
}

int chimera_cli_write_pages(const struct chimera_cli_command *program,
                            const struct chimera_cli_manual *manual, const char *folder,
                            struct chimera_error *err)
{
    struct chimera_buffer page;
    chimera_buffer_init(&page, CHIMERA_CLI_TEXT_MAX);
    int code = chimera_folder_make(folder, CHIMERA_FOLDER_PLAIN, err);
    roff_header(&page, manual->name, 1, manual->about);
    roff_heading(&page, "SYNOPSIS");
    chimera_buffer_print(&page, "%s\n", manual->synopsis);
    roff_heading(&page, "DESCRIPTION");
    roff_paragraphs(&page, manual->description);
    put_commands(&page, manual->name, program->commands);
    put_options(&page, program);
    put_environment(&page, program, manual->uses);
    roff_entries(&page, "FILES", manual->files, manual->uses);
    roff_entries(&page, "SIGNALS", manual->signals, 0);
    roff_entries(&page, "EXIT STATUS", manual->exits ? manual->exits : exits, 0);
    put_examples(&page, manual->examples);
    roff_see_also(&page, manual->see);
    if (code == CHIMERA_OK)
        code = roff_write(folder, manual->name, 1, &page, err);
    if (code == CHIMERA_OK)
        code = write_command_pages(program->commands, manual, folder, &page, err);
    chimera_buffer_free(&page);
    return code;
}

int chimera_cli_write_document(const struct chimera_cli_document *document, const char *folder,
                               struct chimera_error *err)
{
    struct chimera_buffer page;
    const struct chimera_cli_entry *chapter = document->chapters;
    chimera_buffer_init(&page, CHIMERA_CLI_TEXT_MAX);
    int code = chimera_folder_make(folder, CHIMERA_FOLDER_PLAIN, err);
    roff_header(&page, document->name, document->section, document->about);
    for (; chapter->name; chapter++) {
        roff_heading(&page, chapter->name);
        if (chapter->text[0] == ' ')
            roff_example(&page, chapter->text);
        else
            roff_paragraphs(&page, chapter->text);
    }
    roff_see_also(&page, document->see);
    if (code == CHIMERA_OK)
        code = roff_write(folder, document->name, document->section, &page, err);
    chimera_buffer_free(&page);
    return code;
}
