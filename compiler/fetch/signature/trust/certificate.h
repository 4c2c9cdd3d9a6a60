/* SPDX-License-Identifier: Apache-2.0 */
/* certificate.h - the certificate of who signed: what it must be (cli-and-distribution.md §5.5).
 * Private to signatures.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_CERTIFICATE_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_CERTIFICATE_H

#include "compiler/fetch/signature/trust/trust_root.h"

/* The caller ends *ret_certificate with X509_free(). */
int chimera_certificate_read(struct chimera_slice der, X509 **ret_certificate,
                             struct chimera_error *err);

/* CHIMERA_EREFUSED unless it is for signing code and is no authority's, with an alternative
 * name that is critical where there is no other. */
int chimera_certificate_check(X509 *certificate, struct chimera_error *err);

/* CHIMERA_EREFUSED unless it was valid at that time, by an authority of those that counted then.
 * The caller ends *ret_issuer with X509_free(). */
int chimera_certificate_check_chain(X509 *certificate, const struct chimera_trust_root *root,
                                    int64_t seconds, X509 **ret_issuer, struct chimera_error *err);

/* Seconds since 1970; false when it is no time. */
bool chimera_certificate_time(const ASN1_TIME *time, int64_t *ret_seconds);

/* A store with the authority's root as the anchor, that judges as of that time. NULL when memory
 * ran out. */
X509_STORE *chimera_certificate_store(const struct chimera_trust_authority *authority,
                                      int64_t seconds);

#endif
