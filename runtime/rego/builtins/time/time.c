/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins time.*: instants are nanoseconds since 1970, or [nanoseconds, zone, layout]. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/rego/arguments.h"
#include "runtime/rego/builtins/time/civil.h"
#include "runtime/rego/builtins/time/time_layout.h"
#include "runtime/rego/decimal.h"
#include "runtime/rego/float.h"

#define NANOSECONDS 1000000000
#define ZONE_UNITS 4096 /* of reading a time zone */

/* --- Instants --- */

struct instant {
    int64_t ns;
    struct chimera_zone *zone;   /* owned; NULL: UTC */
    struct chimera_slice layout; /* borrowed from the argument */
};

static int64_t floor_seconds(int64_t ns)
{
    return ns / NANOSECONDS - (ns % NANOSECONDS < 0 ? 1 : 0);
}

static int64_t instant_rest(int64_t ns)
{
    return ns % NANOSECONDS + (ns % NANOSECONDS < 0 ? NANOSECONDS : 0);
}

/* OPA counts every part as the first operand. */
static int fail_part(const struct chimera_rego_call *call, const char *wanted,
                     struct json_object *got)
{
    return chimera_fail(call->err, CHIMERA_EINVAL, "operand 1 must be %s but got %s", wanted,
                        chimera_rego_type_name(chimera_rego_type_of(got)));
}

static int read_zone(const struct chimera_rego_call *call, struct json_object *name,
                     struct chimera_zone **ret_zone)
{
    struct chimera_slice text = chimera_rego_string(name);
    int code = chimera_rego_spend(call, ZONE_UNITS);
    if (code < 0)
        return code;
    bool is_utc =
        text.size == 0 || chimera_slice_is(text, "UTC") || chimera_slice_is(text, "Local");
    return is_utc ? CHIMERA_OK : chimera_zone_open(text, call->account, ret_zone, call->err);
}

/* A number, or an array of one, a zone and a layout. The caller frees ret_instant->zone. */
static int want_instant(const struct chimera_rego_call *call, unsigned index,
                        struct instant *ret_instant)
{
    struct json_object *whole = call->args[index], *number = whole;
    enum chimera_rego_type type = chimera_rego_type_of(whole);
    size_t parts = type == CHIMERA_REGO_ARRAY ? json_object_array_length(whole) : 0;
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    *ret_instant = (struct instant){0};
    if (type != CHIMERA_REGO_NUMBER && parts == 0)
        return fail_part(call, "either number (ns) or [number (ns), string (tz)]", whole);
    number = parts ? json_object_array_get_idx(whole, 0) : whole;
    if (chimera_rego_type_of(number) != CHIMERA_REGO_NUMBER)
        return fail_part(call, "number", number);
    for (size_t i = 1; i < parts && i < 3; i++) {
        if (!json_object_is_type(json_object_array_get_idx(whole, i), json_type_string))
            return fail_part(call, "string", json_object_array_get_idx(whole, i));
    }
    struct chimera_slice text = chimera_rego_number_text(number, scratch);
    int code = chimera_rego_spend(call, text.size);
    if (code < 0)
        return code;
    if (!chimera_decimal_int64(text, &ret_instant->ns))
        return chimera_fail(call->err, CHIMERA_EINVAL, "timestamp too big");
    if (parts > 2)
        ret_instant->layout = chimera_rego_string(json_object_array_get_idx(whole, 2));
    return parts > 1 ? read_zone(call, json_object_array_get_idx(whole, 1), &ret_instant->zone)
                     : CHIMERA_OK;
}

/* What a clock in the instant's zone shows, as seconds since 1970. */
static int64_t local_seconds(const struct instant *instant)
{
    const char *letters;
    int64_t seconds = floor_seconds(instant->ns);
    return seconds + chimera_zone_offset(instant->zone, seconds, &letters);
}

static int give_ns(const struct chimera_rego_call *call, int64_t seconds, int64_t ns,
                   struct json_object **ret_result)
{
    chimera_wide whole = (chimera_wide)seconds * NANOSECONDS + ns;
    if (whole < INT64_MIN || whole > INT64_MAX)
        return chimera_fail(call->err, CHIMERA_EINVAL, "time outside of valid range");
    return chimera_rego_give(call, chimera_node_int64(call->account, (int64_t)whole), ret_result);
}

