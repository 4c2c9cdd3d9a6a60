/* SPDX-License-Identifier: Apache-2.0 */
/* Constants as Go's strconv reads them. */
#include <errno.h>
#include <stdlib.h>

#include "runtime/base/hex.h"
#include "runtime/rego/builtins/template/lexer.h"
#include "runtime/rego/builtins/template/template.h"
#include "runtime/rego/quote.h"

/* --- Texts --- */

/* So many digits to the base; -1 when they are not there. */
static int64_t take_digits(struct chimera_slice *text, int count, int base)
{
    int64_t number = 0;
    for (int i = 0; i < count; i++) {
        int digit = text->size ? chimera_hex_value(text->data[0]) : -1;
        if (digit < 0 || digit >= base)
            return -1;
        number = number * base + digit;
        *text = chimera_slice_behind(*text, 1);
    }
    return number;
}

/* One character of a quoted text, or a byte of it. False: that is none. */
static bool take_character(struct chimera_slice *text, char quote, int64_t *ret_rune,
                           bool *ret_is_byte)
{
    static const char letters[] = "abfnrtv\\", runes[] = "\a\b\f\n\r\t\v\\";
    *ret_is_byte = false;
    if (text->data[0] == quote)
        return false;
    if (text->data[0] != '\\') {
        *ret_rune = chimera_rego_take_rune(text);
        return true;
    }
    char letter = text->size > 1 ? text->data[1] : '\0';
    const char *at = letter ? strchr(letters, letter) : NULL;
    *text = chimera_slice_behind(*text, text->size > 1 ? 2 : 1);
    if (at) {
        *ret_rune = runes[at - letters];
    } else if (letter == 'x') {
        *ret_is_byte = true;
        *ret_rune = take_digits(text, 2, 16);
    } else if (letter == 'u' || letter == 'U') {
        *ret_rune = take_digits(text, letter == 'u' ? 4 : 8, 16);
        if (*ret_rune > 0x10FFFF || (*ret_rune >= 0xD800 && *ret_rune <= 0xDFFF))
            return false;
    } else if (letter >= '0' && letter <= '7') {
        int64_t low = take_digits(text, 2, 8);
        *ret_is_byte = true;
        *ret_rune = low < 0 ? -1 : (letter - '0') * 64 + low;
        if (*ret_rune > 255)
            return false;
    } else {
        *ret_rune = letter == quote && letter ? letter : -1;
    }
    return *ret_rune >= 0;
}

static int read_string(const struct chimera_token *token, struct chimera_region *region,
                       struct chimera_value *ret_value, const char **ret_why)
{
    struct chimera_slice text = {token->text.data + 1, token->text.size - 2};
    struct chimera_buffer read;
    bool is_raw = token->kind == CHIMERA_TOKEN_RAW_STRING, is_byte, is_good = true;
    chimera_buffer_init_within(&read, text.size + 8, region->account);
    while (text.size > 0 && is_good && !read.failed) {
        int64_t rune = (unsigned char)text.data[0];
        if (is_raw) { /* as it is, but for carriage returns */
            if (rune != '\r')
                chimera_buffer_byte(&read, (uint8_t)rune);
            text = chimera_slice_behind(text, 1);
            continue;
        }
        is_good = take_character(&text, '"', &rune, &is_byte);
        if (is_byte)
            chimera_buffer_byte(&read, (uint8_t)rune);
        else
            chimera_rego_put_rune((uint32_t)rune, &read);
    }
    *ret_value =
        (struct chimera_value){.kind = CHIMERA_VALUE_STRING,
                               .text = chimera_region_copy(region, chimera_buffer_slice(&read))};
    bool is_made = !read.failed && ret_value->text.data;
    chimera_buffer_free(&read);
    *ret_why = is_made && !is_good ? "invalid syntax" : NULL;
    return !is_made ? CHIMERA_ENOMEM : is_good ? CHIMERA_OK : CHIMERA_EINVAL;
}

static int read_character(const struct chimera_token *token, struct chimera_value *ret_value,
                          const char **ret_why)
{
    struct chimera_slice text = {token->text.data + 1, token->text.size - 1};
    bool is_byte;
    *ret_why = "malformed character constant";
    *ret_value = (struct chimera_value){.kind = CHIMERA_VALUE_INT};
    bool is_good = text.size > 1 && take_character(&text, '\'', &ret_value->integer, &is_byte) &&
                   chimera_slice_is(text, "'");
    return is_good ? CHIMERA_OK : CHIMERA_EINVAL;
}

