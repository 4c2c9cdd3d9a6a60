/* SPDX-License-Identifier: Apache-2.0 */
/* builtin.h - OPA's builtin functions that a policy leaves to its host (guest-abis.md §4.5, §4.6).
 *
 * Each behaves as in OPA. Where OPA makes the expression undefined because of an error, these fail,
 * and the evaluation with them, as in the reference: a policy must not allow by mistake. They touch
 * nothing but their arguments, so any number of threads may call them.
 */
#ifndef CHIMERA_REGO_BUILTIN_H
#define CHIMERA_REGO_BUILTIN_H

#include "runtime/rego/call.h"

struct chimera_rego_builtin {
    const char *name;
    unsigned arity;
    chimera_rego_function *function;
    bool is_pure; /* what it gives follows from its arguments: no clock, no lots, nobody asked */
};

/* NULL when there is none of this name. */
const struct chimera_rego_builtin *chimera_rego_builtin_find(const char *name);

/* The same, but where the reference's differs from OPA's, the reference's (text/upstream.c). */
const struct chimera_rego_builtin *chimera_rego_builtin_of_upstream(const char *name);

/* All of them, in no order. */
const struct chimera_rego_builtin *chimera_rego_builtins(size_t *ret_count);

#endif
