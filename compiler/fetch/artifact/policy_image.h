/* SPDX-License-Identifier: Apache-2.0 */
/* policy_image.h - which blob of an image is the policy (cli-and-distribution.md §3.3, §3.4). */
#ifndef CHIMERA_COMPILER_FETCH_ARTIFACT_POLICY_IMAGE_H
#define CHIMERA_COMPILER_FETCH_ARTIFACT_POLICY_IMAGE_H

#include "compiler/fetch/registry/registry.h"

#define CHIMERA_POLICY_BYTES_MAX ((uint64_t)512 << 20)

/* The manifest of the image; an index's entry of WebAssembly, or else of this machine, whose digest
 * the index vouches for. *ret_digest is of what the image's version is: the index, where it is one.
 * The caller ends *ret_manifest. */
int chimera_policy_image_get(struct chimera_registry *registry,
                             const struct chimera_image_reference *image,
                             struct chimera_oci_manifest *ret_manifest,
                             char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err);

/* Its first layer; all must be WebAssembly. `is_only`: there must be no other, for the file to be
 * what was signed (§5.9). */
int chimera_policy_image_layer(const struct chimera_oci_manifest *manifest, bool is_only,
                               const struct chimera_descriptor **ret_layer,
                               struct chimera_error *err);

#endif
