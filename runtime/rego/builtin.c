/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtin.h"

#include "runtime/rego/builtin_list.h"

static const struct chimera_rego_builtin builtins[] = {
#define X(name, arity, function) {name, arity, function, true},
    CHIMERA_REGO_PURE_MAP(X)
#undef X
#define X(name, arity, function) {name, arity, function, false},
        CHIMERA_REGO_IMPURE_MAP(X)
#undef X
};

const struct chimera_rego_builtin *chimera_rego_builtins(size_t *ret_count)
{
    *ret_count = sizeof(builtins) / sizeof(builtins[0]);
    return builtins;
}

const struct chimera_rego_builtin *chimera_rego_builtin_find(const char *name)
{
    for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
        if (!strcmp(builtins[i].name, name))
            return &builtins[i];
    }
    return NULL;
}
