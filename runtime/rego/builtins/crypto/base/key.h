/* SPDX-License-Identifier: Apache-2.0 */
/* key.h - keys of JSON Web Tokens and certificates: OpenSSL's, made from their numbers as Go makes
 * and checks them. Private to builtins/crypto.
 *
 * A key that OpenSSL has no use for (an RSA key of 64 bits, say) is a key nevertheless, with which
 * nothing verifies.
 */
#ifndef CHIMERA_REGO_KEY_H
#define CHIMERA_REGO_KEY_H

#include <openssl/evp.h>

#include "runtime/rego/arguments.h"

/* Larger RSA keys can be shown, but not be used: a signature by one of 16,384 bits takes a second.
 */
#define CHIMERA_REGO_RSA_BITS_MAX 8192

enum chimera_rego_key_kind {
    CHIMERA_REGO_KEY_OTHER, /* X25519, DSA */
    CHIMERA_REGO_KEY_RSA,
    CHIMERA_REGO_KEY_EC,
    CHIMERA_REGO_KEY_ED25519,
    CHIMERA_REGO_KEY_BYTES, /* of an HMAC */
};

enum chimera_rego_curve {
    CHIMERA_REGO_P224,
    CHIMERA_REGO_P256,
    CHIMERA_REGO_P384,
    CHIMERA_REGO_P521,
    CHIMERA_REGO_CURVES, /* so many; none of them */
};

/* Bytes of a coordinate. */
size_t chimera_rego_curve_bytes(enum chimera_rego_curve curve);
/* "P-256" */
const char *chimera_rego_curve_name(enum chimera_rego_curve curve);

struct chimera_rego_key {
    enum chimera_rego_key_kind kind;
    enum chimera_rego_curve curve;
    bool is_private;
    unsigned bits;              /* of an RSA modulus */
    EVP_PKEY *pkey;             /* owned; NULL: nothing verifies with it */
    struct chimera_slice bytes; /* CHIMERA_REGO_KEY_BYTES; borrowed */
};

/* Bytes that a key takes on the heap, about; its making and freeing. */
#define CHIMERA_REGO_KEY_HEAP 4096
#define CHIMERA_REGO_KEY_NS 60000

/* Numbers are big-endian, without a sign. Those that return bool are false when there is no such
 * key. */

struct chimera_rego_rsa {
    struct chimera_slice n, e;
    struct chimera_slice d, p, q;    /* empty: a public key */
    struct chimera_slice dp, dq, qi; /* all three or none: they are checked */
};
/* Always makes a key: without a pkey when the numbers are of no use, or contradict each other. */
void chimera_rego_key_rsa(const struct chimera_rego_rsa *numbers, struct chimera_rego_key *ret_key);
/* Whether the numbers of a private key agree, as Go wants it; where dp, dq and qi are not all given
 * they are found, in `room`. Keys of any size up to CHIMERA_REGO_RSA_BITS_MAX do. */
bool chimera_rego_rsa_complete(struct chimera_rego_rsa *numbers,
                               unsigned char room[3][CHIMERA_REGO_RSA_BITS_MAX / 8]);
/* `point` is 04, X and Y; a private key has `d`, of a coordinate's size. */
bool chimera_rego_key_ec(enum chimera_rego_curve curve, struct chimera_slice point,
                         struct chimera_slice d, struct chimera_rego_key *ret_key);
/* `x` is the public key's 32 bytes, `seed` is empty, or the 32 bytes of a private one to which it
 * must belong; then `x` may be empty. */
bool chimera_rego_key_ed25519(struct chimera_slice x, struct chimera_slice seed,
                              struct chimera_rego_key *ret_key);

void chimera_rego_key_free(struct chimera_rego_key *key); /* zeroes are allowed */

/* The public point, or the public 32 bytes, of what has a pkey; its size is a curve's at most. 0:
 * it could not be had. */
#define CHIMERA_REGO_POINT_MAX (1 + 2 * 66)
size_t chimera_rego_key_public(const struct chimera_rego_key *key,
                               unsigned char ret_point[CHIMERA_REGO_POINT_MAX]);
/* The point that belongs to `d`, which has a coordinate's size; false when that is out of range. */
bool chimera_rego_curve_multiply(enum chimera_rego_curve curve, struct chimera_slice d,
                                 unsigned char ret_point[CHIMERA_REGO_POINT_MAX]);
/* The public key of X25519. */
bool chimera_rego_x25519_public(struct chimera_slice seed, unsigned char ret_public[32]);

/* The first byte that is not zero, and what is behind it. */
struct chimera_slice chimera_rego_without_zeroes(struct chimera_slice number);

/* CHIMERA_EINVAL with the reason; but what the account ended is not wrong for that. */
int chimera_rego_refuse(const struct chimera_rego_call *call, const char *why);

#endif
