/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.h - host calls: from their four texts to an answer, for who may make them (guest-abis.md
 * §5.1, §5.8).
 */
#ifndef CHIMERA_CAPABILITY_DISPATCH_H
#define CHIMERA_CAPABILITY_DISPATCH_H

#include "runtime/capability/grant.h"
#include "runtime/capability/source.h"

struct chimera_guest_request {
    struct chimera_slice binding, name_space, operation, payload;
};

/* Makes one host call. true: `answer` holds the response; false: its text is the error that the
 * guest gets. `answer` is emptied first, and the account of its text, if it has one, bears the
 * call: once that has failed, what is answered means nothing. Owns nothing across a trap: the
 * answer is the caller's. */
bool chimera_capability_call(const struct chimera_grants *grants,
                             const struct chimera_guest_request *call,
                             struct chimera_host_answer *answer);

#endif