/* --- Numbers --- */

#define DIGITS_MAX 400

/* Without underscores, each of which must stand between digits or behind a base. */
static bool strip(struct chimera_slice text, char to[DIGITS_MAX])
{
    size_t start = text.size && (text.data[0] == '+' || text.data[0] == '-') ? 1 : 0, size = 0;
    bool has_base =
        text.size > start + 1 && text.data[start] == '0' && strchr("xXoObB", text.data[start + 1]);
    bool is_hex = has_base && (text.data[start + 1] | 0x20) == 'x';
    char before = has_base ? '0' : '!';
    bool is_good = true;
    if (text.size >= DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool is_digit = (c >= '0' && c <= '9') || (is_hex && chimera_hex_value(c) >= 0);
        if (i >= start + (has_base ? 2 : 0)) {
            is_good &= !(c == '_' && before != '0') && !(before == '_' && !is_digit);
            before = is_digit ? '0' : c == '_' ? '_' : '!';
        }
        if (c != '_')
            to[size++] = c;
    }
    to[size] = '\0';
    return is_good && before != '_';
}

/* Base by prefix; a leading 0 alone is octal. */
static bool read_integer(const char *text, int64_t *ret_integer)
{
    const char *digits = text + (*text == '+' || *text == '-');
    char mark = digits[0] == '0' ? (char)(digits[1] | 0x20) : '\0';
    int base = mark == 'x' ? 16 : mark == 'b' ? 2 : digits[0] == '0' && digits[1] ? 8 : 10;
    const char *at = digits + (mark == 'x' || mark == 'b' || mark == 'o' ? 2 : base == 8);
    uint64_t number = 0, most = (uint64_t)INT64_MAX + (*text == '-');
    if (!*at)
        return false;
    for (; *at; at++) {
        int digit = chimera_hex_value(*at);
        if (digit < 0 || digit >= base || number > (most - (uint64_t)digit) / (uint64_t)base)
            return false;
        number = number * (uint64_t)base + (uint64_t)digit;
    }
    *ret_integer = *text == '-' ? (int64_t)-number : (int64_t)number;
    return true;
}

static int read_number(struct chimera_slice text, struct chimera_value *ret_value,
                       const char **ret_why)
{
    char digits[DIGITS_MAX], *end;
    *ret_why = "illegal number syntax";
    if (!strip(text, digits) || text.data[text.size - 1] == 'i')
        return CHIMERA_EINVAL;
    *ret_value = (struct chimera_value){.kind = CHIMERA_VALUE_INT};
    if (read_integer(digits, &ret_value->integer))
        return CHIMERA_OK;
    bool is_hex = strpbrk(digits, "xX") != NULL;
    if (!strpbrk(digits, is_hex ? ".pP" : ".eE") || (is_hex && !strpbrk(digits, "pP"))) {
        *ret_why = "integer overflow";
        return CHIMERA_EINVAL;
    }
    errno = 0;
    double number = strtod(digits, &end);
    if (*end || end == digits || (errno == ERANGE && (number > 1 || number < -1)))
        return CHIMERA_EINVAL;
    *ret_value = (struct chimera_value){.kind = CHIMERA_VALUE_FLOAT, .number = number};
    return CHIMERA_OK;
}

int chimera_template_constant(const struct chimera_token *token, struct chimera_region *region,
                              struct chimera_value *ret_value, const char **ret_why)
{
    *ret_why = NULL;
    switch (token->kind) {
    case CHIMERA_TOKEN_BOOL:
        *ret_value = (struct chimera_value){.kind = CHIMERA_VALUE_BOOL,
                                            .boolean = token->text.data[0] == 't'};
        return CHIMERA_OK;
    case CHIMERA_TOKEN_CHARACTER:
        return read_character(token, ret_value, ret_why);
    case CHIMERA_TOKEN_NUMBER:
        return read_number(token->text, ret_value, ret_why);
    default:
        return read_string(token, region, ret_value, ret_why);
    }
}
