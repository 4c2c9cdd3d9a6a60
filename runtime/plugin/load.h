/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - finding, checking and mapping a policy plugin.
 *
 * A plugin is STEM.so with STEM.json, its manifest, and STEM.image, its initial memory, beside it
 * (docs/decisions/002); STEM.names, for reports of traps, may be missing. Loading checks, in this
 * order: who may write the files, the digests of what is about to be mapped, the ELF file (imports,
 * exports, no constructors, no needed libraries, no writable code), the ABI number and the
 * descriptor. What fails is refused with the reason and what to do. The code stays mapped until the
 * process ends: there is no unload.
 */
#ifndef CHIMERA_PLUGIN_LOAD_H
#define CHIMERA_PLUGIN_LOAD_H

#include <stdint.h>

#include "runtime/plugin/manifest.h"

struct chimera_loaded { /* a mapped plugin; immutable, shared by all threads */
    const struct chimera_plugin *plugin;
    struct chimera_manifest manifest;
    int image_fd; /* sealed memfd or verified file, mapped privately by each instance; -1: none */
    int names_fd; /* STEM.names; -1: none. names.h */
    uintptr_t object_start;         /* where address 0 of the object is */
    uintptr_t text_start, text_end; /* where guest code can be executing */
    uint64_t counter_offset; /* of the counter in an instance (counter.h); 0: it does not count */
    uint64_t profile_offset; /* of the place of the function that it tells; likewise */
    char *path;              /* of the .so; owned */
};

/* `path` is the .so. Owned by the caller, who keeps it for the life of the process. */
int chimera_plugin_load(const char *path, struct chimera_loaded **ret_loaded,
                        struct chimera_error *err);

/* The same of a plugin whose manifest must have the digest `lock`; NULL: any. */
int chimera_plugin_load_locked(const char *path, const struct chimera_digest *lock,
                               struct chimera_loaded **ret_loaded, struct chimera_error *err);

/* The same, and it may be one that was made to be measured (counter.h), which the two above refuse:
 * such a plugin is slower, and is nobody's to serve. */
int chimera_plugin_load_measuring(const char *path, const struct chimera_digest *lock,
                                  struct chimera_loaded **ret_loaded, struct chimera_error *err);

#endif
