/* SPDX-License-Identifier: Apache-2.0 */
/* provenance.h - provenance.intoto.json of a bundle: a Statement v1 of in-toto, whose predicate is
 * SLSA's provenance v1.
 *
 * Subjects are all files of the bundle but the manifest, which has this file's digest, and its
 * signature; dependencies are policies.yml as it was given, and the modules. No time is stated: the
 * builder's clock is no part of what is reproduced.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_DOCUMENTS_PROVENANCE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_DOCUMENTS_PROVENANCE_H

#include "toolchain/command/bundle/documents/contents.h"

#define BUNDLE_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define BUNDLE_PREDICATE_TYPE "https://slsa.dev/provenance/v1"
#define BUNDLE_BUILD_TYPE "urn:chimera:bundle:v1"
#define BUNDLE_BUILDER_LOCAL "urn:chimera:builder:local" /* who does not say who builds */

/* Appends it. The bundle's `sbom` must be known. */
int bundle_provenance_print(const struct bundle_contents *contents, struct chimera_buffer *out,
                            struct chimera_error *err);

#endif
