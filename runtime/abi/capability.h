/* SPDX-License-Identifier: Apache-2.0 */
/* capability.h - host calls: who may make them, and their dispatch (guest-abis.md §5.1, §5.8). */
#ifndef CHIMERA_CAPABILITY_H
#define CHIMERA_CAPABILITY_H

#include "runtime/base/arena.h"
#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Checks one pattern against the tree of capabilities; refuses with the reference's text
 * (without any prefix). */
int chimera_capability_check(const char *pattern, struct chimera_error *err);

struct chimera_grants { /* what one policy may do; borrowed arrays, NULL-terminated or NULL */
    const char *policy_id;
    const char *const *capabilities;
    const char *const *resources; /* "apiVersion/kind" */
};

struct chimera_host_request {
    struct chimera_slice binding, name_space, operation, payload;
};

/* Makes one host call. true: `answer` holds the response; false: it holds the error text that the
 * guest gets. `answer` is emptied first, and its account, if it has one, bears the call: once that
 * has failed, what is answered means nothing. Owns nothing across a trap: the buffer is the
 * caller's. */
bool chimera_capability_call(const struct chimera_grants *grants,
                             const struct chimera_host_request *call,
                             struct chimera_buffer *answer);

#endif
