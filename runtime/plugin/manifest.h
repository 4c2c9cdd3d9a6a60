/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h - STEM.json beside a plugin: what it is made of, and what made it. */
#ifndef CHIMERA_PLUGIN_MANIFEST_H
#define CHIMERA_PLUGIN_MANIFEST_H

#include "runtime/base/digest.h"
#include "runtime/base/error.h"
#include "runtime/plugin/mode.h"

struct chimera_manifest {
    struct chimera_digest wasm, so, image; /* image: all zero when there is none */
    enum chimera_mode mode;
    enum chimera_tier tier;
    char *toolchain; /* owned */
    char *metadata;  /* owned; the io.kubewarden.metadata section as it stands, or NULL */
    char *data;      /* owned; what a Rego policy's bundle has as data.json, or NULL */
};

/* Reads STEM.json. The caller ends it with chimera_manifest_done(). */
int chimera_manifest_read(const char *path, struct chimera_manifest *ret_manifest,
                          struct chimera_error *err);
/* The same of a file that must have the digest `lock`, as a bundle says (bundle.h); NULL: any. */
int chimera_manifest_read_locked(const char *path, const struct chimera_digest *lock,
                                 struct chimera_manifest *ret_manifest, struct chimera_error *err);
/* Its text; `path` is for messages. */
int chimera_manifest_parse(struct chimera_slice text, const char *path,
                           struct chimera_manifest *ret_manifest, struct chimera_error *err);
/* Into a scratch folder, from where it goes to its place with the files that it has the digests of.
 */
int chimera_manifest_write(const char *path, const struct chimera_manifest *manifest,
                           struct chimera_error *err);
void chimera_manifest_done(struct chimera_manifest *manifest);

#endif
