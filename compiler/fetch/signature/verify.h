/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h - judges the signatures of one artifact by a verification configuration
 * (cli-and-distribution.md §5.1, §5.2). Knows no network: what was found is handed in.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_VERIFY_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_VERIFY_H

#include "compiler/fetch/signature/evidence.h"
#include "compiler/fetch/signature/trust/trust_root.h"
#include "runtime/base/buffer.h"
#include "runtime/source/verification.h"

/* Each entry of the configuration is satisfied by at least one piece of evidence, or not. All of
 * `allOf` and enough of `anyOf` must be; a configuration that asks for nothing is refused, too.
 * Appends who signed to `signers`, a line each, for people. CHIMERA_EREFUSED with the reference's
 * message; to err->details are added the entries, where they are too long for err->text, and a line
 * on why each signature did not do for an entry. `root` may be NULL: then no certificate is
 * believed, and entries in logs are not looked at. */
int chimera_signatures_judge(const struct chimera_verification *verification,
                             const struct chimera_evidence *evidence, size_t count,
                             const struct chimera_trust_root *root, struct chimera_buffer *signers,
                             struct chimera_error *err);

/* Whether what was signed has all of these (a map of texts; NULL: none are wanted). */
int chimera_evidence_check_annotations(const struct chimera_evidence *evidence,
                                       struct json_object *wanted, struct chimera_error *err);

#endif
