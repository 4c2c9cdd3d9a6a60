/* SPDX-License-Identifier: Apache-2.0 */
/* x509.h - certificates (RFC 5280) as Go's crypto/x509 reads them, which refuses other ones than
 * OpenSSL does. Nothing is copied: all slices are parts of the DER. What an extension lists is read
 * again by whoever needs it. Private to builtins/crypto.
 */
#ifndef CHIMERA_REGO_X509_H
#define CHIMERA_REGO_X509_H

#include "runtime/rego/builtins/crypto/base/der.h"
#include "runtime/rego/builtins/crypto/base/key.h"

/* Go's numbers, which its JSON shows. */
enum chimera_x509_signature_algorithm {
    CHIMERA_X509_UNKNOWN_SIGNATURE = 0,
    CHIMERA_X509_MD5_RSA = 2,
    CHIMERA_X509_SHA1_RSA,
    CHIMERA_X509_SHA256_RSA,
    CHIMERA_X509_SHA384_RSA,
    CHIMERA_X509_SHA512_RSA,
    CHIMERA_X509_DSA_SHA1,
    CHIMERA_X509_DSA_SHA256,
    CHIMERA_X509_ECDSA_SHA1,
    CHIMERA_X509_ECDSA_SHA256,
    CHIMERA_X509_ECDSA_SHA384,
    CHIMERA_X509_ECDSA_SHA512,
    CHIMERA_X509_SHA256_PSS,
    CHIMERA_X509_SHA384_PSS,
    CHIMERA_X509_SHA512_PSS,
    CHIMERA_X509_ED25519_SIGNATURE,
};
enum chimera_x509_key_algorithm {
    CHIMERA_X509_UNKNOWN_KEY,
    CHIMERA_X509_RSA,
    CHIMERA_X509_DSA,
    CHIMERA_X509_ECDSA,
    CHIMERA_X509_ED25519,
    CHIMERA_X509_X25519, /* which Go shows as an unknown one */
};

/* A SubjectPublicKeyInfo, whose numbers have been looked at, but not used. */
struct chimera_x509_public_key {
    enum chimera_x509_key_algorithm algorithm;
    enum chimera_rego_curve curve;
    struct chimera_slice n, e;       /* of RSA: big-endian, positive */
    struct chimera_slice p, q, g, y; /* of DSA */
    struct chimera_slice point;      /* of a curve */
};

enum chimera_x509_extension_kind { /* those that are looked into */
                                   CHIMERA_X509_SUBJECT_KEY_ID,
                                   CHIMERA_X509_KEY_USAGE,
                                   CHIMERA_X509_SAN,
                                   CHIMERA_X509_BASIC_CONSTRAINTS,
                                   CHIMERA_X509_NAME_CONSTRAINTS,
                                   CHIMERA_X509_CRL_POINTS,
                                   CHIMERA_X509_POLICIES,
                                   CHIMERA_X509_POLICY_MAPPINGS,
                                   CHIMERA_X509_AUTHORITY_KEY_ID,
                                   CHIMERA_X509_POLICY_CONSTRAINTS,
                                   CHIMERA_X509_EXT_KEY_USAGE,
                                   CHIMERA_X509_INHIBIT_ANY_POLICY,
                                   CHIMERA_X509_AUTHORITY_INFO,
                                   CHIMERA_X509_EXTENSION_KINDS, /* so many; any other */
};

struct chimera_x509_extension {
    struct chimera_slice oid, value;
    enum chimera_x509_extension_kind kind;
    bool is_critical;
};
/* Takes one off the front of the list. */
bool chimera_x509_extension_next(struct chimera_slice *list,
                                 struct chimera_x509_extension *ret_extension);

#define CHIMERA_X509_NO_NUMBER INT64_MIN

struct chimera_x509 {
    const struct chimera_rego_call *call; /* that reads it */
    struct chimera_slice raw, tbs, serial, issuer, subject, spki, signature;
    int64_t version; /* from 1 on */
    enum chimera_x509_signature_algorithm signature_algorithm;
    struct chimera_x509_public_key public_key;
    struct chimera_der_time not_before, not_after;
    struct chimera_slice extensions;                          /* a list; empty: none */
    struct chimera_slice value[CHIMERA_X509_EXTENSION_KINDS]; /* .data NULL: it has none */

