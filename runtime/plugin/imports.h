/* imports.h - the runtime's functions that a plugin may import.
 *
 * The table holds their addresses, so that a program that loads plugins is linked with all of them.
 */
#ifndef CHIMERA_PLUGIN_RUNTIME_IMPORTS_H
#define CHIMERA_PLUGIN_RUNTIME_IMPORTS_H

#include <stdbool.h>

#include "runtime/base/slice.h"

/* Whether `symbol` is a function of plugins/policy/imports.h that this program has. */
bool chimera_import_is_allowed(struct chimera_slice symbol);

#endif
