/* SPDX-License-Identifier: Apache-2.0 */
/* verdicts.h - verdicts by what was asked, kept within a bound of bytes.
 *
 * What was asked is compared whole: the policy, and each byte of the body but for the uid. The
 * bytes are kept once for all policies that were asked about them, and what was asked of any of
 * them least recently makes room. The bound covers bytes, verdicts and what finds them; memory
 * comes as it is used. Whether a verdict may be kept at all is the caller's business
 * (server/review).
 *
 * Of a body that is kept it is also known where its parts are, so that it need not be read again.
 *
 * Any thread: there are several parts with a lock each, held while bytes are compared and copied.
 */
#ifndef CHIMERA_REUSE_VERDICTS_H
#define CHIMERA_REUSE_VERDICTS_H

#include <stdatomic.h>

#include "runtime/review/request.h"
#include "runtime/review/response.h"

#define CHIMERA_VERDICTS_BYTES_LEAST ((uint64_t)1 << 20)
#define CHIMERA_VERDICTS_BYTES_MOST ((uint64_t)1 << 40)

struct chimera_verdicts; /* opaque */

/* Of one that holds them; `bytes` falls, too. The caller's memory. */
struct chimera_verdicts_counters {
    _Atomic uint64_t evicted; /* requests, with the verdicts on them */
    _Atomic uint64_t bytes;   /* in use */
};

int chimera_verdicts_open(uint64_t max_bytes, struct chimera_verdicts_counters *counters,
                          struct chimera_verdicts **ret_verdicts, struct chimera_error *err);
/* Does nothing when there is none. */
void chimera_verdicts_close(struct chimera_verdicts *verdicts);

struct chimera_question {                /* a body, as it is looked for; borrows it */
    struct chimera_slice before, behind; /* of the uid: what is compared */
    struct chimera_slice uid;            /* .data NULL: it is compared, too */
    bool is_raw;
    uint64_t hash;
};

/* Of any bytes. The uid is the first that there is in a review, if it is long and plain (uid.h);
 * that it is the request's turns out when the body is read, before anything is kept of it. */
void chimera_verdicts_ask(const struct chimera_verdicts *verdicts, struct chimera_slice body,
                          bool is_raw, struct chimera_question *ret_question);

/* True: such a body is kept, which differs in the uid alone, and these are its parts. */
bool chimera_verdicts_find_places(struct chimera_verdicts *verdicts,
                                  const struct chimera_question *question,
                                  struct chimera_request_places *ret_places);

/* `policy` is the caller's number for a policy with its settings. True: *ret_response, whose uid
 * stays, is the verdict on the question, in the arena. */
bool chimera_verdicts_find(struct chimera_verdicts *verdicts, uint32_t policy,
                           const struct chimera_question *question, struct chimera_arena *arena,
                           struct chimera_response *ret_response);

/* From now on this is the verdict on `request`, whose body the question is, whatever its uid; or,
 * where the verdict may hold the uid, for requests with the same one. What is large beside the
 * bound is not kept. */
void chimera_verdicts_keep(struct chimera_verdicts *verdicts, uint32_t policy,
                           const struct chimera_question *question,
                           const struct chimera_request *request,
                           const struct chimera_response *response);

/* Is the verdict that is kept another one than this? False where none is. */
bool chimera_verdicts_contradict(struct chimera_verdicts *verdicts, uint32_t policy,
                                 const struct chimera_question *question,
                                 const struct chimera_response *response);

/* What of a hash counts: all of it, but in tests of what happens when hashes are equal. */
extern uint64_t chimera_verdicts_hash_mask;

#endif
