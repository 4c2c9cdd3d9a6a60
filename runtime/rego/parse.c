/* The text of opa_value_dump, read without recursion. */
#include <limits.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/utf8.h"
#include "runtime/json/scan.h"
#include "runtime/rego/value.h"

enum shape { SHAPE_ARRAY, SHAPE_BRACES, SHAPE_OBJECT, SHAPE_SET }; /* braces: not known yet which */

struct level {
    struct json_object *node; /* owned; NULL while it is SHAPE_BRACES */
    enum shape shape;
    char *key; /* owned: waits for its value */
};

struct reader {
    struct chimera_slice rest;
    struct level levels[CHIMERA_REGO_DEPTH_MAX];
    size_t depth;
    struct json_object *root;   /* owned */
    bool is_done;               /* the root is complete */
    struct chimera_buffer text; /* the last string, decoded, with a NUL behind it */
    struct chimera_error *err;
};

static int fail(struct reader *reader, const char *what)
{
    return chimera_fail(reader->err, CHIMERA_EINVAL, "unreadable Rego value: %s", what);
}

static void skip_space(struct reader *reader)
{
    while (reader->rest.size && strchr(" \t\r\n", reader->rest.data[0]) && reader->rest.data[0])
        reader->rest = (struct chimera_slice){reader->rest.data + 1, reader->rest.size - 1};
}

static int peek(struct reader *reader)
{
    skip_space(reader);
    return reader->rest.size ? (unsigned char)reader->rest.data[0] : -1;
}

static bool take(struct reader *reader, const char *text)
{
    if (!chimera_slice_starts(reader->rest, text))
        return false;
    size_t size = strlen(text);
    reader->rest = (struct chimera_slice){reader->rest.data + size, reader->rest.size - size};
    return true;
}

/* opa_value_dump escapes controls as \u00xx or \n, \r, \t, quotes and backslashes; nothing else. */
static int take_escape(struct reader *reader)
{
    static const char letters[] = "nrt\"\\", bytes[] = "\n\r\t\"\\";
    unsigned byte = 0;
    if (take(reader, "u00") && reader->rest.size >= 2) {
        for (int i = 0; i < 2; i++) {
            char c = reader->rest.data[i];
            const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
            if (!at)
                return fail(reader, "a bad escape");
            byte = byte << 4 | (unsigned)(at - digits);
        }
        reader->rest = (struct chimera_slice){reader->rest.data + 2, reader->rest.size - 2};
        return byte < 0x80 ? chimera_buffer_byte(&reader->text, (uint8_t)byte)
                           : fail(reader, "a bad escape");
    }
    char c = reader->rest.size ? reader->rest.data[0] : '\0';
    const char *at = c ? strchr(letters, c) : NULL;
    if (!at)
        return fail(reader, "a bad escape");
    reader->rest = (struct chimera_slice){reader->rest.data + 1, reader->rest.size - 1};
    return chimera_buffer_byte(&reader->text, (uint8_t)bytes[at - letters]);
}

/* The string that begins here, into reader->text. */
static int take_string(struct reader *reader)
{
    chimera_buffer_reset(&reader->text);
    if (!take(reader, "\""))
        return fail(reader, "a string was expected");
    for (;;) {
        size_t plain = 0;
        while (plain < reader->rest.size && reader->rest.data[plain] != '"' &&
               reader->rest.data[plain] != '\\')
            plain++;
        chimera_buffer_append(&reader->text, (struct chimera_slice){reader->rest.data, plain});
        reader->rest = (struct chimera_slice){reader->rest.data + plain, reader->rest.size - plain};
        if (take(reader, "\""))
            break;
        if (!take(reader, "\\"))
            return fail(reader, "a string does not end");
        int code = take_escape(reader);
        if (code < 0)
            return code;
    }
    if (!chimera_utf8_is_valid(chimera_buffer_slice(&reader->text)))
        return fail(reader, "a string is not UTF-8");
    if (chimera_buffer_byte(&reader->text, '\0') < 0)
        return chimera_fail(reader->err, CHIMERA_ENOMEM, "out of memory for a Rego value");
    reader->text.size--;
    return CHIMERA_OK;
}

static int take_number(struct reader *reader, struct json_object **ret_value)
{
    size_t size = 0;
    while (size < reader->rest.size && reader->rest.data[size] &&
           strchr("+-.eE0123456789", reader->rest.data[size]))
        size++;
    struct chimera_slice text = {reader->rest.data, size};
    if (chimera_json_check(text, NULL) < 0)
        return fail(reader, "a bad number");
    reader->rest = (struct chimera_slice){text.data + size, reader->rest.size - size};
    *ret_value = chimera_rego_new_number(text);
    return *ret_value ? CHIMERA_OK : CHIMERA_ENOMEM;
}

static int take_scalar(struct reader *reader, struct json_object **ret_value)
{
    struct json_object *value = NULL;
    if (peek(reader) == '"') {
        int code = take_string(reader);
        if (code < 0)
            return code;
        value = chimera_rego_new_string(chimera_buffer_slice(&reader->text));
    } else if (take(reader, "null")) {
        *ret_value = NULL;
        return CHIMERA_OK;
    } else if (take(reader, "true")) {
        value = json_object_new_boolean(true);
    } else if (take(reader, "false")) {
        value = json_object_new_boolean(false);
    } else if (take(reader, "set()")) {
        value = json_object_new_array();
        if (value)
            chimera_rego_make_set(value);
    } else {
        return take_number(reader, ret_value);
    }
    *ret_value = value;
    return value ? CHIMERA_OK : CHIMERA_ENOMEM;
}

