/* SPDX-License-Identifier: Apache-2.0 */
/* public_good.h - the trust root that is shipped: published keys and certificates of Sigstore's
 * public good instance. docs/internals/signatures.md says of when it is and how to renew it.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_PUBLIC_GOOD_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_PUBLIC_GOOD_H

/* Pieces of one JSON text, in order; NULL ends them. */
extern const char *const chimera_public_good[];

#endif
