/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/time/time_item.h"

/* Where one is the beginning of another, the longer one comes first. */
static const struct {
    const char *text;
    enum chimera_layout_item item;
} items[] = {
    {"January", CHIMERA_ITEM_LONG_MONTH},
    {"Jan", CHIMERA_ITEM_MONTH},
    {"Monday", CHIMERA_ITEM_LONG_WEEKDAY},
    {"Mon", CHIMERA_ITEM_WEEKDAY},
    {"MST", CHIMERA_ITEM_LETTERS},
    {"01", CHIMERA_ITEM_ZERO_MONTH},
    {"02", CHIMERA_ITEM_ZERO_DAY},
    {"03", CHIMERA_ITEM_ZERO_HOUR_12},
    {"04", CHIMERA_ITEM_ZERO_MINUTE},
    {"05", CHIMERA_ITEM_ZERO_SECOND},
    {"06", CHIMERA_ITEM_YEAR},
    {"002", CHIMERA_ITEM_YEAR_DAY},
    {"15", CHIMERA_ITEM_HOUR},
    {"1", CHIMERA_ITEM_NUMBER_MONTH},
    {"2006", CHIMERA_ITEM_LONG_YEAR},
    {"2", CHIMERA_ITEM_DAY},
    {"__2", CHIMERA_ITEM_SPACE_YEAR_DAY},
    {"_2", CHIMERA_ITEM_SPACE_DAY},
    {"3", CHIMERA_ITEM_HOUR_12},
    {"4", CHIMERA_ITEM_MINUTE},
    {"5", CHIMERA_ITEM_SECOND},
    {"PM", CHIMERA_ITEM_UPPER_PM},
    {"pm", CHIMERA_ITEM_LOWER_PM},
    {"-070000", CHIMERA_ITEM_OFFSET},
    {"-07:00:00", CHIMERA_ITEM_OFFSET},
    {"-0700", CHIMERA_ITEM_OFFSET},
    {"-07:00", CHIMERA_ITEM_OFFSET},
    {"-07", CHIMERA_ITEM_OFFSET},
    {"Z070000", CHIMERA_ITEM_OFFSET},
    {"Z07:00:00", CHIMERA_ITEM_OFFSET},
    {"Z0700", CHIMERA_ITEM_OFFSET},
    {"Z07:00", CHIMERA_ITEM_OFFSET},
    {"Z07", CHIMERA_ITEM_OFFSET},
};

/* ".000" or ",999": as many digits of the second's fraction. */
static size_t fraction_size(struct chimera_slice text)
{
    size_t size = 1;
    if (text.size < 2 || (text.data[0] != '.' && text.data[0] != ',') ||
        (text.data[1] != '0' && text.data[1] != '9'))
        return 0;
    while (size < text.size && text.data[size] == text.data[1])
        size++;
    return chimera_is_digit_at(text, size) ? 0 : size;
}

/* The item that begins here; CHIMERA_ITEM_NONE for plain text. */
static enum chimera_layout_item item_at(struct chimera_slice text, size_t *ret_size)
{
    size_t size = fraction_size(text);
    if (size) {
        *ret_size = size;
        return CHIMERA_ITEM_FRACTION;
    }
    if (chimera_slice_starts(text, "_2006")) /* an underscore, then the year */
        return CHIMERA_ITEM_NONE;
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        if (!chimera_slice_starts(text, items[i].text))
            continue;
        size = strlen(items[i].text);
        bool is_name = items[i].item == CHIMERA_ITEM_MONTH || items[i].item == CHIMERA_ITEM_WEEKDAY;
        if (is_name && size < text.size && text.data[size] >= 'a' && text.data[size] <= 'z')
            continue; /* "Janet" is plain text */
        *ret_size = size;
        return items[i].item;
    }
    return CHIMERA_ITEM_NONE;
}

struct chimera_layout_chunk chimera_layout_take(struct chimera_slice *layout)
{
    struct chimera_slice whole = *layout;
    for (size_t at = 0; at < whole.size; at++) {
        size_t size = 0;
        enum chimera_layout_item item = item_at(chimera_slice_behind(whole, at), &size);
        if (item == CHIMERA_ITEM_NONE)
            continue;
        *layout = chimera_slice_behind(whole, at + size);
        return (struct chimera_layout_chunk){{whole.data, at}, {whole.data + at, size}, item};
    }
    *layout = chimera_slice_behind(whole, whole.size);
    return (struct chimera_layout_chunk){.before = whole, .item = CHIMERA_ITEM_NONE};
}

struct chimera_slice chimera_layout_named(struct chimera_slice layout)
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
