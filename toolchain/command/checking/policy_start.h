/* SPDX-License-Identifier: Apache-2.0 */
/* policy_start.h - would a server serve this policy? It is loaded, opened as its entry says, asked
 * about its settings and brought to where requests begin, in a confined child (guest_child.h).
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_CHECKING_POLICY_START_H
#define CHIMERA_TOOLCHAIN_COMMAND_CHECKING_POLICY_START_H

#include "runtime/source/policy_spec.h"

struct policy_start {                  /* borrowed */
    const char *plugin;                /* path of the .so */
    const struct chimera_digest *lock; /* of its manifest; NULL: any */
    const struct policy_spec *spec;
    uint32_t limit_ms; /* of an evaluation; 0: none */
};

/* In a server's words. Host calls are answered by nobody. */
int policy_start_check(const struct policy_start *start, struct chimera_error *err);

#endif
