/* SPDX-License-Identifier: Apache-2.0 */
/* Builtin yaml.marshal: blocks as go-yaml 3 writes them, indented by two, lists in maps too. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/sort.h"
#include "runtime/rego/arguments.h"
#include "runtime/rego/builtins/yaml/resolve.h"
#include "runtime/rego/float.h"
#include "runtime/rego/go_json.h"
#include "runtime/rego/key.h"
#include "runtime/rego/quote.h"
#include "runtime/text/utf8.h"

#define INDENT 2
#define SIMPLE_KEY_MAX 128 /* bytes; longer ones, and such of several lines, stand behind a "?" */
#define NO_BREAK_SPACE 0xA0u
#define LINE_SEPARATOR 0x2028u
#define PARAGRAPH_SEPARATOR 0x2029u
#define BYTE_ORDER_MARK 0xFEFFu
#define NEXT_LINE 0x85u

/* --- What a text may be written as --- */

struct analysis {
    bool is_multiline, may_be_plain, may_be_single, may_be_literal;
};

static bool is_break(uint32_t rune)
{
    return rune == '\n' || rune == '\r' || rune == NEXT_LINE || rune == LINE_SEPARATOR ||
           rune == PARAGRAPH_SEPARATOR;
}

/* As go-yaml sees it, to which characters beyond the basic plane are not. */
static bool is_printable(uint32_t rune)
{
    return rune == '\n' || (rune >= 0x20 && rune <= 0x7E) ||
           (rune >= NO_BREAK_SPACE && rune <= 0xFFFD && rune != BYTE_ORDER_MARK);
}

static bool is_blank(struct chimera_slice rest)
{
    return rest.size == 0 || rest.data[0] == ' ' || rest.data[0] == '\t';
}

/* Characters that mean something where they stand. */
static bool is_indicator(uint32_t rune, bool is_first, bool is_behind_space,
                         struct chimera_slice rest)
{
    if (is_first && rune && rune < 0x80 && strchr("#,[]{}&*!|>'\"%@`", (int)rune))
        return true;
    if (is_first && (rune == '?' || rune == '-'))
        return is_blank(rest);
    return (rune == ':' && is_blank(rest)) || (rune == '#' && is_behind_space);
}

static struct analysis analyze(struct chimera_slice text)
{
    bool has_special = false, has_tab = false, has_indicator = false, has_break_space = false;
    bool has_space_break = false, was_space = false, was_break = false, is_behind_space = true;
    bool starts_blank = false, ends_blank = false, ends_in_space = false, has_break = false;
    if (text.size >= 3 && (memcmp(text.data, "---", 3) == 0 || memcmp(text.data, "...", 3) == 0))
        has_indicator = true;
    for (bool is_first = true; text.size > 0; is_first = false) {
        uint32_t rune = chimera_rego_take_rune(&text);
        bool is_space = rune == ' ', breaks = is_break(rune);
        has_indicator = has_indicator || is_indicator(rune, is_first, is_behind_space, text);
        has_tab = has_tab || rune == '\t';
        has_special = has_special || (rune != '\t' && !is_printable(rune));
        has_break = has_break || breaks;
        starts_blank = starts_blank || (is_first && (is_space || breaks));
        ends_blank = is_space || breaks;
        ends_in_space = is_space;
        has_break_space = has_break_space || (is_space && was_break);
        has_space_break = has_space_break || (breaks && was_space);
        was_space = is_space;
        was_break = breaks;
        is_behind_space = is_space || breaks || rune == '\t' || rune == '\0';
    }
    bool is_odd = has_space_break || has_special;
    return (struct analysis){.is_multiline = has_break,
                             .may_be_plain = !starts_blank && !ends_blank && !has_break &&
                                             !has_break_space && !is_odd && !has_tab &&
                                             !has_indicator,
                             .may_be_single = !has_break_space && !is_odd && !has_tab,
                             .may_be_literal = !ends_in_space && !is_odd};
}

