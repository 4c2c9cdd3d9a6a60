/* SPDX-License-Identifier: Apache-2.0 */
/* private_key.h - private keys in DER, as Go's crypto/x509 reads them. Private to builtins/crypto.
 */
#ifndef CHIMERA_REGO_PRIVATE_KEY_H
#define CHIMERA_REGO_PRIVATE_KEY_H

#include "runtime/rego/builtins/crypto/base/key.h"
#include "runtime/rego/builtins/crypto/base/maker.h"

enum chimera_private_key_form {
    CHIMERA_PRIVATE_KEY_PKCS1, /* RSA's */
    CHIMERA_PRIVATE_KEY_PKCS8,
    CHIMERA_PRIVATE_KEY_SEC1, /* curves' */
};

enum chimera_private_key_kind {
    CHIMERA_PRIVATE_RSA,
    CHIMERA_PRIVATE_EC,
    CHIMERA_PRIVATE_ED25519,
    CHIMERA_PRIVATE_X25519,
};

struct chimera_private_key {
    enum chimera_private_key_kind kind;
    enum chimera_rego_curve curve;
    struct chimera_rego_rsa rsa;
    struct chimera_slice secret;                          /* d, of a coordinate's size; or a seed */
    struct chimera_slice x, y;                            /* coordinates; or the public key as x */
    unsigned char room[3][CHIMERA_REGO_RSA_BITS_MAX / 8]; /* what is not in the DER */
};

/* `der` must outlive the key, and the key must not be moved. CHIMERA_EINVAL: there is none of that
 * form in it. */
int chimera_rego_private_key_read(const struct chimera_rego_call *call,
                                  enum chimera_private_key_form form, struct chimera_slice der,
                                  struct chimera_private_key *ret_key);

/* As Go's JSON shows it, and as a JSON Web Key; CHIMERA_EINVAL when it cannot be one. */
struct json_object *chimera_private_key_show(struct chimera_maker *maker,
                                             const struct chimera_private_key *key);
struct json_object *chimera_private_key_show_jwk(struct chimera_maker *maker,
                                                 const struct chimera_private_key *key);

#endif
