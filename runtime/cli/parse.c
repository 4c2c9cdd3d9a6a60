/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/error.h"
#include "runtime/cli/cli_internal.h"

struct cursor {
    struct chimera_cli_options *options;
    int argc, at;
    char *const *argv;
    bool is_plain; /* `--` was seen: only arguments from here on */
    enum chimera_cli_action action;
    bool is_environment;                    /* what is looked at comes from a variable */
    const struct chimera_cli_option *alias; /* by which the option was named; NULL: its own name */
};

#define REFUSE(cursor, ...) (chimera_buffer_print(&(cursor)->options->refusal, __VA_ARGS__), false)

/* More than the reference takes, which knows "true" and "false" alone and dies of NO_COLOR=1. */
static const char *const shown_words[] = {"true", "false", NULL}; /* the reference's */
static const char *const taken_words[] = {"true", "1",  "yes", "on", "false",
                                          "0",    "no", "off", NULL};
static const char *const on_words[] = {"true", "1", "yes", "on", NULL};
static const char *const off_words[] = {"false", "0", "no", "off", "", NULL};

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0'; /* a single dash is standard input */
}

static bool is_listed(const char *const *list, const char *value,
                      int (*compare)(const char *, const char *))
{
    for (; list && *list; list++)
        if (compare(*list, value) == 0)
            return true;
    return false;
}

bool chimera_cli_is_on(const char *value)
{
    return is_listed(on_words, value, strcasecmp);
}

static const struct chimera_cli_option *find_in(const struct chimera_cli_option *option,
                                                const char *name, size_t size)
{
    for (; option && option->name; option++)
        if (strlen(option->name) == size && memcmp(option->name, name, size) == 0)
            return option;
    return NULL;
}

static const struct chimera_cli_option *find_named(const struct chimera_cli_options *options,
                                                   const char *name, size_t size)
{
    const struct chimera_cli_option *own = find_in(options->command->options, name, size);
    return own ? own : find_in(cli_shared(), name, size);
}

static const struct chimera_cli_option *find_letter_in(const struct chimera_cli_option *option,
                                                       char letter)
{
    while (option && option->name && option->letter != letter)
        option++;
    return option && option->name ? option : NULL;
}

static const struct chimera_cli_option *find_letter(const struct chimera_cli_options *options,
                                                    char letter)
{
    const struct chimera_cli_option *own = find_letter_in(options->command->options, letter);
    return own ? own : find_letter_in(cli_shared(), letter);
}

static bool refuse_choice(struct cursor *cursor, const struct chimera_cli_option *option,
                          const char *const *choices, const char *value)
{
    struct chimera_buffer *refusal = &cursor->options->refusal;
    chimera_buffer_print(refusal, "invalid value '%s' for '%s'", value,
                         cursor->is_environment ? option->variable : chimera_cli_shown(option));
    chimera_cli_put_choices(choices, "\n  [possible values: ", "]", refusal);
    return false;
}

static bool check_value(struct cursor *cursor, const struct chimera_cli_option *option,
                        const char *value)
{
    /* The no-color.org convention: any text turns colours off. We have none, so no text is wrong.
     */
    if (option->kind == CHIMERA_CLI_SWITCH && !chimera_cli_is_on(value) &&
        !is_listed(off_words, value, strcasecmp) &&
        !(option->variable && strcmp(option->variable, "NO_COLOR") == 0))
        return refuse_choice(cursor, option,
                             cursor->options->command->is_long_only ? taken_words : shown_words,
                             value);
    if (value && option->choices && !is_listed(option->choices, value, strcmp) &&
        !is_listed(option->aliases, value, strcmp))
        return refuse_choice(cursor, option, option->choices, value);
    return true;
}

static bool check_count(struct cursor *cursor, const struct chimera_cli_option *option)
{
    if (option->kind == CHIMERA_CLI_REPEAT || option->kind == CHIMERA_CLI_GREEDY ||
        !chimera_cli_is_given(cursor->options, option->name))
        return true;
    return REFUSE(cursor, "the argument '%s' cannot be used multiple times",
                  chimera_cli_shown(option));
}

static bool add_given(struct cursor *cursor, const struct chimera_cli_option *option,
                      const char *value)
{
    struct chimera_cli_options *options = cursor->options;
    if (!check_count(cursor, option) || !check_value(cursor, option, value))
        return false;
    options->given[options->given_count++] =
        (struct chimera_cli_given){option, value, cursor->is_environment, cursor->alias};
    return true;
}

/* The words that follow a greedy option; none at all is a statement too. */
static bool take_words(struct cursor *cursor, const struct chimera_cli_option *option)
{
    size_t before = cursor->options->given_count;
    while (cursor->at < cursor->argc && !is_option(cursor->argv[cursor->at]))
        if (!add_given(cursor, option, cursor->argv[cursor->at++]))
            return false;
    return cursor->options->given_count > before || add_given(cursor, option, NULL);
}

