/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy/version.h"

#include <stdio.h>

struct reader {
    struct chimera_slice text;
    size_t at;
    char *room;
    size_t room_size;
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool at_end(const struct reader *reader)
{
    return reader->at == reader->text.size;
}

/* Names the character at hand; bytes beyond ASCII by a question mark, which no version holds
 * either. */
static const char *unexpected(const struct reader *reader, const char *where, const char *part)
{
    char byte = reader->text.data[reader->at];
    snprintf(reader->room, reader->room_size, "unexpected character '%c' %s %s",
             byte >= ' ' && byte <= '~' ? byte : '?', where, part);
    return reader->room;
}

static const char *say(const struct reader *reader, const char *before, const char *part)
{
    snprintf(reader->room, reader->room_size, "%s %s", before, part);
    return reader->room;
}

static const char *read_number(struct reader *reader, const char *part, uint64_t *ret_number)
{
    size_t start = reader->at;
    uint64_t number = 0;
    for (; !at_end(reader) && is_digit(reader->text.data[reader->at]); reader->at++) {
        uint64_t digit = (uint64_t)(reader->text.data[reader->at] - '0');
        if (reader->at > start && number == 0)
            return say(reader, "invalid leading zero in", part);
        if (number > (UINT64_MAX - digit) / 10) {
            snprintf(reader->room, reader->room_size, "value of %s exceeds u64::MAX", part);
            return reader->room;
        }
        number = number * 10 + digit;
    }
    if (reader->at == start && at_end(reader))
        return say(reader, "unexpected end of input while parsing", part);
    if (reader->at == start)
        return unexpected(reader, "while parsing", part);
    *ret_number = number;
    return NULL;
}

static const char *read_dot(struct reader *reader, const char *part)
{
    if (at_end(reader))
        return say(reader, "unexpected end of input while parsing", part);
    if (reader->text.data[reader->at] != '.')
        return unexpected(reader, "after", part);
    reader->at++;
    return NULL;
}

/* Dot-separated identifiers behind a '-' or a '+'. */
static const char *read_identifiers(struct reader *reader, const char *part, bool is_strict)
{
    reader->at++;
    for (;;) {
        size_t start = reader->at;
        bool is_number = true;
        for (; !at_end(reader); reader->at++) {
            char byte = reader->text.data[reader->at];
            if (!is_digit(byte) && (byte < 'a' || byte > 'z') && (byte < 'A' || byte > 'Z') &&
                byte != '-')
                break;
            is_number = is_number && is_digit(byte);
        }
        if (reader->at == start)
            return say(reader, "empty identifier segment in", part);
        if (is_strict && is_number && reader->at > start + 1 && reader->text.data[start] == '0')
            return say(reader, "invalid leading zero in", part);
        if (at_end(reader) || reader->text.data[reader->at] != '.')
            return NULL;
        reader->at++;
    }
}

static const char *read_rest(struct reader *reader)
{
    const char *wrong = NULL;
    const char *last = "patch version number";
    if (!at_end(reader) && reader->text.data[reader->at] == '-') {
        last = "pre-release identifier";
        wrong = read_identifiers(reader, last, true);
    }
    if (!wrong && !at_end(reader) && reader->text.data[reader->at] == '+') {
        last = "build metadata";
        wrong = read_identifiers(reader, last, false);
    }
    if (!wrong && !at_end(reader))
        wrong = unexpected(reader, "after", last);
    return wrong;
}

const char *chimera_version_parse(struct chimera_slice text, struct chimera_version *ret_version,
                                  char *room, size_t room_size)
{
    struct reader reader = {.text = text, .room = room, .room_size = room_size};
    struct chimera_version version = {0};
    if (text.size == 0)
        return "empty string, expected a semver version";
    const char *wrong = read_number(&reader, "major version number", &version.major);
    if (!wrong)
        wrong = read_dot(&reader, "major version number");
    if (!wrong)
        wrong = read_number(&reader, "minor version number", &version.minor);
    if (!wrong)
        wrong = read_dot(&reader, "minor version number");
    if (!wrong)
        wrong = read_number(&reader, "patch version number", &version.patch);
    if (!wrong)
        wrong = read_rest(&reader);
    if (!wrong)
        *ret_version = version;
    return wrong;
}
