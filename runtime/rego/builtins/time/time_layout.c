/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/time/time_layout.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/rego/builtins/time/civil.h"

enum item {
    ITEM_NONE, /* the layout is at its end */
    ITEM_LONG_MONTH,
    ITEM_MONTH,
    ITEM_NUMBER_MONTH,
    ITEM_ZERO_MONTH,
    ITEM_LONG_WEEKDAY,
    ITEM_WEEKDAY,
    ITEM_DAY,
    ITEM_SPACE_DAY,
    ITEM_ZERO_DAY,
    ITEM_YEAR_DAY,
    ITEM_SPACE_YEAR_DAY,
    ITEM_HOUR,
    ITEM_HOUR_12,
    ITEM_ZERO_HOUR_12,
    ITEM_MINUTE,
    ITEM_ZERO_MINUTE,
    ITEM_SECOND,
    ITEM_ZERO_SECOND,
    ITEM_LONG_YEAR,
    ITEM_YEAR,
    ITEM_UPPER_PM,
    ITEM_LOWER_PM,
    ITEM_LETTERS,
    ITEM_OFFSET,
    ITEM_FRACTION,
};

struct chunk {
    struct chimera_slice before, text; /* plain text, and then the item's own */
    enum item item;
};

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};

const char *chimera_layout_weekday(int day)
{
    return days[day];
}

/* --- Layouts --- */

/* Where one is the beginning of another, the longer one comes first. */
static const struct {
    const char *text;
    enum item item;
} items[] = {
    {"January", ITEM_LONG_MONTH},
    {"Jan", ITEM_MONTH},
    {"Monday", ITEM_LONG_WEEKDAY},
    {"Mon", ITEM_WEEKDAY},
    {"MST", ITEM_LETTERS},
    {"01", ITEM_ZERO_MONTH},
    {"02", ITEM_ZERO_DAY},
    {"03", ITEM_ZERO_HOUR_12},
    {"04", ITEM_ZERO_MINUTE},
    {"05", ITEM_ZERO_SECOND},
    {"06", ITEM_YEAR},
    {"002", ITEM_YEAR_DAY},
    {"15", ITEM_HOUR},
    {"1", ITEM_NUMBER_MONTH},
    {"2006", ITEM_LONG_YEAR},
    {"2", ITEM_DAY},
    {"__2", ITEM_SPACE_YEAR_DAY},
    {"_2", ITEM_SPACE_DAY},
    {"3", ITEM_HOUR_12},
    {"4", ITEM_MINUTE},
    {"5", ITEM_SECOND},
    {"PM", ITEM_UPPER_PM},
    {"pm", ITEM_LOWER_PM},
    {"-070000", ITEM_OFFSET},
    {"-07:00:00", ITEM_OFFSET},
    {"-0700", ITEM_OFFSET},
    {"-07:00", ITEM_OFFSET},
    {"-07", ITEM_OFFSET},
    {"Z070000", ITEM_OFFSET},
    {"Z07:00:00", ITEM_OFFSET},
    {"Z0700", ITEM_OFFSET},
    {"Z07:00", ITEM_OFFSET},
    {"Z07", ITEM_OFFSET},
};

static bool is_digit(struct chimera_slice text, size_t at)
{
    return at < text.size && text.data[at] >= '0' && text.data[at] <= '9';
}

/* ".000" or ",999": as many digits of the second's fraction. */
static size_t fraction_size(struct chimera_slice text)
{
    size_t size = 1;
    if (text.size < 2 || (text.data[0] != '.' && text.data[0] != ',') ||
        (text.data[1] != '0' && text.data[1] != '9'))
        return 0;
    while (size < text.size && text.data[size] == text.data[1])
        size++;
    return is_digit(text, size) ? 0 : size;
}

/* The item that begins here; ITEM_NONE for plain text. */
static enum item item_at(struct chimera_slice text, size_t *ret_size)
{
    size_t size = fraction_size(text);
    if (size) {
        *ret_size = size;
        return ITEM_FRACTION;
    }
    if (chimera_slice_starts(text, "_2006")) /* an underscore, then the year */
        return ITEM_NONE;
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        if (!chimera_slice_starts(text, items[i].text))
            continue;
        size = strlen(items[i].text);
        bool is_name = items[i].item == ITEM_MONTH || items[i].item == ITEM_WEEKDAY;
        if (is_name && size < text.size && text.data[size] >= 'a' && text.data[size] <= 'z')
            continue; /* "Janet" is plain text */
        *ret_size = size;
        return items[i].item;
    }
    return ITEM_NONE;
}

