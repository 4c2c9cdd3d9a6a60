/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/options.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"

#define JOBS_MAX 512

struct cursor {
    struct options *options;
    int argc, at;
    char *const *argv;
    bool is_plain; /* `--` was seen: only arguments from here on */
    bool wants_help;
    int exit; /* EXIT_USAGE after an error */
};

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0'; /* a single dash is standard input */
}

static const struct option_entry *find_named(const struct options *options, const char *name,
                                             size_t size)
{
    for (const struct option_entry *entry = options->command->options; entry && entry->name;
         entry++)
        if (strlen(entry->name) == size && memcmp(entry->name, name, size) == 0)
            return entry;
    return NULL;
}

static const struct option_entry *find_letter(const struct options *options, char letter)
{
    for (const struct option_entry *entry = options->command->options; entry && entry->name;
         entry++)
        if (entry->letter == letter)
            return entry;
    return NULL;
}

/* "--output <FORMAT>", good until the next call. */
static const char *shown(const struct option_entry *entry)
{
    static char text[128];
    struct chimera_buffer buffer;
    chimera_buffer_init(&buffer, sizeof(text) - 1);
    usage_option(entry, &buffer);
    if (buffer.size)
        memcpy(text, buffer.data, buffer.size);
    text[buffer.size] = '\0';
    chimera_buffer_free(&buffer);
    return text;
}

static bool note_failure(struct cursor *cursor)
{
    cursor->exit = EXIT_USAGE;
    return false;
}

#define REFUSE(cursor, ...)                                                            \
    (usage_error((cursor)->options->program, (cursor)->options->command, __VA_ARGS__), \
     note_failure(cursor))

static bool is_listed(const char *const *list, const char *value)
{
    for (; list && *list; list++)
        if (strcmp(*list, value) == 0)
            return true;
    return false;
}

static bool refuse_choice(struct cursor *cursor, const struct option_entry *entry,
                          const char *value)
{
    struct chimera_buffer list;
    chimera_buffer_init(&list, 1000);
    for (size_t i = 0; entry->choices[i]; i++)
        chimera_buffer_print(&list, "%s%s", i > 0 ? ", " : "", entry->choices[i]);
    REFUSE(cursor, "invalid value '%s' for '%s'\n  [possible values: %.*s]", value, shown(entry),
           (int)list.size, list.data);
    chimera_buffer_free(&list);
    return false;
}

static bool take(struct cursor *cursor, const struct option_entry *entry, const char *value)
{
    struct options *options = cursor->options;
    bool is_single = entry->kind == OPTION_FLAG || entry->kind == OPTION_VALUE;
    if (is_single && option_is_given(options, entry->name))
        return REFUSE(cursor, "the argument '%s' cannot be used multiple times", shown(entry));
    if (value && entry->choices && !is_listed(entry->choices, value) &&
        !is_listed(entry->aliases, value))
        return refuse_choice(cursor, entry, value);
    options->given[options->given_count++] = (struct option_given){entry, value};
    return true;
}

/* The words that follow a greedy option; none at all is a statement too. */
static bool take_words(struct cursor *cursor, const struct option_entry *entry)
{
    size_t before = cursor->options->given_count;
    while (cursor->at < cursor->argc && !is_option(cursor->argv[cursor->at]))
        if (!take(cursor, entry, cursor->argv[cursor->at++]))
            return false;
    return cursor->options->given_count > before || take(cursor, entry, NULL);
}

/* `joined` is what stood in the same word behind the name, or NULL. */
static bool take_option(struct cursor *cursor, const struct option_entry *entry, const char *joined)
{
    if (entry->kind == OPTION_FLAG) {
        if (joined)
            return REFUSE(cursor, "unexpected value '%s' for '%s' found; no more were expected",
                          joined, shown(entry));
        return take(cursor, entry, NULL);
    }
    if (joined)
        return take(cursor, entry, joined);
    if (entry->kind == OPTION_GREEDY)
        return take_words(cursor, entry);
    if (cursor->at == cursor->argc || is_option(cursor->argv[cursor->at]))
        return REFUSE(cursor, "a value is required for '%s' but none was supplied", shown(entry));
    return take(cursor, entry, cursor->argv[cursor->at++]);
}

static bool parse_long(struct cursor *cursor, const char *word)
{
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    size_t size = equals ? (size_t)(equals - name) : strlen(name);
    if (size == 4 && memcmp(name, "help", 4) == 0) {
        cursor->wants_help = true;
        return true;
    }
    const struct option_entry *entry = find_named(cursor->options, name, size);
    if (!entry)
        return REFUSE(cursor, "unexpected argument '--%.*s' found", (int)size, name);
    return take_option(cursor, entry, equals ? equals + 1 : NULL);
}

static bool parse_letters(struct cursor *cursor, const char *word)
{
    for (const char *letter = word + 1; *letter; letter++) {
        if (*letter == 'h') {
            cursor->wants_help = true;
            return true;
        }
        const struct option_entry *entry = find_letter(cursor->options, *letter);
        if (!entry)
            return REFUSE(cursor, "unexpected argument '-%c' found", *letter);
        if (entry->kind != OPTION_FLAG) {
            const char *rest = letter[1] == '=' ? letter + 2 : letter + 1;
            return take_option(cursor, entry, letter[1] ? rest : NULL);
        }
        if (!take(cursor, entry, NULL))
            return false;
    }
    return true;
}