static bool take_next(struct cursor *cursor, const struct chimera_cli_option *option)
{
    const char *next = cursor->at < cursor->argc ? cursor->argv[cursor->at] : NULL;
    bool is_long_only = cursor->options->command->is_long_only;
    if (is_long_only && !check_count(cursor, option))
        return false;
    if (is_long_only && next && is_option(next))
        return REFUSE(cursor, "unexpected argument '%s' found", next);
    if (!next || is_option(next))
        return REFUSE(cursor, "a value is required for '%s' but none was supplied",
                      chimera_cli_shown(option));
    cursor->at++;
    return add_given(cursor, option, next);
}

/* `joined` is what stood in the same word behind the name, or NULL. */
static bool take_option(struct cursor *cursor, const struct chimera_cli_option *option,
                        const char *joined)
{
    switch (option->kind) {
    case CHIMERA_CLI_FLAG:
        if (joined)
            return REFUSE(cursor, "unexpected value '%s' for '%s' found; no more were expected",
                          joined, chimera_cli_shown(option));
        return add_given(cursor, option, NULL);
    case CHIMERA_CLI_SWITCH:
        return add_given(cursor, option, joined ? joined : "true");
    case CHIMERA_CLI_GREEDY:
        return joined ? add_given(cursor, option, joined) : take_words(cursor, option);
    default:
        return joined ? add_given(cursor, option, joined) : take_next(cursor, option);
    }
}

/* The option that a row stands for, which is itself but for other names. */
static const struct chimera_cli_option *resolve(struct cursor *cursor,
                                                const struct chimera_cli_option *option)
{
    const char *name = option ? option->stands_for : NULL;
    cursor->alias = name ? option : NULL;
    return name ? find_named(cursor->options, name, strlen(name)) : option;
}

static bool parse_long(struct cursor *cursor, const char *word)
{
    const char *name = word + 2;
    size_t size = strcspn(name, "=");
    const char *joined = name[size] ? name + size + 1 : NULL;
    if (joined && !cursor->options->command->is_long_only && strncmp(name, "help=", 5) == 0) {
        cursor->action = CHIMERA_CLI_HELP;
        return true;
    }
    const struct chimera_cli_option *option =
        resolve(cursor, find_named(cursor->options, name, size));
    if (!option) {
        struct chimera_buffer *refusal = &cursor->options->refusal;
        chimera_buffer_print(refusal, "unexpected argument '--%.*s' found", (int)size, name);
        cli_suggest_option(cursor->options->command, (struct chimera_slice){name, size}, refusal);
        return false;
    }
    return take_option(cursor, option, joined);
}

static bool parse_letters(struct cursor *cursor, const char *word)
{
    if (cursor->options->command->is_long_only)
        return REFUSE(cursor, "unexpected argument '%.*s' found", (int)strcspn(word, "="), word);
    for (const char *letter = word + 1; *letter; letter++) {
        if (*letter == 'h') {
            cursor->action = CHIMERA_CLI_HELP;
            return true;
        }
        const struct chimera_cli_option *option =
            resolve(cursor, find_letter(cursor->options, *letter));
        if (!option)
            return REFUSE(cursor, "unexpected argument '-%c' found", *letter);
        if (option->kind != CHIMERA_CLI_FLAG) {
            const char *rest = letter[1] == '=' ? letter + 2 : letter + 1;
            return take_option(cursor, option, letter[1] ? rest : NULL);
        }
        if (!add_given(cursor, option, NULL))
            return false;
    }
    return true;
}

static bool parse_argument(struct cursor *cursor, const char *word)
{
    struct chimera_cli_options *options = cursor->options;
    const struct chimera_cli_argument *argument = options->command->arguments;
    size_t most = 0;
    for (; argument && argument->name; argument++)
        most = argument->is_many ? SIZE_MAX : most + 1;
    if (!options->command->name)
        return REFUSE(cursor, "unrecognized subcommand '%s'", word);
    if (options->argument_count >= most)
        return REFUSE(cursor, "unexpected argument '%s' found", word);
    options->arguments[options->argument_count++] = word;
    cursor->is_plain |= options->command->has_plain_rest;
    return true;
}

static bool parse_word(struct cursor *cursor, const char *word)
{
    bool is_dash = strcmp(word, "-") == 0 && cursor->options->command->is_long_only;
    if (cursor->is_plain || !(is_option(word) || is_dash))
        return parse_argument(cursor, word);
    if (strcmp(word, "--") == 0)
        return cursor->is_plain = true;
    /* The words that a program without letters takes for what they are only when nothing is joined.
     */
    const struct chimera_cli_command *command = cursor->options->command;
    enum chimera_cli_action *action = &cursor->action;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        *action = CHIMERA_CLI_HELP;
    else if (command->version_help && strcmp(word, "--version") == 0)
        *action = CHIMERA_CLI_VERSION;
    else if (command->version_help && strcmp(word, "-V") == 0)
        *action = CHIMERA_CLI_VERSION_SHORT;
    if (*action != CHIMERA_CLI_RUN)
        return true;
    return word[1] == '-' ? parse_long(cursor, word) : parse_letters(cursor, word);
}

