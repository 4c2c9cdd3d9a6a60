/* SPDX-License-Identifier: Apache-2.0 */
/* link.h - objects to a plugin's .so: one exported symbol, no libraries, stripped, reproducible. */
#ifndef CHIMERA_COMPILER_NATIVE_LINK_H
#define CHIMERA_COMPILER_NATIVE_LINK_H

#include <stddef.h>

#include "compiler/tool/tools.h"

/* Written to `folder`: where each function went (compiler/native/names_write.h). */
#define CHIMERA_LINK_MAP "plugin.map"

/* `objects` in a fixed order, relative to `folder` (a scratch folder; scripts are written there) or
 * absolute; `output` likewise, on the same file system. The linker works in a folder of its own in
 * it. */
int chimera_link(const struct chimera_tools *tools, enum chimera_tier tier, const char *folder,
                 const char *const *objects, size_t count, const char *output,
                 struct chimera_error *err);

/* The flags, ending with NULL, and what the quick tier has besides, for the tools' identity. */
const char *const *chimera_link_flags(void);
const char *chimera_link_quick_script(void);

#endif
