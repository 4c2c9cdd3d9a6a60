/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/json/shape.h"

#include <assert.h>
#include <stdio.h>

#include "runtime/json/number.h"
#include "runtime/json/plain.h"

#define TEXT_MAX 128 /* bytes of a string in a message; the reference shows it all */
#define SHOWN_MAX (TEXT_MAX * 6 + 32) /* when each of them becomes \u{1f} */

/* A string's text as Rust's debug form shows it. */
static void describe_string(struct chimera_slice raw, char *to, size_t size)
{
    static const char special[] = "\"\\\n\r\t", shown[] = "\"\\nrt";
    char text[TEXT_MAX];
    size_t count = chimera_scan_decode(raw, text, sizeof(text));
    bool is_cut = count < raw.size && count + 4 > sizeof(text);
    size_t used = (size_t)snprintf(to, size, "string \"");
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)text[i];
        const char *found = byte ? strchr(special, text[i]) : NULL;
        if (found)
            used += (size_t)snprintf(to + used, size - used, "\\%c", shown[found - special]);
        else if (byte == 0)
            used += (size_t)snprintf(to + used, size - used, "\\0");
        else if (byte < 0x20 || byte == 0x7F)
            used += (size_t)snprintf(to + used, size - used, "\\u{%x}", byte);
        else
            to[used++] = text[i];
    }
    snprintf(to + used, size - used, is_cut ? "…\"" : "\"");
}

bool chimera_shape_fail_type(struct chimera_scan *scan, const char *expected)
{
    int byte = chimera_scan_peek(scan);
    const char *begin = scan->at;
    struct chimera_slice value;
    char found[SHOWN_MAX];
    if (byte != '{' && byte != '[' && !chimera_scan_skip(scan, &value))
        return false;
    if (byte == '"')
        describe_string((struct chimera_slice){value.data + 1, value.size - 2}, found,
                        sizeof(found));
    else if (byte == 't' || byte == 'f')
        snprintf(found, sizeof(found), "boolean `%s`", byte == 't' ? "true" : "false");
    else if (byte == '{' || byte == '[' || byte == 'n')
        snprintf(found, sizeof(found), "%s",
                 byte == '{'   ? "map"
                 : byte == '[' ? "sequence"
                               : "null");
    else
        chimera_number_describe(chimera_number_read(value), found, sizeof(found));
    return chimera_scan_fail_shape(scan, scan->at, begin, "invalid type: %s, expected %s", found,
                                   expected);
}

/* A plain string at the scanner is read, as most values are. */
static inline bool read_plain_string(struct chimera_scan *scan)
{
    const char *at = scan->at;
    if (at == scan->end || *at != '"')
        return false;
    at = plain_string_end(at + 1, scan->end);
    if (at)
        scan->at = at + 1;
    return at;
}

bool chimera_shape_read_string(struct chimera_scan *scan)
{
    struct chimera_scan_text text;
    if (read_plain_string(scan))
        return true;
    if (chimera_scan_peek(scan) != '"')
        return chimera_shape_fail_type(scan, "a string");
    return chimera_scan_string(scan, &text);
}

static bool read_bool(struct chimera_scan *scan)
{
    int byte = chimera_scan_peek(scan);
    if (byte != 't' && byte != 'f')
        return chimera_shape_fail_type(scan, "a boolean");
    return chimera_scan_word(scan);
}

static bool read_unsigned(struct chimera_scan *scan, uint64_t max, const char *expected)
{
    int byte = chimera_scan_peek(scan);
    const char *begin = scan->at;
    if (byte != '-' && (byte < '0' || byte > '9'))
        return chimera_shape_fail_type(scan, expected);
    if (!chimera_scan_number(scan))
        return false;
    struct chimera_slice text = {begin, (size_t)(scan->at - begin)};
    struct chimera_number number = chimera_number_read(text);
    if (number.kind == CHIMERA_NUMBER_U64 && number.u64 <= max)
        return true;
    char found[64];
    chimera_number_describe(number, found, sizeof(found));
    return chimera_scan_fail_shape(scan, scan->at, begin, "invalid %s: %s, expected %s",
                                   number.kind == CHIMERA_NUMBER_F64 ? "type" : "value", found,
                                   expected);
}

