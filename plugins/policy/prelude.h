/* SPDX-License-Identifier: Apache-2.0 */
/* prelude.h - what the generated C of a policy is written against, in place of wasm2c's own
 * prelude.
 *
 * wasm2c's function bodies are kept as they are; every macro, type and helper that they name is
 * here. So neither speed nor soundness of a plugin hangs on WABT's runtime (docs/decisions/001):
 *  - a load or store is one volatile access through a base held in a local of the function
 *    (runtime-performance.md §9), whose 33-bit address cannot leave the reservation of 8 GiB;
 *  - a trap calls the runtime, which leaves the guest's stack;
 *  - an indirect call compares a number that the build gave to each shape of signature, and masks
 *    the index of the table.
 * Included by module.h of a plugin, which declares `struct instance` with a `head` and the tables.
 * CHIMERA_WABT is the minor number of the WABT that wrote the bodies. CHIMERA_QUICK is defined for
 * tcc: what the two tiers have different is in full.h and quick.h.
 */
#ifndef CHIMERA_PRELUDE_H
#define CHIMERA_PRELUDE_H

#include "plugin.h"

typedef uint8_t u8;
typedef int8_t s8;
typedef uint16_t u16;
typedef int16_t s16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef int64_t s64;
typedef float f32;
typedef double f64;
#ifndef __cplusplus
typedef _Bool bool;
#define true 1
#define false 0
#endif

_Noreturn void chimera_trap(struct chimera_guest *guest, u32 trap);
u32 chimera_memory_grow(struct chimera_guest *guest, u32 delta);
u32 chimera_table_grow(struct chimera_guest *guest, struct chimera_table *table, u32 delta,
                       const void *initial);

/* The helpers of freestanding.c: a deadline must be able to interrupt them, so they are the
 * plugin's. */
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
f64 floor(f64 x);
f64 ceil(f64 x);
f64 trunc(f64 x);
f64 nearbyint(f64 x);
f32 floorf(f32 x);
f32 ceilf(f32 x);
f32 truncf(f32 x);
f32 nearbyintf(f32 x);

/* --- Traps. Every use has `instance` in scope. --- */

#ifdef CHIMERA_QUICK
#include "quick.h"
#else
#include "full.h"
#endif

#define TRAP_OF(instance, trap) (chimera_stop(&(instance)->head, (trap)), 0)
#define TRAP(trap) TRAP_OF(instance, CHIMERA_TRAP_##trap)
#define UNREACHABLE TRAP(UNREACHABLE)

/* A profiling plugin (docs/decisions/031) tells its host of each function that it enters and
 * leaves; the host puts the function to call into the instance. CHIMERA_FUNCTION is the function's
 * index. */
#if CHIMERA_PROFILE
#define TELL(is_leaving)                                                         \
    if (instance->profile) {                                                     \
        HOST_STACK;                                                              \
        instance->profile(instance->head.guest, CHIMERA_FUNCTION, (is_leaving)); \
    }
#else
#define TELL(is_leaving) ((void)0)
#endif

#define FUNC_PROLOGUE \
    FUNC_LOCALS;      \
    TELL(0)
#define FUNC_EPILOGUE TELL(1)

/* --- Memory. `mem` is the one memory; it is named only to match wasm2c's calls. --- */

typedef u8 UNALIGNED mem_u8;
typedef s8 UNALIGNED mem_s8;
typedef u16 UNALIGNED mem_u16;
typedef s16 UNALIGNED mem_s16;
typedef u32 UNALIGNED mem_u32;
typedef s32 UNALIGNED mem_s32;
typedef u64 UNALIGNED mem_u64;
typedef f32 UNALIGNED mem_f32;
typedef f64 UNALIGNED mem_f64;

