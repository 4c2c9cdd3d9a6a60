/* SPDX-License-Identifier: Apache-2.0 */
/* native.h - a built plugin in a registry, beside the policy that it was built from: an artifact
 * whose subject is the policy's manifest (docs/decisions/022).
 *
 * Its config is the plugin's own manifest, STEM.json, which has the digests of the module, the code
 * and the image; its layers are STEM.so, STEM.image and STEM.names. One for each architecture and
 * toolchain. A plugin is code that runs as ours: it is taken only when a key that the operator
 * trusts has signed it.
 */
#ifndef CHIMERA_COMPILER_FETCH_NATIVE_H
#define CHIMERA_COMPILER_FETCH_NATIVE_H

#include "compiler/fetch/fetch_options.h"
#include "compiler/fetch/registry/registry.h"

#define CHIMERA_MEDIA_PLUGIN "application/vnd.chimera.plugin.v1"
#define CHIMERA_MEDIA_PLUGIN_MANIFEST "application/vnd.chimera.plugin.manifest.v1+json"
#define CHIMERA_MEDIA_PLUGIN_CODE "application/vnd.chimera.plugin.code.v1"
#define CHIMERA_MEDIA_PLUGIN_IMAGE "application/vnd.chimera.plugin.image.v1"
#define CHIMERA_MEDIA_PLUGIN_NAMES "application/vnd.chimera.plugin.names.v1"

/* Annotations of the artifact, by which a plugin is chosen. */
#define CHIMERA_PLUGIN_ARCHITECTURE_KEY "chimera.plugin.architecture"
#define CHIMERA_PLUGIN_ABI_KEY "chimera.plugin.abi"
#define CHIMERA_PLUGIN_TOOLCHAIN_KEY "chimera.plugin.toolchain"

struct chimera_native_input { /* borrowed */
    const char *uri;          /* of the policy, which is there */
    const char *plugin;       /* STEM.so, built from it, with its files beside it */
    const char *key;          /* file of the private key that signs it; NULL: it is not signed */
    const char *password;     /* of that file; NULL: none */
};

/* *ret_reference is registry/repository@digest of the artifact, owned by the caller. Refuses a
 * plugin that was built from another module. */
int chimera_native_push(const struct chimera_fetch_options *options,
                        const struct chimera_native_input *input, char **ret_reference,
                        struct chimera_error *err);

struct chimera_native_wanted { /* borrowed */
    const char *subject;       /* digest of the policy's manifest; NULL: it need have none */
    const char *wasm;          /* "sha256:…" of its module */
    const struct chimera_verification *builders; /* keys, one of which must have signed */
    const char *store;
};

/* In the confined child: a plugin for this machine that is signed as it must be and passes the
 * audit, of several the one that is listed last, into the store. *ret_path is the .so, owned by the
 * caller; NULL when there is none that will do: why not is noted in err->details. */
int chimera_native_pull(struct chimera_registry *registry,
                        const struct chimera_image_reference *image,
                        const struct chimera_native_wanted *wanted, char **ret_path,
                        struct chimera_error *err);

/* The same of the one that the image's tag names. CHIMERA_EUNSIGNED, CHIMERA_EREFUSED: it will not
 * do. */
int chimera_native_pull_tag(struct chimera_registry *registry,
                            const struct chimera_image_reference *image,
                            const struct chimera_native_wanted *wanted, char **ret_path,
                            struct chimera_error *err);

/* How this machine's code is called. */
const char *chimera_native_architecture(void);

#endif
