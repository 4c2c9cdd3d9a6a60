/* SPDX-License-Identifier: Apache-2.0 */
/* plugin_file.h - finding, checking and mapping a policy plugin.
 *
 * A plugin is STEM.so with STEM.json, its manifest, and STEM.image, its initial memory, beside it
 * (docs/decisions/002); STEM.names, for reports of traps, may be missing. Loading checks, in this
 * order: who may write the files, the digests of what is about to be mapped, the ELF file (imports,
 * exports, no constructors, no needed libraries, no writable code), the ABI number and the
 * descriptor. What fails is refused with the reason and what to do. The code stays mapped until the
 * process ends: there is no unload.
 */
#ifndef CHIMERA_PLUGIN_FILE_H
#define CHIMERA_PLUGIN_FILE_H

#include <sys/types.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/digest.h"
#include "runtime/base/error.h"

struct chimera_manifest {
    struct chimera_digest wasm, so, image; /* image: all zero when there is none */
    enum chimera_mode mode;
    enum chimera_tier tier;
    char *toolchain; /* owned */
    char *metadata;  /* owned; the io.kubewarden.metadata section as it stands, or NULL */
};

/* Reads STEM.json. The caller ends it with chimera_manifest_done(). */
int chimera_manifest_read(const char *path, struct chimera_manifest *ret_manifest,
                          struct chimera_error *err);
/* The same of a file that must have the digest `lock`, as a bundle says (bundle.h); NULL: any. */
int chimera_manifest_read_locked(const char *path, const struct chimera_digest *lock,
                                 struct chimera_manifest *ret_manifest, struct chimera_error *err);
int chimera_manifest_write(const char *path, const struct chimera_manifest *manifest,
                           struct chimera_error *err);
void chimera_manifest_done(struct chimera_manifest *manifest);

struct chimera_loaded { /* a mapped plugin; immutable, shared by all threads */
    const struct chimera_plugin *plugin;
    struct chimera_manifest manifest;
    int image_fd; /* sealed memfd or verified file, mapped privately by each instance; -1: none */
    int names_fd; /* STEM.names; -1: none. names.h */
    uintptr_t object_start;         /* where address 0 of the object is */
    uintptr_t text_start, text_end; /* where guest code can be executing */
    char *path;                     /* of the .so; owned */
};

/* `path` is the .so. Owned by the caller, who keeps it for the life of the process. */
int chimera_plugin_load(const char *path, struct chimera_loaded **ret_loaded,
                        struct chimera_error *err);

/* The same of a plugin whose manifest must have the digest `lock`; NULL: any. */
int chimera_plugin_load_locked(const char *path, const struct chimera_digest *lock,
                               struct chimera_loaded **ret_loaded, struct chimera_error *err);

/* The checks on the file alone, as the build runs them after the link (runtime-performance.md
 * §7.2). CHIMERA_MODE_NONE: it may import what any mode has. */
int chimera_elf_audit(const void *file, size_t size, const char *name, enum chimera_mode mode,
                      struct chimera_error *err);

const char *chimera_mode_name(enum chimera_mode mode);
/* CHIMERA_MODE_NONE when the name is unknown. "kubewarden" is taken for "kubewarden-wapc". */
enum chimera_mode chimera_mode_parse(const char *name);
const char *chimera_tier_name(enum chimera_tier tier); /* "quick" or "full" */

#endif
