/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plugin/imports.h"

#include "plugins/policy/imports.h"

/* Only their addresses matter here, so each is declared neutrally: the headers that tell their true
 * types are not included in this file. */
#define DECLARE_GUEST(module, name, type, symbol) extern void symbol(void);
#define DECLARE_RUNTIME(symbol) extern void symbol(void);
CHIMERA_GUEST_IMPORTS(DECLARE_GUEST)
CHIMERA_RUNTIME_IMPORTS(DECLARE_RUNTIME)

/* Who has what: guest-abis.md §1.1; the policies of 2020 had WASI and nothing else. */
#define MODE(name) (UINT32_C(1) << CHIMERA_MODE_##name)
#define OF_WAPC MODE(WAPC)
#define OF_WASI (MODE(WAPC) | MODE(WASI) | MODE(CHIMERA))
#define OF_CALL MODE(WASI)
#define OF_REGO (MODE(OPA) | MODE(GATEKEEPER))
#define OF_ALL UINT32_MAX

#define ENTRY(module, name, type, symbol, modes) {module, name, type, #symbol, symbol, modes},
#define WAPC_ENTRY(module, name, type, symbol) ENTRY(module, name, type, symbol, OF_WAPC)
#define WASI_ENTRY(module, name, type, symbol) ENTRY(module, name, type, symbol, OF_WASI)
#define CALL_ENTRY(module, name, type, symbol) ENTRY(module, name, type, symbol, OF_CALL)
#define REGO_ENTRY(module, name, type, symbol) ENTRY(module, name, type, symbol, OF_REGO)
#define RUNTIME_ENTRY(symbol) ENTRY(NULL, NULL, NULL, symbol, OF_ALL)

static const struct chimera_import imports[] = {
    CHIMERA_WAPC_IMPORTS(WAPC_ENTRY) CHIMERA_WASI_IMPORTS(WASI_ENTRY)
        CHIMERA_CALL_IMPORTS(CALL_ENTRY) CHIMERA_REGO_IMPORTS(REGO_ENTRY)
            CHIMERA_RUNTIME_IMPORTS(RUNTIME_ENTRY)};

#define IMPORTS (sizeof(imports) / sizeof(imports[0]))

const struct chimera_import *chimera_imports(size_t *ret_count)
{
    *ret_count = IMPORTS;
    return imports;
}

const struct chimera_import *chimera_import_of_symbol(struct chimera_slice symbol)
{
    for (size_t i = 0; i < IMPORTS; i++)
        if (imports[i].address && chimera_slice_is(symbol, imports[i].symbol))
            return &imports[i];
    return NULL;
}

const struct chimera_import *chimera_import_find(struct chimera_slice module,
                                                 struct chimera_slice name)
{
    for (size_t i = 0; i < IMPORTS; i++)
        if (imports[i].module && chimera_slice_is(module, imports[i].module) &&
            chimera_slice_is(name, imports[i].name))
            return &imports[i];
    return NULL;
}
