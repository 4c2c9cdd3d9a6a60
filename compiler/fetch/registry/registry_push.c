/* SPDX-License-Identifier: Apache-2.0 */
/* registry_push.c - blobs on their way to a registry: what is there is not sent
 * (cli-and-distribution.md §3.6). */
#include <stdlib.h>

#include "compiler/fetch/registry/registry_internal.h"
#include "runtime/base/cleanup.h"

int chimera_registry_has_blob(struct chimera_registry *registry,
                              const struct chimera_image_reference *image, const char *digest,
                              bool *ret_is_there, struct chimera_error *err)
{
    struct chimera_place *place = chimera_registry_home(registry);
    CHIMERA_FREE char *url = chimera_registry_url(place, image, "blobs/%s", digest);
    CHIMERA_FREE char *scope = chimera_registry_scope(place, image->repository, "pull,push");
    const struct chimera_call call = {
        .place = place,
        .method = "HEAD",
        .url = url,
        .scope = scope,
        .what = "a blob, when it is looked for",
        .body = CHIMERA_NO_BODY,
        .is_idempotent = true,
    };
    struct chimera_transfer_answer answer;
    if (!url || !scope)
        return chimera_fail_memory(err);
    int code = chimera_registry_call(registry, &call, &answer, err);
    if (code < 0)
        return code;
    *ret_is_there = answer.status == 200;
    chimera_transfer_answer_done(&answer);
    return CHIMERA_OK;
}

int chimera_registry_put_blob(struct chimera_registry *registry,
                              const struct chimera_image_reference *image, const char *digest,
                              const struct chimera_transfer_body *body, const char *from,
                              struct chimera_error *err)
{
    bool is_there = false;
    if (!chimera_oci_digest_is_good(chimera_slice_of(digest)))
        return chimera_fail(err, CHIMERA_EINVAL, "%s is not a digest", digest);
    int code = chimera_registry_has_blob(registry, image, digest, &is_there, err);
    if (code < 0 || is_there)
        return code;
    return chimera_registry_upload(registry, image, digest, body, from, err);
}
