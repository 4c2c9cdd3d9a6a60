/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/base/private_key.h"

#include "runtime/rego/builtins/crypto/base/der.h"
#include "runtime/rego/builtins/crypto/base/oid.h"

#define SEED_BYTES 32
#define RSA_DIVISOR                                                               \
    20 /* of the square of its bits: nanoseconds that looking through a key takes \
        */

/* --- RSA --- */

static bool take_positive(struct chimera_slice *der, struct chimera_slice *ret_number)
{
    return chimera_der_unsigned(der, ret_number) && ret_number->size > 0;
}

/* RFC 8017 §A.1.2; Go takes keys without what can be computed. Keys of more than two primes are
 * none here. */
static bool read_pkcs1(const struct chimera_rego_call *call, struct chimera_slice der,
                       struct chimera_private_key *key)
{
    struct chimera_rego_rsa *rsa = &key->rsa;
    struct chimera_slice *const needed[] = {&rsa->n, &rsa->e, &rsa->d, &rsa->p, &rsa->q};
    struct chimera_slice *const optional[] = {&rsa->dp, &rsa->dq, &rsa->qi};
    struct chimera_slice inside;
    int64_t version;
    *rsa = (struct chimera_rego_rsa){0};
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &inside) || der.size > 0 ||
        !chimera_der_int64(&inside, CHIMERA_DER_INTEGER, &version) || version > 1)
        return false;
    for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
        if (!take_positive(&inside, needed[i]))
            return false;
    for (size_t i = 0; i < sizeof(optional) / sizeof(*optional); i++)
        if (chimera_der_is_next(inside, CHIMERA_DER_INTEGER) &&
            !take_positive(&inside, optional[i]))
            return false;
    uint64_t bits = rsa->n.size * 8;
    struct chimera_slice others = {0};
    key->kind = CHIMERA_PRIVATE_RSA;
    return (!chimera_der_is_next(inside, CHIMERA_DER_SEQUENCE) ||
            (chimera_der_take(&inside, CHIMERA_DER_SEQUENCE, &others) && others.size == 0)) &&
           chimera_rego_has_time(call, bits * bits / RSA_DIVISOR) == CHIMERA_OK &&
           chimera_rego_rsa_complete(rsa, key->room);
}

/* --- Curves --- */

static bool find_curve(struct chimera_slice oid, enum chimera_rego_curve *ret_curve)
{
    static const enum chimera_oid curves[] = {OID_P224, OID_P256, OID_P384, OID_P521};
    for (unsigned i = 0; i < CHIMERA_REGO_CURVES; i++) {
        *ret_curve = (enum chimera_rego_curve)i;
        if (chimera_oid_is(oid, curves[i]))
            return true;
    }
    return false;
}

/* What is in an explicit tag, as Go's encoding/asn1 takes one that may be missing: if there is
 * another element, or another one in it, that counts as what follows, which nobody reads. How long
 * the tag says that it is does not matter. False when it is empty, or no element begins here. */
static bool take_explicit(struct chimera_slice *der, unsigned number, unsigned tag,
                          struct chimera_slice *ret_inside)
{
    size_t header, size;
    *ret_inside = (struct chimera_slice){0};
    if (der->size == 0)
        return true;
    if (!chimera_der_header(*der, &header, &size) || header == der->size)
        return false;
    struct chimera_slice inside = chimera_slice_behind(*der, header), whole;
    if (!chimera_der_is_next(*der, CHIMERA_DER_CONTEXT(number) | CHIMERA_DER_CONSTRUCTED))
        return true;
    if (size == 0 || !chimera_der_is_next(inside, tag))
        return size > 0;
    if (!chimera_der_whole(&inside, tag, &whole))
        return false;
    *ret_inside = whole;
    *der = inside;
    return true;
}

