/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/trust/fields.h"

#include <time.h>

#include "runtime/base/base64.h"
#include "runtime/base/hex.h"

static void fail(struct chimera_fields *fields, const char *name, const char *why)
{
    if (fields->code == CHIMERA_OK)
        fields->code = chimera_fail(fields->err, CHIMERA_EINVAL, "%s: the field `%s` %s",
                                    fields->what, name, why);
}

/* What the field holds if it is of that kind. JSON's null stands for a field that is absent. */
static struct json_object *find(struct chimera_fields *fields, struct json_object *in,
                                const char *name, json_type type)
{
    struct json_object *value = NULL;
    if (!in || !json_object_object_get_ex(in, name, &value) || !value)
        return NULL;
    if (json_object_is_type(value, type))
        return value;
    fail(fields, name, "has a value of the wrong kind");
    return NULL;
}

struct json_object *chimera_fields_object(struct chimera_fields *fields, struct json_object *in,
                                          const char *name)
{
    return find(fields, in, name, json_type_object);
}

struct json_object *chimera_fields_list(struct chimera_fields *fields, struct json_object *in,
                                        const char *name, size_t limit, size_t *ret_count)
{
    struct json_object *list = find(fields, in, name, json_type_array);
    *ret_count = list ? json_object_array_length(list) : 0;
    if (*ret_count > limit)
        fail(fields, name, "has too many elements");
    for (size_t i = 0; i < *ret_count && fields->code == CHIMERA_OK; i++) {
        if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_object))
            fail(fields, name, "has an element of the wrong kind");
    }
    if (fields->code < 0)
        *ret_count = 0;
    return list;
}

struct chimera_slice chimera_fields_text(struct chimera_fields *fields, struct json_object *in,
                                         const char *name)
{
    struct json_object *text = find(fields, in, name, json_type_string);
    if (!text)
        return (struct chimera_slice){0};
    return (struct chimera_slice){json_object_get_string(text),
                                  (size_t)json_object_get_string_len(text)};
}

struct chimera_slice chimera_fields_decode(struct chimera_fields *fields, struct chimera_slice text,
                                           const char *name)
{
    struct chimera_slice bytes = {0};
    int code = chimera_base64_decode_in(fields->arena, text, CHIMERA_BASE64_STANDARD, &bytes);
    if (code == CHIMERA_EINVAL)
        fail(fields, name, "is not base64");
    else if (code < 0)
        fail(fields, name, "is too long");
    return code < 0 ? (struct chimera_slice){0} : bytes;
}

struct chimera_slice chimera_fields_bytes(struct chimera_fields *fields, struct json_object *in,
                                          const char *name)
{
    return chimera_fields_decode(fields, chimera_fields_text(fields, in, name), name);
}

struct chimera_slice chimera_fields_bytes_of(struct chimera_fields *fields,
                                             struct json_object *value, const char *name)
{
    if (!json_object_is_type(value, json_type_string)) {
        fail(fields, name, "has an element of the wrong kind");
        return (struct chimera_slice){0};
    }
    return chimera_fields_decode(fields,
                                 (struct chimera_slice){json_object_get_string(value),
                                                        (size_t)json_object_get_string_len(value)},
                                 name);
}

