/* SPDX-License-Identifier: Apache-2.0 */
/* Name constraints: each name of a certificate against each constraint of those above it. */
#include "runtime/rego/builtins/crypto/base/address.h"
#include "runtime/rego/builtins/crypto/x509/chain.h"

struct name { /* that is being checked */
    unsigned type;
    struct chimera_slice value;  /* as it stands */
    struct chimera_slice domain; /* of an address or a URI; else the value */
    struct chimera_buffer local; /* of an address, what is before the at sign */
};

struct check {
    const struct chimera_rego_call *call;
    const struct chimera_x509_chain *chain;
    size_t first;            /* link whose constraints are the first to hold */
    const struct name *name; /* that is being compared */
    bool has_permitted, is_permitted, is_excluded;
    bool is_broken; /* a name does not meet a constraint, or cannot be compared */
    int code;
};

/* --- Comparing --- */

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* Whether the name is the constraint's or below it; ".example.com" is only what is below. */
static bool is_below(struct chimera_slice constraint, struct chimera_slice name)
{
    if (constraint.size > name.size)
        return false;
    struct chimera_slice tail = chimera_slice_behind(name, name.size - constraint.size);
    for (size_t i = 0; i < tail.size; i++)
        if (lower(tail.data[i]) != lower(constraint.data[i]))
            return false;
    return constraint.size == 0 || constraint.size == name.size || *constraint.data == '.' ||
           tail.data[-1] == '.';
}

/* What begins at the first dot, and at the constraint's: a wildcard may stand for what is excluded.
 */
static bool may_be(struct chimera_slice constraint, struct chimera_slice name)
{
    const char *dot = memchr(name.data, '.', name.size);
    const char *other = constraint.size ? memchr(constraint.data, '.', constraint.size) : NULL;
    if (*name.data != '*' || !dot || !other)
        return false;
    struct chimera_slice a = chimera_slice_behind(name, (size_t)(dot - name.data));
    struct chimera_slice b = chimera_slice_behind(constraint, (size_t)(other - constraint.data));
    return a.size == b.size && is_below(b, a);
}

static bool is_mailbox(struct check *check, struct chimera_slice constraint)
{
    struct chimera_buffer local;
    struct chimera_slice domain;
    chimera_rego_buffer(check->call, &local);
    bool is_same = chimera_rego_address_mailbox(constraint, &local, &domain) &&
                   chimera_slice_equal(chimera_buffer_slice(&local),
                                       chimera_buffer_slice(&check->name->local)) &&
                   domain.size == check->name->domain.size && is_below(domain, check->name->domain);
    if (local.failed)
        check->code = chimera_rego_no_memory(check->call);
    chimera_buffer_free(&local);
    return is_same;
}

/* An address of IPv4 may stand in one of IPv6, and so may a network. */
static bool is_in_network(struct chimera_slice constraint, struct chimera_slice address)
{
    struct chimera_slice network = {constraint.data, constraint.size / 2};
    struct chimera_slice mask = chimera_slice_behind(constraint, network.size);
    if (network.size != address.size)
        return false;
    network = chimera_rego_address_short(network);
    address = chimera_rego_address_short(address);
    if (network.size != address.size)
        return false;
    mask = chimera_slice_behind(mask, mask.size - network.size);
    for (size_t i = 0; i < address.size; i++)
        if ((network.data[i] ^ address.data[i]) & mask.data[i])
            return false;
    return true;
}

static bool compare(void *context, unsigned type, struct chimera_slice constraint)
{
    struct check *check = context;
    const struct name *name = check->name;
    bool is_excluding = type & CHIMERA_X509_EXCLUDED, is_met;
    if ((type & ~CHIMERA_X509_EXCLUDED) != name->type)
        return true;
    check->code = chimera_rego_spend(check->call, 4 + constraint.size / 4);
    if (name->type == CHIMERA_X509_NAME_IP)
        is_met = is_in_network(constraint, name->value);
    else if (name->type == CHIMERA_X509_NAME_EMAIL && constraint.size &&
             memchr(constraint.data, '@', constraint.size))
        is_met = is_mailbox(check, constraint);
    else
        is_met = is_below(constraint, name->domain) ||
                 (is_excluding && name->domain.size > 0 && may_be(constraint, name->domain));
    check->has_permitted |= !is_excluding;
    check->is_permitted |= is_met && !is_excluding;
    check->is_excluded |= is_met && is_excluding;
    return check->code == CHIMERA_OK;
}

