/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/time/time_layout.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/rego/builtins/time/civil.h"
#include "runtime/rego/builtins/time/time_item.h"

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};

const char *chimera_layout_weekday(int day)
{
    return days[day];
}

/* --- Formatting --- */

static void put_offset(struct chimera_slice form, int32_t offset, struct chimera_buffer *out)
{
    bool has_colons = memchr(form.data, ':', form.size) != NULL;
    uint32_t size = offset < 0 ? (uint32_t)-offset : (uint32_t)offset;
    if (form.data[0] == 'Z' && offset == 0) {
        chimera_buffer_byte(out, 'Z');
        return;
    }
    chimera_buffer_print(out, "%c%02" PRIu32, offset < 0 ? '-' : '+', size / 3600);
    if (form.size > 3)
        chimera_buffer_print(out, "%s%02" PRIu32, has_colons ? ":" : "", size / 60 % 60);
    if (form.size > 6)
        chimera_buffer_print(out, "%s%02" PRIu32, has_colons ? ":" : "", size % 60);
}

/* ".999" leaves out zeros at the end, and the point with them. */
static void put_fraction(struct chimera_slice form, int32_t nanosecond, struct chimera_buffer *out)
{
    char digits[16];
    size_t size = form.size - 1 < 9 ? form.size - 1 : 9;
    snprintf(digits, sizeof(digits), "%09" PRId32, nanosecond);
    if (form.data[1] == '9') {
        while (size > 0 && digits[size - 1] == '0')
            size--;
        if (size == 0)
            return;
    }
    chimera_buffer_print(out, "%c%.*s", form.data[0], (int)size, digits);
}

static void put_letters(const struct chimera_layout_time *time, struct chimera_buffer *out)
{
    if (*time->letters != '+' && *time->letters != '-') {
        chimera_buffer_text(out, time->letters);
        return;
    }
    put_offset(time->offset % 3600 ? CHIMERA_SLICE("-0700") : CHIMERA_SLICE("-07"), time->offset,
               out);
}

static int day_of_year(const struct chimera_layout_time *time, const struct chimera_civil *civil)
{
    return (int)((time->seconds - chimera_civil_to_seconds(civil->year, 1, 1, 0, 0, 0)) / 86400) +
           1;
}

static void put_date(enum chimera_layout_item item, const struct chimera_layout_time *time,
                     const struct chimera_civil *civil, struct chimera_buffer *out)
{
    const char *weekday = days[chimera_civil_weekday(time->seconds)];
    switch (item) {
    case CHIMERA_ITEM_LONG_MONTH:
    case CHIMERA_ITEM_MONTH:
        chimera_buffer_print(out, "%.*s", item == CHIMERA_ITEM_MONTH ? 3 : 20,
                             months[civil->month - 1]);
        break;
    case CHIMERA_ITEM_NUMBER_MONTH:
    case CHIMERA_ITEM_ZERO_MONTH:
        chimera_buffer_print(out, "%0*d", item == CHIMERA_ITEM_ZERO_MONTH ? 2 : 1, civil->month);
        break;
    case CHIMERA_ITEM_LONG_WEEKDAY:
    case CHIMERA_ITEM_WEEKDAY:
        chimera_buffer_print(out, "%.*s", item == CHIMERA_ITEM_WEEKDAY ? 3 : 20, weekday);
        break;
    case CHIMERA_ITEM_DAY:
    case CHIMERA_ITEM_ZERO_DAY:
        chimera_buffer_print(out, "%0*d", item == CHIMERA_ITEM_ZERO_DAY ? 2 : 1, civil->day);
        break;
    case CHIMERA_ITEM_SPACE_DAY:
        chimera_buffer_print(out, "%2d", civil->day);
        break;
    case CHIMERA_ITEM_YEAR_DAY:
        chimera_buffer_print(out, "%03d", day_of_year(time, civil));
        break;
    case CHIMERA_ITEM_SPACE_YEAR_DAY:
        chimera_buffer_print(out, "%3d", day_of_year(time, civil));
        break;
    case CHIMERA_ITEM_LONG_YEAR:
        chimera_buffer_print(out, "%04" PRId64, civil->year);
        break;
    default:
        chimera_buffer_print(out, "%02d", (int)(civil->year % 100));
    }
}

