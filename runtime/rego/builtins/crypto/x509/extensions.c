/* SPDX-License-Identifier: Apache-2.0 */
/* What extensions of a certificate say, as far as Go looks into them (RFC 5280 §4.2). */
#include "runtime/rego/builtins/crypto/x509/x509.h"

#include "runtime/rego/builtins/crypto/base/oid.h"

#define STANDARD_PREFIX "\x55\x1D" /* 2.5.29 */

static enum chimera_x509_extension_kind kind_of(struct chimera_slice oid)
{
    static const struct {
        uint8_t last;
        enum chimera_x509_extension_kind kind;
    } known[] = {
        {14, CHIMERA_X509_SUBJECT_KEY_ID},
        {15, CHIMERA_X509_KEY_USAGE},
        {17, CHIMERA_X509_SAN},
        {19, CHIMERA_X509_BASIC_CONSTRAINTS},
        {30, CHIMERA_X509_NAME_CONSTRAINTS},
        {31, CHIMERA_X509_CRL_POINTS},
        {32, CHIMERA_X509_POLICIES},
        {33, CHIMERA_X509_POLICY_MAPPINGS},
        {35, CHIMERA_X509_AUTHORITY_KEY_ID},
        {36, CHIMERA_X509_POLICY_CONSTRAINTS},
        {37, CHIMERA_X509_EXT_KEY_USAGE},
        {54, CHIMERA_X509_INHIBIT_ANY_POLICY},
    };
    if (chimera_oid_is(oid, OID_AUTHORITY_INFO))
        return CHIMERA_X509_AUTHORITY_INFO;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (oid.size == 3 && chimera_slice_starts(oid, STANDARD_PREFIX) &&
            (uint8_t)oid.data[2] == known[i].last)
            return known[i].kind;
    return CHIMERA_X509_EXTENSION_KINDS;
}

bool chimera_x509_extension_next(struct chimera_slice *list,
                                 struct chimera_x509_extension *ret_extension)
{
    struct chimera_slice inside;
    ret_extension->is_critical = false;
    if (!chimera_der_take(list, CHIMERA_DER_SEQUENCE, &inside) ||
        !chimera_der_oid(&inside, &ret_extension->oid) ||
        (chimera_der_is_next(inside, CHIMERA_DER_BOOLEAN) &&
         !chimera_der_boolean(&inside, &ret_extension->is_critical)) ||
        !chimera_der_take(&inside, CHIMERA_DER_OCTET_STRING, &ret_extension->value))
        return false;
    ret_extension->kind = kind_of(ret_extension->oid);
    return true;
}

/* --- Lists --- */

struct list { /* that is being read */
    chimera_x509_item *item;
    void *context;
};

static bool each_name(struct chimera_slice der, const struct list *list)
{
    struct chimera_slice names, name;
    unsigned tag;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &names))
        return false;
    while (names.size > 0)
        if (!chimera_der_any(&names, &tag, &name, NULL) ||
            !list->item(list->context, tag ^ CHIMERA_DER_CONTEXT(0), name))
            return false;
    return true;
}

static bool each_oid(struct chimera_slice der, const struct list *list)
{
    struct chimera_slice oids, oid;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &oids))
        return false;
    while (oids.size > 0)
        if (!chimera_der_oid(&oids, &oid) || !list->item(list->context, 0, oid))
            return false;
    return true;
}

/* DistributionPoints, of which only what begins a full name is told, if it is an URI. */
static bool each_crl_point(struct chimera_slice der, const struct list *list)
{
    const unsigned full = CHIMERA_DER_CONTEXT(0) | CHIMERA_DER_CONSTRUCTED;
    const unsigned uri = CHIMERA_DER_CONTEXT(CHIMERA_X509_NAME_URI);
    struct chimera_slice points, point, name, names, text;
    bool is_there;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &points))
        return false;
    while (points.size > 0) {
        if (!chimera_der_take(&points, CHIMERA_DER_SEQUENCE, &point) ||
            !chimera_der_optional(&point, full, &is_there, &name))
            return false;
        if (!is_there)
            continue;
        if (!chimera_der_take(&name, full, &names))
            return false;
        while (chimera_der_is_next(names, uri))
            if (!chimera_der_take(&names, uri, &text) || !list->item(list->context, 0, text))
                return false;
    }
    return true;
}

