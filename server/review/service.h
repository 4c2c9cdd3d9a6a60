/* SPDX-License-Identifier: Apache-2.0 */
/* service.h - from a whole request to its answer: parse, find the policy, evaluate, write.
 *
 * The service is immutable and shared by all threads; a lane is what one of them may write to. A
 * request takes memory from its lane's arena only, and lane_reset() gives all of it back.
 */
#ifndef CHIMERA_SERVER_REVIEW_SERVICE_H
#define CHIMERA_SERVER_REVIEW_SERVICE_H

#include "server/decisions/decision.h"
#include "server/http/answer.h"
#include "server/http/route.h"
#include "server/review/policy_set.h"

struct service {
    const struct policy_set *policies; /* borrowed, like the next */
    const struct reuse *reuse;         /* NULL: no verdict is given again */
    struct counters *counters;
    struct worker_score *score;           /* NULL: nobody looks */
    const struct decision_log *decisions; /* NULL: nobody reads of rejections */
    /* For the readiness port: for how long a loop of the worker has been stuck, in milliseconds; 0:
     * none is. NULL: it answers without a look. */
    int64_t (*find_stuck)(void *loops, int64_t now_ms);
    void *loops; /* borrowed; the first argument */
    struct route_rules rules;
    struct chimera_slice shortcut_namespace; /* .data NULL: none */
};

struct lane {
    unsigned index;
    struct chimera_arena arena;
    struct chimera_buffer body; /* of the answer */
    struct chimera_buffer out;  /* head and body */
    struct answer_date date;
    bool is_detached; /* another thread has taken the loop; set and read by this one only */
};

struct service_request {
    const struct http_head *head;
    const struct route *route;
    struct chimera_slice body;
    int64_t arrived_ms; /* by chimera_clock_ms() */
};

void lane_init(struct lane *lane, unsigned index, size_t max_body_bytes);
void lane_reset(struct lane *lane);
void lane_done(struct lane *lane);
/* Between requests, when none has come for a while: what it keeps for the next one is freed. True
 * when that was worth a look at the heap (freed_memory_give_back()). */
bool lane_rest(struct lane *lane);
/* Its body was given away. */
void lane_renew_body(struct lane *lane);

/* Whether service_answer() asks a policy, and then whose share that takes (review/slow_quota.h). */
bool service_evaluates(const struct service *service, const struct route *route,
                       unsigned *ret_account);

/* When the client stops to wait, less what the answer needs; 0: it does not say. */
int64_t service_until(const struct service *service, const struct service_request *request);

/* Fills in status, type and body; the body lives in the lane until its reset. Logs the request. */
void service_answer(const struct service *service, struct lane *lane,
                    const struct service_request *request, struct answer *ret_answer);

/* The answer to what route_find() refused, or to a body that turned out too long (`status` 413). */
void service_refuse(struct lane *lane, const struct route *route, struct answer *ret_answer);
/* To come again in a second: because of the policy, or of all together. */
void service_refuse_busy(struct lane *lane, bool is_policy, struct answer *ret_answer);
void service_refuse_length(struct lane *lane, const struct route *route, struct answer *ret_answer);

/* Logs an answer that did not come from service_answer(). */
void service_log_refusal(const struct service *service, const struct http_head *head,
                         int64_t arrived_ms, unsigned status);

#endif
