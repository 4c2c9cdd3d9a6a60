/* SPDX-License-Identifier: Apache-2.0 */
/* registry_blob.c - blobs on their way here: size and digest are checked as the bytes pass. */
#include <inttypes.h>
#include <stdlib.h>

#include "compiler/fetch/registry/registry_internal.h"
#include "runtime/base/cleanup.h"

/* Between the transfer and the sink of the caller. */
struct blob_check {
    const struct chimera_image_reference *image;
    const struct chimera_descriptor *blob;
    const struct chimera_transfer_sink *sink; /* the caller's */
    struct chimera_oci_hash hash;
    uint64_t size;
    bool has_begun;      /* the caller's sink has bytes */
    bool is_the_callers; /* it has failed, not the place */
};

static int begin(struct blob_check *check)
{
    check->size = 0;
    int code = chimera_oci_hash_begin(&check->hash, check->blob->digest);
    if (code == CHIMERA_OK && check->has_begun && check->sink->restart)
        code = check->sink->restart(check->sink->context);
    check->has_begun = false;
    return code;
}

static int restart(void *context)
{
    return begin(context);
}

static int take(void *context, struct chimera_slice bytes)
{
    struct blob_check *check = context;
    if (bytes.size > check->blob->size - check->size)
        return CHIMERA_ELIMIT;
    check->size += bytes.size;
    int code = chimera_oci_hash_add(&check->hash, bytes);
    if (code < 0)
        return code;
    check->has_begun = true;
    code = check->sink->take(check->sink->context, bytes);
    check->is_the_callers |= code < 0;
    return code;
}

static int compare(const struct chimera_call *call, struct blob_check *check,
                   struct chimera_error *err)
{
    char digest[CHIMERA_OCI_DIGEST_MAX];
    const struct chimera_descriptor *blob = check->blob;
    if (check->size != blob->size)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s: %s: it has %" PRIu64 " bytes, its descriptor says %" PRIu64,
                            call->place->host, call->what, check->size, blob->size);
    if (chimera_oci_hash_finish(&check->hash, digest) < 0)
        return chimera_fail_memory(err);
    if (strcmp(digest, blob->digest) != 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "%s: %s: it has the digest %s",
                            call->place->host, call->what, digest);
    return CHIMERA_OK;
}

static int get(struct chimera_registry *registry, const struct chimera_call *call,
               struct blob_check *check, struct chimera_error *err)
{
    struct chimera_transfer_answer answer;
    int code = begin(check);
    if (code < 0)
        return chimera_fail(err, code, "%s: %s: %s", call->place->host, call->what,
                            chimera_code_text(code));
    code = chimera_registry_call(registry, call, &answer, err);
    if (code < 0)
        return code;
    code = answer.status == 200 ? compare(call, check, err)
                                : chimera_registry_fail(call, &answer, err);
    chimera_transfer_answer_done(&answer);
    return code;
}

static int ask_for_blob(struct chimera_registry *registry, struct chimera_place *place,
                        void *context, bool *ret_is_last, struct chimera_error *err)
{
    struct blob_check *check = context;
    const char *repository = check->image->repository, *digest = check->blob->digest;
    const struct chimera_transfer_sink sink = {restart, take, check};
    CHIMERA_FREE char *url = chimera_registry_url(place, check->image, "blobs/%s", digest);
    CHIMERA_FREE char *scope = chimera_registry_scope(place, repository, "pull");
    CHIMERA_FREE char *what =
        chimera_registry_text("the blob %s%s@%s", place->prefix, repository, digest);
    const struct chimera_call call = {
        .place = place,
        .method = "GET",
        .url = url,
        .scope = scope,
        .what = what,
        .body = CHIMERA_NO_BODY,
        .sink = &sink,
        .limit = check->blob->size > 0 ? check->blob->size : 1,
        .is_idempotent = true,
    };
    int code = url && scope && what ? get(registry, &call, check, err) : chimera_fail_memory(err);
    *ret_is_last |= check->is_the_callers;
    return code;
}

int chimera_registry_get_blob(struct chimera_registry *registry,
                              const struct chimera_image_reference *image,
                              const struct chimera_descriptor *blob,
                              const struct chimera_transfer_sink *sink, struct chimera_error *err)
{
    struct blob_check check = {.image = image, .blob = blob, .sink = sink};
    if (!chimera_oci_digest_is_good(chimera_slice_of(blob->digest)))
        return chimera_fail(err, CHIMERA_EINVAL, "%s is not a digest", blob->digest);
    int code = chimera_registry_ask(registry, ask_for_blob, &check, err);
    chimera_oci_hash_drop(&check.hash);
    return code;
}

static int empty_buffer(void *context)
{
    chimera_buffer_reset(context);
    return CHIMERA_OK;
}

static int fill_buffer(void *context, struct chimera_slice bytes)
{
    return chimera_buffer_append(context, bytes);
}

int chimera_registry_read_blob(struct chimera_registry *registry,
                               const struct chimera_image_reference *image,
                               const struct chimera_descriptor *blob, size_t limit,
                               struct chimera_buffer *out, struct chimera_error *err)
{
    struct chimera_buffer bytes;
    const struct chimera_transfer_sink sink = {empty_buffer, fill_buffer, &bytes};
    if (blob->size > limit)
        return chimera_fail(err, CHIMERA_ELIMIT,
                            "%s: the blob %s has %" PRIu64 " bytes, at most %zu may be",
                            registry->options.host, blob->digest, blob->size, limit);
    chimera_buffer_init(&bytes, limit);
    int code = chimera_registry_get_blob(registry, image, blob, &sink, err);
    if (code == CHIMERA_OK)
        chimera_buffer_append(out, chimera_buffer_slice(&bytes));
    chimera_buffer_free(&bytes);
    return code < 0 || !out->failed
               ? code
               : chimera_fail(err, out->failed, "%s: %s", registry->options.host,
                              chimera_code_text(out->failed));
}
