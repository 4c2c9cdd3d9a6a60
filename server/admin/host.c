/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

/* Without ":PORT"; .data NULL when what follows the colon is none. */
static struct chimera_slice take_name(struct chimera_slice host)
{
    const char *bracket =
        host.size > 0 && host.data[0] == '[' ? memrchr(host.data, ']', host.size) : NULL;
    const char *from = bracket ? bracket : host.data;
    size_t left = host.size - (size_t)(from - host.data);
    const char *colon = memrchr(from, ':', left), *end = host.data + host.size;
    for (const char *at = colon ? colon + 1 : end; at < end; at++)
        if (*at < '0' || *at > '9')
            return (struct chimera_slice){NULL, 0};
    return (struct chimera_slice){host.data, (size_t)((colon ? colon : end) - host.data)};
}

/* As a browser writes it: an IPv4 address with four numbers, an IPv6 address in brackets. */
static bool is_address(struct chimera_slice name)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    bool is_v6 = name.size > 2 && name.data[0] == '[' && name.data[name.size - 1] == ']';
    if (is_v6) {
        name.data++;
        name.size -= 2;
    }
    if (name.size >= sizeof(text))
        return false;
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, text, &address) == 1;
}

static bool is_name(struct chimera_slice name, const char *text, size_t size)
{
    return name.size == size && strncasecmp(name.data, text, size) == 0;
}

bool admin_host_is_known(struct chimera_slice host, const char *names, bool is_local)
{
    if (!host.data)
        return true;
    struct chimera_slice name = take_name(host);
    if (name.size > 1 && name.data[name.size - 1] == '.') /* the root of all names */
        name.size--;
    if (name.size == 0)
        return false;
    for (const char *at = names; at && *at; at += strspn(at, ",")) {
        size_t size = strcspn(at, ",");
        if (size > 0 && is_name(name, at, size))
            return true;
        at += size;
    }
    return is_address(name) || (is_local && is_name(name, "localhost", strlen("localhost")));
}

bool admin_host_is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        return (ntohl(v4->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
    }
    if (address->ss_family != AF_INET6)
        return false;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(v6) ||
           (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == IN_LOOPBACKNET);
}
