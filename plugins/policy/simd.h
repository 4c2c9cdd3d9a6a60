/* SPDX-License-Identifier: Apache-2.0 */
/* simd.h - vectors (v128) for the generated C of a policy; wasm2c of WABT 1.0.33 and newer writes
 * such.
 *
 * wasm2c names the operations as the library simde does. They are defined here through the
 * compiler's vectors instead, so that a plugin depends on no further headers and loads and stores
 * trap as all others do. Names of types: lanes' kind, bits and number. Included by prelude.h for
 * modules with vectors only. Little-endian, as WebAssembly is; clang 15 or newer.
 */
#ifndef CHIMERA_SIMD_H
#define CHIMERA_SIMD_H

#define VECTOR(type, bytes) type __attribute__((vector_size(bytes)))
typedef VECTOR(u64, 16) v128;
typedef v128 UNALIGNED mem_v128;
typedef VECTOR(s8, 16) i8x16;
typedef VECTOR(u8, 16) u8x16;
typedef VECTOR(s16, 16) i16x8;
typedef VECTOR(u16, 16) u16x8;
typedef VECTOR(s32, 16) i32x4;
typedef VECTOR(u32, 16) u32x4;
typedef VECTOR(s64, 16) i64x2;
typedef VECTOR(u64, 16) u64x2;
typedef VECTOR(f32, 16) f32x4;
typedef VECTOR(f64, 16) f64x2;
/* Halves, and the wide ones that steps in between need. */
typedef VECTOR(s8, 8) i8x8;
typedef VECTOR(u8, 8) u8x8;
typedef VECTOR(s16, 8) i16x4;
typedef VECTOR(u16, 8) u16x4;
typedef VECTOR(s32, 8) i32x2;
typedef VECTOR(u32, 8) u32x2;
typedef VECTOR(u16, 32) u16x16;
typedef VECTOR(s32, 32) i32x8;
typedef VECTOR(u32, 32) u32x8;
typedef u64 UNALIGNED mem_half;

#define CONVERT(x, type) __builtin_convertvector(x, type)

/* --- Memory. --- */

#define v128_load(mem, a) ((v128)AT(mem_v128, a))
#define v128_store(mem, a, v) ((void)(AT(mem_v128, a) = (v)))
#define v128_load8_splat(mem, a) simde_wasm_i8x16_splat(AT(mem_u8, a))
#define v128_load16_splat(mem, a) simde_wasm_i16x8_splat(AT(mem_u16, a))
#define v128_load32_splat(mem, a) simde_wasm_i32x4_splat(AT(mem_u32, a))
#define v128_load64_splat(mem, a) simde_wasm_i64x2_splat(AT(mem_u64, a))
#define v128_load32_zero(mem, a) ((v128)(u32x4){AT(mem_u32, a)})
#define v128_load64_zero(mem, a) ((v128)(u64x2){AT(mem_u64, a)})

#define DEFINE_EXTENDING_LOAD(name, half, whole) \
    static inline v128 load_##name(u64 bits)     \
    {                                            \
        return (v128)CONVERT((half)bits, whole); \
    }
DEFINE_EXTENDING_LOAD(i16x8, i8x8, i16x8)
DEFINE_EXTENDING_LOAD(u16x8, u8x8, u16x8)
DEFINE_EXTENDING_LOAD(i32x4, i16x4, i32x4)
DEFINE_EXTENDING_LOAD(u32x4, u16x4, u32x4)
DEFINE_EXTENDING_LOAD(i64x2, i32x2, i64x2)
DEFINE_EXTENDING_LOAD(u64x2, u32x2, u64x2)
#define i16x8_load8x8(mem, a) load_i16x8(AT(mem_half, a))
#define u16x8_load8x8(mem, a) load_u16x8(AT(mem_half, a))
#define i32x4_load16x4(mem, a) load_i32x4(AT(mem_half, a))
#define u32x4_load16x4(mem, a) load_u32x4(AT(mem_half, a))
#define i64x2_load32x2(mem, a) load_i64x2(AT(mem_half, a))
#define u64x2_load32x2(mem, a) load_u64x2(AT(mem_half, a))

