/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h - plugins that are made to be measured, and served by nobody.
 *
 * A counting plugin adds up the WebAssembly instructions that it runs (docs/decisions/031) in a
 * global behind the module's own. The global stands in the list of exports under a name that no
 * module may export itself, which is also how such a plugin is known. A profiling plugin counts,
 * and has a place where its host puts a function, which it calls at each entry and end of one of
 * its functions (instance/profile.h).
 */
#ifndef CHIMERA_PLUGIN_COUNTER_H
#define CHIMERA_PLUGIN_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/slice.h"

/* Names that begin so are ours. */
#define CHIMERA_RESERVED_EXPORT "chimera:"
#define CHIMERA_COUNTER_EXPORT CHIMERA_RESERVED_EXPORT "wasm_instructions"
#define CHIMERA_PROFILE_EXPORT CHIMERA_RESERVED_EXPORT "profile"

/* Where in an instance the 64 bits are that stand under one of these names; 0: nowhere. Of a plugin
 * that passed chimera_descriptor_check(). */
uint64_t chimera_plugin_own_offset(const struct chimera_plugin *plugin, const char *name);

/* Was it made to be measured, in whatever way? */
bool chimera_plugin_is_measuring(const struct chimera_plugin *plugin);

#endif
