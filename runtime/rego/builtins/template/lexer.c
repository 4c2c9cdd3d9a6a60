/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/template/lexer.h"

#include "runtime/regexp/unicode.h"
#include "runtime/rego/quote.h"

static struct chimera_slice rest_of(const struct chimera_lexer *lexer)
{
    return chimera_slice_behind(lexer->whole, lexer->at);
}

static int peek_at(const struct chimera_lexer *lexer, size_t offset)
{
    size_t left = lexer->whole.size - lexer->at;
    return offset < left ? (unsigned char)lexer->whole.data[lexer->at + offset] : -1;
}

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The text from `start` to here. */
static struct chimera_token token(const struct chimera_lexer *lexer, enum chimera_token_kind kind,
                                  size_t start)
{
    return (struct chimera_token){
        .kind = kind, .text = {lexer->whole.data + start, lexer->at - start}, .at = start};
}

static struct chimera_token fail(struct chimera_lexer *lexer, const char *why)
{
    struct chimera_token error = {CHIMERA_TOKEN_ERROR, chimera_slice_of(why), lexer->at};
    lexer->whole.size = lexer->at;
    return error;
}

static struct chimera_token take(struct chimera_lexer *lexer, enum chimera_token_kind kind,
                                 size_t size)
{
    size_t start = lexer->at;
    lexer->at += size;
    return token(lexer, kind, start);
}

/* "}}" or " -}}", which takes the white space behind it away. */
static bool is_close(const struct chimera_lexer *lexer, size_t *ret_size)
{
    bool trims = is_space(peek_at(lexer, 0)) && peek_at(lexer, 1) == '-';
    size_t start = trims ? 2 : 0;
    *ret_size = start + 2;
    return peek_at(lexer, start) == '}' && peek_at(lexer, start + 1) == '}';
}

static void skip_space(struct chimera_lexer *lexer)
{
    while (is_space(peek_at(lexer, 0)))
        lexer->at++;
}

static bool trims_left(const struct chimera_lexer *lexer)
{
    return peek_at(lexer, 2) == '-' && is_space(peek_at(lexer, 3));
}

/* Up to the next action; behind comments. */
static struct chimera_token take_text(struct chimera_lexer *lexer)
{
    for (;;) {
        struct chimera_slice rest = rest_of(lexer);
        const char *open = rest.size ? memmem(rest.data, rest.size, "{{", 2) : NULL;
        size_t start = lexer->at;
        lexer->at += open ? (size_t)(open - rest.data) : rest.size;
        struct chimera_token text = token(lexer, CHIMERA_TOKEN_TEXT, start);
        while (open && trims_left(lexer) && text.text.size > 0 &&
               is_space((unsigned char)text.text.data[text.text.size - 1]))
            text.text.size--;
        if (text.text.size > 0)
            return text;
        if (!open)
            return take(lexer, CHIMERA_TOKEN_END, 0);
        size_t size, head = trims_left(lexer) ? 4 : 2;
        if (peek_at(lexer, head) != '/' || peek_at(lexer, head + 1) != '*') {
            struct chimera_token action = take(lexer, CHIMERA_TOKEN_OPEN, 2);
            lexer->at += head - 2;
            lexer->is_inside = true;
            lexer->parens = 0;
            return action;
        }
        lexer->at += head + 2;
        rest = rest_of(lexer);
        const char *end = rest.size ? memmem(rest.data, rest.size, "*/", 2) : NULL;
        if (!end)
            return fail(lexer, "unclosed comment");
        lexer->at += (size_t)(end - rest.data) + 2;
        if (!is_close(lexer, &size))
            return fail(lexer, "comment ends before closing delimiter");
        lexer->at += size;
        if (size > 2)
            skip_space(lexer);
    }
}

static struct chimera_token take_close(struct chimera_lexer *lexer, size_t size)
{
    struct chimera_token close = take(lexer, CHIMERA_TOKEN_CLOSE, size);
    if (size > 2)
        skip_space(lexer);
    lexer->is_inside = false;
    return close;
}

/* The last space belongs to " -}}". */
static struct chimera_token take_space(struct chimera_lexer *lexer)
{
    size_t start = lexer->at, size;
    skip_space(lexer);
    lexer->at--;
    if (is_close(lexer, &size) && size > 2) {
        if (lexer->at == start)
            return take_close(lexer, size);
    } else {
        lexer->at++;
    }
    return token(lexer, CHIMERA_TOKEN_SPACE, start);
}

/* May a name end here? */
static bool is_terminator(const struct chimera_lexer *lexer)
{
    int c = peek_at(lexer, 0);
    return c < 0 || is_space(c) || strchr(".,|:)(", c) || (c == '}' && peek_at(lexer, 1) == '}');
}

/* `marks` of '.' or '$', then letters and digits. */
static struct chimera_token take_name(struct chimera_lexer *lexer, enum chimera_token_kind kind,
                                      size_t marks)
{
    static const char *const keywords[] = {"block", "break", "continue", "define",   "else",
                                           "end",   "if",    "range",    "template", "with"};
    size_t start = lexer->at;
    lexer->at += marks;
    lexer->at += chimera_regexp_name_size(rest_of(lexer));
    if (!is_terminator(lexer))
        return fail(lexer, "bad character in action");
    struct chimera_token name = token(lexer, kind, start);
    if (kind == CHIMERA_TOKEN_FIELD && name.text.size == 1)
        name.kind = CHIMERA_TOKEN_DOT;
    if (kind != CHIMERA_TOKEN_NAME)
        return name;
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (chimera_slice_is(name.text, keywords[i]))
            name.kind = CHIMERA_TOKEN_KEYWORD;
    }
    if (chimera_slice_is(name.text, "true") || chimera_slice_is(name.text, "false"))
        name.kind = CHIMERA_TOKEN_BOOL;
    if (chimera_slice_is(name.text, "nil"))
        name.kind = CHIMERA_TOKEN_NIL;
    return name;
}

