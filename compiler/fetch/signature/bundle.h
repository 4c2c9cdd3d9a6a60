/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h - a Sigstore bundle taken apart (cli-and-distribution.md §5.8), before it is asked what
 * it is a signature of. Private to this folder, and to tests that verify bundles over files.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_BUNDLE_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_BUNDLE_H

#include "compiler/fetch/signature/evidence.h"

#define CHIMERA_BUNDLE_ARENA_MAX (8 * CHIMERA_EVIDENCE_MAX)

/* Everything but the annotations. A bundle with an envelope is CHIMERA_DSSE, with its payload and
 * message. One over a file has neither, only a signature: the caller sets both, and *ret_digest is
 * the SHA-256 that the bundle says the file has (empty: says none). */
int chimera_sigstore_bundle_read(struct chimera_slice bundle, struct chimera_arena *arena,
                                 struct chimera_evidence *ret_evidence,
                                 struct chimera_slice *ret_digest, struct chimera_error *err);

#endif
