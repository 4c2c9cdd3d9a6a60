/* SPDX-License-Identifier: Apache-2.0 */
/* registry_manifest.c - manifests by tag or digest, there and back (cli-and-distribution.md §3.3,
 * §3.8). */
#include <stdlib.h>

#include "compiler/fetch/registry/registry_internal.h"
#include "runtime/base/cleanup.h"

/* One header with these four: registries answer others with 404 and 406. */
static const char *const accepted[] = {"Accept: " CHIMERA_MEDIA_DOCKER_MANIFEST
                                       ", " CHIMERA_MEDIA_DOCKER_INDEX
                                       ", " CHIMERA_MEDIA_OCI_MANIFEST ", " CHIMERA_MEDIA_OCI_INDEX,
                                       NULL};

/* The digest that the answer tells; an empty text: none. */
static int read_told_digest(const struct chimera_call *call,
                            const struct chimera_transfer_answer *answer,
                            char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err)
{
    struct chimera_slice told = chimera_transfer_header(answer, "docker-content-digest", 0);
    *ret_digest = '\0';
    if (!told.data || told.size == 0)
        return CHIMERA_OK;
    if (!chimera_oci_digest_is_good(told))
        return chimera_fail(err, CHIMERA_EREFUSED, "%s: %s: Docker-Content-Digest is no digest",
                            call->place->host, call->what);
    memcpy(ret_digest, told.data, told.size);
    ret_digest[told.size] = '\0';
    return CHIMERA_OK;
}

/* --- Getting --- */

struct resolving { /* of all places; one of the two is wanted */
    struct chimera_wanted_manifest wanted;
    struct chimera_oci_manifest *ret_manifest;
    char *ret_digest;
};

/* Any answer; the caller ends it. */
static int call_manifest(struct chimera_registry *registry,
                         const struct chimera_image_reference *image,
                         const struct chimera_call *like,
                         struct chimera_transfer_answer *ret_answer, struct chimera_error *err)
{
    CHIMERA_FREE char *scope = chimera_registry_scope(like->place, image->repository, "pull");
    struct chimera_call call = *like;
    call.scope = scope;
    call.headers = accepted;
    call.body = CHIMERA_NO_BODY;
    call.limit = CHIMERA_MANIFEST_MAX;
    call.is_idempotent = true;
    if (!scope || !call.url || !call.what)
        return chimera_fail_memory(err);
    return chimera_registry_call(registry, &call, ret_answer, err);
}

/* The digest that was asked for and the one that is told may be of two algorithms: both must be
 * right. */
static int take_manifest(const struct chimera_call *call, const char *version,
                         struct chimera_transfer_answer *answer,
                         struct chimera_oci_manifest *ret_manifest, struct chimera_error *err)
{
    char told[CHIMERA_OCI_DIGEST_MAX], is[CHIMERA_OCI_DIGEST_MAX];
    struct chimera_slice bytes = chimera_buffer_slice(&answer->body);
    struct chimera_slice value = chimera_transfer_header(answer, "content-type", 0);
    CHIMERA_FREE char *type = value.data ? strndup(value.data, value.size) : NULL;
    CHIMERA_FREE char *name = chimera_registry_text("%s: %s", call->place->host, call->what);
    const char *digest = strchr(version, ':') ? version : NULL;
    int code = name ? read_told_digest(call, answer, told, err) : chimera_fail_memory(err);
    if (code < 0)
        return code;
    if (*told && (code = chimera_oci_digest_of(bytes, told, is)) < 0)
        return chimera_fail_memory(err);
    if (*told && strcmp(told, is) != 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s: the manifest has the digest %s, and the registry says %s", name,
                            is, told);
    if (!digest && *told)
        digest = told;
    return chimera_oci_manifest_parse(&answer->body, type, digest, name, ret_manifest, err);
}

int chimera_registry_get_manifest_at(struct chimera_registry *registry, struct chimera_place *place,
                                     const struct chimera_wanted_manifest *wanted,
                                     struct chimera_oci_manifest *ret_manifest,
                                     bool *ret_is_missing, struct chimera_error *err)
{
    const char *version = wanted->version, *repository = wanted->image->repository;
    CHIMERA_FREE char *url = chimera_registry_url(place, wanted->image, "manifests/%s", version);
    CHIMERA_FREE char *what =
        chimera_registry_text("the manifest %s%s%s%s", place->prefix, repository,
                              strchr(version, ':') ? "@" : ":", version);
    const struct chimera_call call = {.place = place, .method = "GET", .url = url, .what = what};
    struct chimera_transfer_answer answer;
    if (ret_is_missing)
        *ret_is_missing = false;
    int code = call_manifest(registry, wanted->image, &call, &answer, err);
    if (code < 0)
        return code;
    if (ret_is_missing)
        *ret_is_missing = answer.status == 404;
    code = answer.status == 200 ? take_manifest(&call, version, &answer, ret_manifest, err)
                                : chimera_registry_fail(&call, &answer, err);
    chimera_transfer_answer_done(&answer);
    return code;
}

static int ask_for_manifest(struct chimera_registry *registry, struct chimera_place *place,
                            void *context, bool *ret_is_last, struct chimera_error *err)
{
    struct resolving *resolving = context;
    (void)ret_is_last;
    return chimera_registry_get_manifest_at(registry, place, &resolving->wanted,
                                            resolving->ret_manifest, NULL, err);
}

