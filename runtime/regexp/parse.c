/* SPDX-License-Identifier: Apache-2.0 */
/* From a pattern to its tree, with an explicit stack of open groups: patterns may nest deeply, and
 * this runs on a guest's stack. */
#include "runtime/regexp/parse.h"

#define RANGES_MAX ((uint64_t)(128 << 20) / 8) /* Go's limit, which counts both bounds */
#define INTEGER_MAX 100000000

/* Numbers of nodes have 32 bits, and a tree takes 64 bytes a character. */
#define PATTERN_MAX ((size_t)16 << 20)

/* --- Groups and flags. --- */

static int open_group(struct chimera_regexp_parser *parser, bool has_number,
                      struct chimera_slice name)
{
    struct chimera_regexp_names *names = parser->names;
    struct chimera_regexp_group *group = chimera_regexp_take_zeroed(parser->memory, sizeof(*group));
    if (!group)
        return parser->memory->failed;
    group->outer = parser->group;
    group->flags = parser->flags;
    group->has_number = has_number;
    group->number = names->count;
    parser->group = group;
    if (!has_number)
        return CHIMERA_OK;
    if (names->count == names->capacity) {
        size_t size = sizeof(*names->names) * names->capacity;
        struct chimera_slice *more = chimera_regexp_extend(parser->memory, names->names, size,
                                                           2 * size + 4 * sizeof(*names->names));
        if (!more)
            return parser->memory->failed;
        names->names = more;
        names->capacity = 2 * names->capacity + 4;
    }
    names->names[names->count++] = name;
    return CHIMERA_OK;
}

static int close_group(struct chimera_regexp_parser *parser)
{
    struct chimera_regexp_group *group = parser->group;
    struct chimera_regexp_tree *inner;
    int code = chimera_regexp_end_choices(parser, &inner);
    if (code < 0)
        return code;
    if (!group->outer)
        return chimera_regexp_wrong_whole(parser, "unexpected )");
    parser->at++;
    parser->group = group->outer;
    parser->flags = group->flags;
    return chimera_regexp_push_group(parser, inner, group->has_number, group->number);
}

/* "(?P<name>" or "(?<name>", whose name begins at `name`. */
static int named_group(struct chimera_regexp_parser *parser, const char *name)
{
    const char *from = parser->at, *end = memchr(name, '>', (size_t)(parser->end - name));
    const char *stop = end ? end : parser->end;
    bool is_good = end && end > name;
    for (const char *at = end ? name : from; at < stop;) {
        uint32_t rune;
        size_t size = chimera_regexp_decode(at, (size_t)(stop - at), &rune);
        if (size == 1 && rune == CHIMERA_REGEXP_RUNE_ERROR) {
            parser->at = stop;
            return chimera_regexp_wrong(parser, "invalid UTF-8", at);
        }
        is_good = is_good && chimera_regexp_is_word(rune);
        at += size;
    }
    parser->at = end ? end + 1 : parser->end;
    if (!is_good)
        return chimera_regexp_wrong(parser, "invalid named capture", from);
    return open_group(parser, true, (struct chimera_slice){name, (size_t)(end - name)});
}

static unsigned flag_of(uint32_t rune)
{
    switch (rune) {
    case 'i':
        return CHIMERA_REGEXP_FOLD;
    case 'm':
        return CHIMERA_REGEXP_LINES;
    case 's':
        return CHIMERA_REGEXP_DOT_NL;
    case 'U':
        return CHIMERA_REGEXP_UNGREEDY;
    default:
        return 0;
    }
}

/* "(?i)", "(?i-s:" and "(?:". */
static int flag_group(struct chimera_regexp_parser *parser)
{
    const char *from = parser->at;
    unsigned flags = parser->flags;
    bool is_minus = false, has_flag = false;
    uint32_t rune = 0;
    parser->at += 2;
    while (parser->at < parser->end) {
        int code = chimera_regexp_step(parser, &rune);
        if (code < 0)
            return code;
        unsigned flag = flag_of(rune);
        if (flag) {
            flags = is_minus ? flags & ~flag : flags | flag;
            has_flag = true;
        } else if (rune == '-' && !is_minus) {
            is_minus = true;
            has_flag = false;
        } else {
            break;
        }
    }
    bool is_whole = (rune == ':' || rune == ')') && (!is_minus || has_flag);
    if (!is_whole)
        return chimera_regexp_wrong(parser, "invalid or unsupported Perl syntax", from);
    int code = rune == ':' ? open_group(parser, false, (struct chimera_slice){0}) : CHIMERA_OK;
    parser->flags = flags;
    return code;
}

