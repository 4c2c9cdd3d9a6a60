/* SPDX-License-Identifier: Apache-2.0 */
/* recipe.h - what compiler and linker are told: flags and a linker script, the same for every
 * plugin.
 *
 * With the tools' releases and the sources that go into every plugin they decide its bytes, so they
 * are part of the tools' identity (identity.h).
 */
#ifndef CHIMERA_COMPILER_NATIVE_RECIPE_H
#define CHIMERA_COMPILER_NATIVE_RECIPE_H

#include "plugins/policy/plugin.h"

/* The compiler's flags, ending with NULL; how a giant part is optimized comes besides. */
#define CHIMERA_COMPILE_FLAGS_MAX 40
const char *const *chimera_compile_flags(enum chimera_tier tier);

/* The linker's flags, ending with NULL. The last is the name of the version script, for which the
 * linker is given the path. */
const char *const *chimera_link_flags(void);

/* Name and text of the linker's script. */
#define CHIMERA_VERSION_SCRIPT "plugin.version"
const char *chimera_link_version_script(void);

/* The linker writes here where each function went (compiler/native/names_write.h). */
#define CHIMERA_LINK_MAP "plugin.map"

#endif
