/* SPDX-License-Identifier: Apache-2.0 */
/* trust.h - the trust root that signatures are judged by, and what is odd about it. Private to this
 * folder; in the confined child. */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_TRUST_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_TRUST_H

#include "compiler/fetch/signature/trust/trust_root.h"
#include "runtime/source/verification.h"

struct chimera_trust_file {    /* borrowed; of the user's choice */
    struct chimera_slice text; /* empty: what is shipped */
    const char *name;
};

/* A warning is appended to `note` where certificates may be judged by it and it is too old, or
 * nothing in it is valid any more. The caller ends *ret_root. */
int trust_open(struct chimera_trust_file file, const struct chimera_verification *verification,
               struct chimera_trust_root *ret_root, struct chimera_buffer *note,
               struct chimera_error *err);

/* Adds the warning to a refusal, which it may be the reason of. Returns `code`. */
int trust_explain(const struct chimera_buffer *note, int code, struct chimera_error *err);

#endif