static bool read_variant(struct chimera_scan *scan, const char *const *variants)
{
    struct chimera_scan_text text;
    int byte = chimera_scan_peek(scan);
    const char *begin = scan->at;
    if (byte != '"')
        return chimera_shape_fail_type(scan, "string or map");
    if (!chimera_scan_string(scan, &text))
        return false;
    for (size_t i = 0; variants[i]; i++)
        if (chimera_slice_is(text.raw, variants[i]))
            return true;
    char expected[CHIMERA_SCAN_WHY_MAX / 2] = "expected ";
    bool are_two = variants[1] && !variants[2];
    size_t used = strlen(expected);
    if (variants[1] && !are_two)
        used += (size_t)snprintf(expected + used, sizeof(expected) - used, "one of ");
    for (size_t i = 0; variants[i] && used < sizeof(expected); i++)
        used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s`%s`",
                                 i == 0    ? ""
                                 : are_two ? " or "
                                           : ", ",
                                 variants[i]);
    return chimera_scan_fail_shape(scan, scan->at, begin, "unknown variant `%.*s`, %s",
                                   text.raw.size < 64 ? (int)text.raw.size : 64, text.raw.data,
                                   expected);
}

/* An array whose elements `read` takes. */
static bool read_array(struct chimera_scan *scan, bool (*read)(struct chimera_scan *))
{
    if (chimera_scan_peek(scan) != '[')
        return chimera_shape_fail_type(scan, "a sequence");
    if (!chimera_scan_open(scan))
        return false;
    int next;
    for (bool is_first = true; (next = chimera_scan_next_element(scan, is_first)) == 1;
         is_first = false)
        if (!read(scan))
            return false;
    if (next == 0)
        chimera_scan_close(scan);
    return next == 0;
}

static bool read_strings(struct chimera_scan *scan)
{
    return read_array(scan, chimera_shape_read_string);
}

static bool read_byte(struct chimera_scan *scan)
{
    return read_unsigned(scan, UINT8_MAX, "u8");
}

static bool read_bytes(struct chimera_scan *scan)
{
    return read_array(scan, read_byte);
}

#define KEYS_MAX 16

struct keys { /* of one map */
    struct chimera_slice raw[KEYS_MAX];
    unsigned count;
};

/* Whether it can be told that the key has not been there before. */
static bool is_new(struct keys *keys, struct chimera_scan_text key)
{
    if (key.is_escaped || keys->count == KEYS_MAX)
        return false;
    for (unsigned i = 0; i < keys->count; i++)
        if (chimera_slice_equal(keys->raw[i], key.raw))
            return false;
    keys->raw[keys->count++] = key.raw;
    return true;
}

/* An object whose values `read` takes, under any keys; with `keys` they are looked at. */
static bool read_map(struct chimera_scan *scan, bool (*read)(struct chimera_scan *),
                     struct keys *keys)
{
    if (chimera_scan_peek(scan) != '{')
        return chimera_shape_fail_type(scan, "a map");
    if (!chimera_scan_open(scan))
        return false;
    struct chimera_scan_text key;
    int next;
    for (bool is_first = true; (next = chimera_scan_next_key(scan, is_first, &key)) == 1;
         is_first = false) {
        if (keys && !is_new(keys, key))
            scan->is_odd = true;
        if (!chimera_scan_colon(scan) || !read(scan))
            return false;
    }
    if (next == 0)
        chimera_scan_close(scan);
    return next == 0;
}

static bool read_strings_map(struct chimera_scan *scan)
{
    struct keys keys;
    keys.count = 0;
    return read_map(scan, read_strings, &keys);
}

/* Only checks it. */
static bool read_struct(struct chimera_scan *scan, const struct chimera_shape *shape)
{
    struct chimera_slice values[CHIMERA_SHAPE_FIELDS_MAX];
    assert(shape->count <= CHIMERA_SHAPE_FIELDS_MAX);
    return chimera_shape_read(scan, shape, values);
}