/* RFC 5915 §3. `oid` is of the curve, if what it lies in says so. */
static bool read_sec1(const struct chimera_rego_call *call, struct chimera_slice der,
                      struct chimera_slice oid, struct chimera_private_key *key)
{
    struct chimera_slice inside, secret, own_curve, point_bits, own = {0};
    struct chimera_der_bits bits;
    int64_t version;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &inside) ||
        !chimera_der_int64(&inside, CHIMERA_DER_INTEGER, &version) || version != 1 ||
        !chimera_der_take(&inside, CHIMERA_DER_OCTET_STRING, &secret) ||
        !take_explicit(&inside, 0, CHIMERA_DER_OID, &own_curve) ||
        (own_curve.data && !chimera_der_oid(&own_curve, &own)) ||
        !take_explicit(&inside, 1, CHIMERA_DER_BIT_STRING, &point_bits) ||
        (point_bits.data && !chimera_der_bit_string(&point_bits, &bits)))
        return false;
    if (!find_curve(oid.data ? oid : own, &key->curve))
        return false;
    size_t size = chimera_rego_curve_bytes(key->curve);
    while (secret.size > size && *secret.data == 0)
        secret = chimera_slice_behind(secret, 1);
    if (secret.size > size)
        return false;
    memset(key->room[0], 0, size);
    if (secret.size > 0)
        memcpy(key->room[0] + size - secret.size, secret.data, secret.size);
    const char *point = (const char *)key->room[1];
    key->kind = CHIMERA_PRIVATE_EC;
    key->secret = (struct chimera_slice){(const char *)key->room[0], size};
    key->x = (struct chimera_slice){point + 1, size};
    key->y = (struct chimera_slice){point + 1 + size, size};
    return chimera_rego_has_time(call, CHIMERA_REGO_KEY_NS * 20) == CHIMERA_OK &&
           chimera_rego_curve_multiply(key->curve, key->secret, key->room[1]);
}

/* RFC 8410 §7. */
static bool read_seed(const struct chimera_rego_call *call, struct chimera_slice der,
                      bool is_ed25519, struct chimera_private_key *key)
{
    struct chimera_rego_key made = {0};
    if (!chimera_der_take(&der, CHIMERA_DER_OCTET_STRING, &key->secret) ||
        key->secret.size != SEED_BYTES || chimera_rego_has_time(call, CHIMERA_REGO_KEY_NS * 2) < 0)
        return false;
    key->kind = is_ed25519 ? CHIMERA_PRIVATE_ED25519 : CHIMERA_PRIVATE_X25519;
    key->x = (struct chimera_slice){(const char *)key->room[0], SEED_BYTES};
    if (!is_ed25519)
        return chimera_rego_x25519_public(key->secret, key->room[0]);
    bool is_good = chimera_rego_key_ed25519(CHIMERA_SLICE(""), key->secret, &made) &&
                   chimera_rego_key_public(&made, key->room[0]) == SEED_BYTES;
    chimera_rego_key_free(&made);
    return is_good;
}

/* RFC 5208 §5. */
static bool read_pkcs8(const struct chimera_rego_call *call, struct chimera_slice der,
                       struct chimera_private_key *key)
{
    struct chimera_slice inside, algorithm, oid, parameters = {0}, secret, curve = {0};
    int64_t version;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &inside) ||
        !chimera_der_int64(&inside, CHIMERA_DER_INTEGER, &version) ||
        !chimera_der_take(&inside, CHIMERA_DER_SEQUENCE, &algorithm) ||
        !chimera_der_oid(&algorithm, &oid) ||
        (algorithm.size > 0 && !chimera_der_any(&algorithm, NULL, NULL, &parameters)) ||
        !chimera_der_take(&inside, CHIMERA_DER_OCTET_STRING, &secret))
        return false;
    if (chimera_oid_is(oid, OID_RSA))
        return read_pkcs1(call, secret, key);
    if (chimera_oid_is(oid, OID_EC)) {
        if (!chimera_der_oid(&parameters, &curve))
            curve = (struct chimera_slice){0};
        return read_sec1(call, secret, curve, key);
    }
    bool is_ed25519 = chimera_oid_is(oid, OID_ED25519);
    return (is_ed25519 || chimera_oid_is(oid, OID_X25519)) && parameters.size == 0 &&
           read_seed(call, secret, is_ed25519, key);
}

int chimera_rego_private_key_read(const struct chimera_rego_call *call,
                                  enum chimera_private_key_form form, struct chimera_slice der,
                                  struct chimera_private_key *ret_key)
{
    bool is_good = form == CHIMERA_PRIVATE_KEY_PKCS1 ? read_pkcs1(call, der, ret_key)
                   : form == CHIMERA_PRIVATE_KEY_PKCS8
                       ? read_pkcs8(call, der, ret_key)
                       : read_sec1(call, der, (struct chimera_slice){0}, ret_key);
    return is_good ? CHIMERA_OK : chimera_rego_refuse(call, "x509: failed to parse private key");
}

