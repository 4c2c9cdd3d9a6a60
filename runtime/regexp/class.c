/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes and classes of characters. */
#include "runtime/base/hex.h"
#include "runtime/regexp/parse.h"

struct named_class {
    const char *name;
    const char *ranges; /* pairs of ASCII characters */
    uint8_t size;       /* of `ranges`, which may have a NUL */
};

#define CLASS(name, ranges) {(name), (ranges), sizeof(ranges) - 1}

static const struct named_class perl_classes[] = {
    CLASS("d", "09"),
    CLASS("s", "\t\n\f\r  "),
    CLASS("w", "09AZ__az"),
};

static const struct named_class posix_classes[] = {
    CLASS("alnum", "09AZaz"),
    CLASS("alpha", "AZaz"),
    CLASS("ascii", "\0\x7F"),
    CLASS("blank", "\t\t  "),
    CLASS("cntrl", "\0\x1F\x7F\x7F"),
    CLASS("digit", "09"),
    CLASS("graph", "!~"),
    CLASS("lower", "az"),
    CLASS("print", " ~"),
    CLASS("punct", "!/:@[`{~"),
    CLASS("space", "\t\r  "),
    CLASS("upper", "AZ"),
    CLASS("word", "09AZ__az"),
    CLASS("xdigit", "09AFaf"),
};

static const struct named_class ascii_class = CLASS("", "\0\x7F");

int chimera_regexp_wrong(struct chimera_regexp_parser *parser, const char *what, const char *from)
{
    return chimera_fail(parser->err, CHIMERA_EINVAL, "error parsing regexp: %s: `%.*s`", what,
                        (int)(parser->at - from > 1000 ? 1000 : parser->at - from), from);
}

int chimera_regexp_wrong_whole(struct chimera_regexp_parser *parser, const char *what)
{
    parser->at = parser->end;
    return chimera_regexp_wrong(parser, what, parser->whole.data);
}

/* The same for a fault that is told with all that is left. */
static int wrong_from(struct chimera_regexp_parser *parser, const char *what, const char *from)
{
    parser->at = parser->end;
    return chimera_regexp_wrong(parser, what, from);
}

int chimera_regexp_step(struct chimera_regexp_parser *parser, uint32_t *ret_rune)
{
    *ret_rune = CHIMERA_REGEXP_RUNE_ERROR;
    if (parser->at == parser->end)
        return CHIMERA_OK;
    size_t size = chimera_regexp_decode(parser->at, chimera_regexp_left(parser), ret_rune);
    if (size == 1 && *ret_rune == CHIMERA_REGEXP_RUNE_ERROR)
        return wrong_from(parser, "invalid UTF-8", parser->at);
    parser->at += size;
    return CHIMERA_OK;
}

/* Is all from here up to `end` UTF-8? */
static int check_utf8(struct chimera_regexp_parser *parser, const char *from, const char *end)
{
    while (from < end) {
        uint32_t rune;
        size_t size = chimera_regexp_decode(from, (size_t)(end - from), &rune);
        if (size == 1 && rune == CHIMERA_REGEXP_RUNE_ERROR) {
            parser->at = end;
            return chimera_regexp_wrong(parser, "invalid UTF-8", from);
        }
        from += size;
    }
    return CHIMERA_OK;
}

/* --- Single characters. --- */

static bool is_octal(const struct chimera_regexp_parser *parser)
{
    return parser->at < parser->end && *parser->at >= '0' && *parser->at <= '7';
}

static int wrong_escape(struct chimera_regexp_parser *parser, const char *from)
{
    return chimera_regexp_wrong(parser, "invalid escape sequence", from);
}

/* -1: no digit. */
static int hex_digit(uint32_t rune)
{
    return rune < 0x80 ? chimera_hex_value((char)rune) : -1;
}

/* After "\x{": any number of digits, one at least, and a brace. */
static int braced_hex(struct chimera_regexp_parser *parser, const char *from, uint32_t *ret_rune)
{
    uint32_t value = 0, rune;
    for (size_t count = 0; parser->at < parser->end; count++) {
        int code = chimera_regexp_step(parser, &rune);
        if (code < 0)
            return code;
        if (rune == '}' && count > 0) {
            *ret_rune = value;
            return CHIMERA_OK;
        }
        int digit = hex_digit(rune);
        value = value * 16 + (uint32_t)digit;
        if (digit < 0 || value > CHIMERA_REGEXP_RUNE_MAX)
            break;
    }
    return wrong_escape(parser, from);
}

