/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones from the system's TZif files (RFC 8536), second block: 64-bit times. What comes after
 * the last transition is told by a rule in POSIX's form at the end of the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/base/file.h"
#include "runtime/rego/builtins/time/civil.h"
#include "runtime/rego/builtins/time/zone_store.h"

#define FOLDER CHIMERA_ZONE_FOLDER "/"
#define FILE_MAX ((size_t)256 << 10)
#define NAME_MAX_BYTES 64
#define LETTERS_MAX 16

struct rule_day { /* of a POSIX rule: M10.5.0, J60, 59 */
    char form;
    int month, week, day;
    int32_t seconds; /* local, into that day */
};

struct tail { /* what holds after the last transition */
    bool is_known, has_summer;
    char letters[2][LETTERS_MAX];
    int32_t offset[2]; /* standard, summer */
    struct rule_day start, end;
};

struct chimera_zone {
    struct chimera_buffer file; /* with a NUL behind */
    const unsigned char *times, *indexes, *types;
    const char *letters;
    uint32_t time_count, type_count, letter_bytes;
    struct tail tail;
};

static uint32_t big_32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* --- The rule at the end --- */

static bool take_number(const char **text, int *ret_number)
{
    int number = 0;
    const char *at = *text;
    for (; *at >= '0' && *at <= '9' && number < 100000; at++)
        number = number * 10 + (*at - '0');
    if (at == *text)
        return false;
    *text = at;
    *ret_number = number;
    return true;
}

/* [+-]h[:mm[:ss]] */
static bool take_time(const char **text, int32_t *ret_seconds)
{
    int sign = **text == '-' ? -1 : 1, part, seconds = 0;
    *text += **text == '-' || **text == '+' ? 1 : 0;
    for (int unit = 3600; unit > 0; unit /= 60) {
        if (!take_number(text, &part))
            return false;
        seconds += part * unit;
        if (**text != ':')
            break;
        ++*text;
    }
    *ret_seconds = sign * seconds;
    return true;
}

/* "CET", or "<+03>". */
static bool take_letters(const char **text, char letters[LETTERS_MAX])
{
    size_t size = 0;
    bool is_quoted = **text == '<';
    *text += is_quoted ? 1 : 0;
    for (; **text && (is_quoted ? **text != '>' : strchr("+-,0123456789", **text) == NULL);
         ++*text) {
        if (size + 1 == LETTERS_MAX)
            return false;
        letters[size++] = **text;
    }
    letters[size] = '\0';
    if (is_quoted && **text != '>')
        return false;
    *text += is_quoted ? 1 : 0;
    return size > 0;
}

/* With the comma before it. */
static bool take_day(const char **text, struct rule_day *ret_day)
{
    if (**text != ',')
        return false;
    ++*text;
    struct rule_day day = {.form = **text == 'M' || **text == 'J' ? **text : 'n', .seconds = 7200};
    *text += day.form == 'n' ? 0 : 1;
    if (day.form == 'M') {
        int *const parts[] = {&day.month, &day.week, &day.day};
        for (size_t i = 0; i < 3; i++) {
            if ((i && *(*text)++ != '.') || !take_number(text, parts[i]))
                return false;
        }
        if (day.month < 1 || day.month > 12 || day.week < 1 || day.week > 5 || day.day > 6)
            return false;
    } else if (!take_number(text, &day.day)) {
        return false;
    }
    if (**text == '/') {
        ++*text;
        if (!take_time(text, &day.seconds))
            return false;
    }
    *ret_day = day;
    return true;
}

/* "CET-1CEST,M3.5.0,M10.5.0/3" */
static bool read_tail(const char *text, struct tail *ret_tail)
{
    struct tail tail = {.is_known = true};
    if (!take_letters(&text, tail.letters[0]) || !take_time(&text, &tail.offset[0]))
        return false;
    tail.offset[0] = -tail.offset[0];
    tail.offset[1] = tail.offset[0] + 3600;
    tail.has_summer = *text != '\0';
    if (tail.has_summer) {
        if (!take_letters(&text, tail.letters[1]))
            return false;
        if (*text != ',') {
            if (!take_time(&text, &tail.offset[1]))
                return false;
            tail.offset[1] = -tail.offset[1];
        }
        if (!take_day(&text, &tail.start) || !take_day(&text, &tail.end))
            return false;
    }
    *ret_tail = tail;
    return *text == '\0';
}

/* Local seconds since 1970 of a rule's day in a year. */
static int64_t rule_seconds(const struct rule_day *rule, int64_t year)
{
    int64_t first = chimera_civil_to_seconds(year, 1, 1, 0, 0, 0);
    if (rule->form == 'n')
        return first + (int64_t)rule->day * 86400 + rule->seconds;
    if (rule->form == 'J') { /* never counts the 29th of February */
        bool is_leap = chimera_civil_days_in_month(year, 2) == 29;
        return first + (int64_t)(rule->day - (is_leap && rule->day >= 60 ? 0 : 1)) * 86400 +
               rule->seconds;
    }
    int64_t month = chimera_civil_to_seconds(year, rule->month, 1, 0, 0, 0);
    int day = (rule->day - chimera_civil_weekday(month) + 7) % 7 + (rule->week - 1) * 7;
    while (day >= chimera_civil_days_in_month(year, rule->month))
        day -= 7;
    return month + (int64_t)day * 86400 + rule->seconds;
}

static bool is_summer(const struct tail *tail, int64_t seconds)
{
    if (!tail->has_summer)
        return false;
    int64_t year = chimera_civil_from_seconds(seconds + tail->offset[0]).year;
    int64_t start = rule_seconds(&tail->start, year) - tail->offset[0];
    int64_t end = rule_seconds(&tail->end, year) - tail->offset[1];
    return start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end;
}