static int give_numbers(const struct chimera_rego_call *call, const int64_t *numbers, size_t count,
                        struct json_object **ret_result)
{
    struct json_object *list = chimera_node_array(call->account);
    int code = list ? CHIMERA_OK : chimera_rego_no_memory(call);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        struct json_object *number = chimera_node_int64(call->account, numbers[i]);
        code = number ? chimera_rego_push(call, list, number) : chimera_rego_no_memory(call);
    }
    return chimera_rego_finish(call, code, list, ret_result);
}

int chimera_rego_now_ns(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return chimera_rego_give(call, chimera_node_int64(call->account, call->now_ns), ret_result);
}

/* --- Parts --- */

/* The local time of the first argument. */
static int want_civil(const struct chimera_rego_call *call, unsigned index,
                      struct chimera_civil *ret_civil)
{
    struct instant instant;
    int code = want_instant(call, index, &instant);
    if (code == CHIMERA_OK)
        *ret_civil = chimera_civil_from_seconds(local_seconds(&instant));
    chimera_zone_free(instant.zone);
    return code;
}

int chimera_rego_date(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_civil civil;
    int code = want_civil(call, 0, &civil);
    if (code < 0)
        return code;
    return give_numbers(call, (const int64_t[]){civil.year, civil.month, civil.day}, 3, ret_result);
}

int chimera_rego_clock(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_civil civil;
    int code = want_civil(call, 0, &civil);
    if (code < 0)
        return code;
    return give_numbers(call, (const int64_t[]){civil.hour, civil.minute, civil.second}, 3,
                        ret_result);
}

int chimera_rego_weekday(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct instant instant;
    int code = want_instant(call, 0, &instant);
    if (code == CHIMERA_OK) {
        const char *name = chimera_layout_weekday(chimera_civil_weekday(local_seconds(&instant)));
        code = chimera_rego_give_slice(call, chimera_slice_of(name), ret_result);
    }
    chimera_zone_free(instant.zone);
    return code;
}

/* --- Arithmetic --- */

#define SECONDS_MAX ((int64_t)1 << 34) /* beyond what nanoseconds can be, and what zones bear */

