/* SPDX-License-Identifier: Apache-2.0 */
/* suggest.c - which command or option a mistyped word was meant to be. */
#include <string.h>

#include "runtime/cli/cli_internal.h"
#include "runtime/text/nearest.h"

#define NAMES_MAX 128
#define WORD_SIZE 64 /* longer ones are near nothing */

struct names {
    const char *all[NAMES_MAX + 1];
    size_t count;
};

static void add(struct names *names, const char *name)
{
    if (names->count < NAMES_MAX)
        names->all[names->count++] = name;
}

static void add_options(struct names *names, const struct chimera_cli_option *option)
{
    for (; option && option->name; option++)
        if (!option->is_hidden)
            add(names, option->name);
}

static void put_nearest(const struct names *names, const char *word, const char *dashes,
                        struct chimera_buffer *refusal)
{
    const char *nearest = chimera_nearest(word, names->all);
    if (nearest && strcmp(nearest, word) != 0)
        chimera_buffer_print(refusal, "\n  did you mean '%s%s'?", dashes, nearest);
}

void cli_suggest_option(const struct chimera_cli_command *command, struct chimera_slice word,
                        struct chimera_buffer *refusal)
{
    struct names names = {0};
    char name[WORD_SIZE];
    if (word.size >= sizeof(name))
        return;
    memcpy(name, word.data, word.size);
    name[word.size] = '\0';
    add_options(&names, command->options);
    add_options(&names, cli_shared());
    add(&names, "help");
    if (command->version_help)
        add(&names, "version");
    put_nearest(&names, name, "--", refusal);
}

int chimera_cli_refuse_word(const char *program, const struct chimera_cli_command *command,
                            const char *word)
{
    struct names names = {0};
    struct chimera_buffer refusal;
    bool is_option = word[0] == '-' && word[1] != '\0';
    chimera_buffer_init(&refusal, CHIMERA_CLI_TEXT_MAX);
    chimera_buffer_print(
        &refusal, is_option ? "unexpected argument '%s' found" : "unrecognized subcommand '%s'",
        word);
    for (const struct chimera_cli_command *const *at = command->commands; at && *at; at++)
        if (!(*at)->is_hidden)
            add(&names, (*at)->name);
    add(&names, "help");
    if (!is_option)
        put_nearest(&names, word, "", &refusal);
    else if (strncmp(word, "--", 2) == 0)
        cli_suggest_option(command, chimera_slice_of(word + 2), &refusal);
    chimera_buffer_byte(&refusal, '\0');
    int code = chimera_cli_refuse(program, command, "%s", refusal.failed ? word : refusal.data);
    chimera_buffer_free(&refusal);
    return code;
}
