#include "runtime/plugin/imports.h"

#include <stddef.h>

#include "plugins/policy/imports.h"

/* Only their addresses matter here, so each is declared neutrally: the headers that tell their true
 * types are not included in this file. */
#define DECLARE_GUEST(module, name, type, symbol) extern void symbol(void);
#define DECLARE_RUNTIME(symbol) extern void symbol(void);
CHIMERA_GUEST_IMPORTS(DECLARE_GUEST)
CHIMERA_RUNTIME_IMPORTS(DECLARE_RUNTIME)

struct import {
    const char *symbol;
    void (*address)(void);
};

#define GUEST_ENTRY(module, name, type, symbol) {#symbol, symbol},
#define RUNTIME_ENTRY(symbol) {#symbol, symbol},

/* A function that serves several imports is in it several times, which does no harm. */
static const struct import imports[] = {CHIMERA_GUEST_IMPORTS(GUEST_ENTRY)
                                            CHIMERA_RUNTIME_IMPORTS(RUNTIME_ENTRY)};

bool chimera_import_is_allowed(struct chimera_slice symbol)
{
    for (size_t i = 0; i < sizeof(imports) / sizeof(imports[0]); i++) {
        if (chimera_slice_is(symbol, imports[i].symbol))
            return imports[i].address != NULL;
    }
    return false;
}
