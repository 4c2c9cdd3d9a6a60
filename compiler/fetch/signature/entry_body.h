/* SPDX-License-Identifier: Apache-2.0 */
/* entry_body.h - what an entry of a transparency log says was signed, by whom and how: hashedrekord
 * 0.0.1 and 0.0.2, rekord 0.0.1, dsse 0.0.1, intoto 0.0.2 (cli-and-distribution.md §5.5, §5.8).
 * Private to this folder.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_ENTRY_BODY_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_ENTRY_BODY_H

#include "compiler/fetch/signature/evidence.h"

struct chimera_signer { /* who must have signed */
    struct chimera_slice der;
    bool is_certificate; /* or else the key's SPKI */
};

/* CHIMERA_EREFUSED unless payload, signature and signer of the body are those of the evidence. An
 * entry is worth nothing without: it could be anybody's. */
int chimera_entry_body_check(const struct chimera_log_entry *entry,
                             const struct chimera_evidence *evidence, struct chimera_signer signer,
                             struct chimera_error *err);

#endif
