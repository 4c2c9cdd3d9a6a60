/* SPDX-License-Identifier: Apache-2.0 */
/* quick.h - the parts of the prelude that the quick tier has of its own: for tcc, which knows few
 * builtins, does not optimise, and is less proven than clang.
 *
 *  - Every load and store is compared with the memory's size, in 64 bits, before the guard pages
 * would catch it.
 *  - Every function compares its frame with the stack's limit, for tcc does not probe large frames.
 * The runtime puts CHIMERA_FRAME_MAX and the host's share into that limit, and the audit refuses
 * larger frames.
 *  - What clang has builtins for is written out.
 * Included by prelude.h.
 */
#ifndef CHIMERA_POLICY_QUICK_H
#define CHIMERA_POLICY_QUICK_H

#define LIKELY(x) (x)
#define UNLIKELY(x) (x)
#define INFINITY f32_reinterpret_i32(0x7f800000u)
#define NAN f32_reinterpret_i32(0x7fc00000u)
#define UNALIGNED /* tcc neither aligns accesses nor reasons about aliases */

/* Called from the guest's function itself, which is named by where this returns to. */
#define chimera_stop(head, trap) chimera_trap((head)->guest, (trap))

#define HOST_STACK ((void)0) /* is in the stack's limit */

#define FUNC_LOCALS                                                    \
    u8 *const chimera_base = instance->head.memory.data;               \
    u64 chimera_at;                                                    \
    if ((u8 *)__builtin_frame_address(0) < instance->head.stack_limit) \
    chimera_stop(&instance->head, CHIMERA_TRAP_STACK)

/* wasm2c's operands are variables, so that no access stands inside another's address or value. Were
 * it otherwise, each would still use an address that was checked. */
#define CHECKED(type, address)                                                               \
    (chimera_at = (address), chimera_at + sizeof(type) > instance->head.memory.size          \
                                 ? chimera_stop(&instance->head, CHIMERA_TRAP_OUT_OF_BOUNDS) \
                                 : (void)0)
#define AT(type, address) (*(CHECKED(type, address), (volatile type *)(chimera_base + chimera_at)))

static inline u32 count_ones32(u32 x)
{
    x -= (x >> 1) & 0x55555555u;
    x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0fu;
    return (x * 0x01010101u) >> 24;
}

static inline u64 count_ones64(u64 x)
{
    return count_ones32((u32)x) + count_ones32((u32)(x >> 32));
}

/* All bits from the highest one down are set; what is left are the leading zeros. */
static inline u64 count_leading64(u64 x)
{
    for (u32 shift = 1; shift < 64; shift *= 2)
        x |= x >> shift;
    return 64 - count_ones64(x);
}

#define I32_CLZ(x) ((u32)count_leading64(x) - 32)
#define I64_CLZ(x) count_leading64(x)
#define I32_CTZ(x) count_ones32(((x) & (0u - (x))) - 1)
#define I64_CTZ(x) count_ones64(((x) & (0ull - (x))) - 1)
#define I32_POPCNT(x) count_ones32(x)
#define I64_POPCNT(x) count_ones64(x)

#define DEFINE_REINTERPRET(name, from, to) \
    static inline to name(from x)          \
    {                                      \
        union {                            \
            from from_value;               \
            to to_value;                   \
        } bits;                            \
        bits.from_value = x;               \
        return bits.to_value;              \
    }
DEFINE_REINTERPRET(f32_reinterpret_i32, u32, f32)
DEFINE_REINTERPRET(i32_reinterpret_f32, f32, u32)
DEFINE_REINTERPRET(f64_reinterpret_i64, u64, f64)
DEFINE_REINTERPRET(i64_reinterpret_f64, f64, u64)

/* tcc makes a subtraction of -(x), which loses the sign of a NaN; the split writes these instead.
 */
static inline f32 chimera_negate_f(f32 x)
{
    return f32_reinterpret_i32(i32_reinterpret_f32(x) ^ 0x80000000u);
}

static inline f64 chimera_negate_d(f64 x)
{
    return f64_reinterpret_i64(i64_reinterpret_f64(x) ^ 0x8000000000000000ull);
}

/* Of zeros only, so that widening a float changes nothing. */
#define IS_NEGATIVE(x) (i64_reinterpret_f64((f64)(x)) >> 63)

static inline f32 copysignf(f32 x, f32 y)
{
    return f32_reinterpret_i32((i32_reinterpret_f32(x) & 0x7fffffffu) |
                               (i32_reinterpret_f32(y) & 0x80000000u));
}

static inline f64 copysign(f64 x, f64 y)
{
    return f64_reinterpret_i64((i64_reinterpret_f64(x) & 0x7fffffffffffffffull) |
                               (i64_reinterpret_f64(y) & 0x8000000000000000ull));
}

f32 chimera_sqrtf(f32 x); /* of freestanding.c */
f64 chimera_sqrt(f64 x);
#define SQRT_F32(x) chimera_sqrtf(x)
#define SQRT_F64(x) chimera_sqrt(x)

#endif
