/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the extensions of a certificate are what Go lets them be. */
#include "runtime/rego/builtins/crypto/x509/x509.h"

#include "runtime/rego/builtins/crypto/base/address.h"
#include "runtime/rego/builtins/crypto/base/oid.h"

/* Go has no such limits, but both are compared each with each other. */
#define EXTENSIONS_MAX 256
#define POLICIES_MAX 512

#define KEY_USAGE_BITS 9

static bool is_ascii(struct chimera_slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((uint8_t)text.data[i] & 0x80)
            return false;
    return true;
}

/* --- Names --- */

struct names {
    struct chimera_account *account;
    bool is_any;
};

static bool check_uri(struct names *names, struct chimera_slice text)
{
    struct chimera_buffer store;
    struct chimera_rego_address uri;
    chimera_buffer_init_within(&store, CHIMERA_REGO_RESULT_MAX, names->account);
    bool is_good = chimera_rego_address_read(text, &store, &uri) &&
                   (uri.host.size == 0 || chimera_rego_address_is_domain(uri.host, false));
    chimera_buffer_free(&store);
    return is_good;
}

static bool check_name(void *context, unsigned type, struct chimera_slice value)
{
    struct names *names = context;
    if (type == CHIMERA_X509_NAME_IP) {
        names->is_any = true;
        return value.size == 4 || value.size == 16;
    }
    if (type != CHIMERA_X509_NAME_EMAIL && type != CHIMERA_X509_NAME_DNS &&
        type != CHIMERA_X509_NAME_URI)
        return true;
    names->is_any = true;
    return is_ascii(value) && (type != CHIMERA_X509_NAME_URI || check_uri(names, value));
}

bool chimera_x509_check_names(const struct chimera_rego_call *call, struct chimera_slice value,
                              bool *ret_is_any)
{
    struct names names = {.account = call->account};
    bool is_good = chimera_x509_each(CHIMERA_X509_SAN, value, check_name, &names);
    *ret_is_any = names.is_any;
    return is_good;
}

/* One bits, then zero bits. */
static bool is_mask(struct chimera_slice mask)
{
    bool has_ended = false;
    for (size_t i = 0; i < mask.size; i++) {
        uint8_t byte = (uint8_t)mask.data[i], rest = (uint8_t)~byte;
        if (has_ended ? byte != 0 : rest & (rest + 1))
            return false;
        has_ended |= byte != 0xFF;
    }
    return true;
}

static bool check_constraint(void *context, unsigned type, struct chimera_slice value)
{
    bool *has_unknown = context;
    unsigned name_type = type & ~CHIMERA_X509_EXCLUDED;
    if (name_type == CHIMERA_X509_NAME_IP)
        return (value.size == 8 || value.size == 32) &&
               is_mask(chimera_slice_behind(value, value.size / 2));
    if (name_type != CHIMERA_X509_NAME_EMAIL && name_type != CHIMERA_X509_NAME_DNS &&
        name_type != CHIMERA_X509_NAME_URI) {
        *has_unknown = true;
        return true;
    }
    struct chimera_slice domain;
    uint8_t ip[16];
    if (!is_ascii(value))
        return false;
    if (name_type == CHIMERA_X509_NAME_EMAIL && value.size && memchr(value.data, '@', value.size))
        return chimera_rego_address_mailbox(value, NULL, &domain);
    if (name_type == CHIMERA_X509_NAME_URI && chimera_rego_address_ip(value, ip) > 0)
        return false;
    return chimera_rego_address_is_domain(value, true);
}

/* --- Other extensions --- */

static bool pass(void *context, unsigned type, struct chimera_slice value)
{
    (void)context, (void)type, (void)value;
    return true;
}

struct policies {
    struct chimera_slice seen[POLICIES_MAX];
    size_t count;
};

static bool check_policy(void *context, unsigned type, struct chimera_slice oid)
{
    struct policies *policies = context;
    bool starts = true;
    (void)type;
    if (oid.size == 0 || (uint8_t)oid.data[oid.size - 1] & 0x80 || policies->count == POLICIES_MAX)
        return false;
    for (size_t i = 0; i < oid.size; i++) {
        if (starts && (uint8_t)oid.data[i] == 0x80)
            return false;
        starts = !((uint8_t)oid.data[i] & 0x80);
    }
    for (size_t i = 0; i < policies->count; i++)
        if (chimera_slice_equal(policies->seen[i], oid))
            return false;
    policies->seen[policies->count++] = oid;
    return true;
}

static bool read_key_usage(struct chimera_slice value, unsigned *ret_usage)
{
    struct chimera_der_bits bits;
    *ret_usage = 0;
    if (!chimera_der_bit_string(&value, &bits))
        return false;
    for (unsigned i = 0; i < KEY_USAGE_BITS && i / 8 < bits.bytes.size; i++)
        if ((uint8_t)bits.bytes.data[i / 8] & 0x80 >> i % 8)
            *ret_usage |= 1u << i;
    return true;
}

