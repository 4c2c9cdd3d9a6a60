/* SPDX-License-Identifier: Apache-2.0 */
/* found.h - the signatures that lie beside an artifact in its registry, and beside a policy in the
 * store (cli-and-distribution.md §5.3, §5.8, §5.10).
 *
 * Both places are read, the tag of cosign's old scheme and the referrers: a bundle there does not
 * hide an old signature. What is found is not believed: verify.h judges it.
 */
#ifndef CHIMERA_COMPILER_FETCH_ARTIFACT_FOUND_H
#define CHIMERA_COMPILER_FETCH_ARTIFACT_FOUND_H

#include "compiler/fetch/registry/registry.h"
#include "compiler/fetch/signature/evidence.h"
#include "compiler/fetch/signature/trust/trust_root.h"
#include "runtime/source/verification.h"

#define CHIMERA_FOUND_MAX 128 /* signatures of one artifact that are looked at */

struct chimera_found_signature {
    struct chimera_buffer bytes;     /* owned: a layer's blob, or a bundle */
    struct json_object *annotations; /* owned: of the layer; NULL: it is a bundle */
};

struct chimera_found {
    char digest[CHIMERA_OCI_DIGEST_MAX];  /* of the artifact's manifest */
    struct chimera_buffer manifest;       /* that manifest, which says what the policy's file is */
    struct chimera_buffer old_scheme;     /* the manifest of the old scheme's tag; empty: none */
    struct chimera_found_signature *list; /* owned */
    size_t count;
};

void chimera_found_done(struct chimera_found *found);

/* Looks for the signatures of `digest` in the image's repository; found->manifest stays empty.
 * Finding none is no failure, nor is one that cannot be read: why is noted in err->details. */
int chimera_found_gather(struct chimera_registry *registry,
                         const struct chimera_image_reference *image, const char *digest,
                         struct chimera_found *ret_found, struct chimera_error *err);

/* Takes apart and judges: verify.h. `name` is the image, for messages. */
int chimera_found_judge(const struct chimera_found *found, const char *name,
                        const struct chimera_verification *verification,
                        const struct chimera_trust_root *root, struct chimera_buffer *signers,
                        struct chimera_error *err);

/* Takes apart, and has somebody else judge what could be. */
typedef int chimera_found_judge_fn(const struct chimera_evidence *evidence, size_t count,
                                   void *context, struct chimera_error *err);
int chimera_found_judge_by(const struct chimera_found *found, const char *name,
                           chimera_found_judge_fn *judge, void *context, struct chimera_error *err);

/* As a file beside a policy: signatures travel with it where there is no registry. */
void chimera_found_write(const struct chimera_found *found, struct chimera_buffer *out);
int chimera_found_read(const char *path, struct chimera_found *ret_found,
                       struct chimera_error *err);
/* The same of a text; `path` is for messages. */
int chimera_found_parse(struct chimera_slice text, const char *path,
                        struct chimera_found *ret_found, struct chimera_error *err);

#endif
