/* SPDX-License-Identifier: Apache-2.0 */
/* reader.h - a cursor over WebAssembly bytes: bounds-checked, with a sticky error.
 *
 * After the first failure every read returns 0 and moves nothing, so a caller may read several
 * values and test once. The message names the offset in the file.
 */
#ifndef CHIMERA_COMPILER_WASM_READER_H
#define CHIMERA_COMPILER_WASM_READER_H

#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

struct reader {
    const uint8_t *start; /* of the file; offsets count from here */
    const uint8_t *at, *end;
    const char *file;    /* name for messages */
    const char *section; /* the same: "import section" */
    struct chimera_error *err;
    int code;            /* 0 until something failed */
    bool has_vectors;    /* it met a type or an instruction of vectors */
    bool wants_lowering; /* it failed on what chimera_lower() rewrites */
};

/* Sets the error unless there is one; returns the code. */
int reader_fail(struct reader *reader, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));

/* The same, for a feature that no tier compiles, and for one that chimera_lower() rewrites. */
int reader_refuse(struct reader *reader, const char *feature) __attribute__((cold));
int reader_want_lowering(struct reader *reader, const char *feature) __attribute__((cold));

uint8_t reader_byte(struct reader *reader);
uint32_t reader_long_u32(struct reader *reader); /* LEB128, at most 5 bytes, no excess bits */
uint64_t reader_signed(struct reader *reader,
                       unsigned bits); /* signed LEB128 of 32, 33 or 64 bits */
struct chimera_slice reader_bytes(struct reader *reader, uint64_t size);
struct chimera_slice reader_name(struct reader *reader); /* length and valid UTF-8 */

/* A count of entries that take at least one byte each, so it cannot exceed what is left. */
uint32_t reader_count(struct reader *reader, uint32_t limit, const char *what);

/* Zeroed room for `count` entries and one more, to be freed; NULL after a failure. */
void *reader_reserve(struct reader *reader, uint64_t count, size_t size);

/* The same as reader_long_u32(), without a call for a number of one byte, which most are. */
static inline uint32_t reader_u32(struct reader *reader)
{
    bool is_short = reader->code == 0 && reader->at < reader->end && *reader->at < 0x80;
    return is_short ? *reader->at++ : reader_long_u32(reader);
}

/* One of `section` alone, which lies in what `file` reads. */
static inline struct reader reader_inside(const struct reader *file, struct chimera_slice payload,
                                          const char *section)
{
    struct reader reader = *file;
    reader.at = (const uint8_t *)payload.data;
    reader.end = reader.at + payload.size;
    reader.section = section;
    return reader;
}

/* The current offset in the file. */
static inline size_t reader_offset(const struct reader *reader)
{
    return (size_t)(reader->at - reader->start);
}

#endif
