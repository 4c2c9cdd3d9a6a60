/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/fetch/artifact/found.h"
#include "compiler/fetch/native.h"
#include "compiler/fetch/signature/evidence.h"
#include "compiler/fetch/store/store.h"
#include "compiler/fetch/store/store_sink.h"
#include "plugins/policy/plugin.h"
#include "runtime/base/cleanup.h"
#include "runtime/plugin/elf_audit.h"
#include "runtime/plugin/manifest.h"

#define CANDIDATES_MAX 64
#define CONFIG_MAX ((uint64_t)8 << 20)
#define CODE_MAX ((uint64_t)1 << 30)
#define DIGEST_PREFIX "sha256:"

struct candidate {
    struct chimera_registry *registry;
    struct chimera_image_reference at; /* borrowed, but for the version */
    const struct chimera_native_wanted *wanted;
    struct chimera_oci_manifest manifest;
    char *stem; /* owned: STORE/native/…, without a suffix */
};

static bool has_annotation(const struct chimera_oci_manifest *manifest, const char *key,
                           const char *value)
{
    struct json_object *text = NULL;
    return manifest->annotations && json_object_object_get_ex(manifest->annotations, key, &text) &&
           strcmp(json_object_get_string(text), value) == 0;
}

/* Registries list whatever names the subject, under any type. */
static bool is_for_here(const struct candidate *candidate)
{
    const struct chimera_oci_manifest *manifest = &candidate->manifest;
    char abi[16];
    snprintf(abi, sizeof(abi), "%d", CHIMERA_PLUGIN_ABI);
    return !manifest->is_index && manifest->artifact_type &&
           strcmp(manifest->artifact_type, CHIMERA_MEDIA_PLUGIN) == 0 &&
           (!candidate->wanted->subject ||
            strcmp(manifest->subject.digest, candidate->wanted->subject) == 0) &&
           has_annotation(manifest, CHIMERA_PLUGIN_ABI_KEY, abi) &&
           has_annotation(manifest, CHIMERA_PLUGIN_ARCHITECTURE_KEY, chimera_native_architecture());
}

static int check_signature(struct candidate *candidate, struct chimera_error *err)
{
    struct chimera_found found = {0};
    struct chimera_buffer signers;
    chimera_buffer_init(&signers, CHIMERA_EVIDENCE_MAX);
    int code = chimera_found_gather(candidate->registry, &candidate->at, candidate->manifest.digest,
                                    &found, err);
    if (code == CHIMERA_OK)
        code = chimera_found_judge(&found, "the plugin", candidate->wanted->builders, NULL,
                                   &signers, err);
    chimera_found_done(&found);
    chimera_buffer_free(&signers);
    return code;
}

static char *path_of(const struct candidate *candidate, const char *suffix)
{
    char *path = NULL;
    return asprintf(&path, "%s%s", candidate->stem, suffix) < 0 ? NULL : path;
}

static bool is_there(const char *path, const char *digest)
{
    struct chimera_digest there, wanted;
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && chimera_digest_of_fd(fd, &there, NULL) == CHIMERA_OK &&
           chimera_digest_parse(chimera_slice_of(digest + strlen(DIGEST_PREFIX)), &wanted) &&
           memcmp(&there, &wanted, sizeof(there)) == 0;
}

static int fetch_file(struct candidate *candidate, const struct chimera_descriptor *blob,
                      const char *suffix, struct chimera_error *err)
{
    CHIMERA_FREE char *path = path_of(candidate, suffix);
    struct chimera_store_file file = {.fd = -1};
    if (!path)
        return chimera_fail_memory(err);
    if (strncmp(blob->digest, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) != 0 || blob->size > CODE_MAX)
        return chimera_fail(err, CHIMERA_EREFUSED, "%s: not by sha256, or too large", suffix);
    if (is_there(path, blob->digest))
        return CHIMERA_OK;
    int code = chimera_store_create(candidate->wanted->store, path, &file, err);
    if (code < 0)
        return code;
    const struct chimera_transfer_sink sink = chimera_store_sink(&file);
    code = chimera_registry_get_blob(candidate->registry, &candidate->at, blob, &sink, err);
    if (code == CHIMERA_OK)
        return chimera_store_commit(&file, err);
    chimera_store_drop(&file);
    return code;
}

static const struct chimera_descriptor *find_layer(const struct candidate *candidate,
                                                   const char *media_type)
{
    for (size_t i = 0; i < candidate->manifest.entry_count; i++) {
        const struct chimera_descriptor *layer = &candidate->manifest.entries[i];
        if (layer->media_type && strcmp(layer->media_type, media_type) == 0)
            return layer;
    }
    return NULL;
}

static bool is_digest(const struct chimera_digest *digest, const char *text)
{
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(digest, hex);
    return strcmp(text + strlen(DIGEST_PREFIX), hex) == 0;
}

/* Fetches a layer that must be what the plugin's manifest says. */
static int fetch_checked(struct candidate *candidate, const char *media_type, const char *suffix,
                         const struct chimera_digest *digest, struct chimera_error *err)
{
    static const struct chimera_digest none;
    const struct chimera_descriptor *layer = find_layer(candidate, media_type);
    bool is_wanted = !digest || memcmp(digest, &none, sizeof(none)) != 0;
    if (!layer)
        return digest && is_wanted ? chimera_fail(err, CHIMERA_EREFUSED, "it has no %s", suffix)
                                   : CHIMERA_OK;
    if (digest && !is_digest(digest, layer->digest))
        return chimera_fail(err, CHIMERA_EREFUSED, "its %s is not what its manifest says", suffix);
    return fetch_file(candidate, layer, suffix, err);
}

