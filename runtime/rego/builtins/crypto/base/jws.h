/* SPDX-License-Identifier: Apache-2.0 */
/* jws.h - the signatures of JSON Web Tokens (RFC 7518 §3). Private to builtins/crypto. */
#ifndef CHIMERA_REGO_JWS_H
#define CHIMERA_REGO_JWS_H

#include "runtime/rego/builtins/crypto/base/key.h"

enum chimera_rego_jws_family {
    CHIMERA_REGO_JWS_HMAC,
    CHIMERA_REGO_JWS_RSA,
    CHIMERA_REGO_JWS_PSS,
    CHIMERA_REGO_JWS_ECDSA,
    CHIMERA_REGO_JWS_EDDSA,
};

struct chimera_rego_jws {
    const char *name; /* "RS256" */
    enum chimera_rego_jws_family family;
    unsigned hash_bits; /* 256, 384, 512; 0: EdDSA, which signs the text itself */
    bool is_alias;      /* OPA's library knows it by this name; for keys and signing it is none */
};

/* NULL: there is none of this name. */
const struct chimera_rego_jws *chimera_rego_jws_find(struct chimera_slice name);

/* Names that may stand in a key's "alg": also those of encryption. */
bool chimera_rego_jws_is_key_algorithm(struct chimera_slice name);

enum chimera_rego_jws_mode {
    CHIMERA_REGO_JWS_STRICT, /* salt as long as the hash, ECDSA's halves as long as the curve */
    CHIMERA_REGO_JWS_DER,    /* as in certificates: ECDSA's in DER */
    CHIMERA_REGO_JWS_LAX,    /* as io.jwt.verify_* has it: any salt, and halves of any length */
};

struct chimera_rego_signed {
    struct chimera_slice text, signature;
};

/* Whether the signature is the key's. A code when it could not be found out. */
int chimera_rego_jws_verify(const struct chimera_rego_call *call,
                            const struct chimera_rego_jws *jws, enum chimera_rego_jws_mode mode,
                            const struct chimera_rego_key *key,
                            const struct chimera_rego_signed *what, bool *ret_is_valid);

/* Appends the signature. CHIMERA_EINVAL when it is not a key to sign with. */
int chimera_rego_jws_sign(const struct chimera_rego_call *call, const struct chimera_rego_jws *jws,
                          const struct chimera_rego_key *key, struct chimera_slice text,
                          struct chimera_buffer *out);

#endif
