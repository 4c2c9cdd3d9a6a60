/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/x509/chain.h"

#include "runtime/rego/builtins/crypto/base/jws.h"
#include "runtime/rego/builtins/crypto/base/oid.h"

#define SIGNATURES_MAX 100 /* Go's limit, which ends the search */
#define NS_PER_S 1000000000
#define CERT_SIGN (1u << 5) /* of the key usage */

struct search {
    const struct chimera_rego_call *call;
    const struct chimera_x509 *certificates;
    size_t count;
    const struct chimera_x509_wanted *wanted;
    struct chimera_x509_chain chain;
    unsigned signatures; /* that were looked at */
    bool is_found;
};

/* --- One certificate --- */

static bool is_in_time(const struct search *search, const struct chimera_x509 *certificate)
{
    int64_t now = search->wanted->now_ns, seconds = now / NS_PER_S, rest = now % NS_PER_S;
    if (rest < 0) {
        seconds--;
        rest += NS_PER_S;
    }
    return seconds >= certificate->not_before.seconds &&
           (seconds < certificate->not_after.seconds ||
            (seconds == certificate->not_after.seconds && rest == 0));
}

enum place { PLACE_LEAF, PLACE_INTERMEDIATE, PLACE_ROOT };

/* Whether it may come next in the chain. */
static bool is_valid(const struct search *search, const struct chimera_x509 *certificate,
                     enum place place)
{
    bool has_basic = certificate->value[CHIMERA_X509_BASIC_CONSTRAINTS].data;
    int64_t between = (int64_t)search->chain.size - 1;
    return !certificate->has_unknown_critical && is_in_time(search, certificate) &&
           (place != PLACE_INTERMEDIATE || (has_basic && certificate->is_ca)) &&
           (!has_basic || certificate->max_path_length < 0 ||
            between <= certificate->max_path_length);
}

static int check_signature(const struct search *search, const struct chimera_x509 *child,
                           const struct chimera_x509 *parent, bool *ret_is_valid)
{
    static const char *const names[] = {
        [CHIMERA_X509_SHA256_RSA] = "RS256",   [CHIMERA_X509_SHA384_RSA] = "RS384",
        [CHIMERA_X509_SHA512_RSA] = "RS512",   [CHIMERA_X509_SHA256_PSS] = "PS256",
        [CHIMERA_X509_SHA384_PSS] = "PS384",   [CHIMERA_X509_SHA512_PSS] = "PS512",
        [CHIMERA_X509_ECDSA_SHA256] = "ES256", [CHIMERA_X509_ECDSA_SHA384] = "ES384",
        [CHIMERA_X509_ECDSA_SHA512] = "ES512", [CHIMERA_X509_ED25519_SIGNATURE] = "EdDSA",
    };
    const struct chimera_rego_signed what = {child->tbs, child->signature};
    const char *name = names[child->signature_algorithm];
    bool has_basic = parent->value[CHIMERA_X509_BASIC_CONSTRAINTS].data;
    struct chimera_rego_key key;
    *ret_is_valid = false;
    if (!name || (parent->version == 3 && !has_basic) || (has_basic && !parent->is_ca) ||
        (parent->key_usage != 0 && !(parent->key_usage & CERT_SIGN)))
        return CHIMERA_OK;
    int code = chimera_rego_has_time(search->call, CHIMERA_REGO_KEY_NS);
    if (code < 0)
        return code;
    chimera_x509_key(&parent->public_key, &key);
    code = chimera_rego_jws_verify(search->call, chimera_rego_jws_find(chimera_slice_of(name)),
                                   CHIMERA_REGO_JWS_DER, &key, &what, ret_is_valid);
    chimera_rego_key_free(&key);
    return code;
}

/* As Go compares them: by subject, key and alternative names. */
static bool is_in_chain(const struct search *search, const struct chimera_x509 *candidate)
{
    struct chimera_slice names = candidate->value[CHIMERA_X509_SAN];
    for (size_t i = 0; i < search->chain.size; i++) {
        const struct chimera_x509 *link = search->chain.link[i];
        struct chimera_slice link_names = link->value[CHIMERA_X509_SAN];
        if (!chimera_slice_equal(candidate->subject, link->subject) ||
            !chimera_slice_equal(candidate->spki, link->spki))
            continue;
        if (!names.data || !link_names.data)
            return !names.data && !link_names.data;
        if (chimera_slice_equal(names, link_names))
            return true;
    }
    return false;
}

/* --- Whole chains --- */

static bool add_use(void *context, unsigned type, struct chimera_slice oid)
{
    unsigned *uses = context;
    (void)type;
    *uses |= 1u << OID_USES; /* that there is any */
    for (unsigned use = 0; use < OID_USES; use++)
        if (chimera_oid_is(oid, (enum chimera_oid)use))
            *uses |= 1u << use;
    return true;
}

