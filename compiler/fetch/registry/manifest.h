/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h - OCI and Docker manifests and indexes, as read from a registry
 * (cli-and-distribution.md §3.2 to §3.4, §3.9).
 *
 * They are hostile: bytes, entries and the memory of the tree are bounded, a key that stands twice
 * is refused, as two readers would take it for two things. What the file says is only as good as
 * the digest that has vouched for it. No file, no network, no state.
 */
#ifndef CHIMERA_COMPILER_FETCH_REGISTRY_MANIFEST_H
#define CHIMERA_COMPILER_FETCH_REGISTRY_MANIFEST_H

#include <json-c/json.h>

#include "compiler/fetch/registry/oci_digest.h"
#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

#define CHIMERA_MANIFEST_MAX ((size_t)4 << 20)
#define CHIMERA_MANIFEST_LAYERS_MAX 1000
#define CHIMERA_INDEX_ENTRIES_MAX 8192

#define CHIMERA_MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define CHIMERA_MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define CHIMERA_MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define CHIMERA_MEDIA_DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define CHIMERA_MEDIA_OCI_EMPTY "application/vnd.oci.empty.v1+json"
#define CHIMERA_MEDIA_WASM_LAYER "application/vnd.wasm.content.layer.v1+wasm"
#define CHIMERA_MEDIA_WASM_CONFIG "application/vnd.wasm.config.v1+json"
#define CHIMERA_MEDIA_CNCF_LAYER "application/wasm"
#define CHIMERA_MEDIA_CNCF_CONFIG "application/vnd.wasm.config.v0+json"

#define CHIMERA_TITLE_ANNOTATION "org.opencontainers.image.title"

struct chimera_descriptor { /* texts borrowed from the manifest's tree */
    const char *media_type;
    char digest[CHIMERA_OCI_DIGEST_MAX]; /* checked: an algorithm that we know, its digits */
    uint64_t size;
    const char *artifact_type;       /* NULL: none */
    const char *os, *architecture;   /* of an index's entry; NULL: none */
    struct json_object *annotations; /* of texts only; NULL: none */
};

/* Not to be mistaken for a plugin's manifest (runtime/plugin/manifest.h). */
struct chimera_oci_manifest {
    struct chimera_buffer bytes; /* owned, as received */
    char digest[CHIMERA_OCI_DIGEST_MAX];
    struct json_object *tree; /* owned */
    const char *media_type;   /* its own, or else what its members make it; of the four above */
    bool is_index;
    const char *artifact_type;                 /* NULL: none */
    struct chimera_descriptor config, subject; /* digest "": none */
    struct chimera_descriptor *entries;        /* owned: layers, or an index's manifests */
    size_t entry_count;
    struct json_object *annotations; /* of texts only; NULL: none */
};

/* Takes over `bytes`, in any case. `media_type` is what the registry called it, or NULL; `digest`
 * what the bytes must have, or NULL: then theirs in sha256 is taken. `reference` is for messages.
 * CHIMERA_EREFUSED: another digest; CHIMERA_ELIMIT: too large; CHIMERA_EINVAL: it is none. */
int chimera_oci_manifest_parse(struct chimera_buffer *bytes, const char *media_type,
                               const char *digest, const char *reference,
                               struct chimera_oci_manifest *ret_manifest,
                               struct chimera_error *err);
void chimera_oci_manifest_done(struct chimera_oci_manifest *manifest);

/* The text of an annotation; NULL: there is none. */
const char *chimera_annotation(struct json_object *annotations, const char *name);

/* The title of a layer as a file's name; NULL: it has none, or one that would lead to another
 * folder, hides, or cannot be shown. */
const char *chimera_descriptor_title(const struct chimera_descriptor *descriptor);

/* A descriptor of ours, for a manifest that is about to be written. */
struct json_object *chimera_oci_describe(const char *media_type, const char *digest, uint64_t size);

#endif
