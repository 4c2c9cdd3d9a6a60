/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/syntax/lexer.h"

#include "runtime/rego/quote.h"
#include "runtime/text/utf8.h"

void chimera_gql_lexer_open(struct chimera_gql_lexer *lexer, struct chimera_gql_work *work,
                            struct chimera_slice input, bool is_prelude)
{
    *lexer = (struct chimera_gql_lexer){
        .work = work, .input = input, .is_prelude = is_prelude, .line = 1};
    chimera_buffer_init_within(&lexer->string, input.size, work->account);
}

struct chimera_slice chimera_gql_token_text(enum chimera_gql_token_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) text,
        CHIMERA_GQL_TOKEN_MAP(X)
#undef X
    };
    return chimera_slice_of(texts[kind]);
}

static struct chimera_gql_token token(const struct chimera_gql_lexer *lexer,
                                      enum chimera_gql_token_kind kind, struct chimera_slice text)
{
    int32_t column = (int32_t)lexer->start_runes - (int32_t)lexer->line_runes + 1;
    return (struct chimera_gql_token){kind, text, {lexer->line, column, lexer->is_prelude}};
}

/* The token is what lies behind its start. */
static struct chimera_gql_token token_so_far(const struct chimera_gql_lexer *lexer,
                                             enum chimera_gql_token_kind kind)
{
    return token(
        lexer, kind,
        (struct chimera_slice){lexer->input.data + lexer->start, lexer->at - lexer->start});
}

/* Where the lexer is, not where the token began. */
static struct chimera_gql_token invalid(struct chimera_gql_lexer *lexer)
{
    lexer->start_runes = lexer->runes;
    return token(lexer, CHIMERA_GQL_TOKEN_INVALID, (struct chimera_slice){NULL, 0});
}

/* So many bytes behind where the lexer is; 0 at the end, which no token has. */
static unsigned char ahead(const struct chimera_gql_lexer *lexer, size_t count)
{
    return lexer->at + count < lexer->input.size
               ? (unsigned char)lexer->input.data[lexer->at + count]
               : 0;
}

static void step(struct chimera_gql_lexer *lexer, uint32_t count)
{
    lexer->at += count;
    lexer->runes += count;
}

static uint32_t take_rune(struct chimera_gql_lexer *lexer)
{
    struct chimera_slice rest = chimera_slice_behind(lexer->input, lexer->at);
    uint32_t rune = chimera_rego_take_rune(&rest);
    lexer->at = lexer->input.size - rest.size;
    lexer->runes++;
    return rune;
}

/* Behind the line end that the lexer is at, "\r\n" in one. */
static void start_line(struct chimera_gql_lexer *lexer, bool is_counted_in_one)
{
    bool is_pair = ahead(lexer, 0) == '\r' && ahead(lexer, 1) == '\n';
    if (is_pair && is_counted_in_one)
        lexer->at++, lexer->runes++;
    step(lexer, 1);
    lexer->line++;
    lexer->line_runes = lexer->runes;
    if (is_pair && !is_counted_in_one)
        step(lexer, 1);
}

static void skip_space(struct chimera_gql_lexer *lexer)
{
    for (size_t from = lexer->at; lexer->at < lexer->input.size;) {
        unsigned char byte = ahead(lexer, 0);
        if (byte == '\t' || byte == ' ' || byte == ',') {
            step(lexer, 1);
        } else if (byte == '\n' || byte == '\r') {
            start_line(lexer, false);
        } else if (byte == 0xEF && ahead(lexer, 1) == 0xBB && ahead(lexer, 2) == 0xBF) {
            step(lexer, 1); /* a byte order mark */
            lexer->at += 2;
        } else {
            chimera_gql_spend(lexer->work, (lexer->at - from) / 4);
            break;
        }
    }
}

/* --- Numbers, names, comments --- */

static bool take_byte(struct chimera_gql_lexer *lexer, char one, char other)
{
    unsigned char byte = ahead(lexer, 0);
    if (byte == 0 || (byte != (unsigned char)one && byte != (unsigned char)other))
        return false;
    step(lexer, 1);
    return true;
}