#define LOAD_LANE(type, element, a, v, lane) with_##type(v, lane, AT(mem_##element, a))
#define STORE_LANE(type, element, a, v, lane) ((void)(AT(mem_##element, a) = ((type)(v))[lane]))
#define v128_load8_lane0(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 0)
#define v128_load8_lane1(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 1)
#define v128_load8_lane2(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 2)
#define v128_load8_lane3(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 3)
#define v128_load8_lane4(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 4)
#define v128_load8_lane5(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 5)
#define v128_load8_lane6(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 6)
#define v128_load8_lane7(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 7)
#define v128_load8_lane8(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 8)
#define v128_load8_lane9(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 9)
#define v128_load8_lane10(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 10)
#define v128_load8_lane11(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 11)
#define v128_load8_lane12(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 12)
#define v128_load8_lane13(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 13)
#define v128_load8_lane14(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 14)
#define v128_load8_lane15(mem, a, v) LOAD_LANE(u8x16, u8, a, v, 15)
#define v128_load16_lane0(mem, a, v) LOAD_LANE(u16x8, u16, a, v, 0)
#define v128_load16_lane1(mem, a, v) LOAD_LANE(u16x8, u16, a, v, 1)
#define v128_load16_lane2(mem, a, v) LOAD_LANE(u16x8, u16, a, v, 2)
#define v128_load16_lane3(mem, a, v) LOAD_LANE(u16x8, u16, a, v, 3)
#define v128_load16_lane4(mem, a, v) LOAD_LANE(u16x8, u16, a, v, 4)
#define v128_load16_lane5(mem, a, v) LOAD_LANE(u16x8, u16, a, v, 5)
#define v128_load16_lane6(mem, a, v) LOAD_LANE(u16x8, u16, a, v, 6)
#define v128_load16_lane7(mem, a, v) LOAD_LANE(u16x8, u16, a, v, 7)
#define v128_load32_lane0(mem, a, v) LOAD_LANE(u32x4, u32, a, v, 0)
#define v128_load32_lane1(mem, a, v) LOAD_LANE(u32x4, u32, a, v, 1)
#define v128_load32_lane2(mem, a, v) LOAD_LANE(u32x4, u32, a, v, 2)
#define v128_load32_lane3(mem, a, v) LOAD_LANE(u32x4, u32, a, v, 3)
#define v128_load64_lane0(mem, a, v) LOAD_LANE(u64x2, u64, a, v, 0)
#define v128_load64_lane1(mem, a, v) LOAD_LANE(u64x2, u64, a, v, 1)
#define v128_store8_lane0(mem, a, v) STORE_LANE(u8x16, u8, a, v, 0)
#define v128_store8_lane1(mem, a, v) STORE_LANE(u8x16, u8, a, v, 1)
#define v128_store8_lane2(mem, a, v) STORE_LANE(u8x16, u8, a, v, 2)
#define v128_store8_lane3(mem, a, v) STORE_LANE(u8x16, u8, a, v, 3)
#define v128_store8_lane4(mem, a, v) STORE_LANE(u8x16, u8, a, v, 4)
#define v128_store8_lane5(mem, a, v) STORE_LANE(u8x16, u8, a, v, 5)
#define v128_store8_lane6(mem, a, v) STORE_LANE(u8x16, u8, a, v, 6)
#define v128_store8_lane7(mem, a, v) STORE_LANE(u8x16, u8, a, v, 7)
#define v128_store8_lane8(mem, a, v) STORE_LANE(u8x16, u8, a, v, 8)
#define v128_store8_lane9(mem, a, v) STORE_LANE(u8x16, u8, a, v, 9)
#define v128_store8_lane10(mem, a, v) STORE_LANE(u8x16, u8, a, v, 10)
#define v128_store8_lane11(mem, a, v) STORE_LANE(u8x16, u8, a, v, 11)
#define v128_store8_lane12(mem, a, v) STORE_LANE(u8x16, u8, a, v, 12)
#define v128_store8_lane13(mem, a, v) STORE_LANE(u8x16, u8, a, v, 13)
#define v128_store8_lane14(mem, a, v) STORE_LANE(u8x16, u8, a, v, 14)
#define v128_store8_lane15(mem, a, v) STORE_LANE(u8x16, u8, a, v, 15)
#define v128_store16_lane0(mem, a, v) STORE_LANE(u16x8, u16, a, v, 0)
#define v128_store16_lane1(mem, a, v) STORE_LANE(u16x8, u16, a, v, 1)
#define v128_store16_lane2(mem, a, v) STORE_LANE(u16x8, u16, a, v, 2)
#define v128_store16_lane3(mem, a, v) STORE_LANE(u16x8, u16, a, v, 3)
#define v128_store16_lane4(mem, a, v) STORE_LANE(u16x8, u16, a, v, 4)
#define v128_store16_lane5(mem, a, v) STORE_LANE(u16x8, u16, a, v, 5)
#define v128_store16_lane6(mem, a, v) STORE_LANE(u16x8, u16, a, v, 6)
#define v128_store16_lane7(mem, a, v) STORE_LANE(u16x8, u16, a, v, 7)
#define v128_store32_lane0(mem, a, v) STORE_LANE(u32x4, u32, a, v, 0)
#define v128_store32_lane1(mem, a, v) STORE_LANE(u32x4, u32, a, v, 1)
#define v128_store32_lane2(mem, a, v) STORE_LANE(u32x4, u32, a, v, 2)
#define v128_store32_lane3(mem, a, v) STORE_LANE(u32x4, u32, a, v, 3)
#define v128_store64_lane0(mem, a, v) STORE_LANE(u64x2, u64, a, v, 0)
#define v128_store64_lane1(mem, a, v) STORE_LANE(u64x2, u64, a, v, 1)

