/* SPDX-License-Identifier: Apache-2.0 */
/* callable.h - all that a guest imports, by the tables that register it, to be called in each mode
 * that has it. For programs of one file. */
#ifndef CHIMERA_TESTS_HOSTILE_CALLABLE_H
#define CHIMERA_TESTS_HOSTILE_CALLABLE_H

#include "plugins/policy/imports.h"
#include "runtime/plugin/export.h"

struct chimera_guest;

typedef void any_function(void);
/* Integers all, which travel alike whatever their size: x86-64's calling convention. */
typedef uint64_t call_function(struct chimera_guest *, uint64_t, uint64_t, uint64_t, uint64_t,
                               uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

struct import {
    const char *name;
    enum chimera_mode mode;
    any_function *function;
};

#define DECLARE(module, name, type, symbol) extern any_function any_##symbol __asm__(#symbol);
CHIMERA_GUEST_IMPORTS(DECLARE)

#define IN_WAPC(module, name, type, symbol) {name, CHIMERA_MODE_WAPC, any_##symbol},
#define IN_WASI(module, name, type, symbol) {name, CHIMERA_MODE_WASI, any_##symbol},
#define IN_REGO(module, name, type, symbol) {name, CHIMERA_MODE_OPA, any_##symbol},

/* Rows of a table of struct import. */
/* clang-format off */
#define ALL_IMPORTS \
    CHIMERA_WAPC_IMPORTS(IN_WAPC) \
    CHIMERA_WASI_IMPORTS(IN_WAPC) \
    CHIMERA_WASI_IMPORTS(IN_WASI) \
    CHIMERA_CALL_IMPORTS(IN_WASI) \
    CHIMERA_REGO_IMPORTS(IN_REGO)
/* clang-format on */

#endif