static bool read_structs(struct chimera_scan *scan, const struct chimera_shape *shape)
{
    if (chimera_scan_peek(scan) != '[')
        return chimera_shape_fail_type(scan, "a sequence");
    if (!chimera_scan_open(scan))
        return false;
    int next;
    for (bool is_first = true; (next = chimera_scan_next_element(scan, is_first)) == 1;
         is_first = false)
        if (!read_struct(scan, shape))
            return false;
    if (next == 0)
        chimera_scan_close(scan);
    return next == 0;
}

static bool read_kind(struct chimera_scan *scan, const struct chimera_shape_field *field,
                      struct chimera_slice *ret_values)
{
    struct chimera_slice value;
    switch (field->kind) {
    case CHIMERA_SHAPE_STRING:
        return chimera_shape_read_string(scan);
    case CHIMERA_SHAPE_BOOL:
        return read_bool(scan);
    case CHIMERA_SHAPE_U16:
        return read_unsigned(scan, UINT16_MAX, "u16");
    case CHIMERA_SHAPE_U32:
        return read_unsigned(scan, UINT32_MAX, "u32");
    case CHIMERA_SHAPE_STRUCT:
        return field->at > 0 ? chimera_shape_read(scan, field->shape, ret_values + field->at)
                             : read_struct(scan, field->shape);
    case CHIMERA_SHAPE_STRUCTS:
        return read_structs(scan, field->shape);
    case CHIMERA_SHAPE_STRINGS:
        return read_strings(scan);
    case CHIMERA_SHAPE_STRING_MAP:
        return read_map(scan, chimera_shape_read_string, NULL);
    case CHIMERA_SHAPE_STRINGS_MAP:
        return read_strings_map(scan);
    case CHIMERA_SHAPE_VARIANT:
        return read_variant(scan, field->variants);
    case CHIMERA_SHAPE_BYTES:
        return read_bytes(scan);
    case CHIMERA_SHAPE_BYTES_LIST:
        return read_array(scan, read_bytes);
    case CHIMERA_SHAPE_ANY:
        break;
    }
    return chimera_scan_skip(scan, &value);
}

/* Reads the value of field number `i`. */
static bool read_field(struct chimera_scan *scan, const struct chimera_shape *shape, unsigned i,
                       struct chimera_slice *ret_values)
{
    const struct chimera_shape_field *field = &shape->field[i];
    int byte = chimera_scan_peek(scan);
    const char *begin = scan->at;
    if (byte < 0)
        return chimera_scan_fail_next(scan, "EOF while parsing a value");
    if (field->is_optional && byte == 'n') {
        scan->is_odd |= shape->is_handed_on;
        ret_values[i] = (struct chimera_slice){NULL, 0};
        return chimera_scan_word(scan);
    }
    if (!read_kind(scan, field, ret_values))
        return false;
    ret_values[i] = (struct chimera_slice){begin, (size_t)(scan->at - begin)};
    return true;
}

#define KEY_MAX 40                    /* bytes of the longest name in any shape */
#define ESCAPED_KEY_MAX (KEY_MAX * 6) /* when every letter of it is written \u0061 */

/* The first four bytes and the last four are all of them, or these and more of the first. */
static inline bool is_same_short(const char *a, const char *b, size_t size)
{
    uint32_t a_first, b_first, a_last, b_last;
    memcpy(&a_first, a, sizeof(a_first));
    memcpy(&b_first, b, sizeof(b_first));
    memcpy(&a_last, a + size - sizeof(a_last), sizeof(a_last));
    memcpy(&b_last, b + size - sizeof(b_last), sizeof(b_last));
    return a_first == b_first && a_last == b_last;
}

static inline bool is_same_name(const char *a, const char *b, size_t size)
{
    uint64_t a_first, b_first, a_last, b_last;
    if (size - 4 <= 4)
        return is_same_short(a, b, size);
    if (size - 8 > 8)
        return memcmp(a, b, size) == 0;
    memcpy(&a_first, a, sizeof(a_first));
    memcpy(&b_first, b, sizeof(b_first));
    memcpy(&a_last, a + size - sizeof(a_last), sizeof(a_last));
    memcpy(&b_last, b + size - sizeof(b_last), sizeof(b_last));
    return a_first == b_first && a_last == b_last;
}