/* --- Constants, lanes, shuffles. --- */

#define v128_const(...) ((v128)(u8x16){__VA_ARGS__})
#define simde_wasm_i64x2_make(a, b) ((v128)(u64x2){(a), (b)})

#define DEFINE_WITH(type, element)                              \
    static inline v128 with_##type(v128 v, int lane, element x) \
    {                                                           \
        type result = (type)v;                                  \
        result[lane] = x;                                       \
        return (v128)result;                                    \
    }
DEFINE_WITH(u8x16, u8)
DEFINE_WITH(u16x8, u16)
DEFINE_WITH(u32x4, u32)
DEFINE_WITH(u64x2, u64)
DEFINE_WITH(f32x4, f32)
DEFINE_WITH(f64x2, f64)

#define v128_i8x16_extract_lane(v, lane) ((u32)(s32)((i8x16)(v))[lane])
#define v128_u8x16_extract_lane(v, lane) ((u32)((u8x16)(v))[lane])
#define v128_i16x8_extract_lane(v, lane) ((u32)(s32)((i16x8)(v))[lane])
#define v128_u16x8_extract_lane(v, lane) ((u32)((u16x8)(v))[lane])
#define v128_i32x4_extract_lane(v, lane) (((u32x4)(v))[lane])
#define v128_i64x2_extract_lane(v, lane) (((u64x2)(v))[lane])
#define v128_f32x4_extract_lane(v, lane) (((f32x4)(v))[lane])
#define v128_f64x2_extract_lane(v, lane) (((f64x2)(v))[lane])
#define v128_i8x16_replace_lane(v, lane, x) with_u8x16(v, lane, (u8)(x))
#define v128_i16x8_replace_lane(v, lane, x) with_u16x8(v, lane, (u16)(x))
#define v128_i32x4_replace_lane(v, lane, x) with_u32x4(v, lane, x)
#define v128_i64x2_replace_lane(v, lane, x) with_u64x2(v, lane, x)
#define v128_f32x4_replace_lane(v, lane, x) with_f32x4(v, lane, x)
#define v128_f64x2_replace_lane(v, lane, x) with_f64x2(v, lane, x)

#define simde_wasm_i8x16_splat(x) ((v128)((u8x16){0} + (u8)(x)))
#define simde_wasm_i16x8_splat(x) ((v128)((u16x8){0} + (u16)(x)))
#define simde_wasm_i32x4_splat(x) ((v128)((u32x4){0} + (u32)(x)))
#define simde_wasm_i64x2_splat(x) ((v128)((u64x2){0} + (u64)(x)))
/* Through integers, so that no bit of a NaN changes. */
#define simde_wasm_f32x4_splat(x) simde_wasm_i32x4_splat(i32_reinterpret_f32(x))
#define simde_wasm_f64x2_splat(x) simde_wasm_i64x2_splat(i64_reinterpret_f64(x))

#define v128_i8x16_shuffle(a, b, ...) \
    ((v128)__builtin_shufflevector((u8x16)(a), (u8x16)(b), __VA_ARGS__))

static inline v128 v128_i8x16_swizzle(v128 a, v128 b)
{
    u8x16 from = (u8x16)a, at = (u8x16)b, result;
    u8 bytes[16];
    __builtin_memcpy(bytes, &from, sizeof(bytes));
    for (int i = 0; i < 16; i++)
        result[i] = at[i] < 16 ? bytes[at[i]] : 0;
    return (v128)result;
}