/* --- As values --- */

static struct json_object *show_rsa(struct chimera_maker *maker, const struct chimera_rego_rsa *rsa)
{
    struct json_object *object = chimera_make_object(maker), *primes = chimera_make_array(maker);
    struct json_object *computed = chimera_make_object(maker);
    chimera_make_member(maker, object, "N", chimera_make_number(maker, rsa->n));
    chimera_make_member(maker, object, "E", chimera_make_number(maker, rsa->e));
    chimera_make_member(maker, object, "D", chimera_make_number(maker, rsa->d));
    chimera_make_element(maker, primes, chimera_make_number(maker, rsa->p));
    chimera_make_element(maker, primes, chimera_make_number(maker, rsa->q));
    chimera_make_member(maker, object, "Primes", primes);
    chimera_make_member(maker, computed, "Dp", chimera_make_number(maker, rsa->dp));
    chimera_make_member(maker, computed, "Dq", chimera_make_number(maker, rsa->dq));
    chimera_make_member(maker, computed, "Qinv", chimera_make_number(maker, rsa->qi));
    chimera_make_member(maker, computed, "CRTValues", chimera_make_array(maker));
    chimera_make_member(maker, object, "Precomputed", computed);
    return object;
}

struct json_object *chimera_private_key_show(struct chimera_maker *maker,
                                             const struct chimera_private_key *key)
{
    char pair[2 * SEED_BYTES];
    struct json_object *object = NULL;
    switch (key->kind) {
    case CHIMERA_PRIVATE_RSA:
        return show_rsa(maker, &key->rsa);
    case CHIMERA_PRIVATE_EC:
        object = chimera_make_object(maker);
        chimera_make_member(maker, object, "Curve", chimera_make_object(maker));
        chimera_make_member(maker, object, "X", chimera_make_number(maker, key->x));
        chimera_make_member(maker, object, "Y", chimera_make_number(maker, key->y));
        chimera_make_member(maker, object, "D", chimera_make_number(maker, key->secret));
        return object;
    case CHIMERA_PRIVATE_ED25519:
        memcpy(pair, key->secret.data, SEED_BYTES);
        memcpy(pair + SEED_BYTES, key->x.data, SEED_BYTES);
        return chimera_make_bytes(maker, (struct chimera_slice){pair, sizeof(pair)});
    case CHIMERA_PRIVATE_X25519:
        break;
    }
    return chimera_make_object(maker);
}

struct json_object *chimera_private_key_show_jwk(struct chimera_maker *maker,
                                                 const struct chimera_private_key *key)
{
    bool is_rsa = key->kind == CHIMERA_PRIVATE_RSA, is_ec = key->kind == CHIMERA_PRIVATE_EC;
    const char *curve = is_rsa                                 ? NULL
                        : is_ec                                ? chimera_rego_curve_name(key->curve)
                        : key->kind == CHIMERA_PRIVATE_ED25519 ? "Ed25519"
                                                               : "X25519";
    const struct {
        const char *name;
        struct chimera_slice bytes;
    } members[] = {
        {"n", key->rsa.n},   {"e", key->rsa.e},
        {"p", key->rsa.p},   {"q", key->rsa.q},
        {"dp", key->rsa.dp}, {"dq", key->rsa.dq},
        {"qi", key->rsa.qi}, {"x", key->x},
        {"y", key->y},       {"d", is_rsa ? key->rsa.d : key->secret},
    };
    if (is_ec && key->curve == CHIMERA_REGO_P224 && maker->code == CHIMERA_OK)
        maker->code = chimera_fail(maker->call->err, CHIMERA_EINVAL,
                                   "there is no JSON Web Key of that curve");
    struct json_object *object = chimera_make_object(maker);
    const char *type = is_rsa ? "RSA" : is_ec ? "EC" : "OKP";
    chimera_make_member(maker, object, "kty", chimera_make_text(maker, chimera_slice_of(type)));
    if (curve)
        chimera_make_member(maker, object, "crv",
                            chimera_make_text(maker, chimera_slice_of(curve)));
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
        if (members[i].bytes.size > 0)
            chimera_make_member(maker, object, members[i].name,
                                chimera_make_base64url(maker, members[i].bytes));
    return object;
}
