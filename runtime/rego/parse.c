/* SPDX-License-Identifier: Apache-2.0 */
/* The text of opa_value_dump, read without recursion. */
#include "runtime/json/node.h"
#include "runtime/json/scan.h"
#include "runtime/rego/key.h"
#include "runtime/text/utf8.h"

/* A number of more bytes is asked for its time: it is read several times at once. */
#define NUMBER_LARGE ((size_t)64 << 10)
#define NUMBER_NS 10
#define UTF8_AT_ONCE ((size_t)64 << 10)

enum shape { SHAPE_ARRAY, SHAPE_BRACES, SHAPE_OBJECT, SHAPE_SET }; /* braces: not known yet which */

struct level {
    struct json_object *node; /* owned; NULL while it is SHAPE_BRACES */
    enum shape shape;
    bool has_key;              /* which waits for its value */
    struct chimera_buffer key; /* with a NUL behind; kept for the next level of this depth */
};

struct reader {
    struct chimera_slice rest;
    struct level levels[CHIMERA_REGO_DEPTH_MAX];
    size_t depth, reached;      /* so many levels have a buffer */
    struct json_object *root;   /* owned */
    bool is_done;               /* the root is complete */
    struct chimera_buffer text; /* a string that had to be decoded */
    struct chimera_account *account;
    struct chimera_error *err;
};

static int fail(struct reader *reader, const char *what)
{
    return chimera_fail(reader->err, CHIMERA_EINVAL, "unreadable Rego value: %s", what);
}

/* Of a node or buffer that could not be made. */
static int fail_memory(struct reader *reader)
{
    int code = chimera_node_failure(reader->account);
    return code == CHIMERA_ENOMEM
               ? chimera_fail(reader->err, code, "out of memory for a Rego value")
               : chimera_fail(reader->err, code, "%s", chimera_account_text(reader->account));
}