static void put_clock(enum chimera_layout_item item, const struct chimera_civil *civil,
                      struct chimera_buffer *out)
{
    int hour_12 = civil->hour % 12 ? civil->hour % 12 : 12;
    switch (item) {
    case CHIMERA_ITEM_HOUR:
        chimera_buffer_print(out, "%02d", civil->hour);
        break;
    case CHIMERA_ITEM_HOUR_12:
    case CHIMERA_ITEM_ZERO_HOUR_12:
        chimera_buffer_print(out, "%0*d", item == CHIMERA_ITEM_ZERO_HOUR_12 ? 2 : 1, hour_12);
        break;
    case CHIMERA_ITEM_MINUTE:
    case CHIMERA_ITEM_ZERO_MINUTE:
        chimera_buffer_print(out, "%0*d", item == CHIMERA_ITEM_ZERO_MINUTE ? 2 : 1, civil->minute);
        break;
    case CHIMERA_ITEM_SECOND:
    case CHIMERA_ITEM_ZERO_SECOND:
        chimera_buffer_print(out, "%0*d", item == CHIMERA_ITEM_ZERO_SECOND ? 2 : 1, civil->second);
        break;
    case CHIMERA_ITEM_UPPER_PM:
        chimera_buffer_text(out, civil->hour >= 12 ? "PM" : "AM");
        break;
    default:
        chimera_buffer_text(out, civil->hour >= 12 ? "pm" : "am");
    }
}

void chimera_layout_format(struct chimera_slice layout, const struct chimera_layout_time *time,
                           struct chimera_buffer *out)
{
    struct chimera_civil civil = chimera_civil_from_seconds(time->seconds);
    layout = chimera_layout_named(layout);
    for (;;) {
        struct chimera_layout_chunk chunk = chimera_layout_take(&layout);
        chimera_buffer_append(out, chunk.before);
        if (chunk.item == CHIMERA_ITEM_NONE || out->failed)
            return;
        enum chimera_layout_item item = chunk.item;
        if ((item >= CHIMERA_ITEM_HOUR && item <= CHIMERA_ITEM_ZERO_SECOND) ||
            item == CHIMERA_ITEM_UPPER_PM || item == CHIMERA_ITEM_LOWER_PM)
            put_clock(chunk.item, &civil, out);
        else if (chunk.item == CHIMERA_ITEM_LETTERS)
            put_letters(time, out);
        else if (chunk.item == CHIMERA_ITEM_OFFSET)
            put_offset(chunk.text, time->offset, out);
        else if (chunk.item == CHIMERA_ITEM_FRACTION)
            put_fraction(chunk.text, time->nanosecond, out);
        else
            put_date(chunk.item, time, &civil, out);
    }
}

/* --- Parsing --- */

struct fields { /* below zero: not given */
    int year, month, day, year_day, hour, minute, second, nanosecond, offset;
    bool is_am, is_pm;
};

/* One or two digits; two if `fixed`. */
static bool take_number(struct chimera_slice *text, bool fixed, int *ret_number)
{
    if (!chimera_is_digit_at(*text, 0) || (fixed && !chimera_is_digit_at(*text, 1)))
        return false;
    bool has_two = chimera_is_digit_at(*text, 1);
    *ret_number = text->data[0] - '0';
    if (has_two)
        *ret_number = *ret_number * 10 + (text->data[1] - '0');
    *text = chimera_slice_behind(*text, has_two ? 2 : 1);
    return true;
}

static bool take_ranged(struct chimera_slice *text, bool fixed, int low, int high, int *ret_number)
{
    return take_number(text, fixed, ret_number) && *ret_number >= low && *ret_number <= high;
}

/* A name of a list, in any case; short ones have three letters. */
static bool take_name(struct chimera_slice *text, const char *const *names, int count,
                      bool is_short, int *ret_index)
{
    for (int i = 0; i < count; i++) {
        size_t size = is_short ? 3 : strlen(names[i]);
        if (text->size < size || strncasecmp(text->data, names[i], size) != 0)
            continue;
        *text = chimera_slice_behind(*text, size);
        *ret_index = i;
        return true;
    }
    return false;
}