/* What was given is not looked at: its variable may hold anything. */
static bool take_environment(struct cursor *cursor)
{
    const struct chimera_cli_option *option = cursor->options->command->options;
    cursor->alias = NULL;
    for (; option && option->name; option++) {
        if (chimera_cli_is_given(cursor->options, option->name))
            continue;
        const char *value = option->variable ? getenv(option->variable) : NULL;
        cursor->is_environment = value != NULL;
        value = value ? value : option->initial;
        if (value && !add_given(cursor, option, value))
            return false;
    }
    return true;
}

static bool check_excludes(struct cursor *cursor)
{
    struct chimera_cli_options *options = cursor->options;
    for (size_t i = 0; i < options->given_count; i++) {
        const struct chimera_cli_option *option = options->given[i].option;
        const char *excludes = option->excludes;
        if (!excludes || !chimera_cli_is_given(options, excludes))
            continue;
        chimera_buffer_print(&options->refusal, "the argument '%s' cannot be used with ",
                             chimera_cli_shown(option)); /* alone: the next call changes its text */
        return REFUSE(cursor, "'%s'",
                      chimera_cli_shown(find_named(options, excludes, strlen(excludes))));
    }
    return true;
}

static bool check_required(struct cursor *cursor)
{
    const struct chimera_cli_options *options = cursor->options;
    const struct chimera_cli_option *option = options->command->options;
    const struct chimera_cli_argument *argument = options->command->arguments;
    static const char TEXT[] = "the following required arguments were not provided:";
    bool is_fine = true;
    for (; option && option->name; option++)
        if (option->is_required && !chimera_cli_is_given(options, option->name))
            is_fine = REFUSE(cursor, "%s\n  %s", is_fine ? TEXT : "", chimera_cli_shown(option));
    for (size_t i = 0; argument && argument->name; argument++, i++)
        if (argument->is_required && i >= options->argument_count)
            is_fine = REFUSE(cursor, "%s\n  <%s>%s", is_fine ? TEXT : "", argument->name,
                             argument->is_many ? "..." : "");
    return is_fine;
}

/* A word gives at most as many options as it has letters, and a variable one. */
static int make_room(struct chimera_cli_options *options, int argc, char *const *argv)
{
    const struct chimera_cli_option *option = options->command->options;
    size_t most = 1;
    for (int i = 0; i < argc; i++)
        most += strlen(argv[i]) + 1;
    for (; option && option->name; option++)
        most++;
    chimera_buffer_init(&options->refusal, CHIMERA_CLI_TEXT_MAX);
    options->given = calloc(most, sizeof(*options->given));
    options->arguments = (const char **)calloc((size_t)argc + 1, sizeof(*options->arguments));
    return options->given && options->arguments ? CHIMERA_OK : CHIMERA_ENOMEM;
}

int chimera_cli_parse(struct chimera_cli_options *options, int argc, char *const *argv,
                      enum chimera_cli_action *ret_action)
{
    struct cursor cursor = {.options = options, .argc = argc, .argv = argv};
    if (make_room(options, argc, argv) < 0)
        return CHIMERA_ENOMEM;
    bool is_fine = true;
    while (is_fine && cursor.action == CHIMERA_CLI_RUN && cursor.at < argc)
        is_fine = parse_word(&cursor, argv[cursor.at++]);
    if (is_fine && cursor.action == CHIMERA_CLI_RUN)
        is_fine = take_environment(&cursor) && check_excludes(&cursor) && check_required(&cursor);
    if (!is_fine && chimera_buffer_byte(&options->refusal, '\0') == CHIMERA_OK)
        return CHIMERA_EINVAL;
    *ret_action = cursor.action;
    return options->refusal.failed;
}

void chimera_cli_done(struct chimera_cli_options *options)
{
    free(options->given);
    free((void *)options->arguments);
    chimera_buffer_free(&options->refusal);
    options->given = NULL;
    options->arguments = NULL;
    options->given_count = options->argument_count = 0;
}

const char *chimera_cli_value(const struct chimera_cli_options *options, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].option->name, name) == 0)
            value = options->given[i].value;
    return value;
}

bool chimera_cli_is_given(const struct chimera_cli_options *options, const char *name)
{
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].option->name, name) == 0)
            return true;
    return false;
}

unsigned chimera_cli_number(const char *text, unsigned most)
{
    unsigned number = 0;
    for (; *text >= '0' && *text <= '9' && number <= most; text++)
        number = number * 10 + (unsigned)(*text - '0');
    return *text == '\0' && number <= most ? number : 0;
}