/* --- Bits. --- */

#define simde_wasm_v128_not(a) (~(a))
#define simde_wasm_v128_and(a, b) ((a) & (b))
#define simde_wasm_v128_andnot(a, b) ((a) & ~(b))
#define simde_wasm_v128_or(a, b) ((a) | (b))
#define simde_wasm_v128_xor(a, b) ((a) ^ (b))

static inline v128 simde_wasm_v128_bitselect(v128 a, v128 b, v128 mask)
{
    return (a & mask) | (b & ~mask);
}

static inline u32 simde_wasm_v128_any_true(v128 a)
{
    return (a[0] | a[1]) != 0;
}

#define DEFINE_TESTS(shape, type, count)                        \
    static inline u32 simde_wasm_##shape##_all_true(v128 a)     \
    {                                                           \
        return !simde_wasm_v128_any_true((v128)((type)a == 0)); \
    }                                                           \
    static inline u32 v128_##shape##_bitmask(v128 a)            \
    {                                                           \
        u32 mask = 0;                                           \
        for (int i = 0; i < (count); i++)                       \
            mask |= (u32)(((type)a)[i] < 0) << i;               \
        return mask;                                            \
    }
DEFINE_TESTS(i8x16, i8x16, 16)
DEFINE_TESTS(i16x8, i16x8, 8)
DEFINE_TESTS(i32x4, i32x4, 4)
DEFINE_TESTS(i64x2, i64x2, 2)

/* --- Integers. --- */

#define DEFINE_UNARY(name, type, expression) \
    static inline v128 name(v128 x)          \
    {                                        \
        type a = (type)x;                    \
        return (v128)(expression);           \
    }
#define DEFINE_BINARY(name, type, expression) \
    static inline v128 name(v128 x, v128 y)   \
    {                                         \
        type a = (type)x, b = (type)y;        \
        return (v128)(expression);            \
    }
#define DEFINE_SHIFT(name, type, element, mask, operation)                       \
    static inline v128 name(v128 x, u32 count)                                   \
    {                                                                            \
        return (v128)((type)x operation((type){0} + (element)(count & (mask)))); \
    }