static bool take_year(struct chimera_slice *text, bool is_long, int *ret_year)
{
    int part, year = 0;
    for (int i = 0; i < (is_long ? 2 : 1); i++) {
        if (!take_number(text, true, &part))
            return false;
        year = year * 100 + part;
    }
    *ret_year = is_long ? year : year + (year >= 69 ? 1900 : 2000);
    return true;
}

/* The point is still there; nine digits count, more are only skipped. */
static void take_digits_of_fraction(struct chimera_slice *text, int *ret_nanosecond)
{
    int nanosecond = 0, unit = 100000000;
    size_t at = 1;
    for (; chimera_is_digit_at(*text, at); at++) {
        nanosecond += (text->data[at] - '0') * unit;
        unit /= 10;
    }
    *text = chimera_slice_behind(*text, at);
    *ret_nanosecond = nanosecond;
}

static bool has_fraction(struct chimera_slice text)
{
    return text.size >= 2 && (text.data[0] == '.' || text.data[0] == ',') &&
           chimera_is_digit_at(text, 1);
}

static bool take_fraction(struct chimera_slice *text, struct chimera_slice form,
                          int *ret_nanosecond)
{
    if (form.data[1] == '9') {
        if (has_fraction(*text))
            take_digits_of_fraction(text, ret_nanosecond);
        return true;
    }
    struct chimera_slice exact = {text->data, form.size};
    if (text->size < form.size || !has_fraction(exact))
        return false;
    take_digits_of_fraction(&exact, ret_nanosecond);
    *text = chimera_slice_behind(*text, form.size);
    return exact.size == 0;
}

static bool take_offset(struct chimera_slice *text, struct chimera_slice form, int *ret_offset)
{
    bool has_colons = memchr(form.data, ':', form.size) != NULL;
    int parts = form.size > 6 ? 3 : form.size > 3 ? 2 : 1, offset = 0, unit = 3600;
    if (form.data[0] == 'Z' && chimera_slice_starts(*text, "Z")) {
        *text = chimera_slice_behind(*text, 1);
        *ret_offset = 0;
        return true;
    }
    bool is_negative = chimera_slice_starts(*text, "-");
    if (!is_negative && !chimera_slice_starts(*text, "+"))
        return false;
    *text = chimera_slice_behind(*text, 1);
    for (int i = 0, part; i < parts; i++, unit /= 60) {
        if (i && has_colons) {
            if (!chimera_slice_starts(*text, ":"))
                return false;
            *text = chimera_slice_behind(*text, 1);
        }
        if (!take_ranged(text, true, 0, i ? 60 : 24, &part))
            return false;
        offset += part * unit;
    }
    *ret_offset = is_negative ? -offset : offset;
    return true;
}

/* "+3", "-011": at most 23 hours, with as many zeros as one likes. */
static bool take_signed_hours(struct chimera_slice *text)
{
    size_t size = 1;
    int hours = 0;
    if (!chimera_slice_starts(*text, "+") && !chimera_slice_starts(*text, "-"))
        return false;
    for (; chimera_is_digit_at(*text, size); size++)
        hours = hours > 23 ? hours : hours * 10 + (text->data[size] - '0');
    if (size == 1 || hours > 23)
        return false;
    *text = chimera_slice_behind(*text, size);
    return true;
}

/* "UTC", "CEST", "GMT+2", "-03": mostly three to five capital letters. What they mean is not looked
 * at, as in Go on a machine that is set to UTC. */
