/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/json/tree.h"

#include <inttypes.h>

#include "runtime/json/members.h"
#include "runtime/json/node.h"
#include "runtime/json/number.h"
#include "runtime/json/scan.h"

/* json-c's own parser is not used: it clamps big integers, takes single quotes and NaN, and has
 * other words for what is wrong. */
struct builder {
    struct chimera_scan scan;
    struct json_object *root;                         /* owned until handed over */
    struct json_object *open[CHIMERA_SCAN_DEPTH_MAX]; /* each in the one before it */
    struct chimera_buffer key;                        /* decoded, with a NUL */
    struct chimera_buffer text;
    struct chimera_account *account; /* borrowed; may be NULL */
};

/* Of a node or buffer that could not be made. */
static int fail_memory(struct builder *builder)
{
    chimera_scan_fail(&builder->scan, builder->scan.at, chimera_code_text(CHIMERA_ENOMEM));
    return chimera_node_failure(builder->account);
}

/* How long the escape is that begins here, in a text that was checked. */
static size_t escape_size(const char *at)
{
    if (at[1] != 'u')
        return 2;
    bool is_pair = (at[2] | 0x20) == 'd' && strchr("89aAbB", at[3]);
    return is_pair ? 12 : 6;
}

/* Decodes into `buffer`, which it empties first, with a NUL behind. */
static bool decode(struct chimera_scan_text text, struct chimera_buffer *buffer)
{
    struct chimera_slice raw = text.raw;
    chimera_buffer_reset(buffer);
    char *to = chimera_buffer_reserve(buffer, raw.size + 1);
    while (to && raw.size > 0) {
        const char *escape = text.is_escaped ? memchr(raw.data, '\\', raw.size) : NULL;
        size_t size = escape ? (size_t)(escape - raw.data) : raw.size;
        memcpy(to, raw.data, size);
        to += size;
        if (escape) {
            size_t taken = escape_size(escape);
            to += chimera_scan_decode((struct chimera_slice){escape, taken}, to, taken);
            size += taken;
            buffer->failed = chimera_account_spend(buffer->account, 4);
        }
        raw = (struct chimera_slice){raw.data + size, raw.size - size};
        if (buffer->failed)
            return false;
    }
    if (!to)
        return false;
    *to = '\0';
    buffer->size = (size_t)(to - buffer->data);
    return true;
}

static struct json_object *new_number(struct builder *builder, struct chimera_slice text)
{
    struct chimera_number number = chimera_number_read(text);
    if (number.kind == CHIMERA_NUMBER_F64)
        return chimera_node_double(builder->account, number.f64);
    if (number.kind == CHIMERA_NUMBER_I64)
        return chimera_node_int64(builder->account, number.i64);
    return number.u64 > INT64_MAX ? chimera_node_uint64(builder->account, number.u64)
                                  : chimera_node_int64(builder->account, (int64_t)number.u64);
}

static struct json_object *new_string(struct builder *builder, struct chimera_scan_text text)
{
    if (!text.is_escaped)
        return chimera_node_string(builder->account, text.raw);
    if (!decode(text, &builder->text))
        return NULL;
    return chimera_node_string(builder->account, chimera_buffer_slice(&builder->text));
}

static int read_scalar(struct builder *builder, int byte, struct json_object **ret_value)
{
    struct chimera_scan *scan = &builder->scan;
    struct chimera_slice literal;
    if (byte == '"') {
        struct chimera_scan_text text;
        if (!chimera_scan_string(scan, &text))
            return CHIMERA_EINVAL;
        *ret_value = new_string(builder, text);
    } else {
        if (!chimera_scan_skip(scan, &literal))
            return CHIMERA_EINVAL;
        if (byte == 'n')
            return CHIMERA_OK;
        *ret_value = byte == 't' || byte == 'f'
                         ? chimera_node_boolean(builder->account, byte == 't')
                         : new_number(builder, literal);
    }
    return *ret_value ? CHIMERA_OK : fail_memory(builder);
}

/* Reads the value that begins with `byte`; of an array or object only the bracket. */
static int read_value(struct builder *builder, int byte, struct json_object **ret_value)
{
    *ret_value = NULL;
    if (byte != '{' && byte != '[')
        return read_scalar(builder, byte, ret_value);
    if (!chimera_scan_open(&builder->scan))
        return CHIMERA_EINVAL;
    *ret_value =
        byte == '{' ? chimera_node_object(builder->account) : chimera_node_array(builder->account);
    return *ret_value ? CHIMERA_OK : fail_memory(builder);
}

/* Takes `value` into the innermost open array or object, or makes it the root. */
static int attach(struct builder *builder, unsigned depth, struct json_object *value)
{
    if (depth == 0) {
        builder->root = value;
        return CHIMERA_OK;
    }
    struct json_object *into = builder->open[depth - 1];
    int code = json_object_is_type(into, json_type_object)
                   ? chimera_node_add(builder->account, into, builder->key.data, value)
                   : chimera_node_append(builder->account, into, value);
    return code < 0 ? fail_memory(builder) : CHIMERA_OK;
}

static int next_member(struct builder *builder, bool is_first)
{
    struct chimera_scan_text key;
    struct chimera_scan *scan = &builder->scan;
    int next = chimera_scan_next_key(scan, is_first, &key);
    if (next != 1)
        return next;
    if (!decode(key, &builder->key))
        return fail_memory(builder);
    if (memchr(builder->key.data, '\0', builder->key.size)) {
        chimera_scan_fail(scan, scan->at, "a key with a NUL character is not supported");
        return -1;
    }
    return chimera_scan_colon(scan) ? 1 : -1;
}

