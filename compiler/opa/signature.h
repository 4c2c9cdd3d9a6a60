/* SPDX-License-Identifier: Apache-2.0 */
/* signature.h - who signed an OPA bundle: .signatures.json, as `opa build --signing-key` writes it
 * and `opa run --verification-key` checks it.
 *
 * One JSON Web Token has the digests of all files, and a scope. A file that is not in it, or that
 * is in it and not in the bundle, is refused like one that was changed. The token's algorithm must
 * be of the key's own kind, so that a public key is never taken for a secret.
 */
#ifndef CHIMERA_COMPILER_OPA_SIGNATURE_H
#define CHIMERA_COMPILER_OPA_SIGNATURE_H

#include "compiler/opa/archive.h"

#define OPA_SIGNATURES ".signatures.json"

/* From now on each bundle that this process reads must be signed by the key in the file `path`: in
 * PEM a public key or a certificate, else a secret, all bytes of the file; and for `scope`, or for
 * none where that is NULL. Before there are threads. */
int chimera_opa_require_signature(const char *path, const char *scope, struct chimera_error *err);

/* Whether a key is required. */
bool opa_signature_is_required(void);

/* Whether the bundle may be read: signed as required, or neither signed nor required to be. */
int opa_signature_check(const char *path, const struct opa_archive *archive,
                        struct chimera_error *err);

#endif
