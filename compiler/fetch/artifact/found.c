/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/artifact/found.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/signature/verify.h"
#include "runtime/base/cleanup.h"

#define SIGNATURE_MEDIA "application/vnd.dev.cosign.simplesigning.v1+json"
#define BUNDLE_MEDIA "application/vnd.dev.sigstore.bundle"
#define ARENA_MAX ((size_t)64 << 20)

void chimera_found_done(struct chimera_found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        chimera_buffer_free(&found->list[i].bytes);
        json_object_put(found->list[i].annotations);
    }
    free(found->list);
    chimera_buffer_free(&found->manifest);
    chimera_buffer_free(&found->old_scheme);
    *found = (struct chimera_found){0};
}

/* --- What is in the registry --- */

struct search {
    struct chimera_registry *registry;
    struct chimera_image_reference at; /* of the repository; the version changes */
    struct chimera_found *found;
    size_t room;                    /* for how many more referrers are asked for */
    struct chimera_buffer *details; /* borrowed; may be NULL */
};

static void note(struct search *search, const char *what, const char *why)
{
    if (search->details)
        chimera_buffer_print(search->details, "%s: %s\n", what, why);
}

/* Reads a blob as one more signature. `annotations` are the layer's; NULL: it is a bundle. */
static int add_signature(struct search *search, const struct chimera_descriptor *blob,
                         struct json_object *annotations)
{
    struct chimera_found *found = search->found;
    struct chimera_error why = {0};
    if (found->count == CHIMERA_FOUND_MAX)
        return CHIMERA_OK;
    struct chimera_found_signature *signature = &found->list[found->count];
    chimera_buffer_init(&signature->bytes, CHIMERA_EVIDENCE_MAX);
    int code = chimera_registry_read_blob(search->registry, &search->at, blob, CHIMERA_EVIDENCE_MAX,
                                          &signature->bytes, &why);
    if (code < 0) {
        chimera_buffer_free(&signature->bytes);
        note(search, blob->digest, why.text);
        return code == CHIMERA_ENOMEM ? code : CHIMERA_OK;
    }
    signature->annotations = json_object_get(annotations);
    found->count++;
    return CHIMERA_OK;
}

/* One layer is one signature; two may share a blob. */
static int add_layers(struct search *search, const struct chimera_oci_manifest *manifest)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; code == CHIMERA_OK && i < manifest->entry_count; i++) {
        const struct chimera_descriptor *layer = &manifest->entries[i];
        if (layer->media_type && strcmp(layer->media_type, SIGNATURE_MEDIA) == 0 &&
            layer->annotations)
            code = add_signature(search, layer, layer->annotations);
    }
    return code;
}

static int gather_old_scheme(struct search *search, const char *digest, struct chimera_error *err)
{
    char tag[CHIMERA_OCI_DIGEST_MAX + 8];
    struct chimera_oci_manifest manifest = {0};
    struct chimera_error why = {0};
    snprintf(tag, sizeof(tag), "%s.sig", digest);
    char *colon = strchr(tag, ':');
    if (colon)
        *colon = '-';
    struct chimera_image_reference at = search->at;
    at.tag = tag;
    at.digest = NULL;
    int code = chimera_registry_get_manifest(search->registry, &at, &manifest, &why);
    if (code == CHIMERA_EINVAL) /* there is no such tag */
        return CHIMERA_OK;
    if (code == CHIMERA_OK)
        code = add_layers(search, &manifest);
    if (code == CHIMERA_OK)
        chimera_buffer_append(&search->found->old_scheme, chimera_buffer_slice(&manifest.bytes));
    chimera_oci_manifest_done(&manifest);
    return code < 0 ? chimera_fail(err, code, "the signatures under the tag %s: %s", tag, why.text)
                    : CHIMERA_OK;
}

static bool is_bundle_type(const char *type)
{
    return type && strncmp(type, BUNDLE_MEDIA, strlen(BUNDLE_MEDIA)) == 0;
}

/* Whether the manifest carries a bundle about the artifact: registries list others as well. */
static bool has_bundle(const struct chimera_oci_manifest *manifest, const char *digest)
{
    const char *type = manifest->artifact_type;
    if (manifest->is_index || manifest->entry_count == 0 ||
        strcmp(manifest->subject.digest, digest) != 0)
        return false;
    const char *media = manifest->entries[0].media_type;
    return is_bundle_type(type) || is_bundle_type(media);
}

static int add_referrer(struct search *search, const struct chimera_descriptor *entry,
                        const char *digest)
{
    struct chimera_oci_manifest manifest = {0};
    struct chimera_error why = {0};
    struct chimera_image_reference at = search->at;
    char version[CHIMERA_OCI_DIGEST_MAX];
    memcpy(version, entry->digest, sizeof(version));
    at.tag = NULL;
    at.digest = version;
    int code = chimera_registry_get_manifest(search->registry, &at, &manifest, &why);
    if (code < 0) {
        note(search, entry->digest, why.text);
        return code == CHIMERA_ENOMEM ? code : CHIMERA_OK;
    }
    if (has_bundle(&manifest, digest))
        code = add_signature(search, &manifest.entries[0], NULL);
    chimera_oci_manifest_done(&manifest);
    return code;
}

