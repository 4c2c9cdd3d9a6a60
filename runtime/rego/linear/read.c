/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/linear/read.h"

#include <inttypes.h>

#define DEPTH_MAX 128

/* An object or set may have this many buckets for nothing, and these for each member: taking
 * members away leaves buckets, but nobody's time is spent on more than that. */
#define BUCKETS_SPARE 64
#define BUCKETS_MEMBER 16

struct level { /* a collection that is open */
    enum chimera_linear_type type;
    bool is_first;    /* nothing of it is written yet */
    uint32_t at;      /* of the next element or bucket */
    uint32_t member;  /* the next one in its bucket; 0: none is left there */
    uint32_t left;    /* elements or members that are still to come */
    uint32_t buckets; /* likewise */
};

struct reader {
    struct chimera_linear_memory memory;
    struct chimera_buffer *out;
    unsigned depth;
    struct level level[DEPTH_MAX];
};

/* --- Scalars --- */

/* Where a text must be escaped. */
static bool is_plain(unsigned char byte)
{
    return byte >= ' ' && byte != '"' && byte != '\\';
}

static void write_escape(struct chimera_buffer *out, unsigned char byte)
{
    static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";
    const char *found = byte ? strchr(from, byte) : NULL;
    if (found)
        chimera_buffer_print(out, "\\%c", to[found - from]);
    else
        chimera_buffer_print(out, "\\u%04x", byte);
}

static bool write_string(struct chimera_buffer *out, const char *text, uint32_t size)
{
    size_t start = 0;
    chimera_buffer_byte(out, '"');
    for (size_t i = 0; i < size && !out->failed; i++) {
        if (is_plain((unsigned char)text[i]))
            continue;
        chimera_buffer_append(out, (struct chimera_slice){text + start, i - start});
        write_escape(out, (unsigned char)text[i]);
        start = i + 1;
    }
    if (!out->failed)
        chimera_buffer_append(out, (struct chimera_slice){text + start, size - start});
    return chimera_buffer_byte(out, '"') == CHIMERA_OK;
}

static bool read_string(struct reader *reader, uint32_t value)
{
    const uint8_t *at = chimera_linear_at(reader->memory, value, CHIMERA_LINEAR_STRING_SIZE);
    if (!at)
        return false;
    uint32_t size = chimera_linear_load(at + 4);
    const uint8_t *text = chimera_linear_at(reader->memory, chimera_linear_load(at + 8), size);
    return text && write_string(reader->out, (const char *)text, size);
}

static bool read_number(struct reader *reader, uint32_t value)
{
    const uint8_t *at = chimera_linear_at(reader->memory, value, CHIMERA_LINEAR_NUMBER_SIZE);
    if (!at)
        return false;
    if (at[1] == CHIMERA_LINEAR_NUMBER_INT) {
        uint64_t number = chimera_linear_load(at + 8) | (uint64_t)chimera_linear_load(at + 12)
                                                            << 32;
        return chimera_buffer_print(reader->out, "%" PRId64, (int64_t)number) == CHIMERA_OK;
    }
    uint32_t size = chimera_linear_load(at + 12);
    const uint8_t *text = chimera_linear_at(reader->memory, chimera_linear_load(at + 8), size);
    return at[1] == CHIMERA_LINEAR_NUMBER_TEXT && text &&
           chimera_buffer_append(reader->out, (struct chimera_slice){(const char *)text, size}) ==
               CHIMERA_OK;
}

static bool read_boolean(struct reader *reader, uint32_t value)
{
    const uint8_t *at = chimera_linear_at(reader->memory, value, 2);
    return at && chimera_buffer_text(reader->out, at[1] ? "true" : "false") == CHIMERA_OK;
}

/* --- Collections --- */

static struct level *open_level(struct reader *reader, enum chimera_linear_type type)
{
    if (reader->depth == DEPTH_MAX ||
        chimera_buffer_byte(reader->out, type == CHIMERA_LINEAR_OBJECT ? '{' : '[') < 0)
        return NULL;
    struct level *level = &reader->level[reader->depth++];
    *level = (struct level){.type = type, .is_first = true};
    return level;
}

static bool close_level(struct reader *reader, const struct level *level)
{
    reader->depth--;
    return level->member == 0 &&
           chimera_buffer_byte(reader->out, level->type == CHIMERA_LINEAR_OBJECT ? '}' : ']') ==
               CHIMERA_OK;
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
    struct level *level = at ? open_level(reader, type) : NULL;
    if (!level)
        return false;
    level->at = chimera_linear_load(at + 4);
    level->buckets = chimera_linear_load(at + 8);
    level->left = chimera_linear_load(at + 12);
    return level->buckets <= BUCKETS_SPARE + (uint64_t)level->left * BUCKETS_MEMBER &&
           chimera_linear_at(reader->memory, level->at, (uint64_t)level->buckets * 4);
}

static bool read_value(struct reader *reader, uint32_t value)
{
    const uint8_t *type = chimera_linear_at(reader->memory, value, 1);
    switch (type ? *type : 0) {
    case CHIMERA_LINEAR_NULL:
        return chimera_buffer_text(reader->out, "null") == CHIMERA_OK;
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

/* A key that is no string is a text of its JSON there, which the guest may write. */
static bool read_key(struct reader *reader, uint32_t key)
{
    const uint8_t *type = chimera_linear_at(reader->memory, key, 1);
    return type && (*type == CHIMERA_LINEAR_STRING || *type == CHIMERA_LINEAR_STRING_INTERNED) &&
           read_string(reader, key) && chimera_buffer_byte(reader->out, ':') == CHIMERA_OK;
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
    return read_key(reader, chimera_linear_load(at)) &&
           read_value(reader, chimera_linear_load(at + 4));
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
    if (level->left == 0)
        return close_level(reader, level);
    if (!level->is_first && chimera_buffer_byte(reader->out, ',') < 0)
        return false;
    level->is_first = false;
    level->left--;
    return level->type == CHIMERA_LINEAR_ARRAY ? read_element(reader, level)
                                               : read_member(reader, level);
}

bool chimera_linear_dump(struct chimera_linear_memory memory, uint32_t value,
                         struct chimera_buffer *out)
{
    struct reader reader;
    reader.memory = memory;
    reader.out = out;
    reader.depth = 0;
    bool is_read = read_value(&reader, value);
    while (is_read && reader.depth > 0)
        is_read = read_next(&reader);
    return is_read && !out->failed;
}
