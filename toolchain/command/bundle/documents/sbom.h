/* SPDX-License-Identifier: Apache-2.0 */
/* sbom.h - sbom.spdx.json of a bundle: SPDX 2.3, in JSON.
 *
 * Packages are the bundle, its policies.yml, each module (with what its metadata say of it), each
 * plugin and each program that made plugins; what is related to what is in `relationships`. Files
 * are packages there, since a file of SPDX 2.3 must have a SHA-1.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_DOCUMENTS_SBOM_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_DOCUMENTS_SBOM_H

#include "toolchain/command/bundle/documents/contents.h"

/* The identifiers, for whoever looks into it: each is followed by a digest or a stem. */
#define BUNDLE_SBOM_MODULE "SPDXRef-Module-"
#define BUNDLE_SBOM_PLUGIN "SPDXRef-Plugin-"
#define BUNDLE_SBOM_POLICIES "SPDXRef-Policies"

/* Appends it. */
int bundle_sbom_print(const struct bundle_contents *contents, struct chimera_buffer *out,
                      struct chimera_error *err);

#endif
