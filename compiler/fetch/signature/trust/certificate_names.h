/* SPDX-License-Identifier: Apache-2.0 */
/* certificate_names.h - whom a certificate of Fulcio names (cli-and-distribution.md §5.5): the
 * first e-mail or URI of its alternative names, and the extensions below 1.3.6.1.4.1.57264.1, of
 * which the first ones are raw texts and those from .8 on DER.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_CERTIFICATE_NAMES_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_CERTIFICATE_NAMES_H

#include <openssl/x509.h>
#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

struct chimera_identity { /* owns its texts */
    char *issuer;
    char *subject; /* the first e-mail or URI of the subject alternative names */
    bool is_uri;
    char *github_repository; /* "owner/repo" of the workflow; NULL: not there */
    int64_t signed_at;       /* seconds */
};
void chimera_identity_done(struct chimera_identity *identity);

/* Reads, and believes nothing: identity.h does. The caller ends it, also after a failure. */
int chimera_certificate_names(X509 *certificate, struct chimera_identity *identity,
                              struct chimera_error *err);

#endif
