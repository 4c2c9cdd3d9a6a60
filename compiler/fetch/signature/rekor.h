/* SPDX-License-Identifier: Apache-2.0 */
/* rekor.h - an entry of a transparency log, of Rekor v1 or v2 (cli-and-distribution.md §5.5, §5.8):
 * the log is known, what it promised or proved holds, and it is an entry of this signature. Private
 * to this folder.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_REKOR_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_REKOR_H

#include "compiler/fetch/signature/entry_body.h"
#include "compiler/fetch/signature/trust/trust_root.h"

/* CHIMERA_EREFUSED with what is wrong. There must be a promise, or a proof with a checkpoint; and
 * whatever is there must hold. The log's period is the caller's to check, who knows the time. */
int chimera_rekor_check(const struct chimera_log_entry *entry,
                        const struct chimera_evidence *evidence, struct chimera_signer signer,
                        const struct chimera_trust_root *root,
                        const struct chimera_trust_log **ret_log, struct chimera_error *err);

/* When the log says that it took the entry in, or 0: only a promise vouches for that. */
static inline int64_t chimera_rekor_time(const struct chimera_log_entry *entry)
{
    return entry->promise.size > 0 ? entry->integrated_time : 0;
}

#endif