static bool parse_argument(struct cursor *cursor, const char *word)
{
    struct options *options = cursor->options;
    size_t most = 0;
    for (const struct argument_entry *entry = options->command->arguments; entry && entry->name;
         entry++)
        most = entry->is_many ? SIZE_MAX : most + 1;
    if (options->argument_count >= most)
        return REFUSE(cursor, "unexpected argument '%s' found", word);
    options->arguments[options->argument_count++] = word;
    return true;
}

static bool parse_word(struct cursor *cursor, const char *word)
{
    if (cursor->is_plain || !is_option(word))
        return parse_argument(cursor, word);
    if (strcmp(word, "--") == 0) {
        cursor->is_plain = true;
        return true;
    }
    return word[1] == '-' ? parse_long(cursor, word) : parse_letters(cursor, word);
}

static bool check_excludes(struct cursor *cursor)
{
    const struct options *options = cursor->options;
    for (size_t i = 0; i < options->given_count; i++) {
        const struct option_entry *entry = options->given[i].entry;
        if (!entry->excludes || !option_is_given(options, entry->excludes))
            continue;
        char first[128];
        strncpy(first, shown(entry), sizeof(first) - 1);
        first[sizeof(first) - 1] = '\0';
        return REFUSE(cursor, "the argument '%s' cannot be used with '%s'", first,
                      shown(find_named(options, entry->excludes, strlen(entry->excludes))));
    }
    return true;
}

static bool check_required(struct cursor *cursor)
{
    const struct options *options = cursor->options;
    struct chimera_buffer missing;
    chimera_buffer_init(&missing, 4000);
    for (const struct option_entry *entry = options->command->options; entry && entry->name;
         entry++)
        if (entry->is_required && !option_is_given(options, entry->name))
            chimera_buffer_print(&missing, "\n  %s", shown(entry));
    size_t index = 0;
    for (const struct argument_entry *entry = options->command->arguments; entry && entry->name;
         entry++, index++)
        if (entry->is_required && index >= options->argument_count)
            chimera_buffer_print(&missing, "\n  <%s>%s", entry->name, entry->is_many ? "..." : "");
    bool is_fine = missing.size == 0;
    if (!is_fine)
        REFUSE(cursor, "the following required arguments were not provided:%.*s", (int)missing.size,
               missing.data);
    chimera_buffer_free(&missing);
    return is_fine;
}

static void print_help(const struct options *options)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, USAGE_TEXT_MAX);
    usage_help(options->program, options->command, &text);
    fwrite(text.data, 1, text.size, stdout);
    chimera_buffer_free(&text);
}

bool options_parse(struct options *options, int argc, char *const *argv, int *ret_exit)
{
    /* A word gives at most as many options as it has letters. */
    size_t most = 1;
    for (int i = 0; i < argc; i++)
        most += strlen(argv[i]) + 1;
    options->given = calloc(most, sizeof(*options->given));
    options->arguments = (const char **)calloc((size_t)argc + 1, sizeof(*options->arguments));
    struct cursor cursor = {.options = options, .argc = argc, .argv = argv};
    if (!options->given || !options->arguments) {
        fputs("Error: out of memory\n", stderr);
        *ret_exit = EXIT_FAILED;
        return false;
    }
    bool is_fine = true;
    while (is_fine && !cursor.wants_help && cursor.at < cursor.argc)
        is_fine = parse_word(&cursor, argv[cursor.at++]);
    if (is_fine && cursor.wants_help) {
        print_help(options);
        *ret_exit = EXIT_GOOD;
        return false;
    }
    is_fine = is_fine && check_excludes(&cursor) && check_required(&cursor);
    *ret_exit = cursor.exit;
    return is_fine;
}

void options_done(struct options *options)
{
    free(options->given);
    free((void *)options->arguments);
    options->given = NULL;
    options->arguments = NULL;
    options->given_count = options->argument_count = 0;
}

const char *option_value(const struct options *options, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].entry->name, name) == 0)
            value = options->given[i].value;
    return value;
}

bool option_is_given(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].entry->name, name) == 0)
            return true;
    return false;
}

unsigned option_number(const char *text, unsigned most)
{
    unsigned number = 0;
    for (; *text >= '0' && *text <= '9' && number <= most; text++)
        number = number * 10 + (unsigned)(*text - '0');
    return *text == '\0' && number <= most ? number : 0;
}

bool option_jobs(const struct options *options, unsigned *ret_jobs)
{
    const char *jobs = option_value(options, "jobs");
    *ret_jobs = jobs ? option_number(jobs, JOBS_MAX) : 0;
    if (!jobs || *ret_jobs)
        return true;
    usage_error(options->program, options->command,
                "invalid value '%s' for '--jobs <N>': a number from 1 to %d is wanted", jobs,
                JOBS_MAX);
    return false;
}