static bool take_letters(struct chimera_slice *text)
{
    static const char *const odd[] = {"UTC", "GMT", "ChST", "MeST"};
    size_t size = 0;
    while (size < text->size && text->data[size] >= 'A' && text->data[size] <= 'Z')
        size++;
    if (text->size < 3)
        return false;
    bool is_known = size == 3 || ((size == 4 || size == 5) && text->data[size - 1] == 'T') ||
                    (size == 4 && chimera_slice_starts(*text, "WITA"));
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        bool is_odd = chimera_slice_starts(*text, odd[i]);
        is_known = is_known || is_odd;
        size = is_odd ? strlen(odd[i]) : size;
    }
    if (size == 0)
        return take_signed_hours(text);
    bool is_gmt = chimera_slice_starts(*text, "GMT");
    *text = chimera_slice_behind(*text, is_known ? size : 0);
    if (is_gmt)
        take_signed_hours(text);
    return is_known;
}

static bool take_half(struct chimera_slice *text, bool is_upper, struct fields *fields)
{
    fields->is_pm = chimera_slice_starts(*text, is_upper ? "PM" : "pm");
    fields->is_am = chimera_slice_starts(*text, is_upper ? "AM" : "am");
    if (!fields->is_pm && !fields->is_am)
        return false;
    *text = chimera_slice_behind(*text, 2);
    return true;
}

/* A fraction may follow though the layout has none. */
static bool take_second(struct chimera_slice *text, bool fixed, struct chimera_slice layout,
                        struct fields *fields)
{
    if (!take_ranged(text, fixed, 0, 59, &fields->second))
        return false;
    if (has_fraction(*text) && chimera_layout_take(&layout).item != CHIMERA_ITEM_FRACTION)
        take_digits_of_fraction(text, &fields->nanosecond);
    return true;
}

/* Three digits, or up to three behind up to two spaces. */
static bool take_year_day(struct chimera_slice *text, bool has_spaces, int *ret_day)
{
    size_t size = 0;
    for (int i = 0; i < 2 && has_spaces && chimera_slice_starts(*text, " "); i++)
        *text = chimera_slice_behind(*text, 1);
    *ret_day = 0;
    for (; size < 3 && chimera_is_digit_at(*text, size); size++)
        *ret_day = *ret_day * 10 + (text->data[size] - '0');
    *text = chimera_slice_behind(*text, size);
    return size == 3 || (has_spaces && size > 0);
}

static bool take_date(struct chimera_slice *text, enum chimera_layout_item item,
                      struct fields *fields)
{
    int ignored;
    switch (item) {
    case CHIMERA_ITEM_LONG_MONTH:
    case CHIMERA_ITEM_MONTH:
        if (!take_name(text, months, 12, item == CHIMERA_ITEM_MONTH, &fields->month))
            return false;
        fields->month++;
        return true;
    case CHIMERA_ITEM_NUMBER_MONTH:
    case CHIMERA_ITEM_ZERO_MONTH:
        return take_ranged(text, item == CHIMERA_ITEM_ZERO_MONTH, 1, 12, &fields->month);
    case CHIMERA_ITEM_LONG_WEEKDAY:
    case CHIMERA_ITEM_WEEKDAY:
        return take_name(text, days, 7, item == CHIMERA_ITEM_WEEKDAY, &ignored);
    case CHIMERA_ITEM_SPACE_DAY:
        if (chimera_slice_starts(*text, " "))
            *text = chimera_slice_behind(*text, 1);
        return take_number(text, false, &fields->day);
    case CHIMERA_ITEM_DAY:
    case CHIMERA_ITEM_ZERO_DAY:
        return take_number(text, item == CHIMERA_ITEM_ZERO_DAY, &fields->day);
    case CHIMERA_ITEM_LONG_YEAR:
    case CHIMERA_ITEM_YEAR:
        return take_year(text, item == CHIMERA_ITEM_LONG_YEAR, &fields->year);
    default:
        return take_year_day(text, item == CHIMERA_ITEM_SPACE_YEAR_DAY, &fields->year_day);
    }
}

