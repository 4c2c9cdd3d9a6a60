/* SPDX-License-Identifier: Apache-2.0 */
/* key.h - public and private keys of signatures, and the one hash that each goes with
 * (cli-and-distribution.md §5.4): P-256 and RSA SHA-256, P-384 SHA-384, P-521 SHA-512, Ed25519 as
 * Ed25519ph, or plain.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_KEY_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_KEY_H

#include <openssl/evp.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* PEM ("BEGIN PUBLIC KEY") or DER. The caller frees *ret_key with EVP_PKEY_free(). */
int chimera_key_read(struct chimera_slice text, EVP_PKEY **ret_key, struct chimera_error *err);

/* CHIMERA_EREFUSED when it is not this key's signature of the message; CHIMERA_EFEATURE for a kind
 * of key that is too weak or not known. */
int chimera_key_verify(EVP_PKEY *key, struct chimera_slice message, struct chimera_slice signature,
                       struct chimera_error *err);

/* A private key: PKCS#8 PEM, or cosign's encrypted form, for which `password` is needed. */
int chimera_key_read_private(struct chimera_slice text, const char *password, EVP_PKEY **ret_key,
                             struct chimera_error *err);

/* Appends the raw signature. */
int chimera_key_sign(EVP_PKEY *key, struct chimera_slice message, struct chimera_buffer *out,
                     struct chimera_error *err);

#endif
