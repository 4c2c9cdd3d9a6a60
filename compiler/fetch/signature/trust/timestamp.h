/* SPDX-License-Identifier: Apache-2.0 */
/* timestamp.h - a timestamp of RFC 3161 over a signature. Private to signatures. */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_TIMESTAMP_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_TIMESTAMP_H

#include "compiler/fetch/signature/trust/trust_root.h"

/* CHIMERA_EREFUSED unless an authority of the trust root that counted then says that it saw the raw
 * signature bytes; when, in seconds. */
int chimera_timestamp_check(struct chimera_slice response, struct chimera_slice signature,
                            const struct chimera_trust_root *root, int64_t *ret_seconds,
                            struct chimera_error *err);

#endif
