/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h - plugins that are made to be measured, and served by nobody.
 *
 * A counting plugin adds up the WebAssembly instructions that it runs (docs/decisions/031) in a
 * global behind the module's own. The global stands in the list of exports under a name that no
 * module may export itself, which is also how such a plugin is known.
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

/* Does it count? `ret_offset` is where in an instance the 64-bit counter is. Of a plugin that
 * passed chimera_descriptor_check(). */
bool chimera_plugin_counter(const struct chimera_plugin *plugin, uint64_t *ret_offset);

/* Was it made to be measured, in whatever way? */
bool chimera_plugin_is_measuring(const struct chimera_plugin *plugin);

#endif