/* --- Names --- */

static void compare_all(struct check *check, const struct name *name)
{
    check->name = name;
    for (size_t i = check->first; i < check->chain->size && !check->is_broken; i++) {
        struct chimera_slice value = check->chain->link[i]->value[CHIMERA_X509_NAME_CONSTRAINTS];
        if (!value.data)
            continue;
        if (name->type != CHIMERA_X509_NAME_IP &&
            !chimera_rego_address_is_domain(name->domain, false))
            check->is_broken = true;
        check->has_permitted = check->is_permitted = check->is_excluded = false;
        chimera_x509_each(CHIMERA_X509_NAME_CONSTRAINTS, value, compare, check);
        check->is_broken |=
            check->code < 0 || check->is_excluded || (check->has_permitted && !check->is_permitted);
    }
}

/* The host of a URI, which must be a name: "example.com", perhaps with a port. */
static bool read_domain(struct chimera_slice host, struct chimera_slice *ret_domain)
{
    uint8_t ip[16];
    const char *colon = host.size ? memchr(host.data, ':', host.size) : NULL;
    if (host.size == 0 || *host.data == '[')
        return false;
    *ret_domain = host;
    if (colon) {
        ret_domain->size = (size_t)(colon - host.data);
        struct chimera_slice port = chimera_slice_behind(host, ret_domain->size + 1);
        if (port.size && memchr(port.data, ':', port.size))
            return false;
    }
    return chimera_rego_address_ip(*ret_domain, ip) == 0;
}

/* Go reads all URIs and addresses before it compares any name. */
static bool check_name(void *context, unsigned type, struct chimera_slice value)
{
    struct check *check = context;
    struct name name = {.type = type, .value = value, .domain = value};
    struct chimera_buffer store;
    struct chimera_rego_address address;
    bool is_known = type == CHIMERA_X509_NAME_DNS || type == CHIMERA_X509_NAME_IP;
    chimera_rego_buffer(check->call, &store);
    chimera_rego_buffer(check->call, &name.local);
    if (type == CHIMERA_X509_NAME_URI)
        is_known = chimera_rego_address_read(value, &store, &address) &&
                   read_domain(address.host, &name.domain);
    else if (type == CHIMERA_X509_NAME_EMAIL)
        is_known = chimera_rego_address_mailbox(value, &name.local, &name.domain);
    else if (!is_known)
        return true;
    if (is_known)
        compare_all(check, &name);
    check->is_broken |= !is_known || store.failed || name.local.failed;
    if (check->code == CHIMERA_OK && (store.failed || name.local.failed))
        check->code = chimera_rego_no_memory(check->call);
    chimera_buffer_free(&store);
    chimera_buffer_free(&name.local);
    return !check->is_broken;
}

int chimera_x509_check_constraints(const struct chimera_rego_call *call,
                                   const struct chimera_x509_chain *chain, bool *ret_is_met)
{
    struct check check = {.call = call, .chain = chain};
    for (size_t i = 0; i < chain->size && !check.is_broken; i++) {
        struct chimera_slice names = chain->link[i]->value[CHIMERA_X509_SAN];
        check.first = i + 1;
        while (check.first < chain->size &&
               !chain->link[check.first]->value[CHIMERA_X509_NAME_CONSTRAINTS].data)
            check.first++;
        if (names.data && check.first < chain->size)
            chimera_x509_each(CHIMERA_X509_SAN, names, check_name, &check);
    }
    *ret_is_met = !check.is_broken;
    return check.code;
}