/* Go's integers wrap around, and what comes of it may be a date. */
static int64_t wrapping_sum(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

int chimera_rego_add_date(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct instant instant;
    int64_t add[3];
    int code = want_instant(call, 0, &instant);
    for (unsigned i = 0; i < 3 && code == CHIMERA_OK; i++)
        code = chimera_rego_want_int64(call, i + 1, &add[i]);
    if (code == CHIMERA_OK) {
        struct chimera_civil civil = chimera_civil_from_seconds(local_seconds(&instant));
        int64_t local = chimera_civil_to_seconds(
            wrapping_sum(civil.year, add[0]), wrapping_sum(civil.month, add[1]),
            wrapping_sum(civil.day, add[2]), civil.hour, civil.minute, civil.second);
        int64_t rest = instant_rest(instant.ns);
        bool is_near = local < SECONDS_MAX && local > -SECONDS_MAX;
        code = give_ns(call, is_near ? chimera_zone_from_local(instant.zone, local) : local, rest,
                       ret_result);
    }
    chimera_zone_free(instant.zone);
    return code;
}

static void difference(const struct chimera_civil *from, const struct chimera_civil *to,
                       int64_t part[6])
{
    part[0] = to->year - from->year;
    part[1] = to->month - from->month;
    part[2] = to->day - from->day;
    part[3] = to->hour - from->hour;
    part[4] = to->minute - from->minute;
    part[5] = to->second - from->second;
    /* Borrows from the next larger unit where a part is negative. */
    int64_t days_in_month = chimera_civil_days_in_month(from->year, from->month);
    const int64_t size[6] = {0, 12, days_in_month, 24, 60, 60};
    for (int i = 5; i > 0; i--) {
        if (part[i] < 0) {
            part[i] += size[i];
            part[i - 1]--;
        }
    }
}

/* Years, months, days, hours, minutes and seconds between two instants, in the first one's zone. */
int chimera_rego_time_diff(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct instant first, second = {0};
    int code = want_instant(call, 0, &first);
    if (code == CHIMERA_OK)
        code = want_instant(call, 1, &second);
    if (code == CHIMERA_OK) {
        struct instant other = {.ns = second.ns, .zone = first.zone};
        bool is_turned = first.ns > second.ns;
        struct chimera_civil from =
            chimera_civil_from_seconds(local_seconds(is_turned ? &other : &first));
        struct chimera_civil to =
            chimera_civil_from_seconds(local_seconds(is_turned ? &first : &other));
        int64_t part[6];
        difference(&from, &to, part);
        code = give_numbers(call, part, 6, ret_result);
    }
    chimera_zone_free(first.zone);
    chimera_zone_free(second.zone);
    return code;
}

/* --- Text --- */

/* Layouts, and texts of them, are a few dozen bytes long: for more nobody looks at the clock. */
#define TEXT_MAX ((size_t)16 << 10)
#define TEXT_UNITS 32 /* of each byte of a layout */

static int check_size(const struct chimera_rego_call *call, struct chimera_slice text)
{
    if (text.size > TEXT_MAX)
        return chimera_fail(call->err, CHIMERA_EINVAL, "a time or layout of more than %zu bytes",
                            TEXT_MAX);
    return chimera_rego_spend(call, 64 + TEXT_UNITS * text.size);
}

int chimera_rego_time_format(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct instant instant;
    struct chimera_buffer out;
    int code = want_instant(call, 0, &instant);
    if (code == CHIMERA_OK)
        code = check_size(call, instant.layout);
    if (code == CHIMERA_OK) {
        int64_t seconds = floor_seconds(instant.ns);
        const char *letters;
        int32_t offset = chimera_zone_offset(instant.zone, seconds, &letters);
        struct chimera_layout_time time = {.seconds = seconds + offset,
                                           .nanosecond = (int32_t)instant_rest(instant.ns),
                                           .offset = offset,
                                           .letters = letters};
        chimera_rego_buffer(call, &out);
        chimera_layout_format(instant.layout, &time, &out);
        code = chimera_rego_give_text(call, &out, ret_result);
    }
    chimera_zone_free(instant.zone);
    return code;
}

static int parse(const struct chimera_rego_call *call, struct chimera_slice layout,
                 struct chimera_slice text, struct json_object **ret_result)
{
    struct chimera_layout_time time;
    int code = check_size(call, layout);
    if (code == CHIMERA_OK)
        code = check_size(call, text);
    if (code == CHIMERA_OK)
        code = chimera_layout_parse(layout, text, &time, call->err);
    return code < 0 ? code : give_ns(call, time.seconds - time.offset, time.nanosecond, ret_result);
}

int chimera_rego_parse_rfc3339_ns(const struct chimera_rego_call *call,
                                  struct json_object **ret_result)
{
    struct chimera_slice text;
    int code = chimera_rego_want_string(call, 0, &text);
    return code < 0 ? code : parse(call, CHIMERA_SLICE("RFC3339"), text, ret_result);
}

int chimera_rego_parse_ns(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice layout, text;
    int code = chimera_rego_want_two_strings(call, &layout, &text);
    return code < 0 ? code : parse(call, layout, text, ret_result);
}

/* --- Durations --- */

static int fail_duration(const struct chimera_rego_call *call, struct chimera_slice text)
{
    return chimera_fail(call->err, CHIMERA_EINVAL, "time: invalid duration \"%.*s\"",
                        text.size < 100 ? (int)text.size : 100, text.data);
}

struct unit {
    const char *name;
    uint64_t ns;
    int hours; /* of the units that OPA adds; they are turned into hours first */
};

/* The unit at the front; the longer names come first. */
static const struct unit *take_unit(struct chimera_slice *text)
{
    static const struct unit units[] = {
        {"ns", 1, 0},
        {"us", 1000, 0},
        {"\xc2\xb5s", 1000, 0},
        {"\xce\xbcs", 1000, 0},
        {"ms", 1000000, 0},
        {"s", 1000000000, 0},
        {"m", 60000000000, 0},
        {"h", 3600000000000, 0},
        {"d", 3600000000000, 24},
        {"w", 3600000000000, 7 * 24},
        {"y", 3600000000000, 365 * 24},
    };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t size = strlen(units[i].name);
        if (!chimera_slice_starts(*text, units[i].name))
            continue;
        *text = (struct chimera_slice){text->data + size, text->size - size};
        return &units[i];
    }
    return NULL;
}

