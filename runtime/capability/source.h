/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - who answers host calls: the broker's client, a recorded session, or somebody who
 * records what another answers.
 */
#ifndef CHIMERA_CAPABILITY_SOURCE_H
#define CHIMERA_CAPABILITY_SOURCE_H

#include "runtime/capability/request.h"

/* Bytes that several evaluations may read at once, until the last lets go. */
struct chimera_shared_bytes {
    _Atomic uint32_t users;
    struct chimera_slice bytes;
    void (*free)(struct chimera_shared_bytes *shared);
};

struct chimera_host_answer {
    struct chimera_buffer *text;         /* borrowed: for what is not shared, and for errors */
    struct chimera_shared_bytes *shared; /* NULL: it is in `text`; else owned, one use of it */
    /* Changes whenever what was asked changes; 0: nobody knows. Answers to lists have one. */
    uint64_t version;
};

struct chimera_capability_source {
    /* true: `answer` has the response; false: `text` has the error, complete as the guest reads it
     * ("Callback evaluation failure: …"). Waits no longer than the account of `text` has time;
     * without one, until an answer comes. Any thread. */
    bool (*ask)(struct chimera_capability_source *source,
                const struct chimera_host_request *request, struct chimera_host_answer *answer);
};

/* Adds a use; lets one go, which may free it. NULL may be let go. */
struct chimera_shared_bytes *chimera_shared_bytes_use(struct chimera_shared_bytes *shared);
void chimera_shared_bytes_drop(struct chimera_shared_bytes *shared);

/* Lets go what is shared. */
void chimera_host_answer_end(struct chimera_host_answer *answer);
struct chimera_slice chimera_host_answer_bytes(const struct chimera_host_answer *answer);

#endif
