/* SPDX-License-Identifier: Apache-2.0 */
/* sct.h - a log of certificates promised to show this one to everybody (RFC 6962 §3.2, §3.3).
 * Private to signatures.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_SCT_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_SCT_H

#include "compiler/fetch/signature/trust/trust_root.h"

/* CHIMERA_EREFUSED unless a log of the trust root signed a timestamp that the certificate holds. A
 * trust root that lists no such logs, of an installation without, asks for none. */
int chimera_sct_check(X509 *certificate, X509 *issuer, const struct chimera_trust_root *root,
                      struct chimera_error *err);

#endif