int chimera_registry_get_manifest(struct chimera_registry *registry,
                                  const struct chimera_image_reference *image,
                                  struct chimera_oci_manifest *ret_manifest,
                                  struct chimera_error *err)
{
    struct resolving resolving = {.wanted = {image, chimera_image_reference_version(image)},
                                  .ret_manifest = ret_manifest};
    return chimera_registry_ask(registry, ask_for_manifest, &resolving, err);
}

/* --- Resolving --- */

/* False: HEAD does not tell, for whatever reason. A GET tells that, in words. */
static bool head_tells(struct chimera_registry *registry, struct chimera_place *place,
                       const struct resolving *resolving)
{
    const char *version = resolving->wanted.version;
    CHIMERA_FREE char *url =
        chimera_registry_url(place, resolving->wanted.image, "manifests/%s", version);
    const struct chimera_call call = {
        .place = place, .method = "HEAD", .url = url, .what = "a manifest"};
    char told[CHIMERA_OCI_DIGEST_MAX] = "";
    struct chimera_transfer_answer answer;
    if (call_manifest(registry, resolving->wanted.image, &call, &answer, NULL) < 0)
        return false;
    bool is_good = answer.status == 200 && read_told_digest(&call, &answer, told, NULL) == 0;
    chimera_transfer_answer_done(&answer);
    if (!is_good || !*told || (strchr(version, ':') && strcmp(told, version) != 0))
        return false;
    memcpy(resolving->ret_digest, told, sizeof(told));
    return true;
}

static int ask_for_digest(struct chimera_registry *registry, struct chimera_place *place,
                          void *context, bool *ret_is_last, struct chimera_error *err)
{
    const struct resolving *resolving = context;
    struct chimera_oci_manifest manifest;
    (void)ret_is_last;
    if (head_tells(registry, place, resolving))
        return CHIMERA_OK;
    int code =
        chimera_registry_get_manifest_at(registry, place, &resolving->wanted, &manifest, NULL, err);
    if (code < 0)
        return code;
    memcpy(resolving->ret_digest, manifest.digest, sizeof(manifest.digest));
    chimera_oci_manifest_done(&manifest);
    return CHIMERA_OK;
}

int chimera_registry_resolve(struct chimera_registry *registry,
                             const struct chimera_image_reference *image,
                             char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err)
{
    struct resolving resolving = {.wanted = {image, chimera_image_reference_version(image)},
                                  .ret_digest = ret_digest};
    return chimera_registry_ask(registry, ask_for_digest, &resolving, err);
}

/* --- Putting --- */

static int check_published(const struct chimera_call *call,
                           const struct chimera_transfer_answer *answer, struct chimera_slice bytes,
                           struct chimera_published *published, struct chimera_error *err)
{
    char told[CHIMERA_OCI_DIGEST_MAX], is[CHIMERA_OCI_DIGEST_MAX];
    if (answer->status / 100 != 2)
        return chimera_registry_fail(call, answer, err);
    int code = read_told_digest(call, answer, told, err);
    if (code < 0)
        return code;
    if (*told && chimera_oci_digest_of(bytes, told, is) < 0)
        return chimera_fail_memory(err);
    if (*told && strcmp(told, is) != 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s: %s: sent with the digest %s, and the registry says %s",
                            call->place->host, call->what, is, told);
    published->knows_subject = chimera_transfer_header(answer, "oci-subject", 0).data != NULL;
    return CHIMERA_OK;
}

static int send_manifest(struct chimera_registry *registry, const struct chimera_call *call,
                         struct chimera_published *published, struct chimera_error *err)
{
    struct chimera_transfer_answer answer;
    int code = chimera_registry_call(registry, call, &answer, err);
    if (code < 0)
        return code;
    code = check_published(call, &answer, call->body.bytes, published, err);
    chimera_transfer_answer_done(&answer);
    return code;
}

int chimera_registry_put_manifest(struct chimera_registry *registry,
                                  const struct chimera_image_reference *image,
                                  const char *media_type, struct chimera_slice bytes,
                                  struct chimera_published *ret_published,
                                  struct chimera_error *err)
{
    struct chimera_place *place = chimera_registry_home(registry);
    const char *version = chimera_image_reference_version(image);
    CHIMERA_FREE char *url = chimera_registry_url(place, image, "manifests/%s", version);
    CHIMERA_FREE char *scope = chimera_registry_scope(place, image->repository, "pull,push");
    CHIMERA_FREE char *type = chimera_registry_text("Content-Type: %s", media_type);
    CHIMERA_FREE char *what =
        chimera_registry_text("the manifest %s%s%s, when it is sent", image->repository,
                              strchr(version, ':') ? "@" : ":", version);
    const char *const headers[] = {type, NULL};
    const struct chimera_call call = {
        .place = place,
        .method = "PUT",
        .url = url,
        .scope = scope,
        .what = what,
        .headers = headers,
        .body = {.bytes = bytes, .fd = -1},
        .is_idempotent = true,
    };
    struct chimera_published published = {0};
    if (!url || !scope || !type || !what ||
        chimera_oci_digest_of(bytes, image->digest, published.digest) < 0)
        return chimera_fail_memory(err);
    if (image->digest && strcmp(image->digest, published.digest) != 0)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: the manifest has the digest %s", what,
                            published.digest);
    int code = send_manifest(registry, &call, &published, err);
    if (code == CHIMERA_OK)
        *ret_published = published;
    return code;
}