/* 1:30 and its like, which YAML 1.1 takes for numbers to the base of sixty. */
static bool is_base_60(struct chimera_slice text)
{
    size_t at = text.size && (text.data[0] == '-' || text.data[0] == '+'), parts = 0;
    if (at == text.size || text.data[at] < '0' || text.data[at] > '9')
        return false;
    while (at < text.size &&
           (text.data[at] == '_' || (text.data[at] >= '0' && text.data[at] <= '9')))
        at++;
    for (; at < text.size && text.data[at] == ':'; parts++) {
        size_t start = ++at;
        while (at < text.size && at < start + 2 && text.data[at] >= '0' && text.data[at] <= '9')
            at++;
        if (at == start || (at == start + 2 && text.data[start] > '5'))
            return false;
    }
    if (parts && at < text.size && text.data[at] == '.') {
        at++;
        while (at < text.size &&
               (text.data[at] == '_' || (text.data[at] >= '0' && text.data[at] <= '9')))
            at++;
    }
    return parts && at == text.size;
}

/* Another type, or one in YAML 1.1. */
static bool is_taken_for_other(struct chimera_slice text)
{
    static const char *const words[] = {"y", "Y", "yes", "Yes", "YES", "on",  "On",  "ON",
                                        "n", "N", "no",  "No",  "NO",  "off", "Off", "OFF"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (chimera_slice_is(text, words[i]))
            return true;
    }
    return is_base_60(text) || chimera_go_yaml_resolve(text).kind != CHIMERA_GO_YAML_TEXT;
}

/* --- Texts --- */

static void put_spaces(unsigned count, struct chimera_buffer *out)
{
    for (; count > 0 && !out->failed; count--)
        chimera_buffer_byte(out, ' ');
}

static void put_double_quoted(struct chimera_slice text, struct chimera_buffer *out)
{
    static const char escapes[] = "\0000\aa\bb\tt\nn\vv\ff\rr\033e\"\"\\\\";
    /* A slip of go-yaml's: behind a byte order mark at the front all is escaped. */
    bool escapes_all = chimera_slice_starts(text, "\xEF\xBB\xBF");
    chimera_buffer_byte(out, '"');
    while (text.size > 0 && !out->failed) {
        uint32_t rune = chimera_rego_take_rune(&text);
        const char *letter = NULL;
        for (size_t i = 0; i + 1 < sizeof(escapes) && rune < 0x80 && !letter; i += 2)
            letter = (unsigned char)escapes[i] == rune ? escapes + i + 1 : NULL;
        if (!escapes_all && !letter && is_printable(rune) && !is_break(rune))
            chimera_rego_put_rune(rune, out);
        else if (letter)
            chimera_buffer_print(out, "\\%c", *letter);
        else if (rune == NEXT_LINE || rune == NO_BREAK_SPACE)
            chimera_buffer_text(out, rune == NEXT_LINE ? "\\N" : "\\_");
        else if (rune == LINE_SEPARATOR || rune == PARAGRAPH_SEPARATOR)
            chimera_buffer_text(out, rune == LINE_SEPARATOR ? "\\L" : "\\P");
        else
            chimera_buffer_print(out,
                                 rune <= 0xFF     ? "\\x%02" PRIX32
                                 : rune <= 0xFFFF ? "\\u%04" PRIX32
                                                  : "\\U%08" PRIX32,
                                 rune);
    }
    chimera_buffer_byte(out, '"');
}

/* Behind a line separator the text goes on at its indentation. */
static void put_single_quoted(struct chimera_slice text, unsigned indent,
                              struct chimera_buffer *out)
{
    bool was_break = false;
    chimera_buffer_byte(out, '\'');
    while (text.size > 0 && !out->failed) {
        uint32_t rune = chimera_rego_take_rune(&text);
        bool breaks = is_break(rune);
        if (was_break && !breaks && rune != ' ')
            put_spaces(indent, out);
        if (rune == '\'')
            chimera_buffer_byte(out, '\'');
        chimera_rego_put_rune(rune, out);
        was_break = breaks || (was_break && rune == ' ');
    }
    chimera_buffer_byte(out, '\'');
}

