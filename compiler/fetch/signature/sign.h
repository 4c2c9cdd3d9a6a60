/* SPDX-License-Identifier: Apache-2.0 */
/* sign.h - a signature by a key, of an artifact or of a file: a Sigstore bundle as cosign 3 makes
 * it without a log (cli-and-distribution.md §5.8). `cosign verify --key` takes the one, `cosign
 * verify-blob --key --bundle` the other.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_SIGN_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_SIGN_H

#include <json-c/json.h>
#include <openssl/evp.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

#define CHIMERA_MEDIA_BUNDLE "application/vnd.dev.sigstore.bundle.v0.3+json"

/* Appends the bundle about the artifact whose manifest has `digest`, "sha256:…". `annotations` is a
 * map of texts, or NULL. */
int chimera_sign(EVP_PKEY *key, const char *digest, struct json_object *annotations,
                 struct chimera_buffer *out, struct chimera_error *err);

/* Appends the bundle about a file, which has these bytes. */
int chimera_sign_file(EVP_PKEY *key, struct chimera_slice file, struct chimera_buffer *out,
                      struct chimera_error *err);

#endif
