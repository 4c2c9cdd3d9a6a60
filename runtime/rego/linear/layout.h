/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h - Rego's values as the runtime of OPA's modules keeps them in linear memory (OPA 1.22).
 *
 * Addresses and sizes are 32 bits, little endian; values lie at multiples of four, and the type is
 * a value's first byte. Whether a module has this layout is tried out (probe.h), never assumed.
 *
 *   null      type
 *   boolean   type, value
 *   number    type, form, at 8 either an int64 or: text, size, whether the text is to be freed
 *   string    type, at 1 whether the text is to be freed, at 4 size, at 8 text
 *   array     type, at 4 elements (pairs of addresses: index, which is a number, and value), at 8
 *             how many there are, at 12 for how many there is room
 *   object    type, at 4 buckets (addresses of members, or 0), at 8 how many buckets, at 12 how
 *             many members; a member is key, value and next member, in a bucket by their keys
 *   set       as an object, but that its members have no value
 */
#ifndef CHIMERA_REGO_LINEAR_LAYOUT_H
#define CHIMERA_REGO_LINEAR_LAYOUT_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum chimera_linear_type {
    CHIMERA_LINEAR_NULL = 1,
    CHIMERA_LINEAR_BOOLEAN,
    CHIMERA_LINEAR_NUMBER,
    CHIMERA_LINEAR_STRING,
    CHIMERA_LINEAR_ARRAY,
    CHIMERA_LINEAR_OBJECT,
    CHIMERA_LINEAR_SET,
    CHIMERA_LINEAR_STRING_INTERNED,
    CHIMERA_LINEAR_BOOLEAN_INTERNED,
};

enum { /* forms of a number */
       CHIMERA_LINEAR_NUMBER_INT = 1,
       CHIMERA_LINEAR_NUMBER_TEXT,
};

enum {                               /* sizes in bytes, up to a multiple of four */
       CHIMERA_LINEAR_WORD_SIZE = 4, /* null and booleans */
       CHIMERA_LINEAR_NUMBER_SIZE = 24,
       CHIMERA_LINEAR_STRING_SIZE = 12,
       CHIMERA_LINEAR_ARRAY_SIZE = 16,
       CHIMERA_LINEAR_OBJECT_SIZE = 16,
       CHIMERA_LINEAR_PAIR_SIZE = 8,
       CHIMERA_LINEAR_MEMBER_SIZE = 12,
       CHIMERA_LINEAR_SET_MEMBER_SIZE = 8,
};

enum { CHIMERA_LINEAR_BUCKETS_MIN = 8 };

/* As many buckets as an object or a set with so many members has. */
static inline uint64_t chimera_linear_buckets(uint64_t members)
{
    uint64_t buckets = CHIMERA_LINEAR_BUCKETS_MIN;
    while ((double)members > (double)buckets * 0.7)
        buckets *= 2;
    return buckets;
}

/* What the guest's allocator has before each block: its size, and two addresses that are 0 while it
 * is in use. A block is freed into the list of its size, and those of the smallest size are taken
 * for all that is smaller; so a block that says it has the smallest may be freed, whatever it has.
 */
enum { CHIMERA_LINEAR_BLOCK_HEAD = 12, CHIMERA_LINEAR_BLOCK_SMALLEST = 4 };

static inline uint32_t chimera_linear_load(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return le32toh(value);
}

static inline void chimera_linear_store(uint8_t *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof(value));
}

/* The hash of a string. */
static inline uint32_t chimera_linear_hash(const char *text, size_t size)
{
    uint32_t hash = 0x811c9dc5u;
#pragma GCC unroll 4
    for (size_t i = 0; i < size; i++)
        hash = hash * 0x01000193u ^ (unsigned char)text[i];
    return hash;
}

#endif