/* --- The file --- */

/* Sizes of a block from its header; false when it does not fit into `left`. */
static bool block_size(const unsigned char *header, size_t left, unsigned time_bytes,
                       size_t *ret_size)
{
    if (left < 44 || memcmp(header, "TZif", 4) != 0)
        return false;
    uint64_t utc = big_32(header + 20), wall = big_32(header + 24), leaps = big_32(header + 28);
    uint64_t times = big_32(header + 32), types = big_32(header + 36),
             letters = big_32(header + 40);
    uint64_t size =
        44 + times * (time_bytes + 1) + types * 6 + letters + leaps * (time_bytes + 4) + wall + utc;
    if (size > left)
        return false;
    *ret_size = (size_t)size;
    return true;
}

static bool read_zone(struct chimera_zone *zone)
{
    const unsigned char *data = (const unsigned char *)zone->file.data;
    size_t size = zone->file.size - 1, first, second;
    if (!block_size(data, size, 4, &first) || data[4] < '2' ||
        !block_size(data + first, size - first, 8, &second))
        return false;
    const unsigned char *header = data + first;
    zone->time_count = big_32(header + 32);
    zone->type_count = big_32(header + 36);
    zone->letter_bytes = big_32(header + 40);
    zone->times = header + 44;
    zone->indexes = zone->times + (size_t)zone->time_count * 8;
    zone->types = zone->indexes + zone->time_count;
    zone->letters = (const char *)zone->types + (size_t)zone->type_count * 6;
    if (zone->type_count == 0 || zone->letter_bytes == 0 || zone->letters[zone->letter_bytes - 1])
        return false;
    /* "\n" rule "\n" to the end of the file, which has a NUL behind it. */
    char *rule = zone->file.data + first + second,
         *end = *rule == '\n' ? strchr(rule + 1, '\n') : NULL;
    if (end) {
        *end = '\0';
        zone->tail.is_known = read_tail(rule + 1, &zone->tail);
    }
    return true;
}

static bool is_name(struct chimera_slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool is_right = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c >= '0' && c <= '9') || (c && strchr("_+-", c)) || (c == '/' && i > 0);
        if (!is_right)
            return false; /* a dot above all: no way out of the folder */
    }
    return name.size > 0 && name.size < NAME_MAX_BYTES;
}

static int read_bytes(struct chimera_slice name, struct chimera_buffer *text)
{
    char path[sizeof(FOLDER) + NAME_MAX_BYTES];
    struct chimera_slice kept;
    if (chimera_zones_are_kept())
        return chimera_zones_find(name, &kept) ? chimera_buffer_append(text, kept) : CHIMERA_EIO;
    snprintf(path, sizeof(path), FOLDER "%.*s", (int)name.size, name.data);
    return chimera_file_read(path, text, NULL);
}

int chimera_zone_open(struct chimera_slice name, struct chimera_account *account,
                      struct chimera_zone **ret_zone, struct chimera_error *err)
{
    if (!is_name(name))
        return chimera_fail(err, CHIMERA_EINVAL, "unknown time zone");
    struct chimera_zone *zone = calloc(1, sizeof(*zone));
    if (!zone)
        return chimera_fail_memory(err);
    chimera_buffer_init_within(&zone->file, FILE_MAX, account);
    bool is_read = read_bytes(name, &zone->file) == CHIMERA_OK &&
                   chimera_buffer_byte(&zone->file, '\0') == CHIMERA_OK && read_zone(zone);
    if (is_read) {
        *ret_zone = zone;
        return CHIMERA_OK;
    }
    chimera_zone_free(zone);
    if (account && account->failed)
        return chimera_fail(err, account->failed, "%s", chimera_account_text(account));
    return chimera_fail(err, CHIMERA_EINVAL, "unknown time zone %.*s", (int)name.size, name.data);
}

void chimera_zone_free(struct chimera_zone *zone)
{
    if (!zone)
        return;
    chimera_buffer_free(&zone->file);
    free(zone);
}

int32_t chimera_zone_offset(const struct chimera_zone *zone, int64_t seconds,
                            const char **ret_letters)
{
    *ret_letters = "UTC";
    if (!zone)
        return 0;
    /* Transitions at or before the instant. */
    uint32_t low = 0, high = zone->time_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const uint8_t *at = zone->times + (size_t)middle * 8;
        if ((int64_t)((uint64_t)big_32(at) << 32 | big_32(at + 4)) <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t before = low, type = 0;
    if (before == zone->time_count && zone->tail.is_known) {
        int summer = is_summer(&zone->tail, seconds) ? 1 : 0;
        *ret_letters = zone->tail.letters[summer];
        return zone->tail.offset[summer];
    }
    if (before > 0 && zone->indexes[before - 1] < zone->type_count)
        type = zone->indexes[before - 1];
    const unsigned char *entry = zone->types + (size_t)type * 6;
    if (entry[5] < zone->letter_bytes)
        *ret_letters = zone->letters + entry[5];
    return (int32_t)big_32(entry);
}

/* As Go does it: guesses with the offset at the local time taken for UTC, then tries again. */
int64_t chimera_zone_from_local(const struct chimera_zone *zone, int64_t local)
{
    const char *letters;
    int32_t offset = chimera_zone_offset(zone, local, &letters);
    int64_t instant = local - offset;
    int32_t there = chimera_zone_offset(zone, instant, &letters);
    if (there == offset)
        return instant;
    int64_t other = local - there;
    return chimera_zone_offset(zone, other, &letters) == there ? other : instant;
}