#define DEFINE_COMPARISONS(shape)                         \
    DEFINE_BINARY(simde_wasm_##shape##_eq, shape, a == b) \
    DEFINE_BINARY(simde_wasm_##shape##_ne, shape, a != b)
#define DEFINE_ORDER(shape)                               \
    DEFINE_BINARY(simde_wasm_##shape##_lt, shape, a < b)  \
    DEFINE_BINARY(simde_wasm_##shape##_gt, shape, a > b)  \
    DEFINE_BINARY(simde_wasm_##shape##_le, shape, a <= b) \
    DEFINE_BINARY(simde_wasm_##shape##_ge, shape, a >= b)
DEFINE_COMPARISONS(i8x16)
DEFINE_COMPARISONS(i16x8)
DEFINE_COMPARISONS(i32x4)
DEFINE_COMPARISONS(i64x2)
DEFINE_COMPARISONS(f32x4)
DEFINE_COMPARISONS(f64x2)
DEFINE_ORDER(i8x16)
DEFINE_ORDER(u8x16)
DEFINE_ORDER(i16x8)
DEFINE_ORDER(u16x8)
DEFINE_ORDER(i32x4)
DEFINE_ORDER(u32x4)
DEFINE_ORDER(i64x2)
DEFINE_ORDER(f32x4)
DEFINE_ORDER(f64x2)

/* Sums and differences wrap, so they are of the unsigned type. */
#define DEFINE_ARITHMETIC(shape, unsigned_shape, bits, mask)                    \
    DEFINE_UNARY(simde_wasm_##shape##_abs, shape, __builtin_elementwise_abs(a)) \
    DEFINE_UNARY(simde_wasm_##shape##_neg, unsigned_shape, -a)                  \
    DEFINE_BINARY(simde_wasm_##shape##_add, unsigned_shape, a + b)              \
    DEFINE_BINARY(simde_wasm_##shape##_sub, unsigned_shape, a - b)              \
    DEFINE_SHIFT(simde_wasm_##shape##_shl, unsigned_shape, u##bits, mask, <<)   \
    DEFINE_SHIFT(simde_wasm_##shape##_shr, shape, s##bits, mask, >>)            \
    DEFINE_SHIFT(simde_wasm_##unsigned_shape##_shr, unsigned_shape, u##bits, mask, >>)
DEFINE_ARITHMETIC(i8x16, u8x16, 8, 7)
DEFINE_ARITHMETIC(i16x8, u16x8, 16, 15)
DEFINE_ARITHMETIC(i32x4, u32x4, 32, 31)
DEFINE_ARITHMETIC(i64x2, u64x2, 64, 63)
DEFINE_BINARY(simde_wasm_i16x8_mul, u16x8, a *b)
DEFINE_BINARY(simde_wasm_i32x4_mul, u32x4, a *b)
DEFINE_BINARY(simde_wasm_i64x2_mul, u64x2, a *b)

#define DEFINE_EXTREMES(shape)                                                      \
    DEFINE_BINARY(simde_wasm_##shape##_min, shape, __builtin_elementwise_min(a, b)) \
    DEFINE_BINARY(simde_wasm_##shape##_max, shape, __builtin_elementwise_max(a, b))
DEFINE_EXTREMES(i8x16)
DEFINE_EXTREMES(u8x16)
DEFINE_EXTREMES(i16x8)
DEFINE_EXTREMES(u16x8)
DEFINE_EXTREMES(i32x4)
DEFINE_EXTREMES(u32x4)

#define DEFINE_SATURATING(shape)                                                            \
    DEFINE_BINARY(simde_wasm_##shape##_add_sat, shape, __builtin_elementwise_add_sat(a, b)) \
    DEFINE_BINARY(simde_wasm_##shape##_sub_sat, shape, __builtin_elementwise_sub_sat(a, b))
DEFINE_SATURATING(i8x16)
DEFINE_SATURATING(u8x16)
DEFINE_SATURATING(i16x8)
DEFINE_SATURATING(u16x8)

DEFINE_BINARY(simde_wasm_u8x16_avgr, u8x16,
              CONVERT((CONVERT(a, u16x16) + CONVERT(b, u16x16) + 1) >> 1, u8x16))
DEFINE_BINARY(simde_wasm_u16x8_avgr, u16x8,
              CONVERT((CONVERT(a, u32x8) + CONVERT(b, u32x8) + 1) >> 1, u16x8))

static inline v128 simde_wasm_i8x16_popcnt(v128 x)
{
    u8x16 a = (u8x16)x;
    a = a - ((a >> 1) & 0x55);
    a = (a & 0x33) + ((a >> 2) & 0x33);
    return (v128)((a + (a >> 4)) & 0x0f);
}

/* --- From one width to another. --- */

#define LOW_8(a) __builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7)
#define HIGH_8(a) __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15)
#define EVEN_8(a) __builtin_shufflevector(a, a, 0, 2, 4, 6, 8, 10, 12, 14)
#define ODD_8(a) __builtin_shufflevector(a, a, 1, 3, 5, 7, 9, 11, 13, 15)
#define LOW_4(a) __builtin_shufflevector(a, a, 0, 1, 2, 3)
#define HIGH_4(a) __builtin_shufflevector(a, a, 4, 5, 6, 7)
#define EVEN_4(a) __builtin_shufflevector(a, a, 0, 2, 4, 6)
#define ODD_4(a) __builtin_shufflevector(a, a, 1, 3, 5, 7)
#define LOW_2(a) __builtin_shufflevector(a, a, 0, 1)
#define HIGH_2(a) __builtin_shufflevector(a, a, 2, 3)

#define DEFINE_WIDENING(wide, narrow, half)                                                 \
    DEFINE_UNARY(v128_##wide##_extend_low_##narrow, narrow, CONVERT(LOW_##half(a), wide))   \
    DEFINE_UNARY(v128_##wide##_extend_high_##narrow, narrow, CONVERT(HIGH_##half(a), wide)) \
    DEFINE_BINARY(v128_##wide##_extmul_low_##narrow, narrow,                                \
                  CONVERT(LOW_##half(a), wide) * CONVERT(LOW_##half(b), wide))              \
    DEFINE_BINARY(v128_##wide##_extmul_high_##narrow, narrow,                               \
                  CONVERT(HIGH_##half(a), wide) * CONVERT(HIGH_##half(b), wide))
#define DEFINE_PAIRS(wide, narrow, half)                               \
    DEFINE_UNARY(simde_wasm_##wide##_extadd_pairwise_##narrow, narrow, \
                 CONVERT(EVEN_##half(a), wide) + CONVERT(ODD_##half(a), wide))
DEFINE_WIDENING(i16x8, i8x16, 8)
DEFINE_WIDENING(u16x8, u8x16, 8)
DEFINE_WIDENING(i32x4, i16x8, 4)
DEFINE_WIDENING(u32x4, u16x8, 4)
DEFINE_WIDENING(i64x2, i32x4, 2)
DEFINE_WIDENING(u64x2, u32x4, 2)
DEFINE_PAIRS(i16x8, i8x16, 8)
DEFINE_PAIRS(u16x8, u8x16, 8)
DEFINE_PAIRS(i32x4, i16x8, 4)
DEFINE_PAIRS(u32x4, u16x8, 4)

DEFINE_BINARY(simde_wasm_i32x4_dot_i16x8, i16x8,
              (u32x4)(CONVERT(EVEN_4(a), i32x4) * CONVERT(EVEN_4(b), i32x4)) +
                  (u32x4)(CONVERT(ODD_4(a), i32x4) * CONVERT(ODD_4(b), i32x4)))

#define CLAMP(x, type, low, high) \
    __builtin_elementwise_min(__builtin_elementwise_max(x, (type){0} + (low)), (type){0} + (high))

DEFINE_BINARY(simde_wasm_i16x8_q15mulr_sat, i16x8,
              CONVERT(CLAMP((CONVERT(a, i32x8) * CONVERT(b, i32x8) + 0x4000) >> 15, i32x8, -32768,
                            32767),
                      i16x8))

#define NARROW_8(a, b, half, type)                                                                \
    __builtin_shufflevector(CONVERT(a, half), CONVERT(b, half), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, \
                            11, 12, 13, 14, 15)
#define NARROW_4(a, b, half, type) \
    __builtin_shufflevector(CONVERT(a, half), CONVERT(b, half), 0, 1, 2, 3, 4, 5, 6, 7)
DEFINE_BINARY(v128_i8x16_narrow_i16x8, i16x8,
              NARROW_8(CLAMP(a, i16x8, -128, 127), CLAMP(b, i16x8, -128, 127), i8x8, i8x16))
DEFINE_BINARY(v128_u8x16_narrow_i16x8, i16x8,
              NARROW_8(CLAMP(a, i16x8, 0, 255), CLAMP(b, i16x8, 0, 255), u8x8, u8x16))
DEFINE_BINARY(v128_i16x8_narrow_i32x4, i32x4,
              NARROW_4(CLAMP(a, i32x4, -32768, 32767), CLAMP(b, i32x4, -32768, 32767), i16x4,
                       i16x8))
DEFINE_BINARY(v128_u16x8_narrow_i32x4, i32x4,
              NARROW_4(CLAMP(a, i32x4, 0, 65535), CLAMP(b, i32x4, 0, 65535), u16x4, u16x8))

/* --- Floating point; lane by lane where the prelude has the scalar. --- */

#define DEFINE_FLOATS(shape)                              \
    DEFINE_BINARY(simde_wasm_##shape##_add, shape, a + b) \
    DEFINE_BINARY(simde_wasm_##shape##_sub, shape, a - b) \
    DEFINE_BINARY(simde_wasm_##shape##_mul, shape, a *b)  \
    DEFINE_BINARY(simde_wasm_##shape##_div, shape, a / b)
DEFINE_FLOATS(f32x4)
DEFINE_FLOATS(f64x2)
DEFINE_UNARY(simde_wasm_f32x4_abs, u32x4, a & 0x7fffffffu)
DEFINE_UNARY(simde_wasm_f32x4_neg, u32x4, a ^ 0x80000000u)
DEFINE_UNARY(simde_wasm_f64x2_abs, u64x2, a & 0x7fffffffffffffffull)
DEFINE_UNARY(simde_wasm_f64x2_neg, u64x2, a ^ 0x8000000000000000ull)
#define DEFINE_PSEUDO(shape)                                                   \
    static inline v128 simde_wasm_##shape##_pmin(v128 a, v128 b)               \
    {                                                                          \
        return simde_wasm_v128_bitselect(b, a, simde_wasm_##shape##_lt(b, a)); \
    }                                                                          \
    static inline v128 simde_wasm_##shape##_pmax(v128 a, v128 b)               \
    {                                                                          \
        return simde_wasm_v128_bitselect(b, a, simde_wasm_##shape##_lt(a, b)); \
    }
DEFINE_PSEUDO(f32x4)
DEFINE_PSEUDO(f64x2)

#define DEFINE_F32_LANES(name, from, expression) \
    DEFINE_UNARY(                                \
        name, from,                              \
        ((f32x4){expression(a[0]), expression(a[1]), expression(a[2]), expression(a[3])}))
#define DEFINE_F64_LANES(name, from, expression) \
    DEFINE_UNARY(name, from, ((f64x2){expression(a[0]), expression(a[1])}))
DEFINE_F32_LANES(simde_wasm_f32x4_ceil, f32x4, wasm_ceilf)
DEFINE_F32_LANES(simde_wasm_f32x4_floor, f32x4, wasm_floorf)
DEFINE_F32_LANES(simde_wasm_f32x4_trunc, f32x4, wasm_truncf)
DEFINE_F32_LANES(simde_wasm_f32x4_nearest, f32x4, wasm_nearbyintf)
DEFINE_F32_LANES(simde_wasm_f32x4_sqrt, f32x4, wasm_sqrtf)
DEFINE_F64_LANES(simde_wasm_f64x2_ceil, f64x2, wasm_ceil)
DEFINE_F64_LANES(simde_wasm_f64x2_floor, f64x2, wasm_floor)
DEFINE_F64_LANES(simde_wasm_f64x2_trunc, f64x2, wasm_trunc)
DEFINE_F64_LANES(simde_wasm_f64x2_nearest, f64x2, wasm_nearbyint)
DEFINE_F64_LANES(simde_wasm_f64x2_sqrt, f64x2, wasm_sqrt)
DEFINE_BINARY(simde_wasm_f32x4_min, f32x4,
              ((f32x4){FMIN(a[0], b[0]), FMIN(a[1], b[1]), FMIN(a[2], b[2]), FMIN(a[3], b[3])}))
DEFINE_BINARY(simde_wasm_f32x4_max, f32x4,
              ((f32x4){FMAX(a[0], b[0]), FMAX(a[1], b[1]), FMAX(a[2], b[2]), FMAX(a[3], b[3])}))
DEFINE_BINARY(simde_wasm_f64x2_min, f64x2, ((f64x2){FMIN(a[0], b[0]), FMIN(a[1], b[1])}))
DEFINE_BINARY(simde_wasm_f64x2_max, f64x2, ((f64x2){FMAX(a[0], b[0]), FMAX(a[1], b[1])}))

DEFINE_F32_LANES(simde_wasm_f32x4_convert_i32x4, i32x4, (f32))
DEFINE_F32_LANES(simde_wasm_f32x4_convert_u32x4, u32x4, (f32))
DEFINE_F64_LANES(v128_f64x2_convert_low_i32x4, i32x4, (f64))
DEFINE_F64_LANES(v128_f64x2_convert_low_u32x4, u32x4, (f64))
DEFINE_F64_LANES(v128_f64x2_promote_low_f32x4, f32x4, (f64))
DEFINE_UNARY(v128_f32x4_demote_f64x2_zero, f64x2, ((f32x4){(f32)a[0], (f32)a[1], 0, 0}))
DEFINE_UNARY(simde_wasm_i32x4_trunc_sat_f32x4, f32x4,
             ((u32x4){I32_TRUNC_SAT_S_F32(a[0]), I32_TRUNC_SAT_S_F32(a[1]),
                      I32_TRUNC_SAT_S_F32(a[2]), I32_TRUNC_SAT_S_F32(a[3])}))
DEFINE_UNARY(simde_wasm_u32x4_trunc_sat_f32x4, f32x4,
             ((u32x4){I32_TRUNC_SAT_U_F32(a[0]), I32_TRUNC_SAT_U_F32(a[1]),
                      I32_TRUNC_SAT_U_F32(a[2]), I32_TRUNC_SAT_U_F32(a[3])}))
DEFINE_UNARY(v128_i32x4_trunc_sat_f64x2_zero, f64x2,
             ((u32x4){I32_TRUNC_SAT_S_F64(a[0]), I32_TRUNC_SAT_S_F64(a[1]), 0, 0}))
DEFINE_UNARY(v128_u32x4_trunc_sat_f64x2_zero, f64x2,
             ((u32x4){I32_TRUNC_SAT_U_F64(a[0]), I32_TRUNC_SAT_U_F64(a[1]), 0, 0}))

#endif