static bool is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool take_digits(struct chimera_gql_lexer *lexer)
{
    size_t from = lexer->at;
    while (is_digit(ahead(lexer, 0)))
        step(lexer, 1);
    return lexer->at > from;
}

static struct chimera_gql_token read_number(struct chimera_gql_lexer *lexer)
{
    enum chimera_gql_token_kind kind = CHIMERA_GQL_TOKEN_INT;
    take_byte(lexer, '-', '-');
    if (take_byte(lexer, '0', '0') ? is_digit(ahead(lexer, 0)) : !take_digits(lexer))
        return invalid(lexer);
    if (take_byte(lexer, '.', '.')) {
        kind = CHIMERA_GQL_TOKEN_FLOAT;
        if (!take_digits(lexer))
            return invalid(lexer);
    }
    if (take_byte(lexer, 'e', 'E')) {
        kind = CHIMERA_GQL_TOKEN_FLOAT;
        take_byte(lexer, '-', '+');
        if (!take_digits(lexer))
            return invalid(lexer);
    }
    return token_so_far(lexer, kind);
}

static bool is_name_start(unsigned char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_';
}

static struct chimera_gql_token read_name(struct chimera_gql_lexer *lexer)
{
    while (is_name_start(ahead(lexer, 0)) || is_digit(ahead(lexer, 0)))
        step(lexer, 1);
    return token_so_far(lexer, CHIMERA_GQL_TOKEN_NAME);
}

static struct chimera_gql_token read_comment(struct chimera_gql_lexer *lexer)
{
    while (lexer->at < lexer->input.size && chimera_gql_spend(lexer->work, 1) &&
           (ahead(lexer, 0) >= 0x20 || ahead(lexer, 0) == '\t'))
        take_rune(lexer);
    return token_so_far(lexer, CHIMERA_GQL_TOKEN_COMMENT);
}

/* --- Strings --- */

/* Of `count` digits; false when one is none. */
static bool hex(const char *digits, size_t count, uint32_t *ret_value)
{
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)digits[i], lower = byte | 0x20;
        bool is_letter = lower >= 'a' && lower <= 'f';
        if (!is_digit(byte) && !is_letter)
            return false;
        value = value << 4 | (uint32_t)(is_letter ? lower - 'a' + 10 : byte - '0');
    }
    *ret_value = value;
    return true;
}

#define BRACED_DIGITS_MAX 8

/* "\u{1F600}", with one to eight digits, at the lexer. */
static bool take_braced(struct chimera_gql_lexer *lexer)
{
    const char *digits = lexer->input.data + lexer->at + 3;
    size_t most = lexer->input.size - lexer->at - 3, count = 0;
    uint32_t rune;
    while (count < most && count <= BRACED_DIGITS_MAX && digits[count] != '}')
        count++;
    if (count == most || count == 0 || count > BRACED_DIGITS_MAX || !hex(digits, count, &rune) ||
        rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF))
        return false;
    step(lexer, (uint32_t)count + 4);
    chimera_rego_put_rune(rune, &lexer->string);
    return true;
}

/* "\u00e9" at the lexer; two halves of a pair are one character, one alone is U+FFFD. */
static bool take_four(struct chimera_gql_lexer *lexer)
{
    const char *text = lexer->input.data + lexer->at;
    uint32_t rune, low;
    if (lexer->at + 6 >= lexer->input.size || !hex(text + 2, 4, &rune))
        return false;
    step(lexer, 6);
    text += 6;
    if (rune >= 0xD800 && rune < 0xDC00 && lexer->at + 6 < lexer->input.size && text[0] == '\\' &&
        text[1] == 'u' && hex(text + 2, 4, &low) && low >= 0xDC00 && low <= 0xDFFF) {
        rune = 0x10000 + ((rune - 0xD800) << 10) + (low - 0xDC00);
        step(lexer, 6);
    }
    chimera_rego_put_rune(rune, &lexer->string);
    return true;
}

