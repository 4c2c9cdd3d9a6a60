/* SPDX-License-Identifier: Apache-2.0 */
/* image_reference.h - the name of something in a registry: host[:port]/repository[:tag][@digest]
 * (cli-and-distribution.md §3.1). What has no host is Docker's; what has no tag is `latest`.
 */
#ifndef CHIMERA_SOURCE_IMAGE_REFERENCE_H
#define CHIMERA_SOURCE_IMAGE_REFERENCE_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/base/slice.h"

struct chimera_image_reference { /* owns its texts */
    char *registry;              /* host[:port], as it is shown */
    char *repository;
    char *tag;    /* NULL: none */
    char *digest; /* "sha256:…"; NULL: none. It wins over the tag */
};

/* CHIMERA_EINVAL with what is wrong. The caller ends *ret_reference. */
int chimera_image_reference_parse(struct chimera_slice text,
                                  struct chimera_image_reference *ret_reference,
                                  struct chimera_error *err);
void chimera_image_reference_done(struct chimera_image_reference *reference);

/* Whole: registry/repository[:tag][@digest]. */
void chimera_image_reference_write(const struct chimera_image_reference *reference,
                                   struct chimera_buffer *out);

/* host[:port] that requests go to: Docker's registry has another one than its name says. */
const char *chimera_image_reference_host(const struct chimera_image_reference *reference);

/* What a manifest is asked for by: the digest, or else the tag. */
const char *chimera_image_reference_version(const struct chimera_image_reference *reference);

#endif