static int open_level(struct reader *reader, enum shape shape)
{
    if (reader->depth == CHIMERA_REGO_DEPTH_MAX)
        return chimera_fail(reader->err, CHIMERA_ELIMIT, "a Rego value is nested too deeply");
    struct json_object *node = shape == SHAPE_ARRAY ? json_object_new_array() : NULL;
    if (shape == SHAPE_ARRAY && !node)
        return CHIMERA_ENOMEM;
    reader->levels[reader->depth++] = (struct level){.node = node, .shape = shape};
    return CHIMERA_OK;
}

/* A key that is no string becomes its text, as in opa_json_dump. */
static int keep_key(struct reader *reader, struct json_object *value)
{
    struct level *top = &reader->levels[reader->depth - 1];
    struct chimera_buffer text;
    chimera_buffer_init(&text, INT_MAX);
    if (json_object_is_type(value, json_type_string))
        chimera_buffer_append(&text, chimera_rego_string(value));
    else
        chimera_rego_write(value, &text);
    json_object_put(value);
    if (text.size && memchr(text.data, '\0', text.size)) {
        chimera_buffer_free(&text);
        return fail(reader, "a key holds a NUL character");
    }
    chimera_buffer_byte(&text, '\0');
    if (text.failed) {
        chimera_buffer_free(&text);
        return CHIMERA_ENOMEM;
    }
    top->key = text.data; /* now the level's */
    if (!top->node)
        top->node = json_object_new_object();
    top->shape = SHAPE_OBJECT;
    return top->node ? CHIMERA_OK : CHIMERA_ENOMEM;
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
    if (peek(reader) == ':' && !top->key &&
        (top->shape == SHAPE_BRACES || top->shape == SHAPE_OBJECT)) {
        take(reader, ":");
        return keep_key(reader, value);
    }
    if (top->shape == SHAPE_BRACES) {
        top->shape = SHAPE_SET;
        top->node = json_object_new_array();
    }
    int failed = !top->node || (top->shape == SHAPE_OBJECT && !top->key);
    if (!failed && top->shape == SHAPE_OBJECT)
        failed = json_object_object_add(top->node, top->key, value);
    else if (!failed)
        failed = json_object_array_add(top->node, value);
    free(top->key);
    top->key = NULL;
    if (!failed)
        return CHIMERA_OK;
    json_object_put(value);
    return fail(reader, "an object has no value for a key");
}

static int close_level(struct reader *reader)
{
    struct level done = reader->levels[--reader->depth];
    if (done.shape == SHAPE_SET)
        chimera_rego_make_set(done.node);
    if (done.shape == SHAPE_BRACES)
        done.node = json_object_new_object();
    return done.node ? attach(reader, done.node) : CHIMERA_ENOMEM;
}

static bool ends_here(struct reader *reader)
{
    if (reader->depth == 0)
        return false;
    struct level *top = &reader->levels[reader->depth - 1];
    return !top->key && take(reader, top->shape == SHAPE_ARRAY ? "]" : "}");
}

/* After a value: a comma, or the end of as many collections as end here. */
static int after_value(struct reader *reader)
{
    while (reader->depth > 0 && !reader->levels[reader->depth - 1].key) {
        peek(reader);
        if (take(reader, ","))
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
        take(reader, byte == '[' ? "[" : "{");
        int code = open_level(reader, byte == '[' ? SHAPE_ARRAY : SHAPE_BRACES);
        peek(reader);
        if (code < 0 || !ends_here(reader))
            return code;
        code = close_level(reader);
        return code < 0 ? code : after_value(reader);
    }
    struct json_object *value = NULL;
    int code = take_scalar(reader, &value);
    if (code == CHIMERA_OK)
        code = attach(reader, value);
    return code < 0 ? code : after_value(reader);
}

static void free_reader(struct reader *reader)
{
    for (size_t i = 0; i < reader->depth; i++) {
        json_object_put(reader->levels[i].node);
        free(reader->levels[i].key);
    }
    json_object_put(reader->root);
    chimera_buffer_free(&reader->text);
}

int chimera_rego_parse(struct chimera_slice text, struct json_object **ret_value,
                       struct chimera_error *err)
{
    struct chimera_error unused;
    CHIMERA_FREE struct reader *reader = calloc(1, sizeof(*reader));
    if (!reader)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory for a Rego value");
    reader->rest = text;
    reader->err = err ? err : &unused;
    chimera_buffer_init(&reader->text, INT_MAX);
    int code = CHIMERA_OK;
    while (code == CHIMERA_OK && !reader->is_done)
        code = read_one(reader);
    if (code == CHIMERA_OK && peek(reader) >= 0)
        code = fail(reader, "there is more behind it");
    if (code == CHIMERA_ENOMEM)
        chimera_fail(err, code, "out of memory for a Rego value");
    if (code == CHIMERA_OK) {
        *ret_value = reader->root;
        reader->root = NULL; /* now the caller's */
    }
    free_reader(reader);
    return code;
}