/* At a backslash. On failure the lexer is behind it. */
static bool take_escape(struct chimera_gql_lexer *lexer)
{
    static const char names[] = "\"/\\bfnrt", bytes[] = "\"/\\\b\f\n\r\t";
    unsigned char name = ahead(lexer, 1);
    const char *found = name ? strchr(names, name) : NULL;
    bool is_good = found != NULL;
    if (found) {
        chimera_buffer_byte(&lexer->string, (uint8_t)bytes[found - names]);
        step(lexer, 2);
    } else if (name == 'u') {
        is_good = ahead(lexer, 2) == '{' ? take_braced(lexer) : take_four(lexer);
    }
    if (!is_good)
        step(lexer, 1);
    return is_good;
}

static bool is_wrong_in_string(unsigned char byte)
{
    return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r';
}

/* Behind the opening quote. */
static struct chimera_gql_token read_string(struct chimera_gql_lexer *lexer)
{
    bool is_decoded = false;
    size_t plain = lexer->at; /* from here on nothing had to be decoded */
    lexer->start++;
    lexer->start_runes++;
    chimera_buffer_reset(&lexer->string);
    while (lexer->at < lexer->input.size && chimera_gql_spend(lexer->work, 1)) {
        unsigned char byte = ahead(lexer, 0);
        if (byte == '\n' || byte == '\r' || is_wrong_in_string(byte))
            break;
        struct chimera_slice before = {lexer->input.data + plain, lexer->at - plain};
        if (byte == '"') {
            struct chimera_gql_token found = token_so_far(lexer, CHIMERA_GQL_TOKEN_STRING);
            if (is_decoded) {
                chimera_buffer_append(&lexer->string, before);
                found.text = chimera_gql_keep(lexer->work, &lexer->string);
            }
            step(lexer, 1);
            return found;
        }
        if (byte != '\\') {
            take_rune(lexer);
            continue;
        }
        chimera_buffer_append(&lexer->string, before);
        is_decoded = true;
        if (!take_escape(lexer))
            break;
        plain = lexer->at;
    }
    return invalid(lexer);
}

/* White space at the start of a line; SIZE_MAX when there is nothing else. */
static size_t indent_of(struct chimera_slice line)
{
    size_t indent = 0;
    while (indent < line.size && (line.data[indent] == ' ' || line.data[indent] == '\t'))
        indent++;
    return indent == line.size ? SIZE_MAX : indent;
}

/* Takes a line off the front; false when there is none. `*rest` has no data when the last is gone.
 */
static bool take_line(struct chimera_slice *rest, struct chimera_slice *ret_line)
{
    if (!rest->data)
        return false;
    const char *end = memchr(rest->data, '\n', rest->size);
    *ret_line = (struct chimera_slice){rest->data, end ? (size_t)(end - rest->data) : rest->size};
    *rest = end ? chimera_slice_behind(*rest, ret_line->size + 1) : (struct chimera_slice){NULL, 0};
    return true;
}

/* The specification's BlockStringValue(): without the indentation that all lines but the first have
 * in common, and without empty lines at both ends. */
static struct chimera_slice block_value(struct chimera_gql_lexer *lexer)
{
    struct chimera_slice raw = chimera_gql_keep(lexer->work, &lexer->string), rest = raw, line;
    struct chimera_buffer out;
    size_t common = SIZE_MAX, kept = 0;
    while (take_line(&rest, &line)) {
        size_t indent = indent_of(line);
        common = indent < common ? indent : common;
    }
    chimera_buffer_init_within(&out, raw.size, lexer->work->account);
    rest = raw;
    for (bool is_first = true, has_text = false; take_line(&rest, &line); is_first = false) {
        if (!is_first && common != SIZE_MAX)
            line = line.size < common ? (struct chimera_slice){line.data, 0}
                                      : chimera_slice_behind(line, common);
        bool is_empty = indent_of(line) == SIZE_MAX;
        if (!has_text && is_empty)
            continue;
        if (has_text)
            chimera_buffer_byte(&out, '\n');
        has_text = true;
        chimera_buffer_append(&out, line);
        kept = is_empty ? kept : out.size;
    }
    out.size = out.failed ? 0 : kept;
    chimera_gql_spend(lexer->work, raw.size / 4);
    return chimera_gql_keep(lexer->work, &out);
}

