/* SPDX-License-Identifier: Apache-2.0 */
/* network.h - addresses and networks as Go's net reads and writes them: what is written as IPv6 but
 * mapped from IPv4 (::ffff:1.2.3.4) is IPv4. Private to this folder. */
#ifndef CHIMERA_REGO_BUILTINS_NET_NETWORK_H
#define CHIMERA_REGO_BUILTINS_NET_NETWORK_H

#include "runtime/rego/arguments.h"

#define CHIMERA_NETWORK_TEXT 48 /* of an address, with a NUL */
#define CHIMERA_NETWORK_READ_UNITS 64
#define CHIMERA_NETWORK_PRINT_UNITS 128

struct chimera_network {
    uint8_t address[16]; /* of IPv4 only the first four bytes */
    unsigned size;       /* 4 or 16 */
    unsigned prefix;
    bool was_mapped; /* it was written as IPv6 */
};

/* The prefix is all of the address. */
bool chimera_network_read_address(struct chimera_slice text, struct chimera_network *ret_network);
/* With a prefix's length; what lies behind the prefix is cleared. */
bool chimera_network_read(struct chimera_slice text, struct chimera_network *ret_network);

/* The address alone. */
void chimera_network_print(const struct chimera_network *network, char text[CHIMERA_NETWORK_TEXT]);

/* Clears (or sets) the bits behind the prefix. */
void chimera_network_fill_host(struct chimera_network *network, bool ones);

/* Adds one to the address, or takes it off; false when it wraps around. */
bool chimera_network_step(struct chimera_network *address, bool up);

/* 1.2.3.0/24 as ::ffff:1.2.3.0/120, and back where that can be. */
void chimera_network_widen(struct chimera_network *network);
void chimera_network_narrow(struct chimera_network *network);

#endif