static bool each_policy(struct chimera_slice der, const struct list *list)
{
    struct chimera_slice policies, policy, oid;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &policies))
        return false;
    while (policies.size > 0)
        if (!chimera_der_take(&policies, CHIMERA_DER_SEQUENCE, &policy) ||
            !chimera_der_take(&policy, CHIMERA_DER_OID, &oid) || !list->item(list->context, 0, oid))
            return false;
    return true;
}

static bool each_mapping(struct chimera_slice der, const struct list *list)
{
    struct chimera_slice mappings, mapping, issuer, subject;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &mappings))
        return false;
    while (mappings.size > 0)
        if (!chimera_der_take(&mappings, CHIMERA_DER_SEQUENCE, &mapping) ||
            !chimera_der_take(&mapping, CHIMERA_DER_OID, &issuer) ||
            !chimera_der_take(&mapping, CHIMERA_DER_OID, &subject) ||
            !list->item(list->context, 0, issuer) || !list->item(list->context, 1, subject))
            return false;
    return true;
}

static bool each_information(struct chimera_slice der, const struct list *list)
{
    const unsigned uri = CHIMERA_DER_CONTEXT(CHIMERA_X509_NAME_URI);
    struct chimera_slice infos, info, method, text;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &infos))
        return false;
    while (infos.size > 0) {
        if (!chimera_der_take(&infos, CHIMERA_DER_SEQUENCE, &info) ||
            !chimera_der_oid(&info, &method))
            return false;
        if (!chimera_der_is_next(info, uri))
            continue;
        if (!chimera_der_take(&info, uri, &text))
            return false;
        bool is_ocsp = chimera_oid_is(method, OID_INFO_OCSP);
        if ((is_ocsp || chimera_oid_is(method, OID_INFO_ISSUERS)) &&
            !list->item(list->context, is_ocsp ? 0 : 1, text))
            return false;
    }
    return true;
}

static bool each_subtree(struct chimera_slice trees, unsigned flag, const struct list *list)
{
    struct chimera_slice tree, name;
    unsigned tag;
    while (trees.size > 0)
        if (!chimera_der_take(&trees, CHIMERA_DER_SEQUENCE, &tree) ||
            !chimera_der_any(&tree, &tag, &name, NULL) ||
            !list->item(list->context, (tag ^ CHIMERA_DER_CONTEXT(0)) | flag, name))
            return false;
    return true;
}

static bool each_constraint(struct chimera_slice der, const struct list *list)
{
    struct chimera_slice both, permitted, excluded;
    bool is_there;
    return chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &both) && der.size == 0 &&
           chimera_der_optional(&both, CHIMERA_DER_CONTEXT(0) | CHIMERA_DER_CONSTRUCTED, &is_there,
                                &permitted) &&
           chimera_der_optional(&both, CHIMERA_DER_CONTEXT(1) | CHIMERA_DER_CONSTRUCTED, &is_there,
                                &excluded) &&
           both.size == 0 && permitted.size + excluded.size > 0 &&
           each_subtree(permitted, 0, list) && each_subtree(excluded, CHIMERA_X509_EXCLUDED, list);
}

bool chimera_x509_each(enum chimera_x509_extension_kind kind, struct chimera_slice value,
                       chimera_x509_item *item, void *context)
{
    static bool (*const readers[CHIMERA_X509_EXTENSION_KINDS])(struct chimera_slice,
                                                               const struct list *) = {
        [CHIMERA_X509_SAN] = each_name,
        [CHIMERA_X509_NAME_CONSTRAINTS] = each_constraint,
        [CHIMERA_X509_CRL_POINTS] = each_crl_point,
        [CHIMERA_X509_POLICIES] = each_policy,
        [CHIMERA_X509_POLICY_MAPPINGS] = each_mapping,
        [CHIMERA_X509_EXT_KEY_USAGE] = each_oid,
        [CHIMERA_X509_AUTHORITY_INFO] = each_information,
    };
    const struct list list = {item, context};
    return readers[kind](value, &list);
}
