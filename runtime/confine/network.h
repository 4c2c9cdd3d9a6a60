/* SPDX-License-Identifier: Apache-2.0 */
/* network.h - what a process that speaks to others over the network is kept from. */
#ifndef CHIMERA_CONFINE_NETWORK_H
#define CHIMERA_CONFINE_NETWORK_H

#include <stdbool.h>

#include "runtime/base/error.h"

struct chimera_network_rights {
    const char *folder; /* that it may use besides, which is there; NULL: none */
    bool is_writable;
    const char *const *readable; /* and these; ends with NULL; NULL: none */
    bool makes_memory;           /* it makes memory files, and hands them to others */
};

/* Why the kernel cannot keep it from all; NULL: it can. */
const char *chimera_network_lack(void);

/* For this process, for good, while it has one thread: it uses what it has a right to, reads what
 * names and certificates need, connects, and runs nothing. What the kernel lacks is left out. */
int chimera_network_confine(const struct chimera_network_rights *rights, struct chimera_error *err);

#endif
