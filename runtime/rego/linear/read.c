/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/linear/read.h"

#include <inttypes.h>
#include <stdio.h>

#define DEPTH_MAX 128

/* An object or set may have this many buckets for nothing, and these for each member: taking
 * members away leaves buckets, but nobody's time is spent on more than that. */
#define BUCKETS_SPARE 64
#define BUCKETS_MEMBER 16
/* And no more in one go: some milliseconds. */
#define BUCKETS_MAX ((uint32_t)1 << 22)

struct level { /* a collection that is open */
    enum chimera_linear_type type;
    bool is_first; /* nothing of it is written yet */
    bool has_key;  /* which is written, and its `value` comes next */
    uint32_t value;
    uint32_t at;      /* of the next element or bucket */
    uint32_t member;  /* the next one in its bucket; 0: none is left there */
    uint32_t left;    /* elements or members that are still to come */
    uint32_t buckets; /* likewise */
};

struct reader {
    struct chimera_linear_memory memory;
    struct chimera_buffer *out;
    enum chimera_linear_form form;
    char before; /* a comma or colon that comes before what is written next; NUL: none */
    unsigned depth;
    struct level level[DEPTH_MAX];
};

/* --- Writing --- */

/* Where `size` bytes go, which are counted as written already: behind the comma or colon that
 * waits. NULL: there is no room. */
static char *put_room(struct reader *reader, size_t size)
{
    char *to = chimera_buffer_reserve(reader->out, size + 1);
    if (!to)
        return NULL;
    if (reader->before)
        *to++ = reader->before;
    reader->out->size += size + (reader->before != '\0');
    reader->before = '\0';
    return to;
}

static bool put(struct reader *reader, const char *text, size_t size)
{
    char *to = put_room(reader, size);
    if (to)
        memcpy(to, text, size);
    return to;
}

static bool put_word(struct reader *reader, const char *word)
{
    return put(reader, word, strlen(word));
}

#define ONES (UINT64_MAX / 255) /* 0x0101… */

/* To the first byte that must be escaped. */
static const char *plain_end(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t bytes;
        memcpy(&bytes, at, 8);
        uint64_t quote = bytes ^ (ONES * '"'), backslash = bytes ^ (ONES * '\\');
        uint64_t hit = ((bytes - ONES * 0x20) & ~bytes) | ((quote - ONES) & ~quote) |
                       ((backslash - ONES) & ~backslash);
        if (hit & ONES * 0x80)
            break;
    }
    while (at < end && (unsigned char)*at >= ' ' && *at != '"' && *at != '\\')
        at++;
    return at;
}

