/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/artifact/policy_image.h"

#include <string.h>
#include <sys/utsname.h>

static bool is_text(const char *text, const char *wanted)
{
    return text && strcmp(text, wanted) == 0;
}

/* As Go names what uname() names otherwise. */
static bool is_here(const struct chimera_descriptor *entry)
{
    struct utsname here;
    if (!is_text(entry->os, "linux") || uname(&here) < 0)
        return false;
    const char *name = strcmp(here.machine, "x86_64") == 0    ? "amd64"
                       : strcmp(here.machine, "aarch64") == 0 ? "arm64"
                                                              : here.machine;
    return is_text(entry->architecture, name);
}

/* How well an entry of an index suits: a policy has no architecture but its own. */
static int rank(const struct chimera_descriptor *entry)
{
    if (!entry->media_type || (strcmp(entry->media_type, CHIMERA_MEDIA_OCI_MANIFEST) != 0 &&
                               strcmp(entry->media_type, CHIMERA_MEDIA_DOCKER_MANIFEST) != 0))
        return 0;
    if (is_text(entry->architecture, "wasm") || is_text(entry->os, "wasi") ||
        is_text(entry->os, "wasip1"))
        return 3;
    if (!entry->os || !entry->architecture || is_text(entry->architecture, "unknown"))
        return 2;
    return is_here(entry) ? 1 : 0;
}

static const struct chimera_descriptor *choose(const struct chimera_oci_manifest *index)
{
    const struct chimera_descriptor *best = NULL;
    for (size_t i = 0; i < index->entry_count; i++)
        if (rank(&index->entries[i]) > (best ? rank(best) : 0))
            best = &index->entries[i];
    return best;
}

int chimera_policy_image_get(struct chimera_registry *registry,
                             const struct chimera_image_reference *image,
                             struct chimera_oci_manifest *ret_manifest,
                             char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err)
{
    struct chimera_oci_manifest first = {0};
    struct chimera_image_reference child = *image; /* borrowed, but for the digest */
    char digest[CHIMERA_OCI_DIGEST_MAX];
    int code = chimera_registry_get_manifest(registry, image, &first, err);
    if (code < 0)
        return code;
    memcpy(ret_digest, first.digest, sizeof(first.digest));
    if (!first.is_index) {
        *ret_manifest = first;
        return CHIMERA_OK;
    }
    const struct chimera_descriptor *entry = choose(&first);
    if (!entry) {
        chimera_oci_manifest_done(&first);
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the image is an index, and none of its entries is WebAssembly or for "
                            "this machine");
    }
    memcpy(digest, entry->digest, sizeof(digest));
    chimera_oci_manifest_done(&first);
    child.digest = digest;
    code = chimera_registry_get_manifest(registry, &child, &first, err);
    if (code == CHIMERA_OK && first.is_index) {
        chimera_oci_manifest_done(&first);
        return chimera_fail(err, CHIMERA_EINVAL, "the image is an index of indexes");
    }
    if (code == CHIMERA_OK)
        *ret_manifest = first;
    return code;
}

int chimera_policy_image_layer(const struct chimera_oci_manifest *manifest, bool is_only,
                               const struct chimera_descriptor **ret_layer,
                               struct chimera_error *err)
{
    if (manifest->entry_count == 0)
        return chimera_fail(err, CHIMERA_EINVAL, "the image has no layers, so there is no policy");
    for (size_t i = 0; i < manifest->entry_count; i++) {
        const char *media = manifest->entries[i].media_type;
        if (!is_text(media, CHIMERA_MEDIA_WASM_LAYER) && !is_text(media, CHIMERA_MEDIA_CNCF_LAYER))
            return chimera_fail(err, CHIMERA_EINVAL,
                                "Incompatible layer media type: %s: it is an image, but no policy",
                                media ? media : "none");
    }
    if (is_only && manifest->entry_count != 1)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "Cannot verify local file integrity, the remote manifest doesn't have "
                            "only one WASM layer");
    const struct chimera_descriptor *layer = &manifest->entries[0];
    if (is_only && strncmp(layer->digest, "sha256:", 7) != 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "The checksum inside of the remote manifest is not using the sha256 "
                            "hashing algorithm as expected.");
    if (layer->size > CHIMERA_POLICY_BYTES_MAX)
        return chimera_fail(
            err, CHIMERA_ELIMIT, "the policy has %llu bytes, more than the %llu that are taken",
            (unsigned long long)layer->size, (unsigned long long)CHIMERA_POLICY_BYTES_MAX);
    *ret_layer = layer;
    return CHIMERA_OK;
}
