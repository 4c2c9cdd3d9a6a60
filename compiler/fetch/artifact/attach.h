/* SPDX-License-Identifier: Apache-2.0 */
/* attach.h - something beside an image in its registry: a manifest whose subject is the image's
 * (distribution-spec 1.1, referrers; cli-and-distribution.md §3.9).
 */
#ifndef CHIMERA_COMPILER_FETCH_ARTIFACT_ATTACH_H
#define CHIMERA_COMPILER_FETCH_ARTIFACT_ATTACH_H

#include "compiler/fetch/registry/registry.h"

struct chimera_attached_file {
    const char *media_type, *title;    /* title NULL: none */
    struct chimera_transfer_body body; /* with a file, all of it */
};

#define CHIMERA_ATTACHED_FILES_MAX 8

struct chimera_attachment { /* borrowed */
    const char *artifact_type;
    struct chimera_attached_file config;
    const struct chimera_attached_file *files;
    size_t file_count;
    struct json_object *annotations; /* of texts; NULL: none */
};

/* Uploads the files and the manifest, under its digest; a registry that does not list referrers
 * itself gets it into the index that clients look at then. `image` names the repository. Without a
 * subject (NULL) it is beside nothing, and has the tag that `image` names. */
int chimera_attach(struct chimera_registry *registry, const struct chimera_image_reference *image,
                   const char *subject, const struct chimera_attachment *attachment,
                   char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err);

/* The same of a signature in a bundle, laid out as cosign's. */
int chimera_attach_bundle(struct chimera_registry *registry,
                          const struct chimera_image_reference *image, const char *subject,
                          struct chimera_slice bundle, struct chimera_error *err);

#endif