/* "1.5" times `unit` without a detour over floating-point numbers. False: overflow or no digits. */
static bool scale(struct chimera_slice digits, uint64_t unit, uint64_t *ret_ns)
{
    uint64_t whole = 0, part = 0;
    double divisor = 1;
    bool has_point = false, has_digits = false;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] == '.') {
            if (has_point)
                return false;
            has_point = true;
            continue;
        }
        uint64_t digit = (uint64_t)(digits.data[i] - '0');
        has_digits = true;
        if (!has_point && (__builtin_mul_overflow(whole, 10, &whole) ||
                           __builtin_add_overflow(whole, digit, &whole)))
            return false;
        if (has_point && part < INT64_MAX / 10 - 9) { /* further digits change nothing */
            part = part * 10 + digit;
            divisor *= 10;
        }
    }
    if (!has_digits || __builtin_mul_overflow(whole, unit, &whole))
        return false;
    return !__builtin_add_overflow(whole, (uint64_t)((double)part * ((double)unit / divisor)),
                                   ret_ns) &&
           *ret_ns <= (uint64_t)1 << 63;
}

#define SEGMENT_MAX 60 /* digits of a number, and its point */

/* One number with its unit, off the front. */
static bool take_segment(struct chimera_slice *text, uint64_t *ret_ns)
{
    size_t size = 0;
    while (size < text->size && size <= SEGMENT_MAX &&
           ((text->data[size] >= '0' && text->data[size] <= '9') || text->data[size] == '.'))
        size++;
    struct chimera_slice digits = {text->data, size};
    *text = (struct chimera_slice){text->data + size, text->size - size};
    const struct unit *unit = take_unit(text);
    if (!unit || size == 0 || size > SEGMENT_MAX)
        return false;
    if (unit->hours == 0)
        return scale(digits, unit->ns, ret_ns);
    char copy[64];
    struct chimera_buffer hours;
    chimera_buffer_init(&hours, 512);
    snprintf(copy, sizeof(copy), "%.*s", (int)digits.size, digits.data);
    chimera_rego_format_float(strtod(copy, NULL) * unit->hours, 'f', -1, &hours);
    bool done = !hours.failed && scale(chimera_buffer_slice(&hours), unit->ns, ret_ns);
    chimera_buffer_free(&hours);
    return done;
}

int chimera_rego_parse_duration_ns(const struct chimera_rego_call *call,
                                   struct json_object **ret_result)
{
    struct chimera_slice text, rest;
    uint64_t ns = 0, part;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    rest = text;
    bool is_negative = chimera_slice_starts(rest, "-");
    if (is_negative || chimera_slice_starts(rest, "+"))
        rest = (struct chimera_slice){rest.data + 1, rest.size - 1};
    if (rest.size == 0)
        return fail_duration(call, text);
    bool is_zero = chimera_slice_is(rest, "0");
    while (!is_zero && rest.size > 0) {
        code = chimera_rego_spend(call, 64);
        if (code < 0)
            return code;
        if (!take_segment(&rest, &part) || __builtin_add_overflow(ns, part, &ns) ||
            ns > (uint64_t)1 << 63)
            return fail_duration(call, text);
    }
    if (!is_negative && ns > INT64_MAX)
        return fail_duration(call, text);
    int64_t signed_ns = (int64_t)(is_negative ? 0 - ns : ns);
    return chimera_rego_give(call, chimera_node_int64(call->account, signed_ns), ret_result);
}