static int parenthesis(struct chimera_regexp_parser *parser)
{
    size_t left = chimera_regexp_left(parser);
    if (left < 2 || parser->at[1] != '?') {
        parser->at++;
        return open_group(parser, true, (struct chimera_slice){0});
    }
    if (left > 4 && parser->at[2] == 'P' && parser->at[3] == '<')
        return named_group(parser, parser->at + 4);
    if (left > 3 && parser->at[2] == '<')
        return named_group(parser, parser->at + 3);
    return flag_group(parser);
}

/* --- Repetition. --- */

/* After the operator: the question mark behind it, and no second operator. `*last` is where an
 * operator right before this one began, NULL for none. */
static int operator(struct chimera_regexp_parser *parser, struct chimera_regexp_tree repetition,
                    const char *from, const char **last)
{
    repetition.is_lazy = parser->flags & CHIMERA_REGEXP_UNGREEDY;
    if (parser->at < parser->end && *parser->at == '?') {
        parser->at++;
        repetition.is_lazy = !repetition.is_lazy;
    }
    if (*last)
        return chimera_regexp_wrong(parser, "invalid nested repetition operator", *last);
    *last = from;
    return chimera_regexp_repeat(parser, repetition, from);
}

/* Without leading zeros; INTEGER_MAX for any that is larger. */
static bool read_integer(struct chimera_regexp_parser *parser, uint32_t *ret_value)
{
    const char *from = parser->at;
    uint32_t value = 0;
    while (parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9') {
        value = value >= INTEGER_MAX ? INTEGER_MAX : value * 10 + (uint32_t)(*parser->at - '0');
        parser->at++;
    }
    *ret_value = value;
    return parser->at > from && (*from != '0' || parser->at == from + 1);
}

static bool read_byte(struct chimera_regexp_parser *parser, char byte)
{
    bool is_there = parser->at < parser->end && *parser->at == byte;
    parser->at += is_there ? 1 : 0;
    return is_there;
}

/* "{2}", "{2,}" or "{2,3}"; false when it is none of these. */
static bool read_bounds(struct chimera_regexp_parser *parser, uint32_t *ret_min, uint32_t *ret_max)
{
    if (!read_byte(parser, '{') || !read_integer(parser, ret_min))
        return false;
    *ret_max = *ret_min;
    if (read_byte(parser, ',')) {
        *ret_max = CHIMERA_REGEXP_FOREVER;
        if (read_byte(parser, '}'))
            return true;
        if (!read_integer(parser, ret_max))
            return false;
    }
    return read_byte(parser, '}');
}

static int brace(struct chimera_regexp_parser *parser, const char **last)
{
    const char *from = parser->at;
    uint32_t min, max;
    if (!read_bounds(parser, &min, &max)) {
        parser->at = from + 1;
        *last = NULL;
        return chimera_regexp_push_literal(parser, '{');
    }
    bool is_forever = max == CHIMERA_REGEXP_FOREVER;
    if (min > CHIMERA_REGEXP_REPEAT_MAX ||
        (!is_forever && (max > CHIMERA_REGEXP_REPEAT_MAX || min > max)))
        return chimera_regexp_wrong(parser, "invalid repeat count", from);
    const struct chimera_regexp_tree repetition = {
        .op = CHIMERA_REGEXP_REPEAT, .min = min, .max = max};
    return operator(parser, repetition, from, last);
}

static int simple_operator(struct chimera_regexp_parser *parser, const char **last)
{
    const char *from = parser->at++;
    struct chimera_regexp_tree repetition = {.op = CHIMERA_REGEXP_QUEST, .min = 0, .max = 1};
    if (*from == '*')
        repetition.op = CHIMERA_REGEXP_STAR;
    if (*from == '+') {
        repetition.op = CHIMERA_REGEXP_PLUS;
        repetition.min = 1;
    }
    return operator(parser, repetition, from, last);
}

/* --- What is left. --- */

/* "\Q…\E", or to the end. */
static int quoted(struct chimera_regexp_parser *parser)
{
    parser->at += 2;
    const char *end = memmem(parser->at, chimera_regexp_left(parser), "\\E", 2), *all = parser->end;
    parser->end = end ? end : all; /* what is not UTF-8 is told up to here */
    int code = CHIMERA_OK;
    while (code == CHIMERA_OK && parser->at < parser->end) {
        uint32_t rune;
        code = chimera_regexp_step(parser, &rune);
        if (code == CHIMERA_OK)
            code = chimera_regexp_push_literal(parser, rune);
    }
    parser->at += end && code == CHIMERA_OK ? 2 : 0;
    parser->end = all;
    return code;
}

