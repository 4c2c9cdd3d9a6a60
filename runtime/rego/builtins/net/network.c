/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/net/network.h"

#include <arpa/inet.h>
#include <stdio.h>

/* Zeros before a prefix's length are let through, but not without end. */
#define NETWORK_MAX_BYTES 1000

#define MAPPED_BITS 96 /* of the prefix of all mapped addresses */

static const uint8_t mapped[MAPPED_BITS / 8] = {[10] = 0xFF, [11] = 0xFF};

void chimera_network_widen(struct chimera_network *network)
{
    if (network->size == 16)
        return;
    memmove(network->address + sizeof(mapped), network->address, 4);
    memcpy(network->address, mapped, sizeof(mapped));
    network->size = 16;
    network->prefix += MAPPED_BITS;
}

void chimera_network_narrow(struct chimera_network *network)
{
    if (network->size == 4 || network->prefix < MAPPED_BITS ||
        memcmp(network->address, mapped, sizeof(mapped)) != 0)
        return;
    memmove(network->address, network->address + sizeof(mapped), 4);
    memset(network->address + 4, 0, sizeof(mapped));
    network->size = 4;
    network->prefix -= MAPPED_BITS;
    network->was_mapped = true;
}

/* As it is written, IPv6 where it is mapped, too. */
static bool read_plain(struct chimera_slice text, struct chimera_network *ret_network)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.size >= sizeof(copy) || memchr(text.data, '\0', text.size))
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    struct chimera_network network = {.size = 4};
    if (inet_pton(AF_INET, copy, network.address) != 1) {
        network.size = 16;
        if (inet_pton(AF_INET6, copy, network.address) != 1)
            return false;
    }
    network.prefix = 8 * network.size;
    *ret_network = network;
    return true;
}

bool chimera_network_read_address(struct chimera_slice text, struct chimera_network *ret_network)
{
    if (!read_plain(text, ret_network))
        return false;
    chimera_network_narrow(ret_network);
    return true;
}

void chimera_network_fill_host(struct chimera_network *network, bool ones)
{
    unsigned whole = network->prefix / 8, bits = network->prefix % 8;
    if (whole >= network->size)
        return;
    uint8_t mask = (uint8_t)(0xFFu >> bits), *byte = &network->address[whole];
    *byte = ones ? *byte | mask : *byte & (uint8_t)~mask;
    memset(byte + 1, ones ? 0xFF : 0, network->size - whole - 1);
}

bool chimera_network_read(struct chimera_slice text, struct chimera_network *ret_network)
{
    struct chimera_network network;
    if (text.size > NETWORK_MAX_BYTES)
        return false;
    const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;
    size_t size = slash ? (size_t)(slash - text.data) : 0;
    if (!slash || !read_plain((struct chimera_slice){text.data, size}, &network))
        return false;
    unsigned prefix = 0;
    for (size_t i = size + 1; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || prefix > 128)
            return false;
        prefix = prefix * 10 + (unsigned)(text.data[i] - '0');
    }
    if (size + 1 == text.size || prefix > 8 * network.size)
        return false;
    network.prefix = prefix;
    chimera_network_fill_host(&network, false);
    chimera_network_narrow(&network);
    *ret_network = network;
    return true;
}

/* inet_ntop() writes ::102:304 as ::1.2.3.4. The longest row of zeros, of two at least, is left
 * out, the first one of several. */
static void print_v6(const uint8_t address[16], char text[CHIMERA_NETWORK_TEXT])
{
    unsigned group[8], run = 0, start = 8, longest = 1, size = 0;
    for (unsigned i = 0; i < 8; i++) {
        group[i] = (unsigned)address[2 * i] << 8 | address[2 * i + 1];
        run = group[i] ? 0 : run + 1;
        if (run > longest) {
            longest = run;
            start = i + 1 - run;
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        bool is_left_out = i == start;
        size += (unsigned)snprintf(text + size, CHIMERA_NETWORK_TEXT - size,
                                   is_left_out ? "::" : "%s%x",
                                   i == 0 || i == start + longest ? "" : ":", group[i]);
        if (is_left_out)
            i += longest - 1;
    }
}

void chimera_network_print(const struct chimera_network *network, char text[CHIMERA_NETWORK_TEXT])
{
    if (network->size == 4)
        inet_ntop(AF_INET, network->address, text, CHIMERA_NETWORK_TEXT);
    else
        print_v6(network->address, text);
}

bool chimera_network_step(struct chimera_network *address, bool up)
{
    for (unsigned i = address->size; i-- > 0;) {
        if (up ? ++address->address[i] != 0 : address->address[i]-- != 0)
            return true;
    }
    return false;
}
