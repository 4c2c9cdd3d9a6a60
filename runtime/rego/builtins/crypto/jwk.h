/* SPDX-License-Identifier: Apache-2.0 */
/* jwk.h - the keys of a JSON Web Key (RFC 7517), of a set of them, of a certificate or of a public
 * key in PEM, as OPA's library takes them: it refuses a set for one key that is wrong. Private to
 * builtins/crypto.
 */
#ifndef CHIMERA_REGO_JWK_H
#define CHIMERA_REGO_JWK_H

#include "runtime/rego/builtins/crypto/base/jws.h"

#define CHIMERA_REGO_KEYS_MAX 1000 /* the library's own limit */

struct chimera_rego_named_key {
    struct chimera_rego_key key;
    struct chimera_slice alg, kid; /* empty: it has none */
};

struct chimera_rego_keys {
    struct chimera_buffer list;   /* of struct chimera_rego_named_key */
    struct chimera_buffer octets; /* what the keys' bytes are in */
    struct json_object *tree;     /* what names and algorithms are in */
    bool is_from_pem;
};

/* The keys to verify with; those of algorithms that there are none of are left out. The caller ends
 * them, whatever this returns. */
int chimera_rego_keys_open(const struct chimera_rego_call *call, struct chimera_slice text,
                           struct chimera_rego_keys *ret_keys);

/* All keys of a key or set, the first of which is to sign. */
int chimera_rego_keys_open_signer(const struct chimera_rego_call *call, struct chimera_slice text,
                                  struct chimera_rego_keys *ret_keys);

void chimera_rego_keys_close(struct chimera_rego_keys *keys);

static inline size_t chimera_rego_keys_count(const struct chimera_rego_keys *keys)
{
    return keys->list.size / sizeof(struct chimera_rego_named_key);
}

const struct chimera_rego_named_key *chimera_rego_keys_at(const struct chimera_rego_keys *keys,
                                                          size_t index);

#endif
