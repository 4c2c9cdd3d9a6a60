/* SPDX-License-Identifier: Apache-2.0 */
/* full.h - the parts of the prelude that the full tier has of its own, for clang. Included by
 * prelude.h. */
#ifndef CHIMERA_POLICY_FULL_H
#define CHIMERA_POLICY_FULL_H

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")

/* Before every call of the host's: in a frame that is near the stack's end the guard must be met
 * here, in the guest's code, for a fault in the host's is no trap. */
#ifdef __x86_64__
static inline void chimera_probe(void)
{
    __asm__ volatile("testb $0, %c0(%%rsp)" : : "i"(-(long)CHIMERA_STACK_FOR_HOST) : "cc");
}
#define HOST_STACK chimera_probe()
#else
#define HOST_STACK ((void)0)
#endif

/* Called from the guest's function itself, which is named by where this returns to. */
#define chimera_stop(head, trap) (HOST_STACK, chimera_trap((head)->guest, (trap)))

#define FUNC_LOCALS                                      \
    u8 *const chimera_base = instance->head.memory.data; \
    (void)chimera_base

#define UNALIGNED __attribute__((aligned(1), may_alias))

/* Volatile: a load whose value is not used may still have to trap. */
#define AT(type, address) (*(volatile type *)(chimera_base + (address)))

#define I32_CLZ(x) ((x) ? (u32)__builtin_clz(x) : 32u)
#define I64_CLZ(x) ((x) ? (u64)__builtin_clzll(x) : 64u)
#define I32_CTZ(x) ((x) ? (u32)__builtin_ctz(x) : 32u)
#define I64_CTZ(x) ((x) ? (u64)__builtin_ctzll(x) : 64u)
#define I32_POPCNT(x) ((u32)__builtin_popcount(x))
#define I64_POPCNT(x) ((u64)__builtin_popcountll(x))

#define DEFINE_REINTERPRET(name, from, to)             \
    static inline to name(from x)                      \
    {                                                  \
        to result;                                     \
        __builtin_memcpy(&result, &x, sizeof(result)); \
        return result;                                 \
    }
DEFINE_REINTERPRET(f32_reinterpret_i32, u32, f32)
DEFINE_REINTERPRET(i32_reinterpret_f32, f32, u32)
DEFINE_REINTERPRET(f64_reinterpret_i64, u64, f64)
DEFINE_REINTERPRET(i64_reinterpret_f64, f64, u64)

#define IS_NEGATIVE(x) __builtin_signbit(x)
#define SQRT_F32(x) __builtin_sqrtf(x)
#define SQRT_F64(x) __builtin_sqrt(x)
#define copysignf(x, y) __builtin_copysignf(x, y)
#define copysign(x, y) __builtin_copysign(x, y)

#endif
