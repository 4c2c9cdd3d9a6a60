/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h - a folder with all that a server needs: DIR/manifest.json, DIR/policies.yml and
 * DIR/plugins/STEM.{so,json,image,names} (docs/decisions/002 and 007).
 *
 * manifest.json is the root of trust, and the lock file: it has the digest of policies.yml and of
 * each STEM.json, which has those of STEM.so and STEM.image. It must be owned by root or us, and
 * nobody else may write it. What it names must be regular files in the folder, no links.
 */
#ifndef CHIMERA_PLUGIN_BUNDLE_H
#define CHIMERA_PLUGIN_BUNDLE_H

#include <stddef.h>

#include "runtime/base/digest.h"
#include "runtime/base/error.h"

#define CHIMERA_BUNDLE_POLICIES "policies.yml"
#define CHIMERA_BUNDLE_PLUGINS "plugins"
#define CHIMERA_BUNDLE_MANIFEST "manifest.json"
/* Of the former, which has the digests of all others: of its bytes, as `cosign sign-blob` has it.
 */
#define CHIMERA_BUNDLE_SIGNATURE CHIMERA_BUNDLE_MANIFEST ".sigstore.json"

struct chimera_bundle_plugin {
    char *stem; /* owned */
    struct chimera_digest wasm, manifest;
    char **modules; /* the references that it was built for; owned, as their texts */
    size_t module_count;
};

struct chimera_bundle {
    struct chimera_digest self; /* of manifest.json; set by chimera_bundle_read() */
    struct chimera_digest policies;
    struct chimera_bundle_plugin *plugin; /* owned */
    size_t count;
};

/* Reads FOLDER/manifest.json and looks at the files that it names, not into them. The caller ends
 * *ret_bundle with chimera_bundle_done(). */
int chimera_bundle_read(const char *folder, struct chimera_bundle *ret_bundle,
                        struct chimera_error *err);
/* The text of manifest.json; `path` is for messages. */
int chimera_bundle_parse(struct chimera_slice text, const char *path,
                         struct chimera_bundle *ret_bundle, struct chimera_error *err);
int chimera_bundle_write(const char *folder, const struct chimera_bundle *bundle,
                         struct chimera_error *err);
void chimera_bundle_done(struct chimera_bundle *bundle);

/* For a module as policies.yml calls it: "sha256:…" of the WebAssembly, or one of the references
 * that the bundle was made from. NULL when the bundle has none. */
const struct chimera_bundle_plugin *chimera_bundle_find(const struct chimera_bundle *bundle,
                                                        const char *module);

#endif