#define i32_load(mem, a) ((u32)AT(mem_u32, a))
#define i64_load(mem, a) ((u64)AT(mem_u64, a))
#define f32_load(mem, a) ((f32)AT(mem_f32, a))
#define f64_load(mem, a) ((f64)AT(mem_f64, a))
#define i32_load8_s(mem, a) ((u32)(s32)AT(mem_s8, a))
#define i64_load8_s(mem, a) ((u64)(s64)AT(mem_s8, a))
#define i32_load8_u(mem, a) ((u32)AT(mem_u8, a))
#define i64_load8_u(mem, a) ((u64)AT(mem_u8, a))
#define i32_load16_s(mem, a) ((u32)(s32)AT(mem_s16, a))
#define i64_load16_s(mem, a) ((u64)(s64)AT(mem_s16, a))
#define i32_load16_u(mem, a) ((u32)AT(mem_u16, a))
#define i64_load16_u(mem, a) ((u64)AT(mem_u16, a))
#define i64_load32_s(mem, a) ((u64)(s64)AT(mem_s32, a))
#define i64_load32_u(mem, a) ((u64)AT(mem_u32, a))
#define i32_store(mem, a, v) ((void)(AT(mem_u32, a) = (v)))
#define i64_store(mem, a, v) ((void)(AT(mem_u64, a) = (v)))
#define f32_store(mem, a, v) ((void)(AT(mem_f32, a) = (v)))
#define f64_store(mem, a, v) ((void)(AT(mem_f64, a) = (v)))
#define i32_store8(mem, a, v) ((void)(AT(mem_u8, a) = (u8)(v)))
#define i32_store16(mem, a, v) ((void)(AT(mem_u16, a) = (u16)(v)))
#define i64_store8(mem, a, v) ((void)(AT(mem_u8, a) = (u8)(v)))
#define i64_store16(mem, a, v) ((void)(AT(mem_u16, a) = (u16)(v)))
#define i64_store32(mem, a, v) ((void)(AT(mem_u32, a) = (u32)(v)))

#define IS_OUTSIDE(offset, count, size) ((u64)(offset) + (u64)(count) > (u64)(size))
#define CHECK_MEMORY(offset, count)                                      \
    if (UNLIKELY(IS_OUTSIDE(offset, count, instance->head.memory.size))) \
    TRAP(OUT_OF_BOUNDS)

static inline void bulk_fill(struct chimera_instance *head, u32 at, u32 byte, u32 count)
{
    if (UNLIKELY(IS_OUTSIDE(at, count, head->memory.size)))
        chimera_stop(head, CHIMERA_TRAP_OUT_OF_BOUNDS);
    memset(head->memory.data + at, (int)(byte & 0xff), count);
}

static inline void bulk_copy(struct chimera_instance *head, u32 to, u32 from, u32 count)
{
    if (UNLIKELY(IS_OUTSIDE(to, count, head->memory.size) ||
                 IS_OUTSIDE(from, count, head->memory.size)))
        chimera_stop(head, CHIMERA_TRAP_OUT_OF_BOUNDS);
    memmove(head->memory.data + to, head->memory.data + from, count);
}

static inline void bulk_init(struct chimera_instance *head, const u8 *segment, u32 size, u32 to,
                             u32 from, u32 count)
{
    if (UNLIKELY(IS_OUTSIDE(from, count, size) || IS_OUTSIDE(to, count, head->memory.size)))
        chimera_stop(head, CHIMERA_TRAP_OUT_OF_BOUNDS);
    memcpy(head->memory.data + to, segment + from, count);
}

#define memory_fill(mem, at, byte, count) bulk_fill(&instance->head, at, byte, count)
#define memory_copy(to_mem, from_mem, to, from, count) bulk_copy(&instance->head, to, from, count)
#define memory_init(mem, segment, size, to, from, count) \
    bulk_init(&instance->head, segment, size, to, from, count)
#define wasm_rt_grow_memory(mem, delta) \
    (HOST_STACK, chimera_memory_grow(instance->head.guest, delta))

/* --- Tables and references. --- */