static bool ends_in_break(struct chimera_slice text, struct chimera_slice *ret_before)
{
    static const char *const breaks[] = {"\n", "\r", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};
    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
        size_t size = strlen(breaks[i]);
        if (text.size < size || memcmp(text.data + text.size - size, breaks[i], size) != 0)
            continue;
        *ret_before = (struct chimera_slice){text.data, text.size - size};
        return true;
    }
    return false;
}

/* A block; it ends in a line's end, or what comes next begins with one. */
static void put_literal(struct chimera_slice text, unsigned indent, struct chimera_buffer *out)
{
    struct chimera_slice rest = text, before;
    uint32_t first = chimera_rego_take_rune(&rest);
    bool is_at_start = true;
    chimera_buffer_byte(out, '|');
    if (first == ' ' || is_break(first))
        chimera_buffer_byte(out, '0' + INDENT);
    if (!ends_in_break(text, &before))
        chimera_buffer_byte(out, '-');
    else if (before.size == 0 || ends_in_break(before, &before))
        chimera_buffer_byte(out, '+');
    chimera_buffer_byte(out, '\n');
    while (text.size > 0 && !out->failed) {
        uint32_t rune = chimera_rego_take_rune(&text);
        bool breaks = is_break(rune);
        if (is_at_start && !breaks)
            put_spaces(indent, out);
        chimera_rego_put_rune(rune, out);
        is_at_start = breaks;
    }
}

struct writer {
    struct chimera_buffer *out;
    bool is_line_over; /* the last thing ended its line itself */
    bool is_refused;   /* a text is none that go-yaml reads */
};

/* `indent` is that of lines within the text. */
static void put_text(struct writer *writer, struct chimera_slice text, bool is_simple_key,
                     unsigned indent)
{
    struct chimera_buffer *out = writer->out;
    struct analysis analysis = analyze(text);
    if (chimera_account_spend(out->account, text.size) < 0)
        out->failed = out->account->failed;
    bool is_block = text.size && memchr(text.data, '\n', text.size);
    bool is_quoted = !is_block && is_taken_for_other(text);
    if (is_quoted || (is_simple_key && analysis.is_multiline) ||
        (is_block && (!analysis.may_be_literal || is_simple_key))) {
        put_double_quoted(text, out);
    } else if (is_block) {
        struct chimera_slice before;
        put_literal(text, indent, out);
        writer->is_line_over = ends_in_break(text, &before);
    } else if (analysis.may_be_plain) {
        chimera_buffer_append(out, text);
    } else if (analysis.may_be_single) {
        put_single_quoted(text, indent, out);
    } else {
        put_double_quoted(text, out);
    }
}

/* --- What OPA's way through JSON does to texts --- */

#define JSON_KEY_MAX 1024 /* characters of a key, in quotes, that go-yaml sees as one */

/* OPA writes JSON and has go-yaml read it, which refuses control characters that JSON lets stand;
 * takes U+0085 for the end of a line, which is folded; and does not find the end of a long key. */
struct passage {
    struct chimera_slice text;
    struct chimera_buffer made; /* owned */
};

static bool is_refused(uint32_t rune)
{
    return rune == 0x7F || (rune >= 0x80 && rune < NO_BREAK_SPACE && rune != NEXT_LINE) ||
           rune == 0xFFFE || rune == 0xFFFF;
}

static size_t json_size(uint32_t rune)
{
    bool has_letter = rune && rune < 0x80 && strchr("\"\\\b\f\n\r\t", (int)rune);
    bool is_escaped = rune < 0x20 || rune == LINE_SEPARATOR || rune == PARAGRAPH_SEPARATOR ||
                      rune == '<' || rune == '>' || rune == '&';
    return has_letter ? 2 : is_escaped ? 6 : 1;
}

