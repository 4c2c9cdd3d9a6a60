/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h - OCI and Docker manifests and indexes, as read from a registry
 * (cli-and-distribution.md §3.2 to §3.4, §3.9). They are hostile until a digest has vouched for
 * them.
 */
#ifndef CHIMERA_COMPILER_FETCH_MANIFEST_H
#define CHIMERA_COMPILER_FETCH_MANIFEST_H

#include <json-c/json.h>
#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

#define CHIMERA_MANIFEST_MAX ((size_t)4 << 20)
#define CHIMERA_MANIFEST_ENTRIES_MAX 1000 /* layers, or manifests of an index */
#define CHIMERA_OCI_DIGEST_MAX 160        /* "sha512:" and 128 digits, and NUL */

#define CHIMERA_MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define CHIMERA_MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define CHIMERA_MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define CHIMERA_MEDIA_DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define CHIMERA_MEDIA_OCI_EMPTY "application/vnd.oci.empty.v1+json"
#define CHIMERA_MEDIA_WASM_LAYER "application/vnd.wasm.content.layer.v1+wasm"
#define CHIMERA_MEDIA_WASM_CONFIG "application/vnd.wasm.config.v1+json"
#define CHIMERA_MEDIA_CNCF_LAYER "application/wasm"
#define CHIMERA_MEDIA_CNCF_CONFIG "application/vnd.wasm.config.v0+json"

struct chimera_descriptor { /* texts borrowed from the manifest's tree */
    const char *media_type;
    char digest[CHIMERA_OCI_DIGEST_MAX]; /* checked: an algorithm that we know, its digits */
    uint64_t size;
    const char *artifact_type;       /* NULL: none */
    const char *os, *architecture;   /* of an index's entry; NULL: none */
    struct json_object *annotations; /* of texts only; NULL: none */
};

struct chimera_manifest {
    struct chimera_buffer bytes; /* owned, as received */
    char digest[CHIMERA_OCI_DIGEST_MAX];
    struct json_object *tree; /* owned */
    const char *media_type;   /* its own, or else what the registry called it */
    bool is_index;
    const char *artifact_type;                 /* NULL: none */
    struct chimera_descriptor config, subject; /* digest "": none */
    struct chimera_descriptor *entries;        /* owned: layers, or an index's manifests */
    size_t entry_count;
    struct json_object *annotations; /* NULL: none */
};

/* Takes over `bytes`, in any case. `media_type` is what the registry called it, or NULL; `digest`
 * what the bytes must have, or NULL: then theirs in sha256 is taken. `reference` is for messages.
 */
int chimera_manifest_parse(struct chimera_buffer *bytes, const char *media_type, const char *digest,
                           const char *reference, struct chimera_manifest *ret_manifest,
                           struct chimera_error *err);
void chimera_manifest_done(struct chimera_manifest *manifest);

/* "sha256:…", 384 or 512, and the right number of digits, in lower case. */
bool chimera_oci_digest_is_good(struct chimera_slice digest);
/* Of bytes in memory, in the algorithm that `like` begins with (sha256 when it is NULL). */
int chimera_oci_digest_of(struct chimera_slice bytes, const char *like,
                          char ret_digest[CHIMERA_OCI_DIGEST_MAX]);

#endif
