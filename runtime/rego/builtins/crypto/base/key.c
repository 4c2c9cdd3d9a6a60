/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/base/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

#define RSA_BITS_MIN 1024 /* below, Go verifies and signs nothing */
#define EXPONENT_BYTES_MAX 4
#define ED25519_BYTES 32
#define POINT_UNCOMPRESSED 4

static const struct {
    const char *name, *group;
    size_t bytes;
} CURVES[] = {
    [CHIMERA_REGO_P224] = {"P-224", "secp224r1", 28},
    [CHIMERA_REGO_P256] = {"P-256", "prime256v1", 32},
    [CHIMERA_REGO_P384] = {"P-384", "secp384r1", 48},
    [CHIMERA_REGO_P521] = {"P-521", "secp521r1", 66},
};

size_t chimera_rego_curve_bytes(enum chimera_rego_curve curve)
{
    return CURVES[curve].bytes;
}

const char *chimera_rego_curve_name(enum chimera_rego_curve curve)
{
    return CURVES[curve].name;
}

struct chimera_slice chimera_rego_without_zeroes(struct chimera_slice number)
{
    while (number.size > 0 && number.data[0] == 0)
        number = chimera_slice_behind(number, 1);
    return number;
}

static const unsigned char *bytes_of(struct chimera_slice slice)
{
    return (const unsigned char *)slice.data;
}

/* A key of `type` from what was built, which this ends. */
static EVP_PKEY *from_data(const char *type, int selection, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = params ? EVP_PKEY_CTX_new_from_name(NULL, type, NULL) : NULL;
    if (!context || EVP_PKEY_fromdata_init(context) <= 0 ||
        EVP_PKEY_fromdata(context, &pkey, selection, params) <= 0)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

/* --- RSA --- */

enum number { N, E, D, P, Q, DP, DQ, QI, PHI_P, PHI_Q, SCRATCH, NUMBERS };

struct numbers {
    BIGNUM *of[NUMBERS]; /* owned */
    BN_CTX *context;
};

static bool read_numbers(const struct chimera_rego_rsa *rsa, struct numbers *numbers)
{
    const struct chimera_slice given[] = {rsa->n, rsa->e,  rsa->d,  rsa->p,
                                          rsa->q, rsa->dp, rsa->dq, rsa->qi};
    numbers->context = BN_CTX_new();
    bool is_good = numbers->context;
    for (int i = 0; i < NUMBERS; i++) {
        numbers->of[i] = BN_new();
        is_good = is_good && numbers->of[i];
        if (is_good && i <= QI && given[i].size > 0)
            is_good = BN_bin2bn(bytes_of(given[i]), (int)given[i].size, numbers->of[i]);
    }
    return is_good;
}

static void free_numbers(struct numbers *numbers)
{
    for (int i = 0; i < NUMBERS; i++)
        BN_clear_free(numbers->of[i]);
    BN_CTX_free(numbers->context);
}

/* Of one prime: that its exponent, d mod p-1, is e's inverse; and that it is what was given. */
static bool find_exponent(struct numbers *numbers, enum number prime, enum number phi,
                          enum number exponent, bool is_given)
{
    BIGNUM **of = numbers->of, *scratch = of[SCRATCH];
    if (!BN_sub(of[phi], of[prime], BN_value_one()) || BN_is_zero(of[phi]) ||
        !BN_mod(scratch, of[D], of[phi], numbers->context) ||
        (is_given && BN_cmp(scratch, of[exponent]) != 0) || !BN_copy(of[exponent], scratch) ||
        !BN_mod_mul(scratch, of[exponent], of[E], of[phi], numbers->context))
        return false;
    return BN_is_one(scratch);
}

/* What Go's crypto/rsa wants of a private key before it signs with it. */
static bool agree(struct numbers *numbers, bool is_given)
{
    BIGNUM **of = numbers->of, *scratch = of[SCRATCH];
    int bits = BN_num_bits(of[N]);
    if (!BN_is_odd(of[P]) || !BN_is_odd(of[Q]) ||
        !BN_mul(scratch, of[P], of[Q], numbers->context) || BN_cmp(scratch, of[N]) != 0)
        return false;
    if (!find_exponent(numbers, P, PHI_P, DP, is_given) ||
        !find_exponent(numbers, Q, PHI_Q, DQ, is_given))
        return false;
    if (!BN_mod_inverse(scratch, of[Q], of[P], numbers->context) ||
        (is_given && BN_cmp(scratch, of[QI]) != 0) || !BN_copy(of[QI], scratch))
        return false;
    return BN_sub(scratch, of[P], of[Q]) && BN_num_bits(scratch) > bits / 2 - 100 &&
           BN_num_bits(of[D]) > bits / 2 && BN_cmp(of[D], of[N]) < 0;
}

static EVP_PKEY *build_rsa(const struct numbers *numbers, bool is_private)
{
    static const char *const names[] = {
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
    };
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    bool is_good = build;
    for (int i = N; i <= (is_private ? QI : E) && is_good; i++)
        is_good = OSSL_PARAM_BLD_push_BN(build, names[i], numbers->of[i]);
    if (is_good)
        return from_data("RSA", is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, build);
    OSSL_PARAM_BLD_free(build);
    return NULL;
}

/* Without leading zeroes, and whether none is larger than any key may be. */
static bool trim(struct chimera_rego_rsa *rsa)
{
    struct chimera_slice *const numbers[] = {&rsa->n, &rsa->e,  &rsa->d,  &rsa->p,
                                             &rsa->q, &rsa->dp, &rsa->dq, &rsa->qi};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        *numbers[i] = chimera_rego_without_zeroes(*numbers[i]);
        if (numbers[i]->size > CHIMERA_REGO_RSA_BITS_MAX / 8)
            return false;
    }
    return rsa->e.size <= EXPONENT_BYTES_MAX;
}

