/* SPDX-License-Identifier: Apache-2.0 */
/* key.h - public keys of signatures, and the one hash that each goes with
 * (cli-and-distribution.md §5.4): P-256 and RSA SHA-256, P-384 SHA-384, P-521 SHA-512, Ed25519 as
 * Ed25519ph, or plain. Keys and signatures are anybody's; a key is read in the one form that DER
 * has for it. Any thread; needs no sodium_init().
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_KEY_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_KEY_H

#include <openssl/evp.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* PEM ("BEGIN PUBLIC KEY", the first of the text) or DER. The caller frees *ret_key with
 * EVP_PKEY_free(). CHIMERA_EFEATURE for a kind of key that is too weak or not known. */
int chimera_key_read(struct chimera_slice text, EVP_PKEY **ret_key, struct chimera_error *err);

/* CHIMERA_EREFUSED when it is not this key's signature of the message; CHIMERA_EFEATURE for a kind
 * of key that is too weak or not known. */
int chimera_key_verify(EVP_PKEY *key, struct chimera_slice message, struct chimera_slice signature,
                       struct chimera_error *err);

/* The hash that goes with the key; of an Ed25519 key that of Ed25519ph, SHA-512. CHIMERA_EFEATURE
 * for a kind of key that is too weak or not known. */
int chimera_key_hash(EVP_PKEY *key, const EVP_MD **ret_hash, struct chimera_error *err);

/* Appends its SubjectPublicKeyInfo in DER. */
int chimera_key_write(EVP_PKEY *key, struct chimera_buffer *out, struct chimera_error *err);

/* What a bundle calls the key by: base64 of the SHA-256 of its DER. A hint, no proof. */
#define CHIMERA_KEY_HINT_SIZE 45 /* with its NUL */
int chimera_key_hint(EVP_PKEY *key, char ret_hint[CHIMERA_KEY_HINT_SIZE],
                     struct chimera_error *err);

#endif