/* After "\x": two digits, or more in braces. */
static int hexadecimal(struct chimera_regexp_parser *parser, const char *from, uint32_t *ret_rune)
{
    uint32_t first, second;
    if (parser->at == parser->end)
        return wrong_escape(parser, from);
    int code = chimera_regexp_step(parser, &first);
    if (code == CHIMERA_OK && first == '{')
        return braced_hex(parser, from, ret_rune);
    if (code == CHIMERA_OK)
        code = chimera_regexp_step(parser, &second);
    if (code < 0)
        return code;
    if (hex_digit(first) < 0 || hex_digit(second) < 0)
        return wrong_escape(parser, from);
    *ret_rune = (uint32_t)(hex_digit(first) * 16 + hex_digit(second));
    return CHIMERA_OK;
}

/* "\0", "\07", "\123"; one digit that is not 0 would be a back-reference. `rune` is the first one.
 */
static int octal(struct chimera_regexp_parser *parser, const char *from, uint32_t rune,
                 uint32_t *ret_rune)
{
    uint32_t value = rune - '0';
    if (rune != '0' && !is_octal(parser))
        return wrong_escape(parser, from);
    for (int i = 1; i < 3 && is_octal(parser); i++)
        value = value * 8 + (uint32_t)(*parser->at++ - '0');
    *ret_rune = value;
    return CHIMERA_OK;
}

int chimera_regexp_escape(struct chimera_regexp_parser *parser, uint32_t *ret_rune)
{
    static const char letters[] = "afnrtv", meanings[] = "\a\f\n\r\t\v";
    const char *from = parser->at++;
    uint32_t rune;
    if (parser->at == parser->end)
        return chimera_regexp_wrong(parser, "trailing backslash at end of expression", parser->at);
    int code = chimera_regexp_step(parser, &rune);
    if (code < 0)
        return code;
    if (rune >= '0' && rune <= '7')
        return octal(parser, from, rune, ret_rune);
    if (rune == 'x')
        return hexadecimal(parser, from, ret_rune);
    const char *letter = rune > 0 && rune < 0x80 ? strchr(letters, (int)rune) : NULL;
    if (letter)
        rune = (uint32_t)meanings[letter - letters];
    else if (rune >= 0x80 || (rune != '_' && chimera_regexp_is_word(rune)))
        return wrong_escape(parser, from);
    *ret_rune = rune;
    return CHIMERA_OK;
}

/* --- Classes with names. --- */

/* Adds it, folded if the flags say so, or all but it. */
static void add_named(struct chimera_regexp_parser *parser, const struct named_class *class,
                      bool is_negated, struct chimera_regexp_set *set)
{
    struct chimera_regexp_set named = {0};
    for (uint8_t i = 0; i < class->size; i += 2)
        chimera_regexp_set_add(parser->memory, &named, (unsigned char)class->ranges[i],
                               (unsigned char)class->ranges[i + 1]);
    if (parser->flags & CHIMERA_REGEXP_FOLD)
        chimera_regexp_set_fold(parser->memory, &named);
    if (is_negated)
        chimera_regexp_set_add_others(parser->memory, set, &named);
    else
        chimera_regexp_set_add_set(parser->memory, set, &named);
}

/* "\d", "\D" and so on: 1 when it was there. */
static int perl_class(struct chimera_regexp_parser *parser, struct chimera_regexp_set *set)
{
    char letter = parser->at[1];
    for (size_t i = 0; i < sizeof(perl_classes) / sizeof(perl_classes[0]); i++) {
        if ((letter | 0x20) != perl_classes[i].name[0])
            continue;
        add_named(parser, &perl_classes[i], letter < 'a', set);
        parser->at += 2;
        return 1;
    }
    return 0;
}

/* "[:alpha:]" and "[:^alpha:]" inside a class: 1, 0 when this is only a bracket, or an error. */
static int posix_class(struct chimera_regexp_parser *parser, struct chimera_regexp_set *set)
{
    const char *from = parser->at, *name = from + 2;
    const char *end = memmem(name, chimera_regexp_left(parser) - 2, ":]", 2);
    if (!end)
        return 0;
    parser->at = end + 2;
    bool is_negated = *name == '^';
    name += is_negated ? 1 : 0;
    struct chimera_slice text = {name, (size_t)(end - name)};
    for (size_t i = 0; i < sizeof(posix_classes) / sizeof(posix_classes[0]); i++) {
        if (chimera_slice_is(text, posix_classes[i].name)) {
            add_named(parser, &posix_classes[i], is_negated, set);
            return 1;
        }
    }
    return chimera_regexp_wrong(parser, "invalid character class range", from);
}