    unsigned key_usage; /* bit n is the standard's bit n */
    bool is_ca, has_unknown_critical, name_constraints_critical;
    int64_t max_path_length;                              /* -1: none */
    int64_t require_policy, inhibit_mapping, inhibit_any; /* CHIMERA_X509_NO_NUMBER: none */
};

/* The certificate at the front; ret->raw says how long it was. False also when the account has
 * failed. */
bool chimera_x509_next(const struct chimera_rego_call *call, struct chimera_slice der,
                       struct chimera_x509 *ret_certificate);
/* One that is all of it. */
bool chimera_x509_read(const struct chimera_rego_call *call, struct chimera_slice der,
                       struct chimera_x509 *ret_certificate);

/* Where `key` was read from a SubjectPublicKeyInfo: `der` is all of that, header included. An
 * algorithm that is unknown is none, unless `allow_unknown`. */
bool chimera_x509_read_key(struct chimera_slice der, bool allow_unknown,
                           struct chimera_x509_public_key *ret_key);

/* The key for verifying; one without a pkey when there is no use for it. */
void chimera_x509_key(const struct chimera_x509_public_key *public_key,
                      struct chimera_rego_key *ret_key);

/* Both: false when `der` is no public key, or its point is not on the curve. */
bool chimera_x509_public_key(struct chimera_slice der, struct chimera_rego_key *ret_key);

/* An AlgorithmIdentifier's inside. */
bool chimera_x509_signature(struct chimera_slice identifier,
                            enum chimera_x509_signature_algorithm *ret_algorithm);

/* Whether it is a text of that type; appended as UTF-8 to `out`, which may be NULL. */
bool chimera_x509_text(unsigned tag, struct chimera_slice text, struct chimera_buffer *out);

/* Of a Name, header included: whether it is one. And, of one that is, the next attribute, whose
 * text is appended to `out` as UTF-8; `state` begins as zeroes. */
bool chimera_x509_check_name(struct chimera_slice name);
struct chimera_x509_name_state {
    struct chimera_slice names, set;
    bool is_open;
};
bool chimera_x509_name_next(struct chimera_slice name, struct chimera_x509_name_state *state,
                            struct chimera_slice *ret_oid, struct chimera_buffer *out);

/* Looks into all extensions and fills in what they say. */
bool chimera_x509_read_extensions(struct chimera_x509 *certificate);
/* The same of one. One that is critical must be handled. */
bool chimera_x509_read_extension(const struct chimera_x509_extension *extension,
                                 struct chimera_x509 *certificate, bool *ret_is_handled);

/* --- What extensions list --- */

enum chimera_x509_name_type { /* of a GeneralName */
                              CHIMERA_X509_NAME_EMAIL = 1,
                              CHIMERA_X509_NAME_DNS = 2,
                              CHIMERA_X509_NAME_URI = 6,
                              CHIMERA_X509_NAME_IP = 7,
};
#define CHIMERA_X509_EXCLUDED 0x100u /* else permitted */

/* False ends the list. */
typedef bool chimera_x509_item(void *context, unsigned type, struct chimera_slice value);

/* The items of the extension of that kind; false when it is malformed, or an item returned false.
 * Types: of names enum chimera_x509_name_type, of constraints with CHIMERA_X509_EXCLUDED; of policy
 * mappings 0 and 1, the issuer's and the subject's policy; of the authority's information 0 for
 * OCSP and 1 for the issuer's certificate; else 0. */
bool chimera_x509_each(enum chimera_x509_extension_kind kind, struct chimera_slice value,
                       chimera_x509_item *item, void *context);

/* Whether a subject's alternative names are what they must be. */
bool chimera_x509_check_names(const struct chimera_rego_call *call, struct chimera_slice value,
                              bool *ret_is_any);

#endif
