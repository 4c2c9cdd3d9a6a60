/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is plain, which is nearly all, is read here, byte for byte or eight at a time; the rest
 * by scan.h. What a level is filled with waits in the memory itself, each part with the address of
 * the one before it; so nothing has to be counted first or kept elsewhere. */
#include "runtime/rego/linear/build.h"

#include <limits.h>

#include "runtime/json/plain.h"
#include "runtime/json/scan.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

#define DEPTH_MAX 160

/* Keys of one bucket that are looked at for one more; of keys that nobody has chosen for it there
 * are hardly ever more than five. */
#define CHAIN_MAX 64

/* What one step may take, from a key or a value to the next: an element, its index and a collection
 * but for what that holds. */
#define ROOM_STEP 160

enum {
    HEAD = CHIMERA_LINEAR_BLOCK_HEAD,
    STRING = HEAD + CHIMERA_LINEAR_STRING_SIZE,
    NUMBER = HEAD + CHIMERA_LINEAR_NUMBER_SIZE,
    MEMBER = HEAD + CHIMERA_LINEAR_MEMBER_SIZE,
    WORD = HEAD + CHIMERA_LINEAR_WORD_SIZE,
    ARRAY = HEAD + CHIMERA_LINEAR_ARRAY_SIZE,
    OBJECT = HEAD + CHIMERA_LINEAR_OBJECT_SIZE,
    KEY_BEFORE = HEAD + CHIMERA_LINEAR_STRING_SIZE, /* a member's key lies so far before it */
};

struct level { /* an array or object that is open */
    bool is_object;
    uint32_t last;  /* its last member or index so far; each has the address of the one before */
    uint32_t count; /* of them */
};

/* Never handed to a function that is not inline: it is in registers. */
struct builder {
    uint8_t *memory;
    const char *at, *text_end; /* a NUL stands there */
    uint32_t free, end;        /* the room that is left */
    struct level now;          /* the innermost */
    unsigned depth;
};

static ALWAYS_INLINE bool has_room(const struct builder *builder)
{
    return builder->end - builder->free >= ROOM_STEP;
}

/* There is room, but not enough. */
static ALWAYS_INLINE bool has_none(struct builder *builder)
{
    builder->end = builder->free;
    return false;
}

/* --- Writing --- */

static ALWAYS_INLINE void store_two(uint8_t *at, uint32_t first, uint32_t second)
{
    uint64_t both = htole64(first | (uint64_t)second << 32);
    memcpy(at, &both, sizeof(both));
}

/* A block's head, and the first word of what is in it. */
static ALWAYS_INLINE void store_head(uint8_t *at, uint32_t first)
{
    store_two(at, CHIMERA_LINEAR_BLOCK_SMALLEST, 0);
    store_two(at + 8, 0, first);
}

static ALWAYS_INLINE uint32_t address(const uint8_t *memory, const char *text)
{
    return (uint32_t)(text - (const char *)memory);
}

static ALWAYS_INLINE uint32_t put_string(struct builder *builder, struct chimera_slice text)
{
    uint8_t *to = builder->memory + builder->free;
    store_head(to, CHIMERA_LINEAR_STRING);
    store_two(to + HEAD + 4, (uint32_t)text.size, address(builder->memory, text.data));
    builder->free += STRING;
    return builder->free - CHIMERA_LINEAR_STRING_SIZE;
}

static ALWAYS_INLINE uint32_t put_number(struct builder *builder, struct chimera_slice text)
{
    uint8_t *to = builder->memory + builder->free;
    store_head(to, CHIMERA_LINEAR_NUMBER | CHIMERA_LINEAR_NUMBER_TEXT << 8);
    store_two(to + HEAD + 4, 0, address(builder->memory, text.data));
    store_two(to + HEAD + 12, (uint32_t)text.size, 0);
    chimera_linear_store(to + HEAD + 20, 0);
    builder->free += NUMBER;
    return builder->free - CHIMERA_LINEAR_NUMBER_SIZE;
}