/* The name in "\pN" or "\p{Greek}". */
static int property_name(struct chimera_regexp_parser *parser, struct chimera_slice *ret_name)
{
    const char *from = parser->at;
    uint32_t rune;
    parser->at += 2;
    int code = chimera_regexp_step(parser, &rune);
    if (code < 0)
        return code;
    *ret_name = (struct chimera_slice){from + 2, (size_t)(parser->at - from) - 2};
    if (rune != '{')
        return CHIMERA_OK;
    const char *end = memchr(from, '}', (size_t)(parser->end - from));
    code = check_utf8(parser, end ? from + 3 : from, end ? end : parser->end);
    if (code < 0)
        return code;
    if (!end)
        return wrong_from(parser, "invalid character class range", from);
    *ret_name = (struct chimera_slice){from + 3, (size_t)(end - from) - 3};
    parser->at = end + 1;
    return CHIMERA_OK;
}

/* "\pN", "\p{Greek}", "\P{^Lu}". */
static int property(struct chimera_regexp_parser *parser, struct chimera_regexp_set *set)
{
    const char *from = parser->at;
    struct chimera_slice name;
    int code = property_name(parser, &name);
    if (code < 0)
        return code;
    bool is_negated = from[1] == 'P';
    if (name.size > 0 && name.data[0] == '^') {
        is_negated = !is_negated;
        name = (struct chimera_slice){name.data + 1, name.size - 1};
    }
    const struct chimera_regexp_property *found = chimera_regexp_property_find(name);
    if (!found)
        return chimera_regexp_wrong(parser, "invalid character class range", from);
    if (!strcmp(found->name, "Ascii")) {
        add_named(parser, &ascii_class, is_negated, set);
    } else {
        struct chimera_regexp_set held = {0};
        chimera_regexp_set_add_property(parser->memory, &held, found);
        if ((parser->flags & CHIMERA_REGEXP_FOLD) && found->is_folded)
            chimera_regexp_set_fold(parser->memory, &held);
        if (is_negated)
            chimera_regexp_set_add_others(parser->memory, set, &held);
        else
            chimera_regexp_set_add_set(parser->memory, set, &held);
    }
    return 1;
}

int chimera_regexp_escaped_class(struct chimera_regexp_parser *parser,
                                 struct chimera_regexp_set *set)
{
    if (chimera_regexp_left(parser) < 2 || parser->at[0] != '\\')
        return 0;
    return (parser->at[1] | 0x20) == 'p' ? property(parser, set) : perl_class(parser, set);
}

/* --- Brackets. --- */

static int class_character(struct chimera_regexp_parser *parser, const char *from,
                           uint32_t *ret_rune)
{
    if (parser->at == parser->end)
        return chimera_regexp_wrong(parser, "missing closing ]", from);
    return *parser->at == '\\' ? chimera_regexp_escape(parser, ret_rune)
                               : chimera_regexp_step(parser, ret_rune);
}

/* "a" or "a-z"; a hyphen before the closing bracket is one itself. */
static int class_range(struct chimera_regexp_parser *parser, const char *bracket,
                       struct chimera_regexp_set *set)
{
    const char *from = parser->at;
    uint32_t lo, hi;
    int code = class_character(parser, bracket, &lo);
    hi = lo;
    if (code == CHIMERA_OK && chimera_regexp_left(parser) >= 2 && parser->at[0] == '-' &&
        parser->at[1] != ']') {
        parser->at++;
        code = class_character(parser, bracket, &hi);
    }
    if (code < 0)
        return code;
    if (hi < lo)
        return chimera_regexp_wrong(parser, "invalid character class range", from);
    if (parser->flags & CHIMERA_REGEXP_FOLD)
        chimera_regexp_set_add_folded(parser->memory, set, lo, hi);
    else
        chimera_regexp_set_add(parser->memory, set, lo, hi);
    return CHIMERA_OK;
}

static int class_item(struct chimera_regexp_parser *parser, const char *bracket,
                      struct chimera_regexp_set *set)
{
    int code = 0;
    chimera_regexp_work(parser->memory, 4);
    if (chimera_regexp_left(parser) > 2 && parser->at[0] == '[' && parser->at[1] == ':')
        code = posix_class(parser, set);
    if (code == 0)
        code = chimera_regexp_escaped_class(parser, set);
    return code == 0 ? class_range(parser, bracket, set) : code;
}

int chimera_regexp_class(struct chimera_regexp_parser *parser, struct chimera_regexp_set *set)
{
    const char *bracket = parser->at++;
    struct chimera_regexp_set held = {0};
    bool is_negated = parser->at < parser->end && *parser->at == '^';
    parser->at += is_negated ? 1 : 0;
    bool is_first = true;
    while (parser->at == parser->end || *parser->at != ']' || is_first) {
        int code = class_item(parser, bracket, &held);
        if (code >= 0)
            code = parser->memory->failed;
        if (code < 0)
            return code;
        is_first = false;
    }
    parser->at++;
    chimera_regexp_set_clean(parser->memory, &held);
    if (is_negated)
        chimera_regexp_set_add_others(parser->memory, set, &held);
    else
        *set = held;
    return parser->memory->failed;
}
