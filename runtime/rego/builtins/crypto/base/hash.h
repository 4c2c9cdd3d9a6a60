/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h - digests of texts that a guest chose, in pieces. Private to builtins/crypto. */
#ifndef CHIMERA_REGO_HASH_H
#define CHIMERA_REGO_HASH_H

#include <openssl/evp.h>

#include "runtime/rego/arguments.h"

struct chimera_rego_hash {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size;
};

static inline struct chimera_slice chimera_rego_hash_slice(const struct chimera_rego_hash *hash)
{
    return (struct chimera_slice){(const char *)hash->bytes, hash->size};
}

/* The digest of one text after the other. */
int chimera_rego_hash_of(const struct chimera_rego_call *call, const EVP_MD *kind,
                         struct chimera_slice first, struct chimera_slice second,
                         struct chimera_rego_hash *ret_hash);

/* RFC 2104. */
int chimera_rego_hmac_of(const struct chimera_rego_call *call, const EVP_MD *kind,
                         struct chimera_slice key, struct chimera_slice text,
                         struct chimera_rego_hash *ret_hash);

#endif