static bool take_item(struct chimera_slice *text, const struct chimera_layout_chunk *chunk,
                      struct chimera_slice layout, struct fields *fields)
{
    enum chimera_layout_item item = chunk->item;
    switch (item) {
    case CHIMERA_ITEM_HOUR:
        return take_ranged(text, false, 0, 23, &fields->hour);
    case CHIMERA_ITEM_HOUR_12:
    case CHIMERA_ITEM_ZERO_HOUR_12:
        return take_ranged(text, item == CHIMERA_ITEM_ZERO_HOUR_12, 0, 12, &fields->hour);
    case CHIMERA_ITEM_MINUTE:
    case CHIMERA_ITEM_ZERO_MINUTE:
        return take_ranged(text, item == CHIMERA_ITEM_ZERO_MINUTE, 0, 59, &fields->minute);
    case CHIMERA_ITEM_SECOND:
    case CHIMERA_ITEM_ZERO_SECOND:
        return take_second(text, item == CHIMERA_ITEM_ZERO_SECOND, layout, fields);
    case CHIMERA_ITEM_UPPER_PM:
    case CHIMERA_ITEM_LOWER_PM:
        return take_half(text, item == CHIMERA_ITEM_UPPER_PM, fields);
    case CHIMERA_ITEM_LETTERS:
        return take_letters(text);
    case CHIMERA_ITEM_OFFSET:
        return take_offset(text, chunk->text, &fields->offset);
    case CHIMERA_ITEM_FRACTION:
        return take_fraction(text, chunk->text, &fields->nanosecond);
    default:
        return take_date(text, item, fields);
    }
}

/* Plain text; any number of spaces stands for a space, and none at all for those at the end. */
static bool skip_plain(struct chimera_slice *text, struct chimera_slice plain)
{
    while (plain.size > 0) {
        if (plain.data[0] == ' ') {
            if (text->size > 0 && text->data[0] != ' ')
                return false;
            while (chimera_slice_starts(plain, " "))
                plain = chimera_slice_behind(plain, 1);
            while (chimera_slice_starts(*text, " "))
                *text = chimera_slice_behind(*text, 1);
            continue;
        }
        if (text->size == 0 || text->data[0] != plain.data[0])
            return false;
        plain = chimera_slice_behind(plain, 1);
        *text = chimera_slice_behind(*text, 1);
    }
    return true;
}

static bool take_all(struct chimera_slice layout, struct chimera_slice text, struct fields *fields)
{
    for (;;) {
        struct chimera_layout_chunk chunk = chimera_layout_take(&layout);
        if (!skip_plain(&text, chunk.before))
            return false;
        if (chunk.item == CHIMERA_ITEM_NONE)
            return text.size == 0;
        if (!take_item(&text, &chunk, layout, fields))
            return false;
    }
}

/* Month and day, of which the day of the year tells both; what is told twice must be the same. */
static bool set_day(struct fields *fields)
{
    int month = fields->month < 0 ? 1 : fields->month, day = fields->day < 0 ? 1 : fields->day;
    if (fields->year_day >= 0) {
        month = 1;
        day = fields->year_day;
        for (int size; month <= 12; month++, day -= size) {
            size = chimera_civil_days_in_month(fields->year, month);
            if (day <= size)
                break;
        }
        if (month > 12 || (fields->month >= 0 && fields->month != month) ||
            (fields->day >= 0 && fields->day != day))
            return false;
    }
    fields->month = month;
    fields->day = day;
    return day >= 1 && day <= chimera_civil_days_in_month(fields->year, month);
}

int chimera_layout_parse(struct chimera_slice layout, struct chimera_slice text,
                         struct chimera_layout_time *ret_time, struct chimera_error *err)
{
    struct fields fields = {.month = -1, .day = -1, .year_day = -1};
    if (!take_all(chimera_layout_named(layout), text, &fields) || !set_day(&fields))
        return chimera_fail(err, CHIMERA_EINVAL, "parsing time \"%.*s\" fails",
                            text.size < 100 ? (int)text.size : 100, text.data);
    if (fields.is_pm && fields.hour < 12)
        fields.hour += 12;
    else if (fields.is_am && fields.hour == 12)
        fields.hour = 0;
    *ret_time = (struct chimera_layout_time){
        .seconds = chimera_civil_to_seconds(fields.year, fields.month, fields.day, fields.hour,
                                            fields.minute, fields.second),
        .nanosecond = fields.nanosecond,
        .offset = fields.offset,
        .letters = "",
    };
    return CHIMERA_OK;
}