/* The assertion that the letter behind a backslash stands for; 0: none. */
static uint32_t assertion_of(char letter)
{
    switch (letter) {
    case 'A':
        return CHIMERA_REGEXP_BEGIN_TEXT;
    case 'b':
        return CHIMERA_REGEXP_WORD_BOUNDARY;
    case 'B':
        return CHIMERA_REGEXP_NO_WORD_BOUNDARY;
    case 'z':
        return CHIMERA_REGEXP_END_TEXT;
    default:
        return 0;
    }
}

static int backslash(struct chimera_regexp_parser *parser)
{
    const char *from = parser->at;
    char letter = chimera_regexp_left(parser) > 1 ? from[1] : '\0';
    struct chimera_regexp_set set = {0};
    uint32_t rune, conditions = assertion_of(letter);
    if (conditions) {
        parser->at += 2;
        return chimera_regexp_push_assertion(parser, conditions);
    }
    if (letter == 'C') { /* any byte, which needs another kind of machine */
        parser->at += 2;
        return chimera_regexp_wrong(parser, "invalid escape sequence", from);
    }
    if (letter == 'Q')
        return quoted(parser);
    int code = chimera_regexp_escaped_class(parser, &set);
    if (code == 1) {
        chimera_regexp_set_clean(parser->memory, &set);
        return chimera_regexp_push_class(parser, set);
    }
    if (code == 0)
        code = chimera_regexp_escape(parser, &rune);
    return code < 0 ? code : chimera_regexp_push_literal(parser, rune);
}

static int bracket(struct chimera_regexp_parser *parser)
{
    struct chimera_regexp_set set = {0};
    int code = chimera_regexp_class(parser, &set);
    return code < 0 ? code : chimera_regexp_push_class(parser, set);
}

static int character(struct chimera_regexp_parser *parser)
{
    uint32_t rune;
    int code = chimera_regexp_step(parser, &rune);
    return code < 0 ? code : chimera_regexp_push_literal(parser, rune);
}

/* `*last` is where an operator right before began, NULL for none. */
static int item(struct chimera_regexp_parser *parser, const char **last)
{
    char c = *parser->at;
    bool has_lines = parser->flags & CHIMERA_REGEXP_LINES;
    if (c == '*' || c == '+' || c == '?')
        return simple_operator(parser, last);
    if (c == '{')
        return brace(parser, last);
    *last = NULL;
    switch (c) {
    case '(':
        return parenthesis(parser);
    case ')':
        return close_group(parser);
    case '[':
        return bracket(parser);
    case '\\':
        return backslash(parser);
    case '|':
        parser->at++;
        return chimera_regexp_end_choice(parser);
    case '.':
        parser->at++;
        return chimera_regexp_push_any(parser);
    case '^':
        parser->at++;
        return chimera_regexp_push_assertion(parser, has_lines ? CHIMERA_REGEXP_BEGIN_LINE
                                                               : CHIMERA_REGEXP_BEGIN_TEXT);
    case '$':
        parser->at++;
        return chimera_regexp_push_assertion(parser, has_lines ? CHIMERA_REGEXP_END_LINE
                                                               : CHIMERA_REGEXP_END_TEXT);
    default:
        return character(parser);
    }
}

int chimera_regexp_parse(struct chimera_slice pattern, struct chimera_regexp_memory *memory,
                         struct chimera_regexp_names *names, struct chimera_regexp_tree **ret_tree,
                         struct chimera_error *err)
{
    struct chimera_regexp_parser parser = {
        .memory = memory, .whole = pattern, .at = pattern.data, .names = names, .err = err};
    const char *last = NULL;
    if (pattern.size > PATTERN_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "the regular expression is longer than 16 MiB");
    parser.end = pattern.data + pattern.size;
    parser.ranges_limit = RANGES_MAX;
    int code = open_group(&parser, true, (struct chimera_slice){0});
    while (code == CHIMERA_OK && parser.at < parser.end)
        code = item(&parser, &last);
    if (code == CHIMERA_OK)
        code = chimera_regexp_end_choices(&parser, ret_tree);
    if (code == CHIMERA_OK && parser.group->outer)
        return chimera_regexp_wrong_whole(&parser, "missing closing )");
    return code;
}
