/* SPDX-License-Identifier: Apache-2.0 */
/* signature_image.h - how a signature lies in a registry: the manifest of an artifact that is a
 * bundle, in the form in which cosign 3 pushes it (cli-and-distribution.md §5.8).
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_IMAGE_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_IMAGE_H

#include "compiler/fetch/manifest.h"

/* Appends the manifest, which has `subject` (media type, digest and size) as its subject, the
 * bundle as its layer and the blob "{}" as its config. `created` is a time as RFC 3339 has it, or
 * NULL. */
int chimera_signature_image_write(const struct chimera_descriptor *subject,
                                  struct chimera_slice bundle, const char *created,
                                  struct chimera_buffer *out, struct chimera_error *err);

#endif