static void skip(struct reader *reader, size_t size)
{
    reader->rest = (struct chimera_slice){reader->rest.data + size, reader->rest.size - size};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The byte that comes after white space; -1 at the end. */
static int peek(struct reader *reader)
{
    size_t size = 0;
    while (size < reader->rest.size && is_space(reader->rest.data[size]))
        size++;
    if (size) {
        chimera_account_spend(reader->account, size / 4);
        skip(reader, size);
    }
    return reader->rest.size ? (unsigned char)reader->rest.data[0] : -1;
}

static bool take_word(struct reader *reader, const char *text)
{
    if (!chimera_slice_starts(reader->rest, text))
        return false;
    skip(reader, strlen(text));
    return true;
}

/* --- Strings and numbers --- */

/* opa_value_dump escapes controls as \u00xx or \n, \r, \t, quotes and backslashes; nothing else. */
static int take_escape(struct reader *reader)
{
    static const char letters[] = "nrt\"\\", bytes[] = "\n\r\t\"\\";
    unsigned byte = 0;
    if (take_word(reader, "u00") && reader->rest.size >= 2) {
        for (int i = 0; i < 2; i++) {
            char c = reader->rest.data[i];
            const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
            if (!at)
                return fail(reader, "a bad escape");
            byte = byte << 4 | (unsigned)(at - digits);
        }
        skip(reader, 2);
        return byte < 0x80 ? chimera_buffer_byte(&reader->text, (uint8_t)byte)
                           : fail(reader, "a bad escape");
    }
    char c = reader->rest.size ? reader->rest.data[0] : '\0';
    const char *at = c ? strchr(letters, c) : NULL;
    if (!at)
        return fail(reader, "a bad escape");
    skip(reader, 1);
    return chimera_buffer_byte(&reader->text, (uint8_t)bytes[at - letters]);
}

/* The first `byte` of the next `size`; `size` when there is none. */
static size_t find(const struct reader *reader, size_t size, char byte)
{
    const char *text = reader->rest.data, *at = size ? memchr(text, byte, size) : NULL;
    return at ? (size_t)(at - text) : size;
}

static int fail_end(struct reader *reader)
{
    return fail(reader, "a string does not end");
}

/* From the inside of a string to behind its end, into reader->text; `quote` is the first one. */
static int decode(struct reader *reader, size_t quote)
{
    chimera_buffer_reset(&reader->text);
    for (;;) {
        size_t escape = find(reader, quote, '\\');
        chimera_buffer_append(&reader->text, (struct chimera_slice){reader->rest.data, escape});
        if (reader->text.failed)
            return fail_memory(reader);
        skip(reader, escape + 1);
        if (escape == quote)
            return CHIMERA_OK;
        size_t before = reader->rest.size;
        quote -= escape + 1;
        int code = take_escape(reader);
        if (code < 0)
            return reader->text.failed ? fail_memory(reader) : code;
        size_t taken = before - reader->rest.size;
        quote = taken > quote ? find(reader, reader->rest.size, '"') : quote - taken;
        if (quote == reader->rest.size)
            return fail_end(reader);
    }
}

/* In pieces, for the sake of the clock. */
static bool is_utf8(struct reader *reader, struct chimera_slice text)
{
    while (text.size > 0) {
        size_t size = text.size < UTF8_AT_ONCE ? text.size : UTF8_AT_ONCE;
        size_t valid = chimera_utf8_prefix((struct chimera_slice){text.data, size});
        if (valid == 0 || (valid < size && size - valid >= 4))
            return false;
        text = (struct chimera_slice){text.data + valid, text.size - valid};
        chimera_account_spend(reader->account, valid / 4);
    }
    return true;
}

/* The string that begins here: a part of the input, or of reader->text until the next one. */
static int take_string(struct reader *reader, struct chimera_slice *ret_text)
{
    if (!take_word(reader, "\""))
        return fail(reader, "a string was expected");
    size_t quote = find(reader, reader->rest.size, '"');
    if (quote == reader->rest.size)
        return fail_end(reader);
    if (find(reader, quote, '\\') == quote) {
        *ret_text = (struct chimera_slice){reader->rest.data, quote};
        skip(reader, quote + 1);
    } else {
        int code = decode(reader, quote);
        if (code < 0)
            return code;
        *ret_text = chimera_buffer_slice(&reader->text);
    }
    return is_utf8(reader, *ret_text) ? CHIMERA_OK : fail(reader, "a string is not UTF-8");
}

static bool is_number_byte(char c)
{
    return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

static int take_number(struct reader *reader, struct json_object **ret_value)
{
    size_t size = 0;
    while (size < reader->rest.size && is_number_byte(reader->rest.data[size]))
        size++;
    struct chimera_slice text = {reader->rest.data, size};
    if (size > NUMBER_LARGE && chimera_account_has_time(reader->account, size * NUMBER_NS) < 0)
        return fail_memory(reader);
    struct chimera_scan scan;
    chimera_scan_init(&scan, text);
    scan.is_wide = true;
    if (size == 0 || chimera_scan_peek(&scan) == '+' || !chimera_scan_number(&scan) ||
        scan.at < scan.end)
        return fail(reader, "a bad number");
    skip(reader, size);
    *ret_value = chimera_rego_new_number(text, reader->account);
    return *ret_value ? CHIMERA_OK : fail_memory(reader);
}

/* Of anything but a string. */
static int take_scalar(struct reader *reader, struct json_object **ret_value)
{
    struct json_object *value = NULL;
    if (take_word(reader, "null")) {
        *ret_value = NULL;
        return CHIMERA_OK;
    }
    if (take_word(reader, "true")) {
        value = chimera_node_boolean(reader->account, true);
    } else if (take_word(reader, "false")) {
        value = chimera_node_boolean(reader->account, false);
    } else if (take_word(reader, "set()")) {
        value = chimera_node_array(reader->account);
        if (value)
            chimera_rego_mark_set(value);
    } else {
        return take_number(reader, ret_value);
    }
    *ret_value = value;
    return value ? CHIMERA_OK : fail_memory(reader);
}

/* --- Collections --- */

static int open_level(struct reader *reader, enum shape shape)
{
    if (reader->depth == CHIMERA_REGO_DEPTH_MAX)
        return chimera_fail(reader->err, CHIMERA_ELIMIT, "a Rego value is nested too deeply");
    struct json_object *node = shape == SHAPE_ARRAY ? chimera_node_array(reader->account) : NULL;
    if (shape == SHAPE_ARRAY && !node)
        return fail_memory(reader);
    struct level *level = &reader->levels[reader->depth++];
    level->node = node;
    level->shape = shape;
    level->has_key = false;
    if (reader->depth > reader->reached) {
        chimera_buffer_init_within(&level->key, SIZE_MAX, reader->account);
        reader->reached = reader->depth;
    }
    return CHIMERA_OK;
}

static bool wants_key(const struct reader *reader)
{
    const struct level *top = reader->depth ? &reader->levels[reader->depth - 1] : NULL;
    return top && !top->has_key && (top->shape == SHAPE_BRACES || top->shape == SHAPE_OBJECT);
}

/* What was written to the top level's buffer is a key. */
static int keep_key(struct reader *reader)
{
    struct level *top = &reader->levels[reader->depth - 1];
    if (top->key.failed == CHIMERA_ELIMIT && !(reader->account && reader->account->failed))
        return chimera_fail(reader->err, CHIMERA_ELIMIT, "a Rego value is nested too deeply");
    if (top->key.failed)
        return fail_memory(reader);
    top->has_key = true;
    top->shape = SHAPE_OBJECT;
    if (!top->node)
        top->node = chimera_node_object(reader->account);
    return top->node ? CHIMERA_OK : fail_memory(reader);
}

static int keep_value_key(struct reader *reader, struct json_object *value)
{
    struct level *top = &reader->levels[reader->depth - 1];
    take_word(reader, ":");
    chimera_buffer_reset(&top->key);
    chimera_rego_put_key(value, &top->key);
    chimera_account_give_back(reader->account, chimera_node_bytes(value));
    json_object_put(value);
    return keep_key(reader);
}

/* Takes a complete value into the collection on top, or makes it the root. What comes next tells in
 * braces whether it was a key. */
static int attach(struct reader *reader, struct json_object *value)
{
    if (reader->depth == 0) {
        reader->root = value;
        reader->is_done = true;
        return CHIMERA_OK;
    }
    struct level *top = &reader->levels[reader->depth - 1];
    if (wants_key(reader) && peek(reader) == ':')
        return keep_value_key(reader, value);
    if (top->shape == SHAPE_BRACES) {
        top->shape = SHAPE_SET;
        top->node = chimera_node_array(reader->account);
    }
    if (!top->node || (top->shape == SHAPE_OBJECT && !top->has_key)) {
        json_object_put(value);
        return top->node ? fail(reader, "an object has no value for a key") : fail_memory(reader);
    }
    int code = top->shape == SHAPE_OBJECT
                   ? chimera_node_add(reader->account, top->node, top->key.data, value)
                   : chimera_node_append(reader->account, top->node, value);
    top->has_key = false;
    return code < 0 ? fail_memory(reader) : CHIMERA_OK;
}

static int close_level(struct reader *reader)
{
    struct level *done = &reader->levels[--reader->depth];
    struct json_object *node = done->node;
    if (done->shape == SHAPE_BRACES)
        node = chimera_node_object(reader->account);
    if (node && done->shape == SHAPE_SET && chimera_rego_make_set(node, reader->account) < 0) {
        json_object_put(node);
        node = NULL;
    }
    return node ? attach(reader, node) : fail_memory(reader);
}

static bool ends_here(struct reader *reader)
{
    if (reader->depth == 0)
        return false;
    struct level *top = &reader->levels[reader->depth - 1];
    return !top->has_key && take_word(reader, top->shape == SHAPE_ARRAY ? "]" : "}");
}

/* After a value: a comma, or the end of as many collections as end here. */
static int after_value(struct reader *reader)
{
    while (reader->depth > 0 && !reader->levels[reader->depth - 1].has_key) {
        peek(reader);
        if (take_word(reader, ","))
            return CHIMERA_OK;
        if (!ends_here(reader))
            return fail(reader, "a comma or an end was expected");
        int code = close_level(reader);
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

static int read_one(struct reader *reader)
{
    int byte = peek(reader);
    if (byte == '[' || byte == '{') {
        take_word(reader, byte == '[' ? "[" : "{");
        int code = open_level(reader, byte == '[' ? SHAPE_ARRAY : SHAPE_BRACES);
        peek(reader);
        if (code < 0 || !ends_here(reader))
            return code;
        code = close_level(reader);
        return code < 0 ? code : after_value(reader);
    }
    struct json_object *value = NULL;
    int code;
    if (byte == '"') {
        struct chimera_slice text;
        code = take_string(reader, &text);
        if (code == CHIMERA_OK && wants_key(reader) && peek(reader) == ':') {
            struct level *top = &reader->levels[reader->depth - 1];
            take_word(reader, ":");
            chimera_buffer_reset(&top->key);
            chimera_rego_put_text_key(text, &top->key);
            return keep_key(reader);
        }
        if (code == CHIMERA_OK)
            value = chimera_node_string(reader->account, text);
        if (code == CHIMERA_OK && !value)
            code = fail_memory(reader);
    } else {
        code = take_scalar(reader, &value);
    }
    if (code == CHIMERA_OK)
        code = attach(reader, value);
    return code < 0 ? code : after_value(reader);
}

int chimera_rego_parse_within(struct chimera_slice text, struct chimera_account *account,
                              struct json_object **ret_value, struct chimera_error *err)
{
    struct chimera_error unused;
    struct reader reader; /* whose levels are set when they are reached */
    reader.rest = text;
    reader.depth = reader.reached = 0;
    reader.root = NULL;
    reader.is_done = false;
    reader.account = account;
    reader.err = err ? err : &unused;
    chimera_buffer_init_within(&reader.text, SIZE_MAX, account);
    int code = CHIMERA_OK;
    while (code == CHIMERA_OK && !reader.is_done)
        code = read_one(&reader);
    if (code == CHIMERA_OK && peek(&reader) >= 0)
        code = fail(&reader, "there is more behind it");
    if (code == CHIMERA_OK && account && account->failed)
        code = fail_memory(&reader);
    if (code == CHIMERA_OK) {
        *ret_value = reader.root;
        reader.root = NULL; /* now the caller's */
    }
    for (size_t i = 0; i < reader.depth; i++)
        json_object_put(reader.levels[i].node);
    for (size_t i = 0; i < reader.reached; i++)
        chimera_buffer_free(&reader.levels[i].key);
    json_object_put(reader.root);
    chimera_buffer_free(&reader.text);
    return code;
}

int chimera_rego_parse(struct chimera_slice text, struct json_object **ret_value,
                       struct chimera_error *err)
{
    return chimera_rego_parse_within(text, NULL, ret_value, err);
}