static ALWAYS_INLINE uint32_t put_word(struct builder *builder, int letter)
{
    store_head(builder->memory + builder->free, letter == 'n'   ? CHIMERA_LINEAR_NULL
                                                : letter == 't' ? CHIMERA_LINEAR_BOOLEAN | 1 << 8
                                                                : CHIMERA_LINEAR_BOOLEAN);
    builder->free += WORD;
    return builder->free - CHIMERA_LINEAR_WORD_SIZE;
}

/* --- Strings --- */

/* To the first byte that is not plain in a string (a quote, a backslash, a control character, a
 * byte of a longer sequence): the NUL at the latest. Behind that lies room. */
static ALWAYS_INLINE const char *plain_end(const char *at)
{
    for (;;) {
        size_t count = plain_count_portable(at);
        at += count;
        if (count < 8)
            return at;
    }
}

struct string {
    struct chimera_slice text; /* .data NULL: there is none */
    const char *behind;        /* its quote */
    uint32_t free;             /* its text may have taken from the room */
};

/* What stands for itself behind a backslash, or for one byte. */
static const char unescaped[UCHAR_MAX + 1] = {
    ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

/* Copies a string whose escapes are all of those into the room, from behind its quote; the end of
 * its copy, or NULL when there is something else in it or no room. `at` then is where that is. */
static char *unescape(const char **at, char *to, const char *room_end)
{
    for (;;) {
        const char *plain = *at;
        *at = plain_end(plain);
        size_t size = (size_t)(*at - plain);
        if (size + ROOM_STEP > (size_t)(room_end - to))
            return NULL;
        memcpy(to, plain, size);
        to += size;
        if (**at == '"')
            return to;
        char byte = **at == '\\' ? unescaped[(unsigned char)(*at)[1]] : '\0';
        if (!byte)
            return NULL;
        *to++ = byte;
        *at += 2;
    }
}

/* A string that has more than plain text, from behind its first quote. If there are escapes, its
 * text, which is never longer than what stands for it, goes into the room. */
static __attribute__((noinline)) struct string read_odd(const char *at, const char *text_end,
                                                        char *room, uint32_t free, uint32_t end)
{
    struct chimera_scan scan;
    struct chimera_scan_text text;
    struct string string = {.behind = at};
    const char *copied = unescape(&string.behind, room, room + (end - free));
    if (copied) {
        string.text = (struct chimera_slice){room, (size_t)(copied - room)};
        string.behind++;
        string.free = free + (((uint32_t)string.text.size + 3) & ~3u);
        return string;
    }
    chimera_scan_init(&scan, (struct chimera_slice){at - 1, (size_t)(text_end - at) + 1});
    if (!chimera_scan_string(&scan, &text))
        return (struct string){.free = free};
    string = (struct string){text.raw, scan.at, free};
    if (!text.is_escaped)
        return string;
    if (text.raw.size + ROOM_STEP > end - free)
        return (struct string){.free = end};
    string.text = (struct chimera_slice){room, chimera_scan_decode(text.raw, room, text.raw.size)};
    string.free = free + (((uint32_t)string.text.size + 3) & ~3u);
    return string;
}

static ALWAYS_INLINE bool read_string(struct builder *builder, struct chimera_slice *ret_text)
{
    const char *begin = builder->at + 1, *end = plain_end(begin);
    if (*end == '"') {
        *ret_text = (struct chimera_slice){begin, (size_t)(end - begin)};
        builder->at = end + 1;
        return true;
    }
    struct string string =
        read_odd(begin, builder->text_end, (char *)builder->memory + builder->free, builder->free,
                 builder->end);
    *ret_text = string.text;
    builder->at = string.behind;
    builder->free = string.free;
    return string.text.data;
}

/* --- Other scalars --- */

/* Their text is checked by what reads it; NULL: it is none. */
static __attribute__((noinline)) const char *scalar_end(const char *at, const char *text_end)
{
    struct chimera_scan scan;
    chimera_scan_init(&scan, (struct chimera_slice){at, (size_t)(text_end - at)});
    bool is_word = *at == 't' || *at == 'f' || *at == 'n', is_digit = *at >= '0' && *at <= '9';
    bool is_read = is_word                    ? chimera_scan_word(&scan)
                   : (is_digit || *at == '-') ? chimera_scan_number(&scan)
                                              : false;
    return is_read ? scan.at : NULL;
}

static ALWAYS_INLINE bool read_scalar(struct builder *builder, uint32_t *ret_value)
{
    const char *begin = builder->at, *end = scalar_end(begin, builder->text_end);
    if (!end)
        return false;
    *ret_value = *begin > '9'
                     ? put_word(builder, *begin)
                     : put_number(builder, (struct chimera_slice){begin, (size_t)(end - begin)});
    builder->at = end;
    return true;
}

/* --- Arrays --- */

/* An element's index is made with it, and has the value and the index before it where a number of
 * this form has nothing. */
static ALWAYS_INLINE void add_element(struct builder *builder, uint32_t value)
{
    uint8_t *to = builder->memory + builder->free;
    store_head(to, CHIMERA_LINEAR_NUMBER | CHIMERA_LINEAR_NUMBER_INT << 8);
    store_two(to + HEAD + 4, 0, builder->now.count++);
    store_two(to + HEAD + 12, 0, value);
    chimera_linear_store(to + HEAD + 20, builder->now.last);
    builder->now.last = builder->free + HEAD;
    builder->free += NUMBER;
}

static void fill_elements(uint8_t *memory, uint32_t pairs, struct level level)
{
    uint32_t index = level.last;
    for (uint32_t i = level.count; i > 0; i--) {
        uint8_t *number = memory + index;
        store_two(memory + pairs + (i - 1) * CHIMERA_LINEAR_PAIR_SIZE, index,
                  chimera_linear_load(number + 16));
        index = chimera_linear_load(number + 20);
        store_two(number + 16, 0, 0);
    }
}

static ALWAYS_INLINE bool put_array(struct builder *builder, uint32_t *ret_value)
{
    uint32_t count = builder->now.count, pairs = count ? builder->free + ARRAY + HEAD : 0;
    uint64_t size = (uint64_t)count * CHIMERA_LINEAR_PAIR_SIZE;
    uint8_t *to = builder->memory + builder->free;
    if (size + ROOM_STEP > builder->end - builder->free)
        return has_none(builder);
    store_head(to, CHIMERA_LINEAR_ARRAY);
    store_two(to + HEAD + 4, pairs, count);
    chimera_linear_store(to + HEAD + 12, count);
    *ret_value = builder->free + HEAD;
    builder->free += ARRAY;
    if (!count)
        return true;
    store_two(to + ARRAY, CHIMERA_LINEAR_BLOCK_SMALLEST, 0);
    chimera_linear_store(to + ARRAY + 8, 0);
    fill_elements(builder->memory, pairs, builder->now);
    builder->free += HEAD + (uint32_t)size;
    return true;
}

/* --- Objects --- */

/* A member waits for its object with its key's hash in the place of the key. */
static ALWAYS_INLINE void add_member(struct builder *builder, struct chimera_slice key)
{
    uint32_t hash = chimera_linear_hash(key.data, key.size);
    put_string(builder, key);
    uint8_t *to = builder->memory + builder->free;
    store_head(to, hash);
    store_two(to + HEAD + 4, 0, builder->now.last);
    builder->now.last = builder->free + HEAD;
    builder->now.count++;
    builder->free += MEMBER;
}

static ALWAYS_INLINE struct chimera_slice key_of(const uint8_t *memory, uint32_t member)
{
    const uint8_t *string = memory + member - KEY_BEFORE;
    return (struct chimera_slice){(const char *)memory + chimera_linear_load(string + 8),
                                  chimera_linear_load(string + 4)};
}

/* By bytes, then by size. */
static int compare_keys(struct chimera_slice a, struct chimera_slice b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : a.size < b.size ? -1 : a.size > b.size;
}

/* Into a bucket that has members already. 1: it is there; 0: a later one has its key; -1: too many
 * are there. */
static int insert(uint8_t *memory, uint8_t *link, uint32_t member)
{
    struct chimera_slice key = key_of(memory, member);
    uint32_t other;
    for (int i = 0; (other = chimera_linear_load(link)) != 0; i++) {
        int order = compare_keys(key, key_of(memory, other));
        if (order == 0)
            return 0;
        if (order < 0)
            break;
        if (i == CHAIN_MAX)
            return -1;
        link = memory + other + 8;
    }
    chimera_linear_store(memory + member + 8, other);
    chimera_linear_store(link, member);
    return 1;
}

/* Puts the members, from the last to the first, into `count` buckets, which are empty; how many
 * there are of different keys, or -1. */
static int64_t fill(uint8_t *memory, uint8_t *buckets, uint32_t count, uint32_t member)
{
    int64_t members = 0;
    while (member) {
        uint8_t *to = memory + member;
        uint8_t *bucket = buckets + (chimera_linear_load(to) & (count - 1)) * 4;
        uint32_t next = chimera_linear_load(to + 8);
        int is_new = 1;
        chimera_linear_store(to, member - KEY_BEFORE);
        if (chimera_linear_load(bucket)) {
            is_new = insert(memory, bucket, member);
        } else {
            chimera_linear_store(bucket, member);
            chimera_linear_store(to + 8, 0);
        }
        if (is_new < 0)
            return -1;
        members += is_new;
        member = next;
    }
    return members;
}

/* As many buckets as the guest's object would have; for the usual few without a look. */
static ALWAYS_INLINE uint64_t buckets_for(uint64_t members)
{
    return members <= 5 ? CHIMERA_LINEAR_BUCKETS_MIN : chimera_linear_buckets(members);
}

/* False: there is no room, or too many keys share a bucket, or some came twice for which the guest
 * would not have grown its object. */
static ALWAYS_INLINE bool put_object(struct builder *builder, uint32_t *ret_value)
{
    uint64_t count = buckets_for(builder->now.count);
    uint32_t at = builder->free + OBJECT + HEAD;
    uint8_t *to = builder->memory + builder->free, *buckets = builder->memory + at;
    if (count * 4 + ROOM_STEP > builder->end - builder->free)
        return has_none(builder);
    for (uint64_t i = 0; i < count; i += CHIMERA_LINEAR_BUCKETS_MIN)
        memset(buckets + i * 4, 0, CHIMERA_LINEAR_BUCKETS_MIN * 4);
    int64_t members =
        builder->now.last ? fill(builder->memory, buckets, (uint32_t)count, builder->now.last) : 0;
    if (members < 0 || buckets_for((uint64_t)members) != count)
        return false;
    store_head(to, CHIMERA_LINEAR_OBJECT);
    store_two(to + HEAD + 4, at, (uint32_t)count);
    chimera_linear_store(to + HEAD + 12, (uint32_t)members);
    store_two(to + OBJECT, CHIMERA_LINEAR_BLOCK_SMALLEST, 0);
    chimera_linear_store(to + OBJECT + 8, 0);
    *ret_value = builder->free + HEAD;
    builder->free = at + (uint32_t)count * 4;
    return true;
}

/* --- All of it --- */

/* Steps over white space. */
static ALWAYS_INLINE char peek(struct builder *builder)
{
    while ((unsigned char)*builder->at <= ' ' && (*builder->at == ' ' || *builder->at == '\n' ||
                                                  *builder->at == '\t' || *builder->at == '\r'))
        builder->at++;
    return *builder->at;
}

/* A key and its colon. */
static ALWAYS_INLINE bool read_key(struct builder *builder)
{
    struct chimera_slice key;
    if (peek(builder) != '"' || !has_room(builder) || !read_string(builder, &key))
        return false;
    add_member(builder, key);
    bool is_good = peek(builder) == ':';
    builder->at++;
    return is_good;
}

/* Opens a level: 1 when it has something in it, 0 when it ends at once, -1 when there are too many.
 */
static ALWAYS_INLINE int open_level(struct builder *builder, struct level *levels)
{
    if (builder->depth == DEPTH_MAX)
        return -1;
    levels[builder->depth++] = builder->now;
    builder->now = (struct level){.is_object = *builder->at++ == '{'};
    if (peek(builder) == (builder->now.is_object ? '}' : ']'))
        return 0;
    return builder->now.is_object && !read_key(builder) ? -1 : 1;
}

static ALWAYS_INLINE bool close_level(struct builder *builder, const struct level *levels,
                                      uint32_t *ret_value)
{
    builder->at++;
    if (!(builder->now.is_object ? put_object(builder, ret_value) : put_array(builder, ret_value)))
        return false;
    builder->now = levels[--builder->depth];
    return true;
}

/* Puts a value where it belongs. 1 when another one follows, 0 when the level ends. */
static ALWAYS_INLINE int add_value(struct builder *builder, uint32_t value)
{
    if (builder->now.is_object)
        chimera_linear_store(builder->memory + builder->now.last + 4, value);
    else
        add_element(builder, value);
    char byte = peek(builder);
    if (byte == (builder->now.is_object ? '}' : ']'))
        return 0;
    builder->at++;
    return byte != ',' || (builder->now.is_object && !read_key(builder)) ? -1 : 1;
}

/* A string, number or word. */
static ALWAYS_INLINE bool read_simple(struct builder *builder, uint32_t *ret_value)
{
    struct chimera_slice text;
    if (*builder->at != '"')
        return read_scalar(builder, ret_value);
    if (!read_string(builder, &text))
        return false;
    *ret_value = put_string(builder, text);
    return true;
}

static ALWAYS_INLINE bool build(struct builder *builder, struct level *levels, uint32_t *ret_value)
{
    for (;;) {
        char byte = peek(builder);
        bool opens = byte == '{' || byte == '[';
        int next = opens ? open_level(builder, levels) : 0;
        if (next == 1)
            continue;
        if (next < 0 || !has_room(builder) || (!opens && !read_simple(builder, ret_value)))
            return false;
        bool closes = opens;
        do {
            if (closes && !close_level(builder, levels, ret_value))
                return false;
            if (builder->depth == 0)
                return true;
            if (!has_room(builder))
                return false;
            next = add_value(builder, *ret_value);
            closes = true;
        } while (next == 0);
        if (next < 0)
            return false;
    }
}

enum chimera_linear_result chimera_linear_build(uint8_t *memory, struct chimera_slice text,
                                                uint32_t at, uint32_t end, uint32_t *ret_value)
{
    struct level levels[DEPTH_MAX];
    struct builder builder = {.memory = memory,
                              .at = text.data,
                              .text_end = text.data + text.size,
                              .free = at,
                              .end = end};
    bool is_built = end >= at + ROOM_STEP && build(&builder, levels, ret_value);
    if (!is_built && !has_room(&builder))
        return CHIMERA_LINEAR_ROOM;
    return is_built && peek(&builder) == '\0' && builder.at == builder.text_end
               ? CHIMERA_LINEAR_BUILT
               : CHIMERA_LINEAR_REFUSED;
}

/* Of what is within strings, too. Each comma and each bracket has at most one value behind it,
 * which is an element with its index or a member, whose key has a colon; buckets are three for a
 * member at the most, and eight for an object. */
uint64_t chimera_linear_build_room(struct chimera_slice text)
{
    uint64_t values = 1, members = 0, collections = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool opens = text.data[i] == '{' || text.data[i] == '[';
        collections += opens;
        values += opens || text.data[i] == ',';
        members += text.data[i] == ':';
    }
    return values * (2 * NUMBER + CHIMERA_LINEAR_PAIR_SIZE) + members * (STRING + MEMBER + 3 * 4) +
           collections * (OBJECT + HEAD + CHIMERA_LINEAR_BUCKETS_MIN * 4) + text.size +
           2 * ROOM_STEP;
}