static inline bool is_name(struct chimera_slice name, struct chimera_slice key)
{
    return name.size == key.size && is_same_name(name.data, key.data, key.size);
}

/* The field's index, or shape->count when the key is none of them. */
static unsigned find_field(const struct chimera_shape *shape, struct chimera_scan_text key)
{
    char decoded[ESCAPED_KEY_MAX];
    struct chimera_slice name = key.raw;
    if (key.is_escaped && name.size <= sizeof(decoded)) {
        name.size = chimera_scan_decode(key.raw, decoded, sizeof(decoded));
        name.data = decoded;
    }
    for (unsigned i = 0; i < shape->count; i++)
        if (is_name(shape->field[i].name, name) ||
            (shape->field[i].alias.data && is_name(shape->field[i].alias, name)))
            return i;
    return shape->count;
}

/* Whoever writes a struct writes its members in their order, and nothing blank between them: is it
 * this one that comes? Then its name is read, with the colon. */
static inline bool read_name(struct chimera_scan *scan, bool is_first, struct chimera_slice name)
{
    const char *at = scan->at;
    if ((size_t)(scan->end - at) < name.size + strlen(",\"\":"))
        return false;
    if (!is_first && *at++ != ',')
        return false;
    if (at[0] != '"' || at[name.size + 1] != '"' || at[name.size + 2] != ':' ||
        !is_same_name(at + 1, name.data, name.size))
        return false;
    scan->at = at + name.size + strlen("\"\":");
    return true;
}

static bool check_missing(struct chimera_scan *scan, const struct chimera_shape *shape,
                          const char *begin, unsigned seen)
{
    for (unsigned i = 0; i < shape->count; i++)
        if (!shape->field[i].is_optional && !(seen >> i & 1))
            return chimera_scan_fail_shape(scan, scan->at, begin, "missing field `%s`",
                                           shape->field[i].name.data);
    return true;
}

/* Of a member whose field is `i`: its value. */
static inline bool read_member(struct chimera_scan *scan, const struct chimera_shape *shape,
                               unsigned i, struct chimera_slice *ret_values)
{
    const char *value = scan->at;
    if (shape->field[i].kind != CHIMERA_SHAPE_STRING || !read_plain_string(scan))
        return read_field(scan, shape, i, ret_values);
    ret_values[i] = (struct chimera_slice){value, (size_t)(scan->at - value)};
    return true;
}

struct object { /* being read */
    const struct chimera_shape *shape;
    const char *begin;
    unsigned seen; /* a bit for each field */
    unsigned next; /* the field that comes next, as a rule */
};

/* The colon of a member whose key was read, and what it is the name of; shape->count: nothing. */
static bool read_colon_of(struct chimera_scan *scan, const struct object *object,
                          struct chimera_scan_text key, unsigned *ret_field)
{
    const struct chimera_shape *shape = object->shape;
    unsigned i = find_field(shape, key);
    bool is_known = i < shape->count, is_again = is_known && (object->seen >> i & 1);
    if (is_again && !shape->is_lenient) {
        chimera_scan_peek(scan);
        return chimera_scan_fail_shape(scan, scan->at, object->begin, "duplicate field `%s`",
                                       shape->field[i].name.data);
    }
    if (!is_known || is_again || key.is_escaped)
        scan->is_odd |= shape->is_handed_on;
    *ret_field = i;
    return chimera_scan_colon(scan);
}

/* 1, 0 or -1 as the scanner, with the field whose value comes. */
static int next_field(struct chimera_scan *scan, bool is_first, const struct object *object,
                      unsigned *ret_field)
{
    const struct chimera_shape *shape = object->shape;
    struct chimera_scan_text key;
    unsigned i = object->next;
    if (i < shape->count && !(object->seen >> i & 1) &&
        read_name(scan, is_first, shape->field[i].name)) {
        *ret_field = i;
        return 1;
    }
    int next = chimera_scan_next_key(scan, is_first, &key);
    return next == 1 && !read_colon_of(scan, object, key, ret_field) ? -1 : next;
}

