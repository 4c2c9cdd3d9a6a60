/* SPDX-License-Identifier: Apache-2.0 */
/* names_write.h - writing STEM.names (runtime/plugin/names.h) after the link. */
#ifndef CHIMERA_COMPILER_NATIVE_NAMES_WRITE_H
#define CHIMERA_COMPILER_NATIVE_NAMES_WRITE_H

#include "compiler/wasm/module.h"
#include "runtime/base/digest.h"

struct chimera_names_source { /* all borrowed */
    const struct chimera_module *module;
    struct chimera_slice wasm;    /* the file that users have: the module may be a lowered one */
    const char *prefix;           /* of the C functions: split_prefix() */
    const char *map;              /* path of the linker's map */
    struct chimera_digest object; /* of the .so that the map tells of */
};

/* Into a scratch folder. */
int chimera_names_write(const struct chimera_names_source *source, const char *path,
                        struct chimera_error *err);

#endif