static bool is_public_key(const struct numbers *numbers)
{
    const BIGNUM *e = numbers->of[E];
    return BN_is_odd(numbers->of[N]) && BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= 31;
}

void chimera_rego_key_rsa(const struct chimera_rego_rsa *numbers, struct chimera_rego_key *ret_key)
{
    struct chimera_rego_rsa rsa = *numbers;
    bool is_private = rsa.d.size > 0, is_given = rsa.dp.size && rsa.dq.size && rsa.qi.size;
    *ret_key = (struct chimera_rego_key){.kind = CHIMERA_REGO_KEY_RSA, .is_private = is_private};
    if (!trim(&rsa))
        return;
    struct numbers read;
    bool is_good = read_numbers(&rsa, &read);
    if (is_good)
        ret_key->bits = (unsigned)BN_num_bits(read.of[N]);
    if (is_good && ret_key->bits >= RSA_BITS_MIN && is_public_key(&read) &&
        (!is_private || agree(&read, is_given)))
        ret_key->pkey = build_rsa(&read, is_private);
    free_numbers(&read);
}

bool chimera_rego_rsa_complete(struct chimera_rego_rsa *numbers,
                               unsigned char room[3][CHIMERA_REGO_RSA_BITS_MAX / 8])
{
    struct chimera_slice *const found[] = {&numbers->dp, &numbers->dq, &numbers->qi};
    struct chimera_rego_rsa rsa = *numbers;
    struct numbers read;
    if (!trim(&rsa))
        return false;
    bool is_good = read_numbers(&rsa, &read) && is_public_key(&read) &&
                   agree(&read, rsa.dp.size && rsa.dq.size && rsa.qi.size);
    for (int i = 0; i < 3 && is_good; i++) {
        int size = BN_bn2bin(read.of[DP + i], room[i]);
        *found[i] = (struct chimera_slice){(const char *)room[i], (size_t)size};
    }
    free_numbers(&read);
    return is_good;
}

