/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c - ways through tables of options: their sections, and what all commands share. */
#include <string.h>

#include "runtime/cli/cli_internal.h"

static const struct chimera_cli_option *shared;

void chimera_cli_share(const struct chimera_cli_option *options)
{
    shared = options;
}

const struct chimera_cli_option *cli_shared(void)
{
    return shared;
}

int cli_shared_size(const char *word)
{
    bool is_long = strncmp(word, "--", 2) == 0;
    size_t size = is_long ? strcspn(word + 2, "=") : 0;
    for (const struct chimera_cli_option *at = shared; at && at->name; at++) {
        bool is_it = is_long ? strlen(at->name) == size && memcmp(at->name, word + 2, size) == 0
                             : at->letter && word[0] == '-' && word[1] == at->letter && !word[2];
        if (is_it)
            return at->kind == CHIMERA_CLI_FLAG || (is_long && word[2 + size]) ? 1 : 2;
    }
    return 0;
}

static bool has_name(const struct chimera_cli_option *option, const char *name)
{
    while (option && option->name && strcmp(option->name, name) != 0)
        option++;
    return option && option->name;
}

static bool has_letter(const struct chimera_cli_option *option, char letter)
{
    while (option && option->name && option->letter != letter)
        option++;
    return option && option->name;
}

const struct chimera_cli_option *cli_shared_by(const struct chimera_cli_command *command,
                                               const struct chimera_cli_option *option,
                                               struct chimera_cli_option *ret_option)
{
    while (option && option->name && has_name(command->options, option->name))
        option++;
    if (!option || !option->name)
        return NULL;
    *ret_option = *option;
    if (has_letter(command->options, option->letter))
        ret_option->letter = 0;
    return option;
}

static bool is_of(const struct chimera_cli_option *option, const char *section)
{
    const char *own = option->section;
    return !option->is_hidden && (own && section ? strcmp(own, section) == 0 : own == section);
}

const struct chimera_cli_option *cli_in_section(const struct chimera_cli_option *option,
                                                const char *section)
{
    while (option && option->name && !is_of(option, section))
        option++;
    return option && option->name ? option : NULL;
}

/* By the list of the command. */
static const char *next_listed(const struct chimera_cli_command *command, const char *section)
{
    bool is_behind = !section;
    for (const char *const *at = command->sections; *at; at++) {
        if (is_behind && cli_in_section(command->options, *at))
            return *at;
        is_behind |= section && strcmp(*at, section) == 0;
    }
    return NULL;
}

const char *cli_next_section(const struct chimera_cli_command *command, const char *section)
{
    const struct chimera_cli_option *table = command->options;
    bool is_behind = !section;
    if (command->sections)
        return next_listed(command, section);
    for (const struct chimera_cli_option *at = table; at && at->name; at++) {
        if (at->is_hidden || !at->section || cli_in_section(table, at->section) != at)
            continue; /* not the first of its section */
        if (is_behind)
            return at->section;
        is_behind = strcmp(at->section, section) == 0;
    }
    return NULL;
}
