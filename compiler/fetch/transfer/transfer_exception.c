/* SPDX-License-Identifier: Apache-2.0 */
/* transfer_exception.c - hosts that are reached without a proxy: the list of NO_PROXY.
 *
 * An entry is `*`, a host, which stands for its subdomains, too (with or without a dot before it),
 * an address, or a network (10.0.0.0/8); a host or an address may have a port.
 */
#include <arpa/inet.h>
#include <string.h>

#include "compiler/fetch/transfer/transfer_internal.h"

#define HOST_MAX 255

struct address {
    unsigned char bytes[16];
    unsigned bits; /* 32 or 128; 0: none */
};

/* Without the brackets that IPv6 has in a URL. */
static struct address read_address(struct chimera_slice text)
{
    struct address address = {0};
    char copy[INET6_ADDRSTRLEN + 1] = "";
    if (text.size >= 2 && text.data[0] == '[' && text.data[text.size - 1] == ']')
        text = (struct chimera_slice){text.data + 1, text.size - 2};
    if (text.size == 0 || text.size >= sizeof(copy))
        return address;
    memcpy(copy, text.data, text.size);
    if (inet_pton(AF_INET, copy, address.bytes) == 1)
        address.bits = 32;
    else if (inet_pton(AF_INET6, copy, address.bytes) == 1)
        address.bits = 128;
    return address;
}

/* The digits at the end behind `mark`, which are cut off; false: there are none. */
static bool cut_number(struct chimera_slice *text, char mark, unsigned *ret_number)
{
    unsigned number = 0;
    size_t at = text->size;
    while (at > 0 && text->data[at - 1] >= '0' && text->data[at - 1] <= '9')
        at--;
    if (at == 0 || at == text->size || text->size - at > 5 || text->data[at - 1] != mark)
        return false;
    for (size_t i = at; i < text->size; i++)
        number = number * 10 + (unsigned)(text->data[i] - '0');
    text->size = at - 1;
    *ret_number = number;
    return true;
}

static bool is_in_network(const struct address *host, const struct address *network, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (host->bits == 0 || host->bits != network->bits || bits > network->bits ||
        memcmp(host->bytes, network->bytes, whole) != 0)
        return false;
    unsigned mask = rest ? 0xffU << (8 - rest) & 0xffU : 0;
    return rest == 0 || (host->bytes[whole] & mask) == (network->bytes[whole] & mask);
}

static bool is_domain_of(struct chimera_slice domain, struct chimera_slice host)
{
    if (chimera_slice_starts(domain, "*."))
        domain = (struct chimera_slice){domain.data + 1, domain.size - 1};
    if (chimera_slice_starts(domain, "."))
        domain = (struct chimera_slice){domain.data + 1, domain.size - 1};
    if (domain.size > 0 && domain.data[domain.size - 1] == '.')
        domain.size--;
    if (domain.size == 0 || domain.size > host.size)
        return false;
    size_t before = host.size - domain.size;
    return strncasecmp(host.data + before, domain.data, domain.size) == 0 &&
           (before == 0 || host.data[before - 1] == '.');
}

static bool is_meant(struct chimera_slice entry, struct chimera_slice host, unsigned port)
{
    struct address own = read_address(host), listed;
    unsigned number = 0;
    if (chimera_slice_is(entry, "*"))
        return true;
    if (cut_number(&entry, '/', &number)) {
        listed = read_address(entry);
        return is_in_network(&own, &listed, number);
    }
    listed = read_address(entry); /* first: the end of an IPv6 address looks like a port */
    if (listed.bits == 0 && cut_number(&entry, ':', &number)) {
        if (number != port)
            return false;
        listed = read_address(entry);
    }
    if (listed.bits > 0 || own.bits > 0)
        return is_in_network(&own, &listed, listed.bits) && listed.bits > 0;
    return is_domain_of(entry, host);
}

bool chimera_route_is_excepted(const char *list, const char *host, unsigned port)
{
    struct chimera_slice name = chimera_slice_of(host);
    if (name.size > 1 && name.data[name.size - 1] == '.')
        name.size--;
    while (*list) {
        size_t size = strcspn(list, ", \t");
        if (size > 0 && size <= HOST_MAX &&
            is_meant((struct chimera_slice){list, size}, name, port))
            return true;
        list += size + (list[size] != '\0');
    }
    return false;
}