static bool read_object(struct chimera_scan *scan, const struct chimera_shape *shape,
                        struct chimera_slice *ret_values)
{
    struct object object = {.shape = shape, .begin = scan->at};
    struct chimera_slice ignored;
    unsigned field = 0;
    int next;
    if (!chimera_scan_open(scan))
        return false;
    for (bool is_first = true; (next = next_field(scan, is_first, &object, &field)) == 1;
         is_first = false) {
        bool is_known = field < shape->count;
        if (!(is_known ? read_member(scan, shape, field, ret_values)
                       : chimera_scan_skip(scan, &ignored)))
            return false;
        if (is_known) {
            object.seen |= 1U << field;
            object.next = field + 1;
        }
    }
    if (next < 0)
        return false;
    chimera_scan_close(scan);
    return check_missing(scan, shape, object.begin, object.seen);
}

/* Behind the last field of a struct that is written as an array. */
static bool end_array(struct chimera_scan *scan)
{
    int byte = chimera_scan_peek(scan);
    if (byte == ']') {
        chimera_scan_close(scan);
        return true;
    }
    if (byte < 0)
        return chimera_scan_fail_next(scan, "EOF while parsing a list");
    if (byte == ',') {
        scan->at++;
        if (chimera_scan_peek(scan) == ']')
            return chimera_scan_fail_next(scan, "trailing comma");
    }
    return chimera_scan_fail_next(scan, "trailing characters");
}

static bool read_positions(struct chimera_scan *scan, const struct chimera_shape *shape,
                           struct chimera_slice *ret_values)
{
    const char *begin = scan->at;
    scan->is_odd |= shape->is_handed_on;
    if (!chimera_scan_open(scan))
        return false;
    for (unsigned i = 0; i < shape->count; i++) {
        int next = chimera_scan_next_element(scan, i == 0);
        if (next < 0)
            return false;
        if (next == 0) {
            chimera_scan_close(scan);
            return chimera_scan_fail_shape(scan, scan->at, begin,
                                           "invalid length %u, expected %s with %u element%s", i,
                                           shape->name, shape->count, shape->count == 1 ? "" : "s");
        }
        if (!read_field(scan, shape, i, ret_values))
            return false;
    }
    return end_array(scan);
}

bool chimera_shape_read(struct chimera_scan *scan, const struct chimera_shape *shape,
                        struct chimera_slice *ret_values)
{
    int byte = chimera_scan_peek(scan);
    if (byte == '{')
        return read_object(scan, shape, ret_values);
    if (byte == '[' && !shape->is_lenient)
        return read_positions(scan, shape, ret_values);
    if (byte < 0)
        return chimera_scan_fail_next(scan, "EOF while parsing a value");
    return chimera_shape_fail_type(scan, shape->name);
}

bool chimera_shape_read_all(struct chimera_scan *scan, struct chimera_slice text,
                            const struct chimera_shape *shape, struct chimera_slice *ret_values)
{
    chimera_scan_init(scan, text);
    return chimera_shape_read(scan, shape, ret_values) && chimera_scan_end(scan);
}

struct chimera_slice chimera_shape_text(struct chimera_slice value, struct chimera_arena *arena)
{
    if (!value.data)
        return value;
    struct chimera_slice raw = {value.data + 1, value.size - 2};
    bool is_escaped = memchr(raw.data, '\\', raw.size) != NULL;
    return chimera_scan_text((struct chimera_scan_text){raw, is_escaped}, arena);
}

void chimera_shape_members(struct chimera_slice value, const struct chimera_shape *shape,
                           struct chimera_slice *ret_values)
{
    struct chimera_scan scan;
    bool is_right = chimera_shape_read_all(&scan, value, shape, ret_values);
    assert(is_right);
    (void)is_right;
}