static bool read_basic(struct chimera_slice value, struct chimera_x509 *certificate)
{
    struct chimera_slice inside;
    return chimera_der_take(&value, CHIMERA_DER_SEQUENCE, &inside) &&
           (!chimera_der_is_next(inside, CHIMERA_DER_BOOLEAN) ||
            chimera_der_boolean(&inside, &certificate->is_ca)) &&
           (!chimera_der_is_next(inside, CHIMERA_DER_INTEGER) ||
            (chimera_der_int64(&inside, CHIMERA_DER_INTEGER, &certificate->max_path_length) &&
             certificate->max_path_length >= 0));
}

static bool read_policy_constraints(struct chimera_slice value, struct chimera_x509 *certificate)
{
    struct chimera_slice inside;
    int64_t *const numbers[] = {&certificate->require_policy, &certificate->inhibit_mapping};
    if (!chimera_der_take(&value, CHIMERA_DER_SEQUENCE, &inside))
        return false;
    for (unsigned i = 0; i < 2; i++)
        if (chimera_der_is_next(inside, CHIMERA_DER_CONTEXT(i)) &&
            !chimera_der_int64(&inside, CHIMERA_DER_CONTEXT(i), numbers[i]))
            return false;
    return true;
}

static bool check_key_id(const struct chimera_x509_extension *extension, unsigned tag)
{
    struct chimera_slice value = extension->value, inside, id;
    return !extension->is_critical && chimera_der_take(&value, tag, &inside) &&
           (tag != CHIMERA_DER_SEQUENCE || !chimera_der_is_next(inside, CHIMERA_DER_CONTEXT(0)) ||
            chimera_der_take(&inside, CHIMERA_DER_CONTEXT(0), &id));
}

/* --- All of them --- */

bool chimera_x509_read_extension(const struct chimera_x509_extension *extension,
                                 struct chimera_x509 *certificate, bool *ret_is_handled)
{
    struct chimera_slice value = extension->value;
    struct policies policies = {.count = 0};
    bool has_unknown = false;
    *ret_is_handled = true;
    switch (extension->kind) {
    case CHIMERA_X509_SUBJECT_KEY_ID:
        return check_key_id(extension, CHIMERA_DER_OCTET_STRING);
    case CHIMERA_X509_AUTHORITY_KEY_ID:
        return check_key_id(extension, CHIMERA_DER_SEQUENCE);
    case CHIMERA_X509_KEY_USAGE:
        return read_key_usage(value, &certificate->key_usage);
    case CHIMERA_X509_SAN:
        return chimera_x509_check_names(certificate->call, value, ret_is_handled);
    case CHIMERA_X509_BASIC_CONSTRAINTS:
        return read_basic(value, certificate);
    case CHIMERA_X509_NAME_CONSTRAINTS:
        certificate->name_constraints_critical = extension->is_critical;
        if (!chimera_x509_each(extension->kind, value, check_constraint, &has_unknown))
            return false;
        *ret_is_handled = !has_unknown;
        return true;
    case CHIMERA_X509_POLICIES:
        return chimera_x509_each(extension->kind, value, check_policy, &policies);
    case CHIMERA_X509_POLICY_CONSTRAINTS:
        return read_policy_constraints(value, certificate);
    case CHIMERA_X509_INHIBIT_ANY_POLICY:
        return chimera_der_int64(&value, CHIMERA_DER_INTEGER, &certificate->inhibit_any);
    case CHIMERA_X509_AUTHORITY_INFO:
        return !extension->is_critical && chimera_x509_each(extension->kind, value, pass, NULL);
    case CHIMERA_X509_CRL_POINTS:
    case CHIMERA_X509_POLICY_MAPPINGS:
    case CHIMERA_X509_EXT_KEY_USAGE:
        return chimera_x509_each(extension->kind, value, pass, NULL);
    case CHIMERA_X509_EXTENSION_KINDS:
        break;
    }
    *ret_is_handled = false;
    return true;
}

bool chimera_x509_read_extensions(struct chimera_x509 *certificate)
{
    struct chimera_slice seen[EXTENSIONS_MAX], rest = certificate->extensions;
    struct chimera_x509_extension extension;
    bool is_handled;
    for (size_t count = 0; rest.size > 0; count++) {
        if (count == EXTENSIONS_MAX || !chimera_x509_extension_next(&rest, &extension))
            return false;
        for (size_t i = 0; i < count; i++)
            if (chimera_slice_equal(seen[i], extension.oid))
                return false;
        seen[count] = extension.oid;
    }
    for (rest = certificate->extensions; rest.size > 0;) {
        chimera_x509_extension_next(&rest, &extension);
        if (!chimera_x509_read_extension(&extension, certificate, &is_handled))
            return false;
        if (extension.kind < CHIMERA_X509_EXTENSION_KINDS)
            certificate->value[extension.kind] = extension.value;
        certificate->has_unknown_critical |= extension.is_critical && !is_handled;
    }
    return true;
}