typedef void (*wasm_rt_function_ptr_t)(void);
typedef void *wasm_rt_externref_t;
typedef struct {
    u32 func_type; /* 0 in a null reference */
    wasm_rt_function_ptr_t func;
#if CHIMERA_WABT >= 33
    struct {
        void *unused;
    } func_tailcallee; /* wasm2c's bodies initialise it */
#endif
    void *module_instance;
} wasm_rt_funcref_t;

#define wasm_rt_funcref_null_value ((wasm_rt_funcref_t){0})
#define wasm_rt_externref_null_value ((wasm_rt_externref_t)0)

/* The same layout as struct chimera_table. */
typedef struct {
    wasm_rt_funcref_t *data;
    u32 max_size, size;
} wasm_rt_funcref_table_t;
typedef struct {
    wasm_rt_externref_t *data;
    u32 max_size, size;
} wasm_rt_externref_table_t;

/* `at` when it is below `size`, else 0, without a branch: a processor that guesses the check before
 * it wrongly reads an entry of the table all the same (Spectre, variant 1). The compiler must not
 * know that `at` is what was checked, or it would leave this out. */
static inline u32 masked(u32 at, u32 size)
{
    u64 hidden = at;
    __asm__("" : "+r"(hidden));
    return (u32)(hidden & (u64)((s64)(hidden - size) >> 63));
}

/* `ft` is a signature's number; a null entry has 0 and never matches. The function was stored with
 * the number of its own type, so what is called has the type that the caller assumes. wasm2c's
 * fifth argument is the entry's instance, by the index that is not masked; it is not used. */
