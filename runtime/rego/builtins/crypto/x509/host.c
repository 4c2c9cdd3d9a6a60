/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a certificate is for a host (RFC 6125), as far as Go goes. */
#include "runtime/rego/builtins/crypto/base/address.h"
#include "runtime/rego/builtins/crypto/x509/chain.h"

struct host {
    const struct chimera_rego_call *call;
    struct chimera_slice name; /* without a dot at its end when it is a valid one */
    bool is_valid, is_met;
    uint8_t ip[16];
    size_t ip_size; /* 0: it is a name */
    int code;
};

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

static bool is_same(struct chimera_slice a, struct chimera_slice b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

/* A name of labels; a pattern may begin with "*.". */
static bool is_host_name(struct chimera_slice name, bool is_pattern)
{
    size_t label = 0;
    if (name.size == 0 || chimera_slice_is(name, "*"))
        return false;
    for (size_t i = is_pattern && chimera_slice_starts(name, "*."); i < name.size; i++) {
        char byte = lower(name.data[i]);
        bool is_star = i == 1 && *name.data == '*'; /* behind it */
        if (byte == '.') {
            if (label == 0 && !is_star)
                return false;
            label = 0;
            continue;
        }
        if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' ||
              (byte == '-' && label > 0)))
            return false;
        label++;
    }
    return label > 0;
}

static bool matches(struct chimera_slice pattern, struct chimera_slice name)
{
    if (!chimera_slice_starts(pattern, "*."))
        return is_same(pattern, name);
    const char *dot = memchr(name.data, '.', name.size);
    return dot && is_same(chimera_slice_behind(pattern, 1),
                          chimera_slice_behind(name, (size_t)(dot - name.data)));
}

static bool check_name(void *context, unsigned type, struct chimera_slice value)
{
    struct host *host = context;
    host->code = chimera_rego_spend(host->call, 2 + value.size / 4);
    if (host->ip_size > 0) {
        struct chimera_slice ip = {(const char *)host->ip, host->ip_size};
        host->is_met |=
            type == CHIMERA_X509_NAME_IP &&
            chimera_slice_equal(chimera_rego_address_short(value), chimera_rego_address_short(ip));
    } else if (type == CHIMERA_X509_NAME_DNS) {
        struct chimera_slice name = host->name;
        if (host->is_valid && is_host_name(value, true)) {
            name.size -= name.data[name.size - 1] == '.';
            host->is_met |= matches(value, name);
        } else {
            host->is_met |= value.size > 0 && !chimera_slice_is(value, ".") &&
                            !chimera_slice_is(name, ".") && is_same(value, name);
        }
    }
    return host->code == CHIMERA_OK && !host->is_met;
}

int chimera_x509_check_host(const struct chimera_rego_call *call,
                            const struct chimera_x509 *certificate, struct chimera_slice name,
                            bool *ret_is_met)
{
    struct chimera_slice names = certificate->value[CHIMERA_X509_SAN], address = name, bare = name;
    struct host host = {.call = call, .name = name};
    if (name.size >= 3 && *name.data == '[' && name.data[name.size - 1] == ']')
        address = (struct chimera_slice){name.data + 1, name.size - 2};
    host.ip_size = chimera_rego_address_ip(address, host.ip);
    bare.size -= name.size > 0 && name.data[name.size - 1] == '.';
    host.is_valid = is_host_name(bare, false);
    if (names.data)
        chimera_x509_each(CHIMERA_X509_SAN, names, check_name, &host);
    *ret_is_met = host.is_met;
    return host.code;
}