/* --- Curves --- */

bool chimera_rego_key_ec(enum chimera_rego_curve curve, struct chimera_slice point,
                         struct chimera_slice d, struct chimera_rego_key *ret_key)
{
    *ret_key = (struct chimera_rego_key){
        .kind = CHIMERA_REGO_KEY_EC, .curve = curve, .is_private = d.size > 0};
    if (point.size != 1 + 2 * CURVES[curve].bytes || point.data[0] != POINT_UNCOMPRESSED)
        return false;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *number = d.size ? BN_bin2bn(bytes_of(d), (int)d.size, NULL) : NULL;
    bool is_good =
        build && (d.size == 0 || number) &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, CURVES[curve].group,
                                        0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.size) &&
        (!number || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number));
    if (is_good)
        ret_key->pkey = from_data("EC", number ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, build);
    else
        OSSL_PARAM_BLD_free(build);
    BN_clear_free(number);
    return ret_key->pkey;
}

bool chimera_rego_key_ed25519(struct chimera_slice x, struct chimera_slice seed,
                              struct chimera_rego_key *ret_key)
{
    unsigned char found[ED25519_BYTES];
    size_t size = sizeof(found);
    *ret_key =
        (struct chimera_rego_key){.kind = CHIMERA_REGO_KEY_ED25519, .is_private = seed.size > 0};
    if (seed.size == 0) {
        if (x.size == ED25519_BYTES)
            ret_key->pkey =
                EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes_of(x), x.size);
        return ret_key->pkey;
    }
    if (seed.size == ED25519_BYTES)
        ret_key->pkey =
            EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes_of(seed), seed.size);
    if (ret_key->pkey && x.size > 0 &&
        (EVP_PKEY_get_raw_public_key(ret_key->pkey, found, &size) <= 0 ||
         !chimera_slice_equal(x, (struct chimera_slice){(const char *)found, size})))
        chimera_rego_key_free(ret_key);
    return ret_key->pkey;
}

size_t chimera_rego_key_public(const struct chimera_rego_key *key,
                               unsigned char ret_point[CHIMERA_REGO_POINT_MAX])
{
    size_t size = CHIMERA_REGO_POINT_MAX;
    return key->pkey && EVP_PKEY_get_raw_public_key(key->pkey, ret_point, &size) > 0 ? size : 0;
}

bool chimera_rego_curve_multiply(enum chimera_rego_curve curve, struct chimera_slice d,
                                 unsigned char ret_point[CHIMERA_REGO_POINT_MAX])
{
    BN_CTX *context = BN_CTX_new();
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(CURVES[curve].group));
    BIGNUM *number = BN_bin2bn(bytes_of(d), (int)d.size, NULL);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    bool is_good = context && point && number && !BN_is_zero(number) &&
                   BN_cmp(number, EC_GROUP_get0_order(group)) < 0 &&
                   EC_POINT_mul(group, point, number, NULL, NULL, context) &&
                   EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret_point,
                                      CHIMERA_REGO_POINT_MAX, context) > 0;
    EC_POINT_free(point);
    BN_clear_free(number);
    EC_GROUP_free(group);
    BN_CTX_free(context);
    return is_good;
}

bool chimera_rego_x25519_public(struct chimera_slice seed, unsigned char ret_public[32])
{
    size_t size = ED25519_BYTES;
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, bytes_of(seed), seed.size);
    bool is_good = pkey && EVP_PKEY_get_raw_public_key(pkey, ret_public, &size) > 0;
    EVP_PKEY_free(pkey);
    return is_good;
}

void chimera_rego_key_free(struct chimera_rego_key *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
}

int chimera_rego_refuse(const struct chimera_rego_call *call, const char *why)
{
    if (call->account && call->account->failed)
        return chimera_rego_no_memory(call);
    return chimera_fail(call->err, CHIMERA_EINVAL, "%s", why);
}
