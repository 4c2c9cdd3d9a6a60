/* SPDX-License-Identifier: Apache-2.0 */
/* imports.h - the runtime's functions that a plugin may import.
 *
 * One table of plugins/policy/imports.h with the functions' addresses, so that a program that loads
 * plugins is linked with all of them, and so that a test can find them all. Immutable; any thread.
 */
#ifndef CHIMERA_PLUGIN_RUNTIME_IMPORTS_H
#define CHIMERA_PLUGIN_RUNTIME_IMPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/slice.h"

struct chimera_import {
    const char *module, *name; /* as WebAssembly names it; NULL: what generated code itself calls */
    const char *type;          /* in the letters of plugin.h, without the host; NULL likewise */
    const char *symbol;        /* a function may serve several imports */
    void (*address)(void);     /* to be cast to its type */
    uint32_t modes;            /* a bit for each enum chimera_mode that has it */
};

/* All there are. */
const struct chimera_import *chimera_imports(size_t *ret_count);

/* Modules of CHIMERA_MODE_NONE are no policies, and may have all of them. */
static inline bool chimera_import_has_mode(const struct chimera_import *import,
                                           enum chimera_mode mode)
{
    return mode == CHIMERA_MODE_NONE || import->modes >> mode & 1;
}

/* Of this symbol, or of these names; NULL when there is none. Of those with one symbol, all have
 * the same modes. */
const struct chimera_import *chimera_import_of_symbol(struct chimera_slice symbol);
const struct chimera_import *chimera_import_find(struct chimera_slice module,
                                                 struct chimera_slice name);

#endif
