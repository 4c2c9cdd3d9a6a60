/* SPDX-License-Identifier: Apache-2.0 */
/* plain.h - how many bytes from here on are plain in a JSON string: before the first quote,
 * backslash, control character or part of a longer character. A block at a time, which must be
 * there whole. For who looks at every byte of a text (json, rego/linear). */
#ifndef CHIMERA_JSON_PLAIN_H
#define CHIMERA_JSON_PLAIN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define PLAIN_INLINE static inline __attribute__((always_inline))

#define PLAIN_ONES (UINT64_MAX / 255) /* 0x0101… */

/* Of eight bytes. A borrow can only blur bytes behind the first that is not plain. */
PLAIN_INLINE size_t plain_count_portable(const char *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, sizeof(bytes));
    bytes = le64toh(bytes);
    uint64_t quote = bytes ^ (PLAIN_ONES * '"'), backslash = bytes ^ (PLAIN_ONES * '\\');
    uint64_t hit =
        (bytes - PLAIN_ONES * 0x20) | (quote - PLAIN_ONES) | (backslash - PLAIN_ONES) | bytes;
    hit &= PLAIN_ONES * 0x80;
    return hit ? (size_t)__builtin_ctzll(hit) / 8 : 8;
}

#ifdef __x86_64__

/* Of 16. With one bit turned over the quote is the only byte from 0x20 on that comes to lie at 0x20
 * or below; and bytes from 0x80 on are negative. Adding 1 turns the lowest bits that are set into
 * as many zeros. */
PLAIN_INLINE size_t plain_count_sse2(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i high = _mm_cmpgt_epi8(_mm_xor_si128(bytes, _mm_set1_epi8(2)), _mm_set1_epi8(0x20));
    __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    unsigned plain = (unsigned)_mm_movemask_epi8(_mm_andnot_si128(backslash, high));
    return (unsigned)__builtin_ctz(plain + 1);
}

/* Of 32. */
__attribute__((target("avx2"))) PLAIN_INLINE size_t plain_count_avx2(const char *at)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i high =
        _mm256_cmpgt_epi8(_mm256_xor_si256(bytes, _mm256_set1_epi8(2)), _mm256_set1_epi8(0x20));
    __m256i backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    unsigned plain = (unsigned)_mm256_movemask_epi8(_mm256_andnot_si256(backslash, high));
    return (unsigned)__builtin_ctzll((uint64_t)plain + 1);
}

#define PLAIN_BLOCK 16
#define plain_count plain_count_sse2

#else

#define PLAIN_BLOCK 8
#define plain_count plain_count_portable

#endif

/* Of a string whose inside begins at `at`: where its closing quote is, if it is plain up to there
 * and the text goes on for a block at least; else NULL. */
PLAIN_INLINE const char *plain_string_end(const char *at, const char *end)
{
    while (end - at > PLAIN_BLOCK) {
        size_t count = plain_count(at);
        at += count;
        if (*at == '"')
            return at;
        if (count < PLAIN_BLOCK)
            break;
    }
    return NULL;
}

#endif