static bool has_use(const struct search *search)
{
    unsigned left = search->wanted->uses;
    if (left & CHIMERA_X509_ANY_USE)
        return true;
    for (size_t i = search->chain.size; i-- > 0 && left;) {
        struct chimera_slice value = search->chain.link[i]->value[CHIMERA_X509_EXT_KEY_USAGE];
        unsigned uses = 0;
        if (value.data)
            chimera_x509_each(CHIMERA_X509_EXT_KEY_USAGE, value, add_use, &uses);
        if (uses && !(uses & CHIMERA_X509_ANY_USE))
            left &= uses;
    }
    return left;
}

/* The chain ends in the root: does it meet all else? */
static int finish_chain(struct search *search)
{
    bool is_met;
    int code = chimera_x509_check_policies(search->call, &search->chain, &is_met);
    if (code == CHIMERA_OK && is_met && has_use(search))
        code = chimera_x509_check_constraints(search->call, &search->chain, &search->is_found);
    return code;
}

/* The keys' identifiers: 0 match, 1 one has none, 2 differ. */
static int rank(const struct chimera_x509 *child, const struct chimera_x509 *parent)
{
    struct chimera_slice value = parent->value[CHIMERA_X509_SUBJECT_KEY_ID];
    struct chimera_slice subject = {0}, authority = {0}, inside;
    chimera_der_take(&value, CHIMERA_DER_OCTET_STRING, &subject);
    value = child->value[CHIMERA_X509_AUTHORITY_KEY_ID];
    if (chimera_der_take(&value, CHIMERA_DER_SEQUENCE, &inside) &&
        !chimera_der_take(&inside, CHIMERA_DER_CONTEXT(0), &authority))
        authority = CHIMERA_SLICE("");
    if (chimera_slice_equal(subject, authority))
        return 0;
    return subject.size == 0 || authority.size == 0 ? 1 : 2;
}

static int extend(struct search *search, const struct chimera_x509 *child);

static int try_parent(struct search *search, const struct chimera_x509 *child, size_t index)
{
    const struct chimera_x509 *parent = &search->certificates[index];
    enum place place = index == 0 ? PLACE_ROOT : PLACE_INTERMEDIATE;
    bool is_signed = false;
    if (++search->signatures > SIGNATURES_MAX || is_in_chain(search, parent))
        return CHIMERA_OK;
    int code = check_signature(search, child, parent, &is_signed);
    if (code < 0 || !is_signed || !is_valid(search, parent, place))
        return code;
    search->chain.link[search->chain.size++] = parent;
    code = place == PLACE_ROOT ? finish_chain(search) : extend(search, parent);
    if (!search->is_found)
        search->chain.size--;
    return code;
}

/* The root is tried first, then the others, those whose keys' identifiers match first. Each step
 * deeper has looked at a signature, which bounds the recursion. */
static int extend(struct search *search, const struct chimera_x509 *child)
{
    int code = CHIMERA_OK;
    if (chimera_slice_equal(search->certificates[0].subject, child->issuer))
        code = try_parent(search, child, 0);
    for (int wanted = 0; wanted <= 2; wanted++) {
        for (size_t i = 1; i + 1 < search->count; i++) {
            if (code < 0 || search->is_found || search->signatures > SIGNATURES_MAX)
                return code;
            const struct chimera_x509 *parent = &search->certificates[i];
            code = chimera_rego_spend(search->call, 8);
            if (code < 0 || !chimera_slice_equal(parent->subject, child->issuer) ||
                rank(child, parent) != wanted)
                continue;
            code = chimera_rego_spend(search->call, i);
            size_t same = 1; /* what is given twice is as if it were given once */
            while (!chimera_slice_equal(search->certificates[same].raw, parent->raw))
                same++;
            if (code == CHIMERA_OK && same == i)
                code = try_parent(search, child, i);
        }
    }
    return code;
}

int chimera_x509_find_chain(const struct chimera_rego_call *call,
                            const struct chimera_x509 *certificates, size_t count,
                            const struct chimera_x509_wanted *wanted,
                            struct chimera_x509_chain *ret_chain, bool *ret_is_found)
{
    struct search search = {
        .call = call, .certificates = certificates, .count = count, .wanted = wanted};
    const struct chimera_x509 *leaf = &certificates[count - 1];
    bool is_host = true;
    *ret_is_found = false;
    if (!is_valid(&search, leaf, PLACE_LEAF))
        return CHIMERA_OK;
    int code = CHIMERA_OK;
    if (wanted->host.size > 0)
        code = chimera_x509_check_host(call, leaf, wanted->host, &is_host);
    if (code < 0 || !is_host)
        return code;
    search.chain.link[search.chain.size++] = leaf;
    code = chimera_slice_equal(leaf->raw, certificates[0].raw) ? finish_chain(&search)
                                                               : extend(&search, leaf);
    *ret_chain = search.chain;
    *ret_is_found = search.is_found;
    return code;
}
