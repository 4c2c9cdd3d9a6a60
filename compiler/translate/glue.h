/* SPDX-License-Identifier: Apache-2.0 */
/* glue.h - the C around a guest's functions: module.h, which every part includes, and glue.c with
 * instantiation, the callable exports and the plugin's descriptor.
 */
#ifndef CHIMERA_COMPILER_TRANSLATE_GLUE_H
#define CHIMERA_COMPILER_TRANSLATE_GLUE_H

#include "compiler/translate/split.h"
#include "plugins/policy/plugin.h"
#include "runtime/base/digest.h"

/* Counts changes of what rewrite, split and glue write: part of the toolchain's identity, so that
 * the cache never serves a plugin of another form. */
#define GLUE_VERSION "glue-4"

struct glue_facts { /* all borrowed */
    const struct chimera_module *module;
    const struct split *split;
    unsigned wabt_minor;
    enum chimera_mode mode;
    enum chimera_tier tier;
    const char *toolchain;
    struct chimera_digest wasm;
    uint64_t image_size;
    bool profiles; /* functions tell when they are entered and left */
};

/* Writes FOLDER/module.h and FOLDER/glue.c. */
int glue_write(const struct glue_facts *facts, const char *folder, struct chimera_error *err);

#endif
