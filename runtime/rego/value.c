#include "runtime/rego/value.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/json/number.h"
#include "runtime/rego/float.h"
#include "runtime/rego/quote.h"

static char set_mark; /* its address is the userdata of sets */

static bool is_set(struct json_object *value)
{
    return json_object_is_type(value, json_type_array) &&
           json_object_get_userdata(value) == &set_mark;
}

enum chimera_rego_type chimera_rego_type_of(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return CHIMERA_REGO_NULL;
    case json_type_boolean:
        return CHIMERA_REGO_BOOLEAN;
    case json_type_double:
    case json_type_int:
        return CHIMERA_REGO_NUMBER;
    case json_type_string:
        return CHIMERA_REGO_STRING;
    case json_type_array:
        return is_set(value) ? CHIMERA_REGO_SET : CHIMERA_REGO_ARRAY;
    case json_type_object:
        break;
    }
    return CHIMERA_REGO_OBJECT;
}

const char *chimera_rego_type_name(enum chimera_rego_type type)
{
    static const char *const names[] = {"null",  "boolean", "number", "string",
                                        "array", "object",  "set"};
    return names[type];
}

/* --- Numbers --- */

struct json_object *chimera_rego_new_string(struct chimera_slice text)
{
    if (text.size > INT_MAX)
        return NULL;
    return json_object_new_string_len(text.size ? text.data : "", (int)text.size);
}

/* With the text kept as userdata, which is how json-c itself keeps a double's text. */
struct json_object *chimera_rego_new_number(struct chimera_slice text)
{
    struct chimera_number number = chimera_number_read(text);
    bool is_float = memchr(text.data, '.', text.size) || memchr(text.data, 'e', text.size) ||
                    memchr(text.data, 'E', text.size);
    if (!is_float && number.kind == CHIMERA_NUMBER_I64)
        return json_object_new_int64(number.i64);
    if (!is_float && number.kind == CHIMERA_NUMBER_U64 && number.u64 <= INT64_MAX)
        return json_object_new_int64((int64_t)number.u64);
    char *copy = strndup(text.data, text.size);
    if (!copy)
        return NULL;
    double value = number.kind == CHIMERA_NUMBER_F64 ? number.f64 : (double)number.u64;
    struct json_object *made = json_object_new_double_s(value, copy);
    free(copy);
    return made;
}

struct chimera_slice chimera_rego_number_text(struct json_object *number,
                                              char scratch[CHIMERA_REGO_NUMBER_TEXT])
{
    if (json_object_is_type(number, json_type_int)) {
        int size =
            snprintf(scratch, CHIMERA_REGO_NUMBER_TEXT, "%" PRId64, json_object_get_int64(number));
        return (struct chimera_slice){scratch, (size_t)size};
    }
    const char *text = json_object_get_userdata(number);
    if (text)
        return chimera_slice_of(text);
    double value = json_object_get_double(number); /* made here, by a builtin */
    return (struct chimera_slice){
        scratch, chimera_rego_format_json(value, scratch, CHIMERA_REGO_NUMBER_TEXT)};
}

bool chimera_rego_int64(struct json_object *number, int64_t *ret_value)
{
    if (json_object_is_type(number, json_type_int)) {
        *ret_value = json_object_get_int64(number);
        return true;
    }
    double value = json_object_get_double(number);
    if (!json_object_is_type(number, json_type_double) || value != floor(value) ||
        fabs(value) >= 9007199254740992.0)
        return false;
    *ret_value = (int64_t)value;
    return true;
}

/* --- Order --- */

static bool is_whole(struct chimera_slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '.' || text.data[i] == 'e' || text.data[i] == 'E')
            return false;
    }
    return true;
}

/* Two integers that a double cannot tell apart, by their digits. */
static int compare_digits(struct chimera_slice a, struct chimera_slice b)
{
    int sign = a.data[0] == '-' ? -1 : 1;
    if (a.size != b.size)
        return a.size < b.size ? -sign : sign;
    int order = memcmp(a.data, b.data, a.size);
    return sign * ((order > 0) - (order < 0));
}

