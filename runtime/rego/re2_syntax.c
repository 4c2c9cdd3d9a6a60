/* From Go's regular expressions to PCRE2's. */
#include "runtime/rego/re2.h"

#include <inttypes.h>

#define REPEAT_MAX 1000 /* Go's own */

struct translator {
    const char *at, *end;
    struct chimera_buffer *out;
    struct chimera_error *err;
    bool is_repeated; /* the last thing was a quantifier: another one may not follow */
};

static int fail(struct translator *translator, const char *what)
{
    return chimera_fail(translator->err, CHIMERA_EINVAL, "error parsing regexp: %s", what);
}

static size_t left(const struct translator *translator)
{
    return (size_t)(translator->end - translator->at);
}

static bool starts(const struct translator *translator, const char *text)
{
    return chimera_slice_starts((struct chimera_slice){translator->at, left(translator)}, text);
}

static void copy(struct translator *translator, size_t size)
{
    chimera_buffer_append(translator->out, (struct chimera_slice){translator->at, size});
    translator->at += size;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* After "\x": two digits, or any number of them in braces. */
static int hexadecimal(struct translator *translator)
{
    uint32_t value = 0;
    bool is_braced = left(translator) && *translator->at == '{';
    translator->at += is_braced ? 1 : 0;
    size_t count = 0;
    for (; left(translator) && (is_braced || count < 2); count++, translator->at++) {
        char c = *translator->at, lower = (char)(c | 0x20);
        if (is_digit(c))
            value = value * 16 + (uint32_t)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value * 16 + (uint32_t)(lower - 'a' + 10);
        else
            break;
        if (value > 0x10FFFF)
            return fail(translator, "invalid escape sequence");
    }
    bool is_closed = !is_braced || (left(translator) && *translator->at == '}');
    if (!is_closed || count == 0 || (!is_braced && count < 2))
        return fail(translator, "invalid escape sequence");
    translator->at += is_braced ? 1 : 0;
    return chimera_buffer_print(translator->out, "\\x{%" PRIx32 "}", value);
}

/* "\0", "\07", "\123"; but "\1" alone would be a back-reference. */
static int octal(struct translator *translator)
{
    uint32_t value = 0;
    bool is_zero = *translator->at == '0';
    size_t count = 0;
    for (; count < 3 && left(translator) && *translator->at >= '0' && *translator->at <= '7';
         count++)
        value = value * 8 + (uint32_t)(*translator->at++ - '0');
    if (!is_zero && count < 2)
        return fail(translator, "invalid escape sequence");
    return chimera_buffer_print(translator->out, "\\x{%" PRIx32 "}", value);
}

/* "\pL", "\p{Greek}", "\P{^Lu}". */
static int property(struct translator *translator)
{
    const char *brace = left(translator) > 2 && translator->at[1] == '{'
                            ? memchr(translator->at, '}', left(translator))
                            : NULL;
    size_t size = brace ? (size_t)(brace - translator->at) + 1 : 2;
    if (left(translator) < size)
        return fail(translator, "invalid character class range");
    chimera_buffer_byte(translator->out, '\\');
    copy(translator, size);
    return CHIMERA_OK;
}

/* PCRE2 counts the vertical tab as white space. */
static void white_space(struct translator *translator, bool in_class, bool is_negated)
{
    if (in_class)
        chimera_buffer_text(translator->out, is_negated ? "\\S\\x0b" : "\\t\\n\\f\\r\\x20");
    else
        chimera_buffer_text(translator->out,
                            is_negated ? "[^\\t\\n\\f\\r\\x20]" : "[\\t\\n\\f\\r\\x20]");
    translator->at++;
}

/* What takes no room may be repeated in Go; PCRE2 wants it in a group for that. Copies `size`
 * bytes. */
static void copy_assertion(struct translator *translator, size_t size)
{
    const char *next = translator->at + size;
    bool is_repeated = next < translator->end && *next && strchr("*+?{", *next);
    if (is_repeated)
        chimera_buffer_text(translator->out, "(?:");
    copy(translator, size);
    if (is_repeated)
        chimera_buffer_byte(translator->out, ')');
}

/* After the backslash. */
static int escape(struct translator *translator, bool in_class)
{
    char c = left(translator) ? *translator->at : '\0';
    if (left(translator) == 0)
        return fail(translator, "trailing backslash at end of expression");
    if (c == 's' || c == 'S') {
        white_space(translator, in_class, c == 'S');
        return CHIMERA_OK;
    }
    if (c == 'p' || c == 'P')
        return property(translator);
    if (c == 'x') {
        translator->at++;
        return hexadecimal(translator);
    }
    if (c >= '0' && c <= '7')
        return octal(translator);
    if (c == 'v') { /* to PCRE2, any vertical space */
        translator->at++;
        return chimera_buffer_text(translator->out, "\\x0b");
    }
    bool is_known = c && strchr("dDwWaftnr", c);
    bool is_punctuation = c > ' ' && c < 0x7F && (!is_word(c) || c == '_');
    if (!is_known && !is_punctuation && c != ' ')
        return fail(translator, "invalid escape sequence");
    if (c != '_')
        chimera_buffer_byte(translator->out, '\\');
    copy(translator, 1);
    return CHIMERA_OK;
}

/* "\Q…\E", or to the end. */
static void literal(struct translator *translator)
{
    const char *end = memmem(translator->at, left(translator), "\\E", 2);
    const char *stop = end ? end : translator->end;
    while (translator->at < stop) {
        if ((unsigned char)*translator->at < 0x80 && !is_word(*translator->at))
            chimera_buffer_byte(translator->out, '\\');
        copy(translator, 1);
    }
    translator->at += end ? 2 : 0;
}

/* "[:alpha:]" and "[:^alpha:]" inside a class; 0 when this is only a bracket. */
static size_t posix_class(const struct translator *translator)
{
    if (!starts(translator, "[:"))
        return 0;
    const char *end = memmem(translator->at, left(translator), ":]", 2);
    for (const char *at = translator->at + 2; end && at < end; at++) {
        if (!(is_word(*at) || (*at == '^' && at == translator->at + 2)))
            return 0;
    }
    return end ? (size_t)(end - translator->at) + 2 : 0;
}

/* From the opening bracket to the closing one. */
static int class(struct translator *translator)
{
    copy(translator, 1);
    if (starts(translator, "^"))
        copy(translator, 1);
    for (bool is_first = true; left(translator); is_first = false) {
        size_t posix = posix_class(translator);
        if (posix) {
            copy(translator, posix);
        } else if (*translator->at == ']' && !is_first) {
            copy(translator, 1);
            return CHIMERA_OK;
        } else if (*translator->at == '\\') {
            translator->at++;
            int code = escape(translator, true);
            if (code < 0)
                return code;
        } else {
            if (*translator->at == '[')
                chimera_buffer_byte(translator->out, '\\');
            copy(translator, 1);
        }
    }
    return fail(translator, "missing closing ]");
}

/* "(?…": names, flags and plain groups; everything else of PCRE2 is not Go's. */
static int group(struct translator *translator)
{
    const char *at = translator->at + 2;
    if (starts(translator, "(?P<") ||
        (starts(translator, "(?<") && !starts(translator, "(?<=") && !starts(translator, "(?<!"))) {
        at += *at == 'P' ? 2 : 1;
        const char *name = at;
        while (at < translator->end && is_word(*at))
            at++;
        if (at == name || at == translator->end || *at != '>')
            return fail(translator, "invalid named capture");
    } else {
        bool has_minus = false;
        for (; at < translator->end && *at && strchr("imsU-", *at); at++) {
            if (*at == '-' && has_minus)
                break;
            has_minus |= *at == '-';
        }
        if (at == translator->end || (*at != ':' && *at != ')') || at[-1] == '-')
            return fail(translator, "invalid or unsupported Perl syntax");
    }
    copy(translator, (size_t)(at - translator->at) + 1);
    return CHIMERA_OK;
}

/* Is this "{2}", "{2,}" or "{2,3}"? Its size, or 0. */
static size_t counted_repeat(const struct translator *translator, unsigned *ret_low,
                             unsigned *ret_high)
{
    const char *at = translator->at + 1;
    unsigned number[2] = {0, 0};
    int part = 0;
    bool has_digits[2] = {false, false};
    for (; at < translator->end && *at != '}'; at++) {
        if (*at == ',' && part == 0) {
            part = 1;
        } else if (is_digit(*at)) {
            has_digits[part] = true;
            number[part] = number[part] > REPEAT_MAX ? number[part]
                                                     : number[part] * 10 + (unsigned)(*at - '0');
        } else {
            return 0;
        }
    }
    if (at == translator->end || !has_digits[0])
        return 0;
    *ret_low = number[0];
    *ret_high = has_digits[1] ? number[1] : number[0];
    return (size_t)(at - translator->at) + 1;
}

static int quantifier(struct translator *translator, size_t size)
{
    if (translator->is_repeated)
        return fail(translator, "invalid nested repetition operator");
    copy(translator, size);
    if (starts(translator, "?"))
        copy(translator, 1);
    translator->is_repeated = true;
    return CHIMERA_OK;
}

static int brace(struct translator *translator)
{
    unsigned low = 0, high = 0;
    size_t size = counted_repeat(translator, &low, &high);
    if (size == 0) { /* a plain brace to Go; say so to every version of PCRE2 */
        chimera_buffer_byte(translator->out, '\\');
        copy(translator, 1);
        translator->is_repeated = false;
        return CHIMERA_OK;
    }
    if (low > REPEAT_MAX || high > REPEAT_MAX || high < low)
        return fail(translator, "invalid repeat count");
    return quantifier(translator, size);
}

static int step(struct translator *translator)
{
    char c = *translator->at;
    if (c == '*' || c == '+' || c == '?')
        return quantifier(translator, 1);
    if (c == '{')
        return brace(translator);
    translator->is_repeated = false;
    if (c == '[')
        return class(translator);
    if (starts(translator, "(?"))
        return group(translator);
    if (starts(translator, "(*"))
        return fail(translator, "missing argument to repetition operator");
    if (starts(translator, "\\Q")) {
        translator->at += 2;
        literal(translator);
        return CHIMERA_OK;
    }
    if (c == '^' || c == '$') {
        copy_assertion(translator, 1);
    } else if (c != '\\') {
        copy(translator, 1);
    } else if (left(translator) > 1 && translator->at[1] && strchr("AzbB", translator->at[1])) {
        copy_assertion(translator, 2);
    } else {
        translator->at++;
        return escape(translator, false);
    }
    return CHIMERA_OK;
}

int chimera_re2_translate(struct chimera_slice pattern, struct chimera_buffer *out,
                          struct chimera_error *err)
{
    struct translator translator = {
        .at = pattern.data, .end = pattern.data + pattern.size, .out = out, .err = err};
    int code = CHIMERA_OK;
    while (left(&translator) && code == CHIMERA_OK)
        code = step(&translator);
    return code < 0 ? code : out->failed;
}