/* A row of U+0085 with the spaces around it: one is a space, more are so many lines less one. */
static struct chimera_slice fold(struct chimera_slice rest, struct chimera_buffer *out)
{
    size_t lines = 0;
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->size--;
    for (;;) {
        if (chimera_slice_starts(rest, "\xC2\x85")) {
            rest = chimera_slice_behind(rest, 2);
            lines++;
        } else if (chimera_slice_starts(rest, " ")) {
            rest = chimera_slice_behind(rest, 1);
        } else {
            break;
        }
    }
    if (lines == 1)
        chimera_buffer_byte(out, ' ');
    while (lines-- > 1)
        chimera_buffer_byte(out, '\n');
    return rest;
}

/* False when go-yaml would read none of it. */
static bool pass(struct chimera_slice text, bool is_key, struct passage *ret_passage,
                 struct chimera_account *account)
{
    struct chimera_slice rest = text;
    size_t size = 2;
    bool has_line = false;
    *ret_passage = (struct passage){.text = text};
    chimera_buffer_init_within(&ret_passage->made, CHIMERA_REGO_RESULT_MAX, account);
    while (rest.size > 0 && chimera_account_spend(account, 1) == CHIMERA_OK) {
        uint32_t rune = chimera_rego_take_rune(&rest);
        if (is_refused(rune))
            return false;
        size += json_size(rune);
        has_line = has_line || rune == NEXT_LINE;
    }
    if (is_key && (has_line || size > JSON_KEY_MAX))
        return false;
    for (rest = text; has_line && rest.size > 0 && !ret_passage->made.failed;) {
        if (chimera_slice_starts(rest, "\xC2\x85")) {
            rest = fold(rest, &ret_passage->made);
        } else {
            chimera_buffer_byte(&ret_passage->made, (uint8_t)rest.data[0]);
            rest = chimera_slice_behind(rest, 1);
        }
    }
    if (has_line)
        ret_passage->text = chimera_buffer_slice(&ret_passage->made);
    return true;
}

/* --- Order --- */

static bool is_letter(uint32_t rune)
{
    return (rune | 0x20) - 'a' < 26 ||
           (rune >= 0xAA && (rune < 0x2000 || rune > 0x206F) && rune != 0xD7 && rune != 0xF7 &&
            (rune >= 0xC0 || rune == 0xAA || rune == 0xB5 || rune == 0xBA));
}

static bool is_digit(uint32_t rune)
{
    return rune - '0' < 10;
}

/* The number that begins at the front, in Go's wrapping arithmetic; how many digits. */
static size_t take_number(struct chimera_slice text, uint64_t *value)
{
    size_t size = 0;
    for (; size < text.size && is_digit((unsigned char)text.data[size]); size++)
        *value = *value * 10 + (uint64_t)(text.data[size] - '0');
    return size;
}

/* Two keys from where they differ on: letters behind what is none, numbers by value. */
static int order_rest(struct chimera_slice a, struct chimera_slice b, const char *start,
                      bool is_in_number)
{
    struct chimera_slice of_a = a, of_b = b;
    uint32_t x = chimera_rego_take_rune(&of_a), y = chimera_rego_take_rune(&of_b);
    bool is_x = is_letter(x), is_y = is_letter(y);
    if (is_x && is_y)
        return x < y ? -1 : 1;
    if (is_x || is_y)
        return (is_in_number ? is_x : is_y) ? -1 : 1;
    uint64_t number = 0, other = 0;
    if (x == '0' || y == '0') {
        for (const char *at = a.data; at > start && is_digit((unsigned char)at[-1]); at--) {
            if (at[-1] != '0') {
                number = other = 1;
                break;
            }
        }
    }
    size_t size = take_number(a, &number), other_size = take_number(b, &other);
    if (number != other)
        return (int64_t)number < (int64_t)other ? -1 : 1;
    if (size != other_size)
        return size < other_size ? -1 : 1;
    return x < y ? -1 : 1;
}

