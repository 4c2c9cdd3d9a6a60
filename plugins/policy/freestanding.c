/* SPDX-License-Identifier: Apache-2.0 */
/* freestanding.c - the functions that a compiler may call on its own, compiled into every plugin.
 *
 * A plugin imports nothing from libc: a deadline can interrupt only code of the plugin, and a loop
 * over memory.fill spends its life here (runtime-performance.md §5.2). Nothing here may be taken
 * for a builtin, so that these loops do not become calls of themselves.
 */
#include "prelude.h"

#ifdef __clang__
#pragma clang attribute push(__attribute__((no_builtin)), apply_to = function)
#endif

#ifdef CHIMERA_QUICK

/* From here on the processor's string instructions are faster than tcc's loops. */
#define STRING_MIN 64

static void move_up(u8 *to, const u8 *from, size_t size)
{
    for (; size >= 8; size -= 8, to += 8, from += 8)
        *(u64 *)to = *(const u64 *)from;
    for (; size > 0; size--)
        *to++ = *from++;
}

static void move_down(u8 *to, const u8 *from, size_t size)
{
    while (size >= 8) {
        size -= 8;
        *(u64 *)(to + size) = *(const u64 *)(from + size);
    }
    while (size > 0) {
        size--;
        to[size] = from[size];
    }
}

void *memcpy(void *to, const void *from, size_t size)
{
    void *at = to;
    if (size < STRING_MIN)
        move_up(to, from, size);
    else
        __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((size_t)((u8 *)to - (const u8 *)from) >= size)
        return memcpy(to, from, size);
    move_down(to, from, size);
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
    return to;
}

/* tcc has no builtin for these, and calls the others for what one instruction does not convert. */
__asm__(".text\n"
        ".globl chimera_sqrt\n.type chimera_sqrt, @function\nchimera_sqrt:\n"
        " .byte 0xf2, 0x0f, 0x51, 0xc0\n ret\n" /* sqrtsd %xmm0, %xmm0 */
        ".globl chimera_sqrtf\n.type chimera_sqrtf, @function\nchimera_sqrtf:\n"
        " .byte 0xf3, 0x0f, 0x51, 0xc0\n ret\n"); /* sqrtss %xmm0, %xmm0 */

#define TWO_63 9223372036854775808.0
#define TOP_BIT 0x8000000000000000ull

/* Half of a number beyond 2^63, with the bit that falls off kept as a sticky one, rounds as the
 * whole does. */
f64 __floatundidf(u64 x)
{
    f64 half;
    if (!(x & TOP_BIT))
        return (f64)(s64)x;
    half = (f64)(s64)(x >> 1 | (x & 1));
    return half + half;
}

f32 __floatundisf(u64 x)
{
    f32 half;
    if (!(x & TOP_BIT))
        return (f32)(s64)x;
    half = (f32)(s64)(x >> 1 | (x & 1));
    return half + half;
}

/* Only called with what the macros of prelude.h have found to be in range. */
u64 __fixunsdfdi(f64 x)
{
    return x < TWO_63 ? (u64)(s64)x : (u64)(s64)(x - TWO_63) ^ TOP_BIT;
}

u64 __fixunssfdi(f32 x)
{
    return __fixunsdfdi(x);
}

#else /* CHIMERA_QUICK */

typedef u64 __attribute__((vector_size(16), aligned(1), may_alias)) block;
typedef u64 UNALIGNED word;
typedef u32 UNALIGNED half;

#define BLOCK sizeof(block)
/* From here on the processor's string instructions are faster than a loop of blocks. */
#define STRING_MIN 1024

static inline void copy_small(u8 *to, const u8 *from, size_t size)
{
    if (size >= 8) {
        word first = *(const word *)from, last = *(const word *)(from + size - 8);
        *(word *)to = first;
        *(word *)(to + size - 8) = last;
    } else if (size >= 4) {
        half first = *(const half *)from, last = *(const half *)(from + size - 4);
        *(half *)to = first;
        *(half *)(to + size - 4) = last;
    } else if (size > 0) {
        u8 first = from[0], middle = from[size / 2], last = from[size - 1];
        to[0] = first;
        to[size / 2] = middle;
        to[size - 1] = last;
    }
}

static inline void copy_forwards(u8 *to, const u8 *from, size_t size)
{
    block last = *(const block *)(from + size - BLOCK);
    for (size_t at = 0; at < size - BLOCK; at += BLOCK)
        *(block *)(to + at) = *(const block *)(from + at);
    *(block *)(to + size - BLOCK) = last;
}

static inline void copy_backwards(u8 *to, const u8 *from, size_t size)
{
    block first = *(const block *)from;
    for (size_t at = size - BLOCK; at > 0; at = at > BLOCK ? at - BLOCK : 0)
        *(block *)(to + at) = *(const block *)(from + at);
    *(block *)to = first;
}

void *memmove(void *to, const void *from, size_t size)
{
    if (size < BLOCK)
        copy_small(to, from, size);
    else if ((size_t)((u8 *)to - (const u8 *)from) >= size)
        copy_forwards(to, from, size);
    else
        copy_backwards(to, from, size);
    return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
#ifdef __x86_64__
    if (size >= STRING_MIN) {
        void *at = to;
        __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
        return to;
    }
#endif
    if (size < BLOCK)
        copy_small(to, from, size);
    else
        copy_forwards(to, from, size);
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    u8 *at = to;
#ifdef __x86_64__
    if (size >= STRING_MIN) {
        __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
        return to;
    }
#endif
    u64 pattern = 0x0101010101010101ull * (u8)byte;
    for (; size >= 8; size -= 8, at += 8)
        *(word *)at = pattern;
    for (; size > 0; size--)
        *at++ = (u8)byte;
    return to;
}

#endif /* CHIMERA_QUICK */

int memcmp(const void *a, const void *b, size_t size)
{
    const u8 *x = a, *y = b;
    for (size_t i = 0; i < size; i++) {
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    }
    return 0;
}

/* Rounding to an integer by adding and taking away 2^52 (2^23), where the fraction falls off.
 * Beyond that every number is an integer. The sign is kept, for -0.3 rounds to -0. */
#define TWO_52 4503599627370496.0
#define TWO_23 8388608.0f

f64 nearbyint(f64 x)
{
    volatile f64 sum = wasm_fabs(x);
    if (!(sum < TWO_52))
        return x;
    sum += TWO_52;
    sum -= TWO_52;
    return copysign(sum, x);
}

f32 nearbyintf(f32 x)
{
    volatile f32 sum = wasm_fabsf(x);
    if (!(sum < TWO_23))
        return x;
    sum += TWO_23;
    sum -= TWO_23;
    return copysignf(sum, x);
}

f64 floor(f64 x)
{
    f64 near = nearbyint(x);
    return near > x ? copysign(near - 1, x) : near;
}

f32 floorf(f32 x)
{
    f32 near = nearbyintf(x);
    return near > x ? copysignf(near - 1, x) : near;
}

f64 ceil(f64 x)
{
    f64 near = nearbyint(x);
    return near < x ? copysign(near + 1, x) : near;
}

f32 ceilf(f32 x)
{
    f32 near = nearbyintf(x);
    return near < x ? copysignf(near + 1, x) : near;
}

f64 trunc(f64 x)
{
    return IS_NEGATIVE(x) ? ceil(x) : floor(x);
}

f32 truncf(f32 x)
{
    return IS_NEGATIVE(x) ? ceilf(x) : floorf(x);
}

#ifdef __clang__
#pragma clang attribute pop
#endif