struct chimera_slice chimera_fields_hex(struct chimera_fields *fields, struct json_object *in,
                                        const char *name)
{
    struct chimera_slice text = chimera_fields_text(fields, in, name);
    size_t size = text.size / 2;
    char *bytes = text.size % 2 == 0 ? chimera_arena_take(fields->arena, size + 1) : NULL;
    for (size_t i = 0; bytes && i < size; i++) {
        int high = chimera_hex_value(text.data[2 * i]);
        int low = chimera_hex_value(text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            bytes = NULL;
        else
            bytes[i] = (char)(high << 4 | low);
    }
    if (!bytes)
        fail(fields, name, "is not hexadecimal");
    return bytes ? (struct chimera_slice){bytes, size} : (struct chimera_slice){0};
}

bool chimera_digits_read(struct chimera_slice text, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (text.size == 0 || (text.size > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';
        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return true;
}

uint64_t chimera_fields_number(struct chimera_fields *fields, struct json_object *in,
                               const char *name)
{
    struct json_object *value = NULL;
    uint64_t number = 0;
    if (!in || !json_object_object_get_ex(in, name, &value) || !value)
        return 0;
    struct chimera_slice text = {0};
    if (json_object_is_type(value, json_type_string))
        text = chimera_fields_text(fields, in, name);
    else if (json_object_is_type(value, json_type_int))
        text = chimera_slice_of(json_object_get_string(value));
    if (chimera_digits_read(text, &number) && number <= INT64_MAX)
        return number;
    fail(fields, name, "is not a number of 0 or more");
    return 0;
}

/* `count` digits, which `text` must have. */
static bool take_digits(struct chimera_slice *text, size_t count, int *ret_number)
{
    int number = 0;
    if (text->size < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (text->data[i] < '0' || text->data[i] > '9')
            return false;
        number = number * 10 + (text->data[i] - '0');
    }
    *text = (struct chimera_slice){text->data + count, text->size - count};
    *ret_number = number;
    return true;
}

static bool take_byte(struct chimera_slice *text, char byte)
{
    if (text->size == 0 || text->data[0] != byte)
        return false;
    *text = (struct chimera_slice){text->data + 1, text->size - 1};
    return true;
}

/* "Z", or "+01:00": how many seconds the clock was ahead of UTC. */
static bool take_zone(struct chimera_slice *text, int64_t *ret_ahead)
{
    int hours, minutes;
    *ret_ahead = 0;
    if (take_byte(text, 'Z'))
        return true;
    bool is_behind = text->size > 0 && text->data[0] == '-';
    if (!take_byte(text, is_behind ? '-' : '+') || !take_digits(text, 2, &hours) ||
        !take_byte(text, ':') || !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_ahead = (is_behind ? -60 : 60) * (hours * 60 + minutes);
    return true;
}

static bool read_time(struct chimera_slice text, int64_t *ret_seconds)
{
    struct tm read = {0}, back;
    int64_t ahead;
    int digit;
    if (!take_digits(&text, 4, &read.tm_year) || !take_byte(&text, '-') ||
        !take_digits(&text, 2, &read.tm_mon) || !take_byte(&text, '-') ||
        !take_digits(&text, 2, &read.tm_mday) || !take_byte(&text, 'T') ||
        !take_digits(&text, 2, &read.tm_hour) || !take_byte(&text, ':') ||
        !take_digits(&text, 2, &read.tm_min) || !take_byte(&text, ':') ||
        !take_digits(&text, 2, &read.tm_sec))
        return false;
    if (take_byte(&text, '.')) {
        if (!take_digits(&text, 1, &digit))
            return false;
        while (take_digits(&text, 1, &digit))
            ;
    }
    if (!take_zone(&text, &ahead) || text.size > 0)
        return false;
    read.tm_year -= 1900;
    read.tm_mon--;
    /* timegm() carries what is too large over, the 30th of February into March. */
    struct tm asked = read;
    time_t seconds = timegm(&read);
    if (!gmtime_r(&seconds, &back) || back.tm_mon != asked.tm_mon ||
        back.tm_mday != asked.tm_mday || back.tm_hour != asked.tm_hour ||
        back.tm_min != asked.tm_min || back.tm_sec != asked.tm_sec)
        return false;
    *ret_seconds = (int64_t)seconds - ahead;
    return true;
}

int64_t chimera_fields_time(struct chimera_fields *fields, struct json_object *in, const char *name)
{
    struct chimera_slice text = chimera_fields_text(fields, in, name);
    int64_t seconds = 0;
    if (text.size > 0 && !read_time(text, &seconds))
        fail(fields, name, "is not a time");
    return seconds;
}