static int order_keys(struct chimera_slice a, struct chimera_slice b)
{
    const char *start = a.data;
    bool is_in_number = false;
    while (a.size > 0 && b.size > 0) {
        struct chimera_slice of_a = a, of_b = b;
        uint32_t x = chimera_rego_take_rune(&of_a), y = chimera_rego_take_rune(&of_b);
        if (x != y)
            return order_rest(a, b, start, is_in_number);
        is_in_number = is_digit(x);
        a = of_a;
        b = of_b;
    }
    return (a.size > 0) - (b.size > 0);
}

/* --- Values --- */

struct member {
    struct chimera_slice key;
    struct json_object *value;  /* borrowed */
    struct chimera_buffer made; /* of a key that json-c cannot hold as it is */
};

static int by_key(const void *a, const void *b, struct chimera_account *account)
{
    const struct member *x = a, *y = b;
    chimera_account_spend(account, 4 + (x->key.size + y->key.size) / 8);
    return order_keys(x->key, y->key);
}

static void put_node(struct writer *writer, struct json_object *value, unsigned indent,
                     bool is_on_line);

static void put_number(struct json_object *number, struct chimera_buffer *out)
{
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    struct chimera_slice text = chimera_rego_number_text(number, scratch);
    struct chimera_go_yaml_scalar scalar = chimera_go_yaml_resolve(text);
    if (scalar.kind == CHIMERA_GO_YAML_INTEGER)
        chimera_buffer_print(out, "%" PRId64, scalar.as.integer);
    else if (scalar.kind == CHIMERA_GO_YAML_FLOAT)
        chimera_rego_format_float(scalar.as.number, 'g', -1, out);
    else /* digits that fit without a sign; or a text, if it is beyond what Go can read */
        chimera_buffer_append(out, text);
}

static void end_line(struct writer *writer)
{
    if (!writer->is_line_over)
        chimera_buffer_byte(writer->out, '\n');
    writer->is_line_over = true;
}

/* What begins a line of a collection: the first one may share it with what comes before. */
static void begin_item(struct writer *writer, unsigned indent, bool is_on_line)
{
    if (is_on_line)
        return;
    end_line(writer);
    put_spaces(indent, writer->out);
    writer->is_line_over = false;
}

static void put_list(struct writer *writer, struct json_object *list, unsigned indent,
                     bool is_on_line)
{
    size_t count = json_object_array_length(list);
    for (size_t i = 0; i < count && !writer->out->failed; i++) {
        begin_item(writer, indent, is_on_line && i == 0);
        chimera_buffer_text(writer->out, "- ");
        put_node(writer, json_object_array_get_idx(list, i), indent + INDENT, true);
    }
}

static void put_member(struct writer *writer, const struct member *member, unsigned indent)
{
    struct chimera_buffer *out = writer->out;
    struct passage passage;
    writer->is_refused = writer->is_refused || !pass(member->key, true, &passage, out->account);
    chimera_buffer_free(&passage.made);
    bool is_simple = member->key.size <= SIMPLE_KEY_MAX && !analyze(member->key).is_multiline;
    if (!is_simple)
        chimera_buffer_text(out, "? ");
    put_text(writer, member->key, is_simple, indent + INDENT);
    if (!is_simple)
        begin_item(writer, indent, false);
    chimera_buffer_byte(out, ':');
    bool is_collection = json_object_is_type(member->value, json_type_object)
                             ? json_object_object_length(member->value) > 0
                             : json_object_is_type(member->value, json_type_array) &&
                                   json_object_array_length(member->value) > 0;
    if (!is_collection || !is_simple)
        chimera_buffer_byte(out, ' ');
    put_node(writer, member->value, indent + INDENT, !is_simple);
}