#define ENTRY(table, x) ((table).data[masked(x, (table).size)])
#define CALL_INDIRECT(table, t, ft, x, unmasked, ...)                             \
    ((LIKELY((x) < (table).size && ENTRY(table, x).func_type == FUNC_TYPE(ft)) || \
      TRAP(INDIRECT_CALL)),                                                       \
     ((t)ENTRY(table, x).func)(ENTRY(table, x).module_instance, ##__VA_ARGS__))

typedef struct { /* one entry of an element segment */
    u32 func_type;
    wasm_rt_function_ptr_t func;
    bool is_import; /* then its first argument is the guest */
} wasm_elem_segment_expr_t;

static inline void table_init(struct chimera_instance *head, wasm_rt_funcref_table_t *table,
                              const wasm_elem_segment_expr_t *segment, u32 size, u32 to, u32 from,
                              u32 count)
{
    if (UNLIKELY(IS_OUTSIDE(from, count, size) || IS_OUTSIDE(to, count, table->size)))
        chimera_stop(head, CHIMERA_TRAP_TABLE_BOUNDS);
    for (u32 i = 0; i < count; i++) {
        const wasm_elem_segment_expr_t *entry = &segment[from + i];
        wasm_rt_funcref_t reference = {0};
        reference.func_type = entry->func_type;
        reference.func = entry->func;
        if (entry->func)
            reference.module_instance = entry->is_import ? (void *)head->guest : (void *)head;
        table->data[to + i] = reference;
    }
}

#define funcref_table_init(table, segment, size, to, from, count, ...) \
    table_init(&instance->head, table, segment, size, to, from, count)

static inline void null_init(struct chimera_instance *head, wasm_rt_externref_table_t *table,
                             u32 size, u32 to, u32 from, u32 count)
{
    if (UNLIKELY(IS_OUTSIDE(from, count, size) || IS_OUTSIDE(to, count, table->size)))
        chimera_stop(head, CHIMERA_TRAP_TABLE_BOUNDS);
    for (u32 i = 0; i < count; i++)
        table->data[to + i] = NULL;
}

#define externref_table_init(table, size, to, from, count) \
    null_init(&instance->head, table, size, to, from, count)

#define DEFINE_TABLE(type)                                                                         \
    static inline void type##_copy(                                                                \
        struct chimera_instance *head, wasm_rt_##type##_table_t *to_table,                         \
        const wasm_rt_##type##_table_t *from_table, u32 to, u32 from, u32 count)                   \
    {                                                                                              \
        if (UNLIKELY(IS_OUTSIDE(to, count, to_table->size) ||                                      \
                     IS_OUTSIDE(from, count, from_table->size)))                                   \
            chimera_stop(head, CHIMERA_TRAP_TABLE_BOUNDS);                                         \
        memmove(to_table->data + to, from_table->data + from, count * sizeof(wasm_rt_##type##_t)); \
    }                                                                                              \
    static inline wasm_rt_##type##_t type##_get(struct chimera_instance *head,                     \
                                                const wasm_rt_##type##_table_t *table, u32 at)     \
    {                                                                                              \
        if (UNLIKELY(at >= table->size))                                                           \
            chimera_stop(head, CHIMERA_TRAP_TABLE_BOUNDS);                                         \
        return ENTRY(*table, at);                                                                  \
    }                                                                                              \
    static inline void type##_set(struct chimera_instance *head,                                   \
                                  const wasm_rt_##type##_table_t *table, u32 at,                   \
                                  wasm_rt_##type##_t value)                                        \
    {                                                                                              \
        if (UNLIKELY(at >= table->size))                                                           \
            chimera_stop(head, CHIMERA_TRAP_TABLE_BOUNDS);                                         \
        ENTRY(*table, at) = value;                                                                 \
    }                                                                                              \
    static inline void type##_fill(struct chimera_instance *head,                                  \
                                   const wasm_rt_##type##_table_t *table, u32 at,                  \
                                   wasm_rt_##type##_t value, u32 count)                            \
    {                                                                                              \
        if (UNLIKELY(IS_OUTSIDE(at, count, table->size)))                                          \
            chimera_stop(head, CHIMERA_TRAP_TABLE_BOUNDS);                                         \
        for (u32 i = 0; i < count; i++)                                                            \
            table->data[at + i] = value;                                                           \
    }                                                                                              \
    static inline u32 type##_grow(struct chimera_instance *head, wasm_rt_##type##_table_t *table,  \
                                  u32 delta, wasm_rt_##type##_t value)                             \
    {                                                                                              \
        HOST_STACK;                                                                                \
        return chimera_table_grow(head->guest, (struct chimera_table *)table, delta, &value);      \
    }

DEFINE_TABLE(funcref)
DEFINE_TABLE(externref)

#define funcref_table_copy(...) funcref_copy(&instance->head, __VA_ARGS__)
#define externref_table_copy(...) externref_copy(&instance->head, __VA_ARGS__)
#define funcref_table_get(...) funcref_get(&instance->head, __VA_ARGS__)
#define externref_table_get(...) externref_get(&instance->head, __VA_ARGS__)
#define funcref_table_set(...) funcref_set(&instance->head, __VA_ARGS__)
#define externref_table_set(...) externref_set(&instance->head, __VA_ARGS__)
#define funcref_table_fill(...) funcref_fill(&instance->head, __VA_ARGS__)
#define externref_table_fill(...) externref_fill(&instance->head, __VA_ARGS__)
#define wasm_rt_grow_funcref_table(...) funcref_grow(&instance->head, __VA_ARGS__)
#define wasm_rt_grow_externref_table(...) externref_grow(&instance->head, __VA_ARGS__)

/* --- Integers. --- */

#define DIV_S(ut, min, x, y)                                        \
    (UNLIKELY((y) == 0)                    ? TRAP(DIVIDE_BY_ZERO)   \
     : UNLIKELY((x) == (min) && (y) == -1) ? TRAP(INTEGER_OVERFLOW) \
                                           : (ut)((x) / (y)))
#define REM_S(ut, min, x, y)                                      \
    (UNLIKELY((y) == 0)                    ? TRAP(DIVIDE_BY_ZERO) \
     : UNLIKELY((x) == (min) && (y) == -1) ? 0                    \
                                           : (ut)((x) % (y)))
#define INT32_SMALLEST (-2147483647 - 1)
#define INT64_SMALLEST (-9223372036854775807ll - 1)
#define I32_DIV_S(x, y) DIV_S(u32, INT32_SMALLEST, (s32)(x), (s32)(y))
#define I64_DIV_S(x, y) DIV_S(u64, INT64_SMALLEST, (s64)(x), (s64)(y))
#define I32_REM_S(x, y) REM_S(u32, INT32_SMALLEST, (s32)(x), (s32)(y))
#define I64_REM_S(x, y) REM_S(u64, INT64_SMALLEST, (s64)(x), (s64)(y))
#define DIV_U(x, y) (UNLIKELY((y) == 0) ? TRAP(DIVIDE_BY_ZERO) : (x) / (y))
#define REM_U(x, y) (UNLIKELY((y) == 0) ? TRAP(DIVIDE_BY_ZERO) : (x) % (y))

#define ROTL(x, y, mask) (((x) << ((y) & (mask))) | ((x) >> (((mask) - (y) + 1) & (mask))))
#define ROTR(x, y, mask) (((x) >> ((y) & (mask))) | ((x) << (((mask) - (y) + 1) & (mask))))
#define I32_ROTL(x, y) ROTL(x, y, 31)
#define I64_ROTL(x, y) ROTL(x, y, 63)
#define I32_ROTR(x, y) ROTR(x, y, 31)
#define I64_ROTR(x, y) ROTR(x, y, 63)

/* --- Floating point. A NaN result is quiet; which one is free (core specification, §4.3.3). --- */

#define FMIN(x, y)                                                   \
    (UNLIKELY((x) != (x))             ? NAN                          \
     : UNLIKELY((y) != (y))           ? NAN                          \
     : UNLIKELY((x) == 0 && (y) == 0) ? (IS_NEGATIVE(x) ? (x) : (y)) \
     : (x) < (y)                      ? (x)                          \
                                      : (y))
#define FMAX(x, y)                                                   \
    (UNLIKELY((x) != (x))             ? NAN                          \
     : UNLIKELY((y) != (y))           ? NAN                          \
     : UNLIKELY((x) == 0 && (y) == 0) ? (IS_NEGATIVE(x) ? (y) : (x)) \
     : (x) > (y)                      ? (x)                          \
                                      : (y))

#define TRUNC_S(ut, st, min, above_min, max, x)                                 \
    (UNLIKELY((x) != (x))                            ? TRAP(INVALID_CONVERSION) \
     : UNLIKELY(!((x)above_min(min) && (x) < (max))) ? TRAP(INTEGER_OVERFLOW)   \
                                                     : (ut)(st)(x))
#define I32_TRUNC_S_F32(x) TRUNC_S(u32, s32, -2147483648.f, >=, 2147483648.f, x)
#define I64_TRUNC_S_F32(x) TRUNC_S(u64, s64, -9223372036854775808.f, >=, 9223372036854775808.f, x)
#define I32_TRUNC_S_F64(x) TRUNC_S(u32, s32, -2147483649., >, 2147483648., x)
#define I64_TRUNC_S_F64(x) TRUNC_S(u64, s64, -9223372036854775808., >=, 9223372036854775808., x)

#define TRUNC_U(ut, max, x)                                            \
    (UNLIKELY((x) != (x))                   ? TRAP(INVALID_CONVERSION) \
     : UNLIKELY(!((x) > -1 && (x) < (max))) ? TRAP(INTEGER_OVERFLOW)   \
                                            : (ut)(x))
#define I32_TRUNC_U_F32(x) TRUNC_U(u32, 4294967296.f, x)
#define I64_TRUNC_U_F32(x) TRUNC_U(u64, 18446744073709551616.f, x)
#define I32_TRUNC_U_F64(x) TRUNC_U(u32, 4294967296., x)
#define I64_TRUNC_U_F64(x) TRUNC_U(u64, 18446744073709551616., x)

#define TRUNC_SAT_S(ut, st, min, smallest, above_min, max, largest, x) \
    (UNLIKELY((x) != (x))             ? (ut)0                          \
     : UNLIKELY(!((x)above_min(min))) ? (ut)(smallest)                 \
     : UNLIKELY(!((x) < (max)))       ? (ut)(largest)                  \
                                      : (ut)(st)(x))
#define I32_TRUNC_SAT_S_F32(x) \
    TRUNC_SAT_S(u32, s32, -2147483648.f, INT32_SMALLEST, >=, 2147483648.f, 2147483647, x)
#define I64_TRUNC_SAT_S_F32(x)                                                               \
    TRUNC_SAT_S(u64, s64, -9223372036854775808.f, INT64_SMALLEST, >=, 9223372036854775808.f, \
                9223372036854775807ll, x)
#define I32_TRUNC_SAT_S_F64(x) \
    TRUNC_SAT_S(u32, s32, -2147483649., INT32_SMALLEST, >, 2147483648., 2147483647, x)
#define I64_TRUNC_SAT_S_F64(x)                                                             \
    TRUNC_SAT_S(u64, s64, -9223372036854775808., INT64_SMALLEST, >=, 9223372036854775808., \
                9223372036854775807ll, x)

#define TRUNC_SAT_U(ut, max, largest, x)        \
    (UNLIKELY((x) != (x))       ? (ut)0         \
     : UNLIKELY(!((x) > -1))    ? (ut)0         \
     : UNLIKELY(!((x) < (max))) ? (ut)(largest) \
                                : (ut)(x))
#define I32_TRUNC_SAT_U_F32(x) TRUNC_SAT_U(u32, 4294967296.f, 4294967295u, x)
#define I64_TRUNC_SAT_U_F32(x) TRUNC_SAT_U(u64, 18446744073709551616.f, 18446744073709551615ull, x)
#define I32_TRUNC_SAT_U_F64(x) TRUNC_SAT_U(u32, 4294967296., 4294967295u, x)
#define I64_TRUNC_SAT_U_F64(x) TRUNC_SAT_U(u64, 18446744073709551616., 18446744073709551615ull, x)

static inline f32 quiet_f32(f32 x)
{
    return f32_reinterpret_i32(i32_reinterpret_f32(x) | 0x7fc00000u);
}

static inline f64 quiet_f64(f64 x)
{
    return f64_reinterpret_i64(i64_reinterpret_f64(x) | 0x7ff8000000000000ull);
}

#define QUIET_F32(x, result) (UNLIKELY((x) != (x)) ? quiet_f32(x) : (result))
#define QUIET_F64(x, result) (UNLIKELY((x) != (x)) ? quiet_f64(x) : (result))
#define wasm_quietf(x) QUIET_F32(x, x)
#define wasm_quiet(x) QUIET_F64(x, x)
#define wasm_floorf(x) QUIET_F32(x, floorf(x))
#define wasm_floor(x) QUIET_F64(x, floor(x))
#define wasm_ceilf(x) QUIET_F32(x, ceilf(x))
#define wasm_ceil(x) QUIET_F64(x, ceil(x))
#define wasm_truncf(x) QUIET_F32(x, truncf(x))
#define wasm_trunc(x) QUIET_F64(x, trunc(x))
#define wasm_nearbyintf(x) QUIET_F32(x, nearbyintf(x))
#define wasm_nearbyint(x) QUIET_F64(x, nearbyint(x))
#define wasm_sqrtf(x) QUIET_F32(x, SQRT_F32(x))
#define wasm_sqrt(x) QUIET_F64(x, SQRT_F64(x))
#define wasm_fabsf(x) f32_reinterpret_i32(i32_reinterpret_f32(x) & 0x7fffffffu)
#define wasm_fabs(x) f64_reinterpret_i64(i64_reinterpret_f64(x) & 0x7fffffffffffffffull)

#if CHIMERA_SIMD
#include "simd.h"
#endif

#endif
