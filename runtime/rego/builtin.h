/* SPDX-License-Identifier: Apache-2.0 */
/* builtin.h - OPA's builtin functions that a policy leaves to its host (guest-abis.md §4.5, §4.6).
 *
 * Each behaves as in OPA. Where OPA makes the expression undefined because of an error, these fail,
 * and the evaluation with them, as in the reference: a policy must not allow by mistake. They touch
 * nothing but their arguments, so any number of threads may call them.
 */
#ifndef CHIMERA_REGO_BUILTIN_H
#define CHIMERA_REGO_BUILTIN_H

#include <stdint.h>

#include "runtime/base/account.h"
#include "runtime/rego/value.h"

#define CHIMERA_REGO_ARGS_MAX 4
/* Bytes that any one builtin may produce. */
#define CHIMERA_REGO_RESULT_MAX ((size_t)16 << 20)

struct chimera_rego_call {
    struct json_object *const *args; /* as many as the builtin takes; borrowed */
    int64_t now_ns;                  /* since 1970; one and the same for a whole evaluation */
    struct chimera_account *account; /* of the evaluation; NULL: no bound */
    struct chimera_error *err;       /* never NULL */
};

/* CHIMERA_EDEADLINE when the time is up before there is a result: host code is not interrupted, so
 * what may take long looks at the clock itself. On success the caller owns *ret_result; null is a
 * NULL pointer. */
typedef int chimera_rego_function(const struct chimera_rego_call *call,
                                  struct json_object **ret_result);

struct chimera_rego_builtin {
    const char *name;
    unsigned arity;
    chimera_rego_function *function;
};

/* NULL when there is none of this name. */
const struct chimera_rego_builtin *chimera_rego_builtin_find(const char *name);

/* All of them, in no order. */
const struct chimera_rego_builtin *chimera_rego_builtins(size_t *ret_count);

#endif
