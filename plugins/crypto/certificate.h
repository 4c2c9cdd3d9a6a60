/* SPDX-License-Identifier: Apache-2.0 */
/* certificate.h - one certificate that a policy or the system brings, read as strictly as webpki
 * reads it. Bytes are anybody's.
 */
#ifndef CHIMERA_PLUGINS_CRYPTO_CERTIFICATE_H
#define CHIMERA_PLUGINS_CRYPTO_CERTIFICATE_H

#include <openssl/x509.h>

#include "plugins/crypto/fault.h"
#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Appends the DER of the first certificate of a PEM text; sections of other kinds are passed over.
 * Fails in the words of the reference's reader. */
int certificate_from_pem(struct chimera_slice pem, struct chimera_buffer *out,
                         struct chimera_error *err);

/* The caller ends *ret_certificate with X509_free(). An anchor may be of version 1 and have
 * critical extensions that nobody knows: only its name, key and name constraints count. */
enum fault certificate_read(struct chimera_slice der, bool is_anchor, X509 **ret_certificate);

/* What does not depend on who signed it: valid at `time` (seconds since 1970), an authority with
 * room for `below` authorities below it, or else none. */
enum fault certificate_check(X509 *certificate, int64_t time, bool is_authority, size_t below);

/* Whether the key, of an issuer of this name, signed it: one of webpki's algorithms. */
enum fault certificate_check_signature(X509 *certificate, X509 *issuer);

/* Whether the name of `issuer` is, byte by byte, the one that the certificate names. */
bool certificate_names_issuer(X509 *certificate, X509 *issuer);

#endif
