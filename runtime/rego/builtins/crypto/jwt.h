/* SPDX-License-Identifier: Apache-2.0 */
/* jwt.h - JSON Web Tokens in compact form, as OPA reads them. Private to builtins/crypto. */
#ifndef CHIMERA_REGO_JWT_H
#define CHIMERA_REGO_JWT_H

#include "runtime/rego/builtins/crypto/jwk.h"

struct chimera_rego_jwt {
    struct chimera_slice header, payload, signature; /* base64 */
    struct chimera_slice signed_text;                /* header and payload with the dot */
};
/* CHIMERA_EINVAL when there are not three parts. */
int chimera_rego_jwt_split(const struct chimera_rego_call *call, struct chimera_slice text,
                           struct chimera_rego_jwt *ret_token);

/* A part of a token decoded, into an empty buffer. */
int chimera_rego_jwt_bytes(const struct chimera_rego_call *call, struct chimera_slice part,
                           struct chimera_buffer *out);

/* A JSON object, which the caller owns. */
int chimera_rego_jwt_read_object(const struct chimera_rego_call *call, struct chimera_slice text,
                                 struct json_object **ret_object);
/* The header, which must not be an encrypted token's. */
int chimera_rego_jwt_header(const struct chimera_rego_call *call,
                            const struct chimera_rego_jwt *token, struct json_object **ret_header);

struct chimera_rego_jwt_fields { /* of a header; borrowed from it */
    struct chimera_slice alg, kid, cty;
    bool is_valid; /* an algorithm is named, and nothing critical is unknown */
};
int chimera_rego_jwt_fields(const struct chimera_rego_call *call, struct json_object *header,
                            struct chimera_rego_jwt_fields *ret_fields);

/* How a token is verified. */
struct chimera_rego_jwt_check {
    const struct chimera_rego_keys *keys;
    const struct chimera_rego_jws *jws; /* NULL: nothing verifies */
    enum chimera_rego_jws_mode mode;
};
/* Whether one of the keys verifies it: the one of the token's name if there is one. */
int chimera_rego_jwt_verify(const struct chimera_rego_call *call,
                            const struct chimera_rego_jwt *token,
                            const struct chimera_rego_jwt_fields *fields,
                            const struct chimera_rego_jwt_check *check, bool *ret_is_valid);

#endif
