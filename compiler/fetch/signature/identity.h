/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h - who signed, by the certificate, at the time that logs and timestamps vouch for
 * (cli-and-distribution.md §5.5).
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_IDENTITY_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_IDENTITY_H

#include "compiler/fetch/signature/evidence.h"
#include "compiler/fetch/signature/trust/certificate_names.h"
#include "compiler/fetch/signature/trust/trust_root.h"

/* All that a keyless signature must hold: signature bytes by the leaf's key, entry in a log (body,
 * promise or proof with checkpoint), the time, the chain then, the SCT, the extensions.
 * CHIMERA_EREFUSED with the first thing that does not. */
int chimera_identity_prove(const struct chimera_evidence *evidence,
                           const struct chimera_trust_root *root,
                           struct chimera_identity *ret_identity, struct chimera_error *err);

/* For a signature by `key` (its SPKI in DER): its entries in logs that the root knows, and its
 * timestamps, must be right, too; there need not be any. An entry of a log that the root does not
 * know is refused. `root` NULL: they are not looked at. */
int chimera_evidence_check_log(const struct chimera_evidence *evidence, struct chimera_slice key,
                               const struct chimera_trust_root *root, struct chimera_error *err);

/* For a signature by the key of a certificate that is believed for reasons of its own: what is said
 * of its entries and timestamps above, and that the certificate was valid at each of their times.
 * `needs_entry`: there must be one, and a time. */
int chimera_evidence_check_certificate(const struct chimera_evidence *evidence, X509 *certificate,
                                       bool needs_entry, const struct chimera_trust_root *root,
                                       struct chimera_error *err);

#endif