static bool put_escape(struct reader *reader, unsigned char byte)
{
    static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";
    const char *found = byte ? strchr(from, byte) : NULL;
    if (found)
        return put(reader, (const char[]){'\\', to[found - from]}, 2);
    static const char digits[] = "0123456789abcdef";
    const char text[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
    return put(reader, text, sizeof(text));
}

static bool put_string(struct reader *reader, const char *text, uint32_t size)
{
    const char *end = text + size, *stop = plain_end(text, end);
    if (stop == end) {
        char *to = put_room(reader, (size_t)size + 2);
        if (!to)
            return false;
        to[0] = '"';
        memcpy(to + 1, text, size);
        to[1 + size] = '"';
        return true;
    }
    bool is_put = put(reader, "\"", 1);
    for (; is_put && stop < end; stop = plain_end(text, end)) {
        is_put =
            put(reader, text, (size_t)(stop - text)) && put_escape(reader, (unsigned char)*stop);
        text = stop + 1;
    }
    return is_put && put(reader, text, (size_t)(stop - text)) && put(reader, "\"", 1);
}

/* --- Scalars --- */

static bool read_string(struct reader *reader, uint32_t value)
{
    const uint8_t *at = chimera_linear_at(reader->memory, value, CHIMERA_LINEAR_STRING_SIZE);
    if (!at)
        return false;
    uint32_t size = chimera_linear_load(at + 4);
    const uint8_t *text = chimera_linear_at(reader->memory, chimera_linear_load(at + 8), size);
    return text && put_string(reader, (const char *)text, size);
}

static bool read_number(struct reader *reader, uint32_t value)
{
    const uint8_t *at = chimera_linear_at(reader->memory, value, CHIMERA_LINEAR_NUMBER_SIZE);
    if (!at)
        return false;
    if (at[1] == CHIMERA_LINEAR_NUMBER_INT) {
        uint64_t number = chimera_linear_load(at + 8) | (uint64_t)chimera_linear_load(at + 12)
                                                            << 32;
        char digits[24];
        return put(reader, digits,
                   (size_t)snprintf(digits, sizeof(digits), "%" PRId64, (int64_t)number));
    }
    uint32_t size = chimera_linear_load(at + 12);
    const uint8_t *text = chimera_linear_at(reader->memory, chimera_linear_load(at + 8), size);
    return at[1] == CHIMERA_LINEAR_NUMBER_TEXT && text && put(reader, (const char *)text, size);
}

static bool read_boolean(struct reader *reader, uint32_t value)
{
    const uint8_t *at = chimera_linear_at(reader->memory, value, 2);
    return at && put_word(reader, at[1] ? "true" : "false");
}

/* --- Collections --- */

static bool has_braces(const struct reader *reader, enum chimera_linear_type type)
{
    return type == CHIMERA_LINEAR_OBJECT ||
           (type == CHIMERA_LINEAR_SET && reader->form == CHIMERA_LINEAR_REGO);
}

static struct level *open_level(struct reader *reader, enum chimera_linear_type type)
{
    if (reader->depth == DEPTH_MAX || !put_word(reader, has_braces(reader, type) ? "{" : "["))
        return NULL;
    struct level *level = &reader->level[reader->depth++];
    *level = (struct level){.type = type, .is_first = true};
    return level;
}

static bool close_level(struct reader *reader, const struct level *level)
{
    reader->depth--;
    return level->member == 0 && put_word(reader, has_braces(reader, level->type) ? "}" : "]");
}

static bool open_array(struct reader *reader, uint32_t value)
{
    const uint8_t *at = chimera_linear_at(reader->memory, value, CHIMERA_LINEAR_ARRAY_SIZE);
    struct level *level = at ? open_level(reader, CHIMERA_LINEAR_ARRAY) : NULL;
    if (!level)
        return false;
    level->at = chimera_linear_load(at + 4);
    level->left = chimera_linear_load(at + 8);
    return level->left <= chimera_linear_load(at + 12) &&
           chimera_linear_at(reader->memory, level->at,
                             (uint64_t)level->left * CHIMERA_LINEAR_PAIR_SIZE);
}

static bool open_buckets(struct reader *reader, uint32_t value, enum chimera_linear_type type)
{
    const uint8_t *at = chimera_linear_at(reader->memory, value, CHIMERA_LINEAR_OBJECT_SIZE);
    uint32_t buckets = at ? chimera_linear_load(at + 8) : 0;
    uint32_t left = at ? chimera_linear_load(at + 12) : 0;
    if (!at || buckets > BUCKETS_MAX || buckets > BUCKETS_SPARE + (uint64_t)left * BUCKETS_MEMBER ||
        !chimera_linear_at(reader->memory, chimera_linear_load(at + 4), (uint64_t)buckets * 4) ||
        chimera_account_spend(reader->out->account, buckets / 8) < 0)
        return false;
    if (left == 0 && type == CHIMERA_LINEAR_SET && reader->form == CHIMERA_LINEAR_REGO)
        return put_word(reader, "set()");
    struct level *level = open_level(reader, type);
    if (!level)
        return false;
    level->at = chimera_linear_load(at + 4);
    level->buckets = buckets;
    level->left = left;
    return true;
}

static bool read_value(struct reader *reader, uint32_t value)
{
    const uint8_t *type = chimera_linear_at(reader->memory, value, 1);
    switch (type ? *type : 0) {
    case CHIMERA_LINEAR_NULL:
        return put_word(reader, "null");
    case CHIMERA_LINEAR_BOOLEAN:
    case CHIMERA_LINEAR_BOOLEAN_INTERNED:
        return read_boolean(reader, value);
    case CHIMERA_LINEAR_NUMBER:
        return read_number(reader, value);
    case CHIMERA_LINEAR_STRING:
    case CHIMERA_LINEAR_STRING_INTERNED:
        return read_string(reader, value);
    case CHIMERA_LINEAR_ARRAY:
        return open_array(reader, value);
    case CHIMERA_LINEAR_OBJECT:
    case CHIMERA_LINEAR_SET:
        return open_buckets(reader, value, (enum chimera_linear_type) * type);
    default:
        return false;
    }
}

/* The next member of an object or set, of which there is one more; 0 when its buckets have none. */
static uint32_t next_member(struct reader *reader, struct level *level)
{
    while (level->member == 0 && level->buckets > 0) {
        const uint8_t *bucket = chimera_linear_at(reader->memory, level->at, 4);
        level->member = bucket ? chimera_linear_load(bucket) : 0;
        level->at += 4;
        level->buckets--;
    }
    return level->member;
}

/* A key that is no string is a text of its JSON in JSON, which the guest may write. */
static bool read_key(struct reader *reader, uint32_t key)
{
    const uint8_t *type = chimera_linear_at(reader->memory, key, 1);
    bool is_string =
        type && (*type == CHIMERA_LINEAR_STRING || *type == CHIMERA_LINEAR_STRING_INTERNED);
    return (is_string || reader->form == CHIMERA_LINEAR_REGO) && read_value(reader, key);
}

static bool read_member(struct reader *reader, struct level *level)
{
    bool is_object = level->type == CHIMERA_LINEAR_OBJECT;
    uint32_t member = next_member(reader, level);
    const uint8_t *at =
        chimera_linear_at(reader->memory, member,
                          is_object ? CHIMERA_LINEAR_MEMBER_SIZE : CHIMERA_LINEAR_SET_MEMBER_SIZE);
    if (member == 0 || !at)
        return false;
    level->member = chimera_linear_load(at + (is_object ? 8 : 4));
    if (!is_object)
        return read_value(reader, chimera_linear_load(at));
    level->has_key = true;
    level->value = chimera_linear_load(at + 4);
    return read_key(reader, chimera_linear_load(at));
}

static bool read_element(struct reader *reader, struct level *level)
{
    const uint8_t *at = chimera_linear_at(reader->memory, level->at, CHIMERA_LINEAR_PAIR_SIZE);
    level->at += CHIMERA_LINEAR_PAIR_SIZE;
    return at && read_value(reader, chimera_linear_load(at + 4));
}

/* The next part of the innermost collection, or its end. */
static bool read_next(struct reader *reader)
{
    struct level *level = &reader->level[reader->depth - 1];
    if (level->has_key) {
        level->has_key = false;
        reader->before = ':';
        return read_value(reader, level->value);
    }
    if (level->left == 0)
        return close_level(reader, level);
    reader->before = level->is_first ? '\0' : ',';
    level->is_first = false;
    level->left--;
    return level->type == CHIMERA_LINEAR_ARRAY ? read_element(reader, level)
                                               : read_member(reader, level);
}

bool chimera_linear_dump(struct chimera_linear_memory memory, uint32_t value,
                         enum chimera_linear_form form, struct chimera_buffer *out)
{
    struct reader reader;
    reader.memory = memory;
    reader.out = out;
    reader.form = form;
    reader.before = '\0';
    reader.depth = 0;
    bool is_read = read_value(&reader, value);
    while (is_read && reader.depth > 0)
        is_read = read_next(&reader);
    return is_read && !out->failed;
}