static int compare_numbers(struct json_object *a, struct json_object *b)
{
    bool are_integers =
        json_object_is_type(a, json_type_int) && json_object_is_type(b, json_type_int);
    if (are_integers) {
        int64_t x = json_object_get_int64(a), y = json_object_get_int64(b);
        return (x > y) - (x < y);
    }
    double x = json_object_get_double(a), y = json_object_get_double(b);
    if (x != y)
        return x < y ? -1 : 1;
    char of_a[CHIMERA_REGO_NUMBER_TEXT], of_b[CHIMERA_REGO_NUMBER_TEXT];
    struct chimera_slice text = chimera_rego_number_text(a, of_a);
    struct chimera_slice other = chimera_rego_number_text(b, of_b);
    return is_whole(text) && is_whole(other) ? compare_digits(text, other) : 0;
}

static int compare_text(struct chimera_slice a, struct chimera_slice b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order)
        return order < 0 ? -1 : 1;
    return (a.size > b.size) - (a.size < b.size);
}

static int compare_arrays(struct json_object *a, struct json_object *b)
{
    size_t size = json_object_array_length(a), other = json_object_array_length(b);
    for (size_t i = 0; i < size && i < other; i++) {
        int order =
            chimera_rego_compare(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i));
        if (order)
            return order;
    }
    return (size > other) - (size < other);
}

static int by_key(const void *a, const void *b)
{
    const struct lh_entry *const *x = a, *const *y = b;
    return strcmp((const char *)lh_entry_k(*x), (const char *)lh_entry_k(*y));
}

/* The members by key; owned by the caller; NULL for no members and when memory ran out. */
static const struct lh_entry **sort_members(struct json_object *object)
{
    size_t count = (size_t)json_object_object_length(object), i = 0;
    const struct lh_entry **members = count ? malloc(count * sizeof(*members)) : NULL;
    if (!members)
        return NULL;
    for (const struct lh_entry *entry = json_object_get_object(object)->head; entry;
         entry = entry->next)
        members[i++] = entry;
    qsort(members, count, sizeof(*members), by_key);
    return members;
}

static int compare_members(const struct lh_entry *a, const struct lh_entry *b)
{
    int order = by_key(&a, &b);
    if (order)
        return order;
    return chimera_rego_compare((struct json_object *)lh_entry_v(a),
                                (struct json_object *)lh_entry_v(b));
}

static int compare_objects(struct json_object *a, struct json_object *b)
{
    size_t size = (size_t)json_object_object_length(a);
    size_t other = (size_t)json_object_object_length(b);
    const struct lh_entry **of_a = sort_members(a), **of_b = sort_members(b);
    int order = 0;
    for (size_t i = 0; of_a && of_b && order == 0 && i < size && i < other; i++)
        order = compare_members(of_a[i], of_b[i]);
    free(of_a);
    free(of_b);
    return order ? order : (size > other) - (size < other);
}

int chimera_rego_compare(struct json_object *a, struct json_object *b)
{
    enum chimera_rego_type type = chimera_rego_type_of(a), other = chimera_rego_type_of(b);
    if (a == b || type != other)
        return (type > other) - (type < other);
    switch (type) {
    case CHIMERA_REGO_NULL:
        return 0;
    case CHIMERA_REGO_BOOLEAN:
        return json_object_get_boolean(a) - json_object_get_boolean(b);
    case CHIMERA_REGO_NUMBER:
        return compare_numbers(a, b);
    case CHIMERA_REGO_STRING:
        return compare_text(chimera_rego_string(a), chimera_rego_string(b));
    case CHIMERA_REGO_OBJECT:
        return compare_objects(a, b);
    default:
        return compare_arrays(a, b);
    }
}

