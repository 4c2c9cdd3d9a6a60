/* SPDX-License-Identifier: Apache-2.0 */
/* system_roots.h - whom a certificate without a chain is trusted by: Mozilla's roots, as the
 * system's package of them has them, with what the operator has added there.
 */
#ifndef CHIMERA_PLUGINS_CRYPTO_SYSTEM_ROOTS_H
#define CHIMERA_PLUGINS_CRYPTO_SYSTEM_ROOTS_H

#include <openssl/x509.h>

#include "runtime/base/error.h"

/* Of the file that SSL_CERT_FILE names, or else the first that there is of those where systems keep
 * them. The caller ends *ret_roots with sk_X509_pop_free(). */
int system_roots_read(STACK_OF(X509) * *ret_roots, struct chimera_error *err);

#endif