/* One that the server would refuse to load must not keep it from compiling. */
static int audit_code(const struct candidate *candidate, enum chimera_mode mode,
                      struct chimera_error *err)
{
    CHIMERA_FREE char *path = path_of(candidate, ".so");
    struct stat status;
    if (!path)
        return chimera_fail_memory(err);
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail_errno(err, path);
    return chimera_elf_audit_fd(fd, status.st_size, path, mode, err);
}

static int fetch_plugin(struct candidate *candidate, struct chimera_error *err)
{
    CHIMERA_FREE char *path = path_of(candidate, ".json");
    struct chimera_manifest manifest = {0};
    if (!path)
        return chimera_fail_memory(err);
    if (candidate->manifest.config.size > CONFIG_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "its manifest is too large");
    int code = fetch_file(candidate, &candidate->manifest.config, ".json", err);
    if (code == CHIMERA_OK)
        code = chimera_manifest_read(path, &manifest, err);
    if (code < 0)
        return code;
    if (!is_digest(&manifest.wasm, candidate->wanted->wasm))
        code = chimera_fail(err, CHIMERA_EREFUSED, "it was built from another module");
    if (code == CHIMERA_OK)
        code = fetch_checked(candidate, CHIMERA_MEDIA_PLUGIN_IMAGE, ".image", &manifest.image, err);
    if (code == CHIMERA_OK)
        code = fetch_checked(candidate, CHIMERA_MEDIA_PLUGIN_NAMES, ".names", NULL, err);
    if (code == CHIMERA_OK)
        code = fetch_checked(candidate, CHIMERA_MEDIA_PLUGIN_CODE, ".so", &manifest.so, err);
    if (code == CHIMERA_OK)
        code = audit_code(candidate, manifest.mode, err);
    chimera_manifest_done(&manifest);
    return code;
}

/* As the cache names a plugin, by the digest of its module first; then by that of the artifact. */
static int name_plugin(struct candidate *candidate, struct chimera_error *err)
{
    int size = asprintf(&candidate->stem, "%s/native/%s-abi%d/%s-%.16s", candidate->wanted->store,
                        chimera_native_architecture(), CHIMERA_PLUGIN_ABI,
                        candidate->wanted->wasm + strlen(DIGEST_PREFIX),
                        candidate->manifest.digest + strlen(DIGEST_PREFIX));
    if (size < 0)
        candidate->stem = NULL;
    return size < 0 ? chimera_fail_memory(err) : CHIMERA_OK;
}

/* CHIMERA_EINVAL: there is none, it is another thing, or for another machine. */
static int try_version(struct candidate *candidate, const struct chimera_image_reference *at,
                       char **ret_path, struct chimera_error *err)
{
    int code = chimera_registry_get_manifest(candidate->registry, at, &candidate->manifest, err);
    if (code < 0)
        return code;
    code = is_for_here(candidate) ? check_signature(candidate, err) : CHIMERA_EINVAL;
    if (code == CHIMERA_OK)
        code = name_plugin(candidate, err);
    if (code == CHIMERA_OK)
        code = fetch_plugin(candidate, err);
    if (code == CHIMERA_OK && !(*ret_path = path_of(candidate, ".so")))
        code = chimera_fail_memory(err);
    free(candidate->stem);
    candidate->stem = NULL;
    chimera_oci_manifest_done(&candidate->manifest);
    return code;
}

static int try_candidate(struct candidate *candidate, const char *digest, char **ret_path,
                         struct chimera_error *err)
{
    struct chimera_image_reference at = candidate->at;
    char version[CHIMERA_OCI_DIGEST_MAX];
    snprintf(version, sizeof(version), "%s", digest);
    at.tag = NULL;
    at.digest = version;
    return try_version(candidate, &at, ret_path, err);
}

int chimera_native_pull_tag(struct chimera_registry *registry,
                            const struct chimera_image_reference *image,
                            const struct chimera_native_wanted *wanted, char **ret_path,
                            struct chimera_error *err)
{
    struct candidate candidate = {.registry = registry, .at = *image, .wanted = wanted};
    *ret_path = NULL;
    int code = try_version(&candidate, image, ret_path, err);
    return code == CHIMERA_EINVAL ? CHIMERA_OK : code;
}

int chimera_native_pull(struct chimera_registry *registry,
                        const struct chimera_image_reference *image,
                        const struct chimera_native_wanted *wanted, char **ret_path,
                        struct chimera_error *err)
{
    struct candidate candidate = {.registry = registry, .at = *image, .wanted = wanted};
    struct chimera_referrers referrers = {0};
    *ret_path = NULL;
    int code = chimera_registry_list_referrers(registry, image, wanted->subject, &referrers, err);
    if (code < 0)
        return code;
    /* What was added last is at the end, in an index that clients keep. */
    for (size_t tries = 0; !*ret_path && tries < referrers.count && tries < CANDIDATES_MAX;
         tries++) {
        const char *digest = referrers.entries[referrers.count - 1 - tries].digest;
        struct chimera_error why = {.details = err ? err->details : NULL};
        code = try_candidate(&candidate, digest, ret_path, &why);
        if (code < 0 && code != CHIMERA_EINVAL && err && err->details)
            chimera_buffer_print(err->details, "plugin %s: %s\n", digest, why.text);
    }
    chimera_referrers_done(&referrers);
    return CHIMERA_OK;
}
