/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/yaml/adapt.h"

#include <yaml.h>

#include "runtime/base/hex.h"
#include "runtime/json/scan.h"
#include "runtime/text/utf8.h"

#define PAIR_SIZE 12 /* \ud83d\ude00 */
#define KEY_MAX 250  /* bytes of a key that libyaml surely finds without being told where it is */
#define REPAIRS_MAX 256 /* scalars of one text, each of which means to read it again */

/* --- Surrogate pairs --- */

/* What \uXXXX stands for; 0x10000 when it is none. */
static unsigned read_unit(struct chimera_slice text)
{
    unsigned unit = 0;
    if (text.size < 6 || text.data[0] != '\\' || text.data[1] != 'u')
        return 0x10000;
    for (size_t i = 2; i < 6; i++) {
        int digit = chimera_hex_value(text.data[i]);
        if (digit < 0)
            return 0x10000;
        unit = unit << 4 | (unsigned)digit;
    }
    return unit;
}

/* The character of the pair that the text begins with; 0: it begins with none. */
static unsigned read_pair(struct chimera_slice text)
{
    if (text.size < PAIR_SIZE)
        return 0;
    unsigned high = read_unit(text), low = read_unit(chimera_slice_behind(text, PAIR_SIZE / 2));
    if (high < 0xD800 || high > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
        return 0;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static bool has_pair(struct chimera_slice text)
{
    const char *at = text.data;
    while (at && (at = memchr(at, '\\', text.size - (size_t)(at - text.data)))) {
        if (read_pair(chimera_slice_behind(text, (size_t)(at - text.data))))
            return true;
        at++;
    }
    return false;
}

/* Copies an escape sequence; returns its size. */
static size_t copy_escape(struct chimera_slice text, struct chimera_buffer *out)
{
    unsigned character = read_pair(text);
    if (character) {
        chimera_buffer_print(out, "\\U%08X", character);
        return PAIR_SIZE;
    }
    size_t size = text.size < 2 ? text.size : 2;
    chimera_buffer_append(out, (struct chimera_slice){text.data, size});
    return size;
}

/* --- A text that is JSON as a whole --- */

/* Whether libyaml takes the character, of two bytes or three, for itself. */
static bool is_plain(unsigned character)
{
    return character >= 0xA0 && character != 0x2028 && character != 0x2029 && character != 0xFEFF &&
           character < 0xFFFE;
}

static unsigned decode(struct chimera_slice character)
{
    unsigned value = (unsigned char)character.data[0] & (0x7FU >> character.size);
    for (size_t i = 1; i < character.size; i++)
        value = value << 6 | ((unsigned char)character.data[i] & 0x3F);
    return value;
}

/* A character of a string, or an escape sequence; returns its size. */
static size_t copy_character(struct chimera_slice text, struct chimera_buffer *out)
{
    size_t size = chimera_utf8_character(text);
    struct chimera_slice character = {text.data, size};
    if (text.data[0] == '\\')
        return copy_escape(text, out);
    if (text.data[0] == 0x7F)
        chimera_buffer_text(out, "\\x7F");
    else if ((size == 2 || size == 3) && !is_plain(decode(character)))
        chimera_buffer_print(out, "\\u%04X", decode(character));
    else
        chimera_buffer_append(out, character);
    return size;
}

static size_t skip_space(struct chimera_slice text, size_t at)
{
    while (at < text.size && strchr(" \t\r\n", text.data[at]))
        at++;
    return at;
}

static void copy_space(struct chimera_slice text, size_t at, size_t end, struct chimera_buffer *out)
{
    for (; at < end; at++)
        chimera_buffer_byte(out, text.data[at] == '\t' ? ' ' : (uint8_t)text.data[at]);
}

/* The colon goes to its key, for libyaml wants it on the same line. */
static size_t copy_key_or_string(struct chimera_slice text, size_t at, struct chimera_buffer *out)
{
    size_t end = at + 1;
    for (; text.data[end] != '"'; end++)
        end += text.data[end] == '\\';
    size_t colon = skip_space(text, ++end); /* behind the closing quote */
    bool is_key = colon < text.size && text.data[colon] == ':';
    if (is_key && end - at > KEY_MAX)
        chimera_buffer_text(out, "? ");
    chimera_buffer_byte(out, '"');
    for (at++; text.data[at] != '"';)
        at += copy_character(chimera_slice_behind(text, at), out);
    chimera_buffer_byte(out, '"');
    if (!is_key)
        return end;
    chimera_buffer_byte(out, ':');
    copy_space(text, end, colon, out);
    return colon + 1;
}

static void rewrite_json(struct chimera_slice text, struct chimera_buffer *out)
{
    for (size_t at = 0; at < text.size;) {
        if (text.data[at] == '"') {
            at = copy_key_or_string(text, at, out);
        } else {
            copy_space(text, at, at + 1, out);
            at++;
        }
    }
}

/* --- Pairs in other YAML --- */

/* Reads on up to the first thing that libyaml does not take; false when there is nothing. */
static bool find_fault(struct chimera_slice text, size_t *ret_characters)
{
    yaml_parser_t parser;
    yaml_event_t event;
    bool is_good = true, is_end = false;
    if (!yaml_parser_initialize(&parser))
        return false;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.data, text.size);
    while (is_good && !is_end) {
        is_good = yaml_parser_parse(&parser, &event);
        is_end = is_good && event.type == YAML_STREAM_END_EVENT;
        if (is_good)
            yaml_event_delete(&event);
    }
    is_good = is_good || parser.error != YAML_SCANNER_ERROR;
    *ret_characters = parser.problem_mark.index;
    yaml_parser_delete(&parser);
    return !is_good;
}

/* False when the text has no fault, or another one: libyaml stops at the digits of an escape, and
 * knows by then that it is in double quotes. */
static bool repair(struct chimera_slice text, struct chimera_buffer *out)
{
    size_t characters;
    if (!find_fault(text, &characters) || characters < 2)
        return false;
    size_t at = 0;
    for (characters -= 2; at < text.size && characters > 0; characters--) {
        size_t size = chimera_utf8_character(chimera_slice_behind(text, at));
        at += size ? size : 1;
    }
    if (!read_pair(chimera_slice_behind(text, at)))
        return false;
    /* Up to the end of the scalar in double quotes, inside of which `at` is. */
    chimera_buffer_append(out, (struct chimera_slice){text.data, at});
    while (at < text.size && text.data[at] != '"') {
        if (text.data[at] == '\\')
            at += copy_escape(chimera_slice_behind(text, at), out);
        else
            chimera_buffer_byte(out, (uint8_t)text.data[at++]);
    }
    chimera_buffer_append(out, chimera_slice_behind(text, at));
    return true;
}

/* --- Both --- */

/* `made` replaces the text, unless it failed. */
static int replace(struct chimera_buffer *text, struct chimera_buffer *made,
                   struct chimera_error *err)
{
    int code = made->failed;
    if (code == CHIMERA_OK) {
        struct chimera_buffer before = *text;
        *text = *made;
        *made = before;
    }
    if (made->data) /* it may hold secrets of policies, and memory is used again */
        explicit_bzero(made->data, made->capacity);
    chimera_buffer_free(made);
    return code < 0
               ? chimera_fail(err, code, "cannot rewrite JSON as YAML: %s", chimera_code_text(code))
               : CHIMERA_OK;
}

int chimera_yaml_adapt(struct chimera_buffer *text, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    struct chimera_buffer made;
    if (text->size == 0)
        return CHIMERA_OK;
    chimera_buffer_init(&made, 4 * text->limit);
    chimera_buffer_reserve(&made,
                           text->size + text->size / 4); /* at once: no pieces are left behind */
    if (chimera_json_check(chimera_buffer_slice(text), NULL) == CHIMERA_OK) {
        rewrite_json(chimera_buffer_slice(text), &made);
        return replace(text, &made, err);
    }
    chimera_buffer_free(&made);
    if (!has_pair(chimera_buffer_slice(text)))
        return CHIMERA_OK;
    for (unsigned i = 0; i < REPAIRS_MAX && code == CHIMERA_OK; i++) {
        chimera_buffer_init(&made, text->limit);
        chimera_buffer_reserve(&made, text->size);
        if (!repair(chimera_buffer_slice(text), &made)) {
            chimera_buffer_free(&made);
            break;
        }
        code = replace(text, &made, err);
    }
    return code;
}