static size_t read_members(struct json_object *object, struct member *members,
                           struct chimera_buffer *out)
{
    size_t count = 0;
    for (const struct lh_entry *entry = json_object_get_object(object)->head; entry;
         entry = entry->next, count++) {
        const char *key = chimera_rego_entry_key(entry);
        struct member *member = &members[count];
        member->value = chimera_rego_entry_value(entry);
        member->key = chimera_slice_of(key);
        chimera_buffer_init_within(&member->made, SIZE_MAX, out->account);
        if (!chimera_rego_key_is_text(key)) {
            chimera_rego_key_text(key, &member->made);
            member->key = chimera_buffer_slice(&member->made);
            out->failed = out->failed ? out->failed : member->made.failed;
        }
    }
    return count;
}

static void put_map(struct writer *writer, struct json_object *object, unsigned indent,
                    bool is_on_line)
{
    struct chimera_buffer *out = writer->out;
    size_t most = (size_t)json_object_object_length(object);
    uint64_t bytes = chimera_account_heap(most * sizeof(struct member));
    int code = chimera_account_take(out->account, bytes);
    struct member *members = code < 0 ? NULL : calloc(most, sizeof(*members));
    if (!members) {
        out->failed = code < 0 ? code : CHIMERA_ENOMEM;
        chimera_account_give_back(out->account, code < 0 ? 0 : bytes);
        return;
    }
    size_t count = read_members(object, members, out);
    code = chimera_sort(members, count, sizeof(*members), by_key, out->account);
    out->failed = out->failed ? out->failed : code;
    for (size_t i = 0; i < count && !out->failed; i++) {
        begin_item(writer, indent, is_on_line && i == 0);
        put_member(writer, &members[i], indent);
    }
    for (size_t i = 0; i < count; i++)
        chimera_buffer_free(&members[i].made);
    free(members);
    chimera_account_give_back(out->account, bytes);
}

/* A value behind what is on the line already; `is_on_line`: a collection may begin there. As deep
 * as values can be, so the recursion is bounded. */
static void put_node(struct writer *writer, struct json_object *value, unsigned indent,
                     bool is_on_line)
{
    struct chimera_buffer *out = writer->out;
    struct passage passage;
    writer->is_line_over = false;
    if (chimera_account_spend(out->account, 8) < 0)
        out->failed = out->account->failed;
    switch (chimera_rego_type_of(value)) {
    case CHIMERA_REGO_NULL:
        chimera_buffer_text(out, "null");
        break;
    case CHIMERA_REGO_BOOLEAN:
        chimera_buffer_text(out, json_object_get_boolean(value) ? "true" : "false");
        break;
    case CHIMERA_REGO_NUMBER:
        put_number(value, out);
        break;
    case CHIMERA_REGO_STRING:
        if (!pass(chimera_rego_string(value), false, &passage, out->account))
            writer->is_refused = true;
        else
            put_text(writer, passage.text, false, indent);
        if (passage.made.failed)
            out->failed = passage.made.failed;
        chimera_buffer_free(&passage.made);
        break;
    case CHIMERA_REGO_OBJECT:
        if (json_object_object_length(value) == 0)
            chimera_buffer_text(out, "{}");
        else
            put_map(writer, value, indent, is_on_line);
        break;
    default:
        if (json_object_array_length(value) == 0)
            chimera_buffer_text(out, "[]");
        else
            put_list(writer, value, indent, is_on_line);
    }
}

int chimera_rego_yaml_marshal(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_buffer out;
    struct json_object *json = NULL;
    if (chimera_rego_go_json_value(call->args[0], call->account, &json) < 0)
        return chimera_rego_no_memory(call);
    chimera_rego_buffer(call, &out);
    struct writer writer = {.out = &out};
    bool is_text = json_object_is_type(json, json_type_string);
    put_node(&writer, json, is_text ? INDENT : 0, true);
    end_line(&writer);
    json_object_put(json);
    if (writer.is_refused && !out.failed) {
        chimera_buffer_free(&out);
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "yaml: a text has control characters, or a key is too long");
    }
    return chimera_rego_give_text(call, &out, ret_result);
}