/* To the mark that ends it; a backslash escapes what is behind it, but in raw strings. */
static struct chimera_token take_quoted(struct chimera_lexer *lexer, enum chimera_token_kind kind)
{
    size_t start = lexer->at;
    int mark = peek_at(lexer, 0);
    for (lexer->at++; peek_at(lexer, 0) != mark; lexer->at++) {
        bool is_raw = mark == '`';
        if (!is_raw && peek_at(lexer, 0) == '\\')
            lexer->at++;
        if (peek_at(lexer, 0) < 0 || (!is_raw && peek_at(lexer, 0) == '\n')) {
            lexer->at = lexer->at < lexer->whole.size ? lexer->at : lexer->whole.size;
            return fail(lexer, is_raw        ? "unterminated raw quoted string"
                               : mark == '"' ? "unterminated quoted string"
                                             : "unterminated character constant");
        }
    }
    lexer->at++;
    return token(lexer, kind, start);
}

static bool accept(struct chimera_lexer *lexer, const char *chars)
{
    int c = peek_at(lexer, 0);
    bool is_one = c > 0 && strchr(chars, c);
    lexer->at += is_one;
    return is_one;
}

static void accept_all(struct chimera_lexer *lexer, const char *chars)
{
    while (accept(lexer, chars))
        ;
}

static bool scan_number(struct chimera_lexer *lexer)
{
    static const char decimal[] = "0123456789_", hexadecimal[] = "0123456789abcdefABCDEF_";
    const char *digits = decimal;
    accept(lexer, "+-");
    if (accept(lexer, "0")) {
        if (accept(lexer, "xX"))
            digits = hexadecimal;
        else if (accept(lexer, "oO"))
            digits = "01234567_";
        else if (accept(lexer, "bB"))
            digits = "01_";
    }
    accept_all(lexer, digits);
    if (accept(lexer, "."))
        accept_all(lexer, digits);
    if ((digits == decimal && accept(lexer, "eE")) ||
        (digits == hexadecimal && accept(lexer, "pP"))) {
        accept(lexer, "+-");
        accept_all(lexer, decimal);
    }
    accept(lexer, "i");
    return chimera_regexp_name_size(rest_of(lexer)) == 0;
}

static struct chimera_token take_number(struct chimera_lexer *lexer)
{
    size_t start = lexer->at;
    if (!scan_number(lexer))
        return fail(lexer, "bad number syntax");
    if (peek_at(lexer, 0) == '+' || peek_at(lexer, 0) == '-')
        return fail(lexer, "complex numbers are not supported");
    return token(lexer, CHIMERA_TOKEN_NUMBER, start);
}

static struct chimera_token take_paren(struct chimera_lexer *lexer, bool is_open)
{
    if (!is_open && lexer->parens == 0)
        return fail(lexer, "unexpected right paren");
    lexer->parens += is_open ? 1 : -1u;
    return take(lexer, is_open ? CHIMERA_TOKEN_OPEN_PAREN : CHIMERA_TOKEN_CLOSE_PAREN, 1);
}

static struct chimera_token take_mark(struct chimera_lexer *lexer, int c)
{
    switch (c) {
    case '=':
        return take(lexer, CHIMERA_TOKEN_ASSIGN, 1);
    case ':':
        return peek_at(lexer, 1) == '=' ? take(lexer, CHIMERA_TOKEN_DECLARE, 2)
                                        : fail(lexer, "expected :=");
    case '|':
        return take(lexer, CHIMERA_TOKEN_PIPE, 1);
    case ',':
        return take(lexer, CHIMERA_TOKEN_COMMA, 1);
    case '"':
        return take_quoted(lexer, CHIMERA_TOKEN_STRING);
    case '`':
        return take_quoted(lexer, CHIMERA_TOKEN_RAW_STRING);
    case '\'':
        return take_quoted(lexer, CHIMERA_TOKEN_CHARACTER);
    case '$':
        return take_name(lexer, CHIMERA_TOKEN_VARIABLE, 1);
    case '(':
    case ')':
        return take_paren(lexer, c == '(');
    default:
        return c > ' ' && c < 0x7F ? take(lexer, CHIMERA_TOKEN_MARK, 1)
                                   : fail(lexer, "unrecognized character in action");
    }
}

struct chimera_token chimera_lexer_next(struct chimera_lexer *lexer)
{
    size_t size;
    if (!lexer->is_inside)
        return take_text(lexer);
    int c = peek_at(lexer, 0), next = peek_at(lexer, 1);
    if (is_close(lexer, &size))
        return lexer->parens ? fail(lexer, "unclosed left paren") : take_close(lexer, size);
    if (c < 0)
        return fail(lexer, "unclosed action");
    if (is_space(c))
        return take_space(lexer);
    if (c == '.' && next >= 0 && (next < '0' || next > '9'))
        return take_name(lexer, CHIMERA_TOKEN_FIELD, 1);
    if ((c >= '0' && c <= '9') || c == '.' || c == '+' || c == '-')
        return take_number(lexer);
    if (chimera_regexp_name_size(rest_of(lexer)) > 0)
        return take_name(lexer, CHIMERA_TOKEN_NAME, 0);
    return take_mark(lexer, c);
}
