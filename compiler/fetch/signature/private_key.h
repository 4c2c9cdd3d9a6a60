/* SPDX-License-Identifier: Apache-2.0 */
/* private_key.h - private keys, as files, and what is signed with them
 * (cli-and-distribution.md §5.4). What is decrypted is wiped; no message tells any of it.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_PRIVATE_KEY_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_PRIVATE_KEY_H

#include <openssl/evp.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

#define CHIMERA_PRIVATE_KEY_MAX ((size_t)64 << 10) /* bytes of its file */

/* PKCS#8 in PEM, or cosign's encrypted form, for which `password` is needed (NULL: there is none).
 * The caller frees *ret_key with EVP_PKEY_free(). CHIMERA_EREFUSED: the password is wrong. */
int chimera_private_key_read(struct chimera_slice text, const char *password, EVP_PKEY **ret_key,
                             struct chimera_error *err);

/* Reads the file; messages name it. The caller frees *ret_key with EVP_PKEY_free(). */
int chimera_private_key_open(const char *path, const char *password, EVP_PKEY **ret_key,
                             struct chimera_error *err);

/* Appends the raw signature: of an Ed25519 key in the form Ed25519ph, as cosign does. */
int chimera_private_key_sign(EVP_PKEY *key, struct chimera_slice message,
                             struct chimera_buffer *out, struct chimera_error *err);
/* The same, but of an Ed25519 key in the plain form: cosign has that one for files. */
int chimera_private_key_sign_file(EVP_PKEY *key, struct chimera_slice message,
                                  struct chimera_buffer *out, struct chimera_error *err);

#endif