static struct chunk take_chunk(struct chimera_slice *layout)
{
    struct chimera_slice whole = *layout;
    for (size_t at = 0; at < whole.size; at++) {
        size_t size = 0;
        enum item item = item_at(chimera_slice_behind(whole, at), &size);
        if (item == ITEM_NONE)
            continue;
        *layout = chimera_slice_behind(whole, at + size);
        return (struct chunk){{whole.data, at}, {whole.data + at, size}, item};
    }
    *layout = chimera_slice_behind(whole, whole.size);
    return (struct chunk){.before = whole, .item = ITEM_NONE};
}

static struct chimera_slice named_layout(struct chimera_slice layout)
{
    static const char *const names[][2] = {
        {"", "2006-01-02T15:04:05.999999999Z07:00"},
        {"ANSIC", "Mon Jan _2 15:04:05 2006"},
        {"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
        {"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
        {"RFC822", "02 Jan 06 15:04 MST"},
        {"RFC822Z", "02 Jan 06 15:04 -0700"},
        {"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
        {"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
        {"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
        {"RFC3339", "2006-01-02T15:04:05Z07:00"},
        {"RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (chimera_slice_is(layout, names[i][0]))
            return chimera_slice_of(names[i][1]);
    }
    return layout;
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

static void put_date(enum item item, const struct chimera_layout_time *time,
                     const struct chimera_civil *civil, struct chimera_buffer *out)
{
    const char *weekday = days[chimera_civil_weekday(time->seconds)];
    switch (item) {
    case ITEM_LONG_MONTH:
    case ITEM_MONTH:
        chimera_buffer_print(out, "%.*s", item == ITEM_MONTH ? 3 : 20, months[civil->month - 1]);
        break;
    case ITEM_NUMBER_MONTH:
    case ITEM_ZERO_MONTH:
        chimera_buffer_print(out, "%0*d", item == ITEM_ZERO_MONTH ? 2 : 1, civil->month);
        break;
    case ITEM_LONG_WEEKDAY:
    case ITEM_WEEKDAY:
        chimera_buffer_print(out, "%.*s", item == ITEM_WEEKDAY ? 3 : 20, weekday);
        break;
    case ITEM_DAY:
    case ITEM_ZERO_DAY:
        chimera_buffer_print(out, "%0*d", item == ITEM_ZERO_DAY ? 2 : 1, civil->day);
        break;
    case ITEM_SPACE_DAY:
        chimera_buffer_print(out, "%2d", civil->day);
        break;
    case ITEM_YEAR_DAY:
        chimera_buffer_print(out, "%03d", day_of_year(time, civil));
        break;
    case ITEM_SPACE_YEAR_DAY:
        chimera_buffer_print(out, "%3d", day_of_year(time, civil));
        break;
    case ITEM_LONG_YEAR:
        chimera_buffer_print(out, "%04" PRId64, civil->year);
        break;
    default:
        chimera_buffer_print(out, "%02d", (int)(civil->year % 100));
    }
}

static void put_clock(enum item item, const struct chimera_civil *civil, struct chimera_buffer *out)
{
    int hour_12 = civil->hour % 12 ? civil->hour % 12 : 12;
    switch (item) {
    case ITEM_HOUR:
        chimera_buffer_print(out, "%02d", civil->hour);
        break;
    case ITEM_HOUR_12:
    case ITEM_ZERO_HOUR_12:
        chimera_buffer_print(out, "%0*d", item == ITEM_ZERO_HOUR_12 ? 2 : 1, hour_12);
        break;
    case ITEM_MINUTE:
    case ITEM_ZERO_MINUTE:
        chimera_buffer_print(out, "%0*d", item == ITEM_ZERO_MINUTE ? 2 : 1, civil->minute);
        break;
    case ITEM_SECOND:
    case ITEM_ZERO_SECOND:
        chimera_buffer_print(out, "%0*d", item == ITEM_ZERO_SECOND ? 2 : 1, civil->second);
        break;
    case ITEM_UPPER_PM:
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
    layout = named_layout(layout);
    for (;;) {
        struct chunk chunk = take_chunk(&layout);
        chimera_buffer_append(out, chunk.before);
        if (chunk.item == ITEM_NONE || out->failed)
            return;
        enum item item = chunk.item;
        if ((item >= ITEM_HOUR && item <= ITEM_ZERO_SECOND) || item == ITEM_UPPER_PM ||
            item == ITEM_LOWER_PM)
            put_clock(chunk.item, &civil, out);
        else if (chunk.item == ITEM_LETTERS)
            put_letters(time, out);
        else if (chunk.item == ITEM_OFFSET)
            put_offset(chunk.text, time->offset, out);
        else if (chunk.item == ITEM_FRACTION)
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
    if (!is_digit(*text, 0) || (fixed && !is_digit(*text, 1)))
        return false;
    bool has_two = is_digit(*text, 1);
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
    for (; is_digit(*text, at); at++) {
        nanosecond += (text->data[at] - '0') * unit;
        unit /= 10;
    }
    *text = chimera_slice_behind(*text, at);
    *ret_nanosecond = nanosecond;
}

static bool has_fraction(struct chimera_slice text)
{
    return text.size >= 2 && (text.data[0] == '.' || text.data[0] == ',') && is_digit(text, 1);
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
    for (; is_digit(*text, size); size++)
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
    if (has_fraction(*text) && take_chunk(&layout).item != ITEM_FRACTION)
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
    for (; size < 3 && is_digit(*text, size); size++)
        *ret_day = *ret_day * 10 + (text->data[size] - '0');
    *text = chimera_slice_behind(*text, size);
    return size == 3 || (has_spaces && size > 0);
}

static bool take_date(struct chimera_slice *text, enum item item, struct fields *fields)
{
    int ignored;
    switch (item) {
    case ITEM_LONG_MONTH:
    case ITEM_MONTH:
        if (!take_name(text, months, 12, item == ITEM_MONTH, &fields->month))
            return false;
        fields->month++;
        return true;
    case ITEM_NUMBER_MONTH:
    case ITEM_ZERO_MONTH:
        return take_ranged(text, item == ITEM_ZERO_MONTH, 1, 12, &fields->month);
    case ITEM_LONG_WEEKDAY:
    case ITEM_WEEKDAY:
        return take_name(text, days, 7, item == ITEM_WEEKDAY, &ignored);
    case ITEM_SPACE_DAY:
        if (chimera_slice_starts(*text, " "))
            *text = chimera_slice_behind(*text, 1);
        return take_number(text, false, &fields->day);
    case ITEM_DAY:
    case ITEM_ZERO_DAY:
        return take_number(text, item == ITEM_ZERO_DAY, &fields->day);
    case ITEM_LONG_YEAR:
    case ITEM_YEAR:
        return take_year(text, item == ITEM_LONG_YEAR, &fields->year);
    default:
        return take_year_day(text, item == ITEM_SPACE_YEAR_DAY, &fields->year_day);
    }
}

static bool take_item(struct chimera_slice *text, const struct chunk *chunk,
                      struct chimera_slice layout, struct fields *fields)
{
    enum item item = chunk->item;
    switch (item) {
    case ITEM_HOUR:
        return take_ranged(text, false, 0, 23, &fields->hour);
    case ITEM_HOUR_12:
    case ITEM_ZERO_HOUR_12:
        return take_ranged(text, item == ITEM_ZERO_HOUR_12, 0, 12, &fields->hour);
    case ITEM_MINUTE:
    case ITEM_ZERO_MINUTE:
        return take_ranged(text, item == ITEM_ZERO_MINUTE, 0, 59, &fields->minute);
    case ITEM_SECOND:
    case ITEM_ZERO_SECOND:
        return take_second(text, item == ITEM_ZERO_SECOND, layout, fields);
    case ITEM_UPPER_PM:
    case ITEM_LOWER_PM:
        return take_half(text, item == ITEM_UPPER_PM, fields);
    case ITEM_LETTERS:
        return take_letters(text);
    case ITEM_OFFSET:
        return take_offset(text, chunk->text, &fields->offset);
    case ITEM_FRACTION:
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
        struct chunk chunk = take_chunk(&layout);
        if (!skip_plain(&text, chunk.before))
            return false;
        if (chunk.item == ITEM_NONE)
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
    if (!take_all(named_layout(layout), text, &fields) || !set_day(&fields))
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
