/* SPDX-License-Identifier: Apache-2.0 */
/* suggest.c - which command, option or variable a mistyped word was meant to be. */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cli/cli_internal.h"
#include "runtime/cli/manual.h"
#include "runtime/text/nearest.h"

#define NAMES_MAX 192
#define WORD_SIZE 64 /* longer ones are near nothing */
#define NAME_SIZE 201
#define VARIABLES_SIZE 4096 /* the names of the programs' table */

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

/* --- Variables --- */

/* What stands behind the name of a Service in a variable that Kubernetes sets for it. */
static bool ends_service(const char *end)
{
    return strcmp(end, "SERVICE_HOST") == 0 || strncmp(end, "SERVICE_PORT", 12) == 0 ||
           strcmp(end, "PORT") == 0 || (strncmp(end, "PORT_", 5) == 0 && isdigit((uint8_t)end[5]));
}

/* Kubernetes sets such variables in each container: for a Service called chimera that is
 * CHIMERA_SERVICE_HOST, CHIMERA_PORT, CHIMERA_PORT_443_TCP, … */
static bool is_of_service(const char *name)
{
    static const char END[] = "_SERVICE_HOST=";
    for (char **at = environ; *at; at++) {
        const char *end = strstr(*at, END);
        size_t stem = end ? (size_t)(end - *at) : 0;
        if (stem && strncmp(name, *at, stem) == 0 && name[stem] == '_' &&
            ends_service(name + stem + 1))
            return true;
    }
    return false;
}

/* Adds the names of a list such as "A, B", which it cuts into pieces in `room`; returns how much of
 * that it took. */
static size_t add_list(struct names *names, const char *list, char *room, size_t size)
{
    size_t used = 0;
    while (*list && used + strcspn(list, ",") < size) {
        size_t length = strcspn(list, ",");
        memcpy(room + used, list, length);
        room[used + length] = '\0';
        add(names, room + used);
        used += length + 1;
        list += length + strspn(list + length, ", ");
    }
    return used;
}

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->all[i], name) == 0)
            return true;
    return false;
}

static void say_unknown(const struct names *names, const char *name,
                        void (*say)(void *context, const char *line), void *context)
{
    const char *nearest = chimera_nearest(name, names->all);
    char line[512];
    snprintf(line, sizeof(line), "there is no variable %.200s%s%s%s", name,
             nearest ? "; is " : ": it is ignored", nearest ? nearest : "",
             nearest ? " meant?" : "");
    say(context, line);
}

void chimera_cli_each_unknown_variable(const struct chimera_cli_command *command,
                                       const char *prefix,
                                       void (*say)(void *context, const char *line), void *context)
{
    struct names names = {0};
    char room[VARIABLES_SIZE];
    size_t used = 0;
    for (const struct chimera_cli_option *at = command->options; at && at->name; at++)
        if (at->variable)
            add(&names, at->variable);
    for (const struct chimera_cli_entry *at = chimera_cli_variables; at->name; at++)
        used += add_list(&names, at->name, room + used, sizeof(room) - used);
    for (char **at = environ; *at; at++) {
        size_t size = strcspn(*at, "=");
        char name[NAME_SIZE];
        snprintf(name, sizeof(name), "%.*s", (int)size, *at);
        if (strncmp(name, prefix, strlen(prefix)) == 0 && !has_name(&names, name) &&
            !is_of_service(name))
            say_unknown(&names, name, say, context);
    }
}