/* json-c sorts an array's slots. */
static int by_value(const void *a, const void *b)
{
    struct json_object *const *x = a, *const *y = b;
    return chimera_rego_compare(*x, *y);
}

void chimera_rego_make_set(struct json_object *array)
{
    json_object_array_sort(array, by_value);
    size_t size = json_object_array_length(array), kept = 0;
    for (size_t i = 0; i < size; i++) {
        struct json_object *value = json_object_array_get_idx(array, i);
        if (kept && chimera_rego_compare(json_object_array_get_idx(array, kept - 1), value) == 0)
            continue;
        if (kept != i)
            json_object_array_put_idx(array, kept, json_object_get(value));
        kept++;
    }
    if (kept < size)
        json_object_array_del_idx(array, kept, size - kept);
    json_object_set_userdata(array, &set_mark, NULL);
}

/* --- Text --- */

static void write_value(struct json_object *value, unsigned depth, bool is_shown,
                        struct chimera_buffer *out);

static void write_string(struct chimera_slice text, bool is_shown, struct chimera_buffer *out)
{
    if (is_shown)
        chimera_rego_quote(text, false, out);
    else
        chimera_rego_quote_json(text, out);
}

static void write_array(struct json_object *array, unsigned depth, bool is_shown,
                        struct chimera_buffer *out)
{
    bool is_braced = is_set(array);
    size_t size = json_object_array_length(array);
    if (is_braced && size == 0) {
        chimera_buffer_text(out, "set()");
        return;
    }
    chimera_buffer_byte(out, is_braced ? '{' : '[');
    for (size_t i = 0; i < size && !out->failed; i++) {
        if (i)
            chimera_buffer_text(out, is_shown ? ", " : ",");
        write_value(json_object_array_get_idx(array, i), depth + 1, is_shown, out);
    }
    chimera_buffer_byte(out, is_braced ? '}' : ']');
}

static void write_object(struct json_object *object, unsigned depth, bool is_shown,
                         struct chimera_buffer *out)
{
    size_t size = (size_t)json_object_object_length(object);
    const struct lh_entry **members = sort_members(object);
    if (size && !members)
        out->failed = CHIMERA_ENOMEM;
    chimera_buffer_byte(out, '{');
    for (size_t i = 0; i < size && !out->failed; i++) {
        if (i)
            chimera_buffer_text(out, is_shown ? ", " : ",");
        write_string(chimera_slice_of((const char *)lh_entry_k(members[i])), is_shown, out);
        chimera_buffer_text(out, is_shown ? ": " : ":");
        write_value((struct json_object *)lh_entry_v(members[i]), depth + 1, is_shown, out);
    }
    chimera_buffer_byte(out, '}');
    free(members);
}

static void write_value(struct json_object *value, unsigned depth, bool is_shown,
                        struct chimera_buffer *out)
{
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    if (depth > CHIMERA_REGO_DEPTH_MAX) {
        out->failed = CHIMERA_ELIMIT;
        return;
    }
    switch (chimera_rego_type_of(value)) {
    case CHIMERA_REGO_NULL:
        chimera_buffer_text(out, "null");
        break;
    case CHIMERA_REGO_BOOLEAN:
        chimera_buffer_text(out, json_object_get_boolean(value) ? "true" : "false");
        break;
    case CHIMERA_REGO_NUMBER:
        chimera_buffer_append(out, chimera_rego_number_text(value, scratch));
        break;
    case CHIMERA_REGO_STRING:
        write_string(chimera_rego_string(value), is_shown, out);
        break;
    case CHIMERA_REGO_OBJECT:
        write_object(value, depth, is_shown, out);
        break;
    default:
        write_array(value, depth, is_shown, out);
    }
}

void chimera_rego_write(struct json_object *value, struct chimera_buffer *out)
{
    write_value(value, 0, false, out);
}

void chimera_rego_print(struct json_object *value, struct chimera_buffer *out)
{
    write_value(value, 0, true, out);
}
