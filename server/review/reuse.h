/* SPDX-License-Identifier: Apache-2.0 */
/* reuse.h - verdicts that are given again instead of asking once more (--reuse-verdicts).
 *
 * An evaluation that asked nobody, and neither the clock nor for random numbers, is a function of
 * its bytes: the policy with its settings, and the request. Of these without the uid, which is
 * another each time: a verdict that holds it is given again to the same one only, and a policy that
 * depends on it otherwise is found by sampling. Each policy's first verdict given again, and then
 * every hundredth, is compared with an evaluation, for ever; where they differ the policy's are
 * given again no more, until the server starts anew.
 *
 * One of a worker, whose end a reload is, for all its threads. Policies in other processes are
 * asked through it, too.
 */
#ifndef CHIMERA_SERVER_REVIEW_REUSE_H
#define CHIMERA_SERVER_REVIEW_REUSE_H

#include "runtime/reuse/verdicts.h"
#include "server/counters/counters.h"

struct reuse {
    struct chimera_verdicts *verdicts;       /* owned; NULL: nothing is given again */
    bool is_for_all;                         /* else for audits alone */
    struct reuse_counters *counters;         /* borrowed */
    struct chimera_verdicts_counters unseen; /* for a worker that nobody looks at */
};

struct reused_policy {               /* what a policy has of it; zeroes: nothing is given again */
    struct reuse *reuse;             /* borrowed, like all here */
    uint32_t number;                 /* one of its own in this worker */
    struct chimera_slice id;         /* for the log */
    struct counters_policy *counted; /* NULL: nobody looks */
    _Atomic uint64_t found;          /* verdicts that might have been given again */
    atomic_bool is_ruled_out;
};

/* `max_bytes` 0: nothing is given again. `score` NULL: nobody looks. It stays where it is. */
int reuse_open(struct reuse *reuse, uint64_t max_bytes, bool is_for_all, struct counters *counters,
               struct worker_score *score, struct chimera_error *err);
void reuse_close(struct reuse *reuse);

/* Who was ruled out once, by what `counted` says, stays so. */
void reuse_enter(struct reused_policy *policy, struct reuse *reuse, uint32_t number,
                 struct chimera_slice id, struct counters_policy *counted);

enum reuse_answer {
    REUSE_OFF,   /* evaluate it, and that is all */
    REUSE_MISS,  /* evaluate it, and say what came of it */
    REUSE_CHECK, /* the same */
    REUSE_HIT,   /* that is the verdict */
};

/* What is asked, where the answer may be given again; false: it is off, or not for this. */
bool reuse_ask(const struct reuse *reuse, struct chimera_slice body, bool is_raw, bool is_audit,
               struct chimera_question *ret_question);
/* True: the same was asked before, but for the uid, so *ret_request is what it would be read as. */
bool reuse_find_request(const struct reuse *reuse, const struct chimera_question *question,
                        struct chimera_slice body, struct chimera_request *ret_request);

/* `policy` NULL or `question` NULL: it is off. */
enum reuse_answer reuse_find(struct reused_policy *policy, const struct chimera_question *question,
                             const struct chimera_request *request, struct chimera_arena *arena,
                             struct chimera_response *ret_response);
/* What came of an evaluation behind MISS or CHECK. `request` as it was read. */
void reuse_learn(struct reused_policy *policy, enum reuse_answer answer,
                 const struct chimera_question *question, const struct chimera_request *request,
                 const struct chimera_response *response, const struct chimera_run_report *cost);

#endif