/* Those that are listed as bundles, or the others: what is listed may have the type of its config,
 * so all are looked at, but plugins, bills of materials and junk must not use up the room. */
static int add_listed(struct search *search, const struct chimera_referrers *referrers,
                      bool are_bundles, const char *digest)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; code == CHIMERA_OK && i < referrers->count && search->room > 0; i++) {
        if (is_bundle_type(referrers->entries[i].artifact_type) != are_bundles)
            continue;
        search->room--;
        code = add_referrer(search, &referrers->entries[i], digest);
    }
    return code;
}

static int gather_referrers(struct search *search, const char *digest, struct chimera_error *err)
{
    struct chimera_referrers referrers = {0};
    int code =
        chimera_registry_list_referrers(search->registry, &search->at, digest, &referrers, err);
    if (code < 0)
        return code;
    search->room = CHIMERA_FOUND_MAX;
    code = add_listed(search, &referrers, true, digest);
    if (code == CHIMERA_OK)
        code = add_listed(search, &referrers, false, digest);
    chimera_referrers_done(&referrers);
    return code < 0 ? chimera_fail_memory(err) : CHIMERA_OK;
}

int chimera_found_gather(struct chimera_registry *registry,
                         const struct chimera_image_reference *image, const char *digest,
                         struct chimera_found *ret_found, struct chimera_error *err)
{
    struct chimera_found found = {.list = calloc(CHIMERA_FOUND_MAX, sizeof(*found.list))};
    struct search search = {.registry = registry,
                            .at = *image, /* borrowed */
                            .found = &found,
                            .details = err ? err->details : NULL};
    if (!found.list)
        return chimera_fail_memory(err);
    chimera_buffer_init(&found.manifest, CHIMERA_MANIFEST_MAX);
    chimera_buffer_init(&found.old_scheme, CHIMERA_MANIFEST_MAX);
    snprintf(found.digest, sizeof(found.digest), "%s", digest);
    int code = gather_old_scheme(&search, digest, err);
    if (code == CHIMERA_OK)
        code = gather_referrers(&search, digest, err);
    if (code < 0)
        chimera_found_done(&found);
    else
        *ret_found = found;
    return code;
}

/* --- What is found --- */

static int take_apart(const struct chimera_found *found, struct chimera_arena *arena,
                      struct chimera_evidence *evidence, size_t *ret_count,
                      struct chimera_error *err)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct chimera_found_signature *signature = &found->list[i];
        struct chimera_slice bytes = chimera_buffer_slice(&signature->bytes);
        struct chimera_error why = {0};
        int code = signature->annotations
                       ? chimera_evidence_from_layer(bytes, signature->annotations, found->digest,
                                                     arena, &evidence[*ret_count], &why)
                       : chimera_evidence_from_bundle(bytes, found->digest, arena,
                                                      &evidence[*ret_count], &why);
        if (code == CHIMERA_ENOMEM)
            return chimera_fail_memory(err);
        if (code == CHIMERA_OK)
            ++*ret_count;
        else if (err && err->details)
            chimera_buffer_print(err->details, "signature %zu: %s\n", i + 1, why.text);
    }
    return CHIMERA_OK;
}

int chimera_found_judge_by(const struct chimera_found *found, const char *name,
                           chimera_found_judge_fn *judge, void *context, struct chimera_error *err)
{
    struct chimera_arena arena;
    size_t count = 0;
    if (found->count == 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "no signatures found for image: %s ", name);
    CHIMERA_FREE struct chimera_evidence *evidence = calloc(found->count, sizeof(*evidence));
    if (!evidence)
        return chimera_fail_memory(err);
    chimera_arena_init(&arena, ARENA_MAX);
    int code = take_apart(found, &arena, evidence, &count, err);
    if (code == CHIMERA_OK && count == 0)
        code = chimera_fail(err, CHIMERA_EREFUSED,
                            "failed to get image trusted layers: No Signature Layer passed "
                            "verification");
    if (code == CHIMERA_OK)
        code = judge(evidence, count, context, err);
    for (size_t i = 0; i < count; i++)
        chimera_evidence_done(&evidence[i]);
    chimera_arena_free(&arena);
    return code;
}

struct configured { /* borrowed */
    const struct chimera_verification *verification;
    const struct chimera_trust_root *root;
    struct chimera_buffer *signers;
};

static int judge_configured(const struct chimera_evidence *evidence, size_t count, void *context,
                            struct chimera_error *err)
{
    const struct configured *configured = context;
    return chimera_signatures_judge(configured->verification, evidence, count, configured->root,
                                    configured->signers, err);
}

int chimera_found_judge(const struct chimera_found *found, const char *name,
                        const struct chimera_verification *verification,
                        const struct chimera_trust_root *root, struct chimera_buffer *signers,
                        struct chimera_error *err)
{
    struct configured configured = {verification, root, signers};
    return chimera_found_judge_by(found, name, judge_configured, &configured, err);
}
