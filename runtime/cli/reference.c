/* SPDX-License-Identifier: Apache-2.0 */
/* reference.c - the reference of a command line in Markdown or AsciiDoc. */
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/cli/cli_internal.h"
#include "runtime/cli/manual.h"

/* What an option does, with its choices. */
static void put_sentence(const struct chimera_cli_option *option, struct chimera_buffer *out)
{
    chimera_buffer_text(out, option->help);
    if (option->choices)
        chimera_cli_put_choices(option->choices, ": ", "", out);
}

static void put_paragraphs(struct chimera_buffer *out, const char *text)
{
    while (text && *text) {
        size_t size = strcspn(text, "\n");
        chimera_buffer_print(out, "\n%.*s\n", (int)size, text);
        text += size + (text[size] == '\n');
    }
}

/* How a markup writes what a reference has. */
static const struct markup {
    const char *title, *heading, *open, *close;
} markups[] = {
    [CHIMERA_CLI_MARKDOWN] = {"#", "##", "```text\n", "```\n"},
    [CHIMERA_CLI_ASCIIDOC] = {"=", "==", "----\n", "----\n"},
};

static void put_help_block(struct chimera_buffer *out, const char *name,
                           const struct chimera_cli_command *command, const struct markup *markup)
{
    chimera_buffer_text(out, markup->open);
    chimera_cli_put_help(name, command, &(struct chimera_cli_look){0}, out);
    chimera_buffer_text(out, markup->close);
}

static void put_helps(struct chimera_buffer *out, const char *name,
                      const struct chimera_cli_command *program, const struct markup *markup)
{
    for (const struct chimera_cli_command *const *at = program->commands; at && *at; at++) {
        if ((*at)->is_hidden)
            continue;
        chimera_buffer_print(out, "\n%s %s ", markup->heading, name);
        chimera_cli_put_path(*at, " ", out);
        chimera_buffer_byte(out, '\n');
        put_paragraphs(out, (*at)->description);
        chimera_buffer_byte(out, '\n');
        put_help_block(out, name, *at, markup);
        put_helps(out, name, *at, markup);
    }
}

static void put_table(struct chimera_buffer *out, const struct chimera_cli_option *option,
                      const char *section)
{
    option = cli_in_section(option, section);
    if (option)
        chimera_buffer_text(out, "| flag | environment | default | what it does |\n"
                                 "| --- | --- | --- | --- |\n");
    for (; option; option = cli_in_section(option + 1, section)) {
        const char *tick = option->initial ? "`" : "";
        chimera_buffer_print(out, "| `--%s%s%s` | `%s` | %s%s%s | ", option->name,
                             option->value ? " " : "", option->value ? option->value : "",
                             option->variable, tick, option->initial ? option->initial : "", tick);
        put_sentence(option, out);
        chimera_buffer_text(out, " |\n");
    }
}

static void put_tables(struct chimera_buffer *out, const struct chimera_cli_command *command)
{
    const struct chimera_cli_option *table = command->options;
    put_table(out, table, NULL);
    const char *section = cli_next_section(command, NULL);
    for (bool is_first = !cli_in_section(table, NULL); section; is_first = false) {
        chimera_buffer_print(out, "%s## %s\n\n", is_first ? "" : "\n", section);
        put_table(out, table, section);
        section = cli_next_section(command, section);
    }
}

static void put_variables(struct chimera_buffer *out, const struct markup *markup, unsigned uses)
{
    const struct chimera_cli_entry *entry = chimera_cli_variables;
    chimera_buffer_print(out, "\n%s Variables of the environment\n\n", markup->heading);
    for (; uses && entry->name; entry++)
        if (!entry->uses || (entry->uses & uses))
            chimera_buffer_print(out, "- `%s`: %s.\n", entry->name, entry->text);
}

int chimera_cli_write_reference(const struct chimera_cli_reference *reference, const char *path,
                                struct chimera_error *err)
{
    const struct markup *how = &markups[reference->markup];
    struct chimera_buffer text;
    chimera_buffer_init(&text, CHIMERA_CLI_TEXT_MAX);
    chimera_buffer_print(&text, "%s Command line of `%s`\n\n", how->title, reference->name);
    if (reference->program->commands) {
        const struct chimera_cli_option *shared = cli_shared();
        put_help_block(&text, reference->name, reference->program, how);
        chimera_cli_share(NULL); /* they stand in the program's own help */
        put_helps(&text, reference->name, reference->program, how);
        chimera_cli_share(shared);
    } else {
        put_tables(&text, reference->program);
    }
    if (reference->uses)
        put_variables(&text, how, reference->uses);
    if (reference->end)
        chimera_buffer_print(&text, "\n%s", reference->end);
    int code = text.failed
                   ? chimera_fail(err, text.failed, "%s", chimera_code_text(text.failed))
                   : chimera_file_write(path, chimera_buffer_slice(&text), CHIMERA_FILE_PLAIN, err);
    chimera_buffer_free(&text);
    return code;
}
