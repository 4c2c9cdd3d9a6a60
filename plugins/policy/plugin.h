/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.h - the contract between a policy plugin and the runtime that loads it.
 *
 * A policy plugin is a shared object made from one WebAssembly module by wasm2c and clang or tcc.
 * It exports one symbol, CHIMERA_PLUGIN_SYMBOL, a constant `struct chimera_plugin`, and imports
 * only the functions of imports.h. It has no constructors, needs no other library, and holds no
 * writable data: all state of a guest is in the instance, the linear memory and the tables, which
 * the runtime allocates and passes in. So any number of instances may run one plugin at once, one
 * thread each.
 *
 * CHIMERA_PLUGIN_ABI counts changes of this file; the loader refuses any other number.
 * Plain C11, usable from C++.
 */
#ifndef CHIMERA_PLUGIN_H
#define CHIMERA_PLUGIN_H

#ifdef CHIMERA_QUICK /* tcc brings no stdint.h; and nothing of the machine gets into a plugin */
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
typedef unsigned long size_t;
#define NULL ((void *)0)
#define offsetof(type, member) ((size_t)&((type *)0)->member)
#else
#include <stddef.h>
#include <stdint.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define CHIMERA_PLUGIN_ABI 3
#define CHIMERA_PLUGIN_SYMBOL "chimera_plugin"

#define CHIMERA_PAGE_BYTES 65536u /* of linear memory */

/* Why a guest was stopped. The numbers are part of the ABI. */
#define CHIMERA_TRAP_MAP(X)                                              \
    X(NONE, 0, "no trap")                                                \
    X(OUT_OF_BOUNDS, 1, "out of bounds memory access")                   \
    X(INTEGER_OVERFLOW, 2, "integer overflow")                           \
    X(DIVIDE_BY_ZERO, 3, "integer divide by zero")                       \
    X(INVALID_CONVERSION, 4, "invalid conversion to integer")            \
    X(UNREACHABLE, 5, "unreachable")                                     \
    X(INDIRECT_CALL, 6, "indirect call of a null or ill-typed function") \
    X(TABLE_BOUNDS, 7, "out of bounds table access")                     \
    X(STACK, 8, "call stack exhausted")                                  \
    X(HOST, 9, "the host refused a call")

enum chimera_trap {
#define X(name, number, text) CHIMERA_TRAP_##name = (number),
    CHIMERA_TRAP_MAP(X)
#undef X
};

enum chimera_mode {                        /* how a policy is spoken to; guest-abis.md §1.1 */
                    CHIMERA_MODE_NONE = 0, /* exports only: the conformance tests */
                    CHIMERA_MODE_WAPC = 1,
                    CHIMERA_MODE_WASI = 2,
                    CHIMERA_MODE_OPA = 3,
                    CHIMERA_MODE_GATEKEEPER = 4,
                    CHIMERA_MODE_CHIMERA = 5, /* the WASI policies of 2020 */
};

struct chimera_guest; /* the runtime's side of one instance; opaque to a plugin */

struct chimera_memory {
    uint8_t *data; /* start of a reservation of 8 GiB; never moves */
    uint32_t pages, max_pages;
    uint64_t size; /* bytes accessible now: pages * CHIMERA_PAGE_BYTES */
};

struct chimera_table {
    void *data; /* `size` entries of the entry_size that the plugin states */
    uint32_t max_size, size;
};

/* Which compiler made the code. The answers are the same. */
enum chimera_tier {
    CHIMERA_TIER_QUICK = 1, /* tcc: there at once, several times slower */
    CHIMERA_TIER_FULL = 2,  /* clang -O1 */
};

/* No frame of the quick tier is larger: its functions look at the stack's limit only after they
 * have made their frame, and nothing else keeps a frame from reaching over the stack's guard. */
#define CHIMERA_FRAME_MAX ((size_t)1 << 20)

/* What a function of the runtime may use of the guest's stack. The guest's code sees to it. */
#define CHIMERA_STACK_FOR_HOST ((size_t)256 * 1024)

/* The head of every instance; what follows is the plugin's own (globals, tables, dropped flags). */
struct chimera_instance {
    struct chimera_guest *guest;
    struct chimera_memory memory;
    /* A frame of the quick tier that begins below must not run: so much is left for it, for one
     * more of its callee's, and for the host's functions. */
    uint8_t *stack_limit;
};

union chimera_value {
    uint32_t i32;
    uint64_t i64;
    float f32;
    double f64;
    void *externref;
};

enum chimera_export_kind {
    CHIMERA_EXPORT_FUNCTION = 0,
    CHIMERA_EXPORT_GLOBAL = 1,
    CHIMERA_EXPORT_MEMORY = 2
};

struct chimera_export {
    const char *name; /* name_size bytes of UTF-8; may hold NUL */
    uint32_t name_size;
    uint32_t kind; /* enum chimera_export_kind */
    /* A function's parameters and results, or a global's type, in letters: i i32, I i64, f f32,
     * F f64, e externref, r funcref, v v128. "ii:i" takes two i32 and returns one; "I" is a global.
     */
    const char *type;
    /* Functions: takes the arguments from `values` and leaves the results there, from 0 on. NULL
     * where a type is funcref or v128. Runs on the guest's stack; never call it on your own. */
    void (*call)(struct chimera_instance *instance, union chimera_value *values);
    uint64_t offset; /* globals: where the value is in the instance */
};

struct chimera_plugin_table {
    uint64_t offset; /* of its struct chimera_table in the instance */
    uint32_t min, max;
    uint32_t entry_size; /* bytes; a null entry is all zero */
};

struct chimera_plugin {
    uint32_t abi;            /* CHIMERA_PLUGIN_ABI */
    uint32_t size;           /* sizeof(struct chimera_plugin) of the builder */
    uint8_t wasm_digest[32]; /* SHA-256 of the WebAssembly file */
    const char *toolchain;   /* the identity of what built it; part of the file's name */
    uint32_t mode;           /* enum chimera_mode */
    uint32_t has_memory;     /* 1 when the module has a linear memory */
    uint32_t memory_min_pages, memory_max_pages; /* max 65536 when the module states none */
    uint64_t image_size;    /* bytes of the initial memory that the .image file holds */
    uint64_t instance_size; /* bytes to allocate, zeroed, for one instance */
    const struct chimera_plugin_table *tables;
    const struct chimera_export *exports;
    uint32_t table_count, export_count;
    uint32_t
        changes_tables; /* 1 when code may write table entries; else they stay as initialised */
    /* Sets globals and fills tables from the element segments. Memory holds the image and the
     * tables have their minimum size, all null. May trap: call it on the guest's stack. */
    void (*initialize)(struct chimera_instance *instance);
    void (*start)(struct chimera_instance *instance); /* the module's start function, or NULL */
    uint32_t tier;                                    /* enum chimera_tier */
};

#ifdef __cplusplus
}
#endif

#endif