/* Behind the first of three opening quotes. Its place is where it ends. */
static struct chimera_gql_token read_block_string(struct chimera_gql_lexer *lexer)
{
    step(lexer, 2);
    lexer->start += 3;
    lexer->start_runes += 3;
    chimera_buffer_reset(&lexer->string);
    while (lexer->at < lexer->input.size && chimera_gql_spend(lexer->work, 1)) {
        unsigned char byte = ahead(lexer, 0);
        uint32_t quotes = 0;
        while (byte == '"' && ahead(lexer, quotes) == '"')
            quotes++;
        if (quotes >= 3) {
            for (uint32_t i = 3; i < quotes; i++)
                chimera_buffer_byte(&lexer->string, '"');
            struct chimera_gql_token found =
                token(lexer, CHIMERA_GQL_TOKEN_BLOCK_STRING, block_value(lexer));
            step(lexer, quotes);
            return found;
        }
        if (is_wrong_in_string(byte))
            break;
        if (byte == '\\' && ahead(lexer, 1) == '"' && ahead(lexer, 2) == '"' &&
            ahead(lexer, 3) == '"') {
            chimera_buffer_text(&lexer->string, "\"\"\"");
            step(lexer, 4);
        } else if (byte == '\r' || byte == '\n') {
            chimera_buffer_byte(&lexer->string, '\n');
            start_line(lexer, true);
        } else {
            size_t from = lexer->at;
            take_rune(lexer);
            chimera_buffer_append(
                &lexer->string, (struct chimera_slice){lexer->input.data + from, lexer->at - from});
        }
    }
    return invalid(lexer);
}

/* --- Tokens --- */

static const uint8_t punctuators[128] = {
    ['!'] = CHIMERA_GQL_TOKEN_BANG,      ['$'] = CHIMERA_GQL_TOKEN_DOLLAR,
    ['&'] = CHIMERA_GQL_TOKEN_AMP,       ['('] = CHIMERA_GQL_TOKEN_PAREN_L,
    [')'] = CHIMERA_GQL_TOKEN_PAREN_R,   [':'] = CHIMERA_GQL_TOKEN_COLON,
    ['='] = CHIMERA_GQL_TOKEN_EQUALS,    ['@'] = CHIMERA_GQL_TOKEN_AT,
    ['['] = CHIMERA_GQL_TOKEN_BRACKET_L, [']'] = CHIMERA_GQL_TOKEN_BRACKET_R,
    ['{'] = CHIMERA_GQL_TOKEN_BRACE_L,   ['}'] = CHIMERA_GQL_TOKEN_BRACE_R,
    ['|'] = CHIMERA_GQL_TOKEN_PIPE,
};

static struct chimera_gql_token read_one(struct chimera_gql_lexer *lexer)
{
    const struct chimera_slice none = {NULL, 0};
    unsigned char byte = ahead(lexer, 0);
    if (lexer->at >= lexer->input.size)
        return token(lexer, CHIMERA_GQL_TOKEN_EOF, none);
    if (byte == '-' || is_digit(byte))
        return read_number(lexer);
    if (is_name_start(byte))
        return read_name(lexer);
    if (byte == '#')
        return read_comment(lexer);
    if (byte == '.' && ahead(lexer, 1) == '.' && ahead(lexer, 2) == '.') {
        step(lexer, 3);
        return token(lexer, CHIMERA_GQL_TOKEN_SPREAD, none);
    }
    if (byte == '"') {
        step(lexer, 1);
        return ahead(lexer, 0) == '"' && ahead(lexer, 1) == '"' ? read_block_string(lexer)
                                                                : read_string(lexer);
    }
    if (byte >= sizeof(punctuators) || !punctuators[byte])
        return invalid(lexer);
    step(lexer, 1);
    return token(lexer, punctuators[byte], none);
}

struct chimera_gql_token chimera_gql_read_token(struct chimera_gql_lexer *lexer)
{
    skip_space(lexer);
    lexer->start = lexer->at;
    lexer->start_runes = lexer->runes;
    struct chimera_gql_token found = read_one(lexer);
    chimera_gql_spend(lexer->work, 8 + (lexer->at - lexer->start) / 8);
    return found;
}