/* Goes to the next value, closing what ends before it; 0 when the root is complete. */
static int next_value(struct builder *builder, bool is_first)
{
    struct chimera_scan *scan = &builder->scan;
    while (scan->depth > 0) {
        bool is_object = json_object_is_type(builder->open[scan->depth - 1], json_type_object);
        int next =
            is_object ? next_member(builder, is_first) : chimera_scan_next_element(scan, is_first);
        if (next != 0)
            return next;
        chimera_scan_close(scan);
        is_first = false;
    }
    return 0;
}

static int build(struct builder *builder)
{
    int next;
    do {
        int byte = chimera_scan_peek(&builder->scan);
        unsigned depth = builder->scan.depth;
        struct json_object *value;
        int code = read_value(builder, byte, &value);
        if (code == CHIMERA_OK)
            code = attach(builder, depth, value);
        if (code < 0)
            return code;
        bool is_open = builder->scan.depth > depth;
        if (is_open)
            builder->open[depth] = value;
        next = next_value(builder, is_open);
    } while (next == 1);
    if (next < -1)
        return next;
    return next < 0 || !chimera_scan_end(&builder->scan) ? CHIMERA_EINVAL : CHIMERA_OK;
}

int chimera_json_parse_within(struct chimera_slice text, struct chimera_account *account,
                              struct json_object **ret_tree, struct chimera_error *err)
{
    struct builder builder = {.root = NULL, .account = account};
    chimera_scan_init(&builder.scan, text);
    chimera_buffer_init_within(&builder.key, text.size + 1, account);
    chimera_buffer_init_within(&builder.text, text.size + 1, account);
    int code = text.size > CHIMERA_SCAN_AT_ONCE
                   ? chimera_account_has_time(account, text.size * CHIMERA_SCAN_AT_ONCE_NS)
                   : CHIMERA_OK;
    if (code == CHIMERA_OK)
        code = build(&builder);
    chimera_buffer_free(&builder.key);
    chimera_buffer_free(&builder.text);
    if (code < 0) {
        json_object_put(builder.root);
        /* What the scanner met has a place; an account's end has none. */
        if (builder.account && builder.account->failed)
            return chimera_fail(err, code, "%s", chimera_account_text(builder.account));
        chimera_scan_report(&builder.scan, err);
        if (err)
            err->code = code;
        return code;
    }
    *ret_tree = builder.root;
    return CHIMERA_OK;
}

bool chimera_json_are_texts(struct json_object *value)
{
    if (!json_object_is_type(value, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(value); i++)
        if (!json_object_is_type(json_object_array_get_idx(value, i), json_type_string))
            return false;
    return true;
}

int chimera_json_parse(struct chimera_slice text, struct json_object **ret_tree,
                       struct chimera_error *err)
{
    return chimera_json_parse_within(text, NULL, ret_tree, err);
}

static void write_value(struct json_object *value, struct chimera_buffer *out, unsigned depth);

static void write_object(struct json_object *object, struct chimera_buffer *out, unsigned depth)
{
    struct chimera_members members;
    int code = chimera_members_sorted(object, out->account, &members);
    if (code < 0) {
        out->failed = code;
        return;
    }
    chimera_buffer_byte(out, '{');
    for (size_t i = 0; i < members.count && !out->failed; i++) {
        if (i > 0)
            chimera_buffer_byte(out, ',');
        chimera_json_write_string(chimera_slice_of(members.member[i].key), out);
        chimera_buffer_byte(out, ':');
        write_value(members.member[i].value, out, depth + 1);
    }
    chimera_buffer_byte(out, '}');
    chimera_members_free(&members);
}

static void write_array(struct json_object *array, struct chimera_buffer *out, unsigned depth)
{
    size_t count = json_object_array_length(array);
    chimera_buffer_byte(out, '[');
    for (size_t i = 0; i < count && !out->failed; i++) {
        if (i > 0)
            chimera_buffer_byte(out, ',');
        write_value(json_object_array_get_idx(array, i), out, depth + 1);
    }
    chimera_buffer_byte(out, ']');
}

static void write_value(struct json_object *value, struct chimera_buffer *out, unsigned depth)
{
    if (depth > CHIMERA_TREE_DEPTH_MAX) {
        out->failed = CHIMERA_ELIMIT;
        return;
    }
    switch (json_object_get_type(value)) {
    case json_type_object:
        write_object(value, out, depth);
        break;
    case json_type_array:
        write_array(value, out, depth);
        break;
    case json_type_string:
        chimera_json_write_string((struct chimera_slice){json_object_get_string(value),
                                                         (size_t)json_object_get_string_len(value)},
                                  out);
        break;
    case json_type_int:
        if (json_object_get_int64(value) < 0)
            chimera_buffer_print(out, "%" PRId64, json_object_get_int64(value));
        else
            chimera_buffer_print(out, "%" PRIu64, json_object_get_uint64(value));
        break;
    case json_type_double:
        chimera_json_write_double(json_object_get_double(value), out);
        break;
    case json_type_boolean:
        chimera_buffer_text(out, json_object_get_boolean(value) ? "true" : "false");
        break;
    case json_type_null:
        chimera_buffer_text(out, "null");
        break;
    }
}

void chimera_json_write(struct json_object *tree, struct chimera_buffer *out)
{
    write_value(tree, out, 0);
}
