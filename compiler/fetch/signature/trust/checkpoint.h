/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint.h - what a log signed its tree's size and root hash with: a signed note
 * (cli-and-distribution.md §5.8). Private to signatures.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_CHECKPOINT_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_CHECKPOINT_H

#include "compiler/fetch/signature/trust/trust_root.h"

struct chimera_checkpoint { /* borrowed from the note */
    struct chimera_slice signed_text;
    struct chimera_slice lines; /* of signatures */
    struct chimera_slice origin;
    uint64_t size;
    struct chimera_slice root; /* base64 */
};

/* Takes the note apart; believes nothing. */
int chimera_checkpoint_read(struct chimera_slice note, struct chimera_checkpoint *ret_checkpoint,
                            struct chimera_error *err);

/* CHIMERA_EREFUSED unless the log signed it. Lines of others, such as witnesses, are stepped over.
 */
int chimera_checkpoint_check(const struct chimera_checkpoint *checkpoint,
                             const struct chimera_trust_log *log, struct chimera_error *err);

#endif
