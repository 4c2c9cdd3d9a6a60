#include "runtime/json/tree.h"

#include <inttypes.h>
#include <stdlib.h>

#include "runtime/json/members.h"
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
};

static int fail_memory(struct builder *builder)
{
    chimera_scan_fail(&builder->scan, builder->scan.at, chimera_code_text(CHIMERA_ENOMEM));
    return CHIMERA_ENOMEM;
}

/* Decodes into `buffer`, which it empties first, with a NUL behind. */
static bool decode(struct chimera_scan_text text, struct chimera_buffer *buffer)
{
    chimera_buffer_reset(buffer);
    char *to = chimera_buffer_reserve(buffer, text.raw.size + 1);
    if (!to)
        return false;
    buffer->size = chimera_scan_decode(text.raw, to, text.raw.size);
    to[buffer->size] = '\0';
    return true;
}

static struct json_object *new_number(struct chimera_slice text)
{
    struct chimera_number number = chimera_number_read(text);
    if (number.kind == CHIMERA_NUMBER_F64)
        return json_object_new_double(number.f64);
    if (number.kind == CHIMERA_NUMBER_I64)
        return json_object_new_int64(number.i64);
    return number.u64 > INT64_MAX ? json_object_new_uint64(number.u64)
                                  : json_object_new_int64((int64_t)number.u64);
}

static struct json_object *new_string(struct builder *builder, struct chimera_slice literal)
{
    struct chimera_slice raw = {literal.data + 1, literal.size - 2};
    if (!decode((struct chimera_scan_text){raw, true}, &builder->text))
        return NULL;
    return json_object_new_string_len(builder->text.data, (int)builder->text.size);
}

/* Reads the value that begins with `byte`; of an array or object only the bracket. */
static int read_value(struct builder *builder, int byte, struct json_object **ret_value)
{
    struct chimera_slice literal;
    *ret_value = NULL;
    if (byte == '{' || byte == '[') {
        if (!chimera_scan_open(&builder->scan))
            return CHIMERA_EINVAL;
        *ret_value = byte == '{' ? json_object_new_object() : json_object_new_array();
    } else {
        if (!chimera_scan_skip(&builder->scan, &literal))
            return CHIMERA_EINVAL;
        if (byte == 'n')
            return CHIMERA_OK;
        if (byte == '"')
            *ret_value = new_string(builder, literal);
        else if (byte == 't' || byte == 'f')
            *ret_value = json_object_new_boolean(byte == 't');
        else
            *ret_value = new_number(literal);
    }
    return *ret_value ? CHIMERA_OK : fail_memory(builder);
}

/* Takes `value` into the innermost open array or object, or makes it the root. */
static int attach(struct builder *builder, unsigned depth, struct json_object *value)
{
    int failed = 0;
    if (depth == 0) {
        builder->root = value;
        return CHIMERA_OK;
    }
    struct json_object *into = builder->open[depth - 1];
    if (json_object_is_type(into, json_type_object))
        failed = json_object_object_add(into, builder->key.data, value);
    else
        failed = json_object_array_add(into, value);
    if (failed) {
        json_object_put(value);
        return fail_memory(builder);
    }
    return CHIMERA_OK;
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
    if (next < 0 || !chimera_scan_end(&builder->scan))
        return next == CHIMERA_ENOMEM ? CHIMERA_ENOMEM : CHIMERA_EINVAL;
    return CHIMERA_OK;
}

int chimera_json_parse(struct chimera_slice text, struct json_object **ret_tree,
                       struct chimera_error *err)
{
    struct builder builder = {.root = NULL};
    chimera_scan_init(&builder.scan, text);
    chimera_buffer_init(&builder.key, text.size + 1);
    chimera_buffer_init(&builder.text, text.size + 1);
    int code = build(&builder);
    chimera_buffer_free(&builder.key);
    chimera_buffer_free(&builder.text);
    if (code < 0) {
        json_object_put(builder.root);
        chimera_scan_report(&builder.scan, err);
        if (err)
            err->code = code;
        return code;
    }
    *ret_tree = builder.root;
    return CHIMERA_OK;
}

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct chimera_member *)a)->key, ((const struct chimera_member *)b)->key);
}

bool chimera_members_sorted(struct json_object *object, struct chimera_members *ret_members)
{
    size_t count = (size_t)json_object_object_length(object), used = 0;
    struct chimera_member *member = calloc(count + 1, sizeof(*member));
    if (!member)
        return false;
    struct json_object_iterator at = json_object_iter_begin(object);
    struct json_object_iterator end = json_object_iter_end(object);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        member[used++] = (struct chimera_member){json_object_iter_peek_name(&at),
                                                 json_object_iter_peek_value(&at)};
    qsort(member, used, sizeof(*member), compare_members);
    *ret_members = (struct chimera_members){member, used};
    return true;
}

static void write_value(struct json_object *value, struct chimera_buffer *out, unsigned depth);

static void write_object(struct json_object *object, struct chimera_buffer *out, unsigned depth)
{
    struct chimera_members members;
    if (!chimera_members_sorted(object, &members)) {
        out->failed = CHIMERA_ENOMEM;
        return;
    }
    chimera_buffer_byte(out, '{');
    for (size_t i = 0; i < members.count; i++) {
        if (i > 0)
            chimera_buffer_byte(out, ',');
        chimera_json_write_string(chimera_slice_of(members.member[i].key), out);
        chimera_buffer_byte(out, ':');
        write_value(members.member[i].value, out, depth + 1);
    }
    chimera_buffer_byte(out, '}');
    free(members.member);
}

static void write_array(struct json_object *array, struct chimera_buffer *out, unsigned depth)
{
    size_t count = json_object_array_length(array);
    chimera_buffer_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            chimera_buffer_byte(out, ',');
        write_value(json_object_array_get_idx(array, i), out, depth + 1);
    }
    chimera_buffer_byte(out, ']');
}

static void write_integer(struct json_object *value, struct chimera_buffer *out)
{
    int64_t number = json_object_get_int64(value);
    if (number < 0)
        chimera_buffer_print(out, "%" PRId64, number);
    else
        chimera_buffer_print(out, "%" PRIu64, json_object_get_uint64(value));
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
        write_integer(value, out);
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
