/* SPDX-License-Identifier: Apache-2.0 */
/* message.h - requests and verdicts as bytes, between a worker and its jails.
 *
 * Same machine, same program: numbers are as they are in memory. But a jail may have been taken
 * over by its policy, so what comes from one is checked to the last byte. Reading copies nothing:
 * slices point into the bytes.
 */
#ifndef CHIMERA_SERVER_TENANT_MESSAGE_H
#define CHIMERA_SERVER_TENANT_MESSAGE_H

#include "runtime/policy/policy.h"

enum wire_verb {
    WIRE_CHECK = 1, /* has the policy been loaded? */
    WIRE_EVALUATE,
};

struct wire_call {
    enum wire_verb verb;
    uint32_t policy; /* its index in the configuration */
    uint32_t limit_ms;
};

/* `request` is NULL for WIRE_CHECK. */
void wire_put_call(struct chimera_buffer *out, const struct wire_call *call,
                   const struct chimera_request *request);
bool wire_get_call(struct chimera_slice bytes, struct wire_call *ret_call,
                   struct chimera_request *ret_request);

/* The answer to WIRE_CHECK: a code, and the text of a failure. */
void wire_put_check(struct chimera_buffer *out, int code, struct chimera_slice text);
bool wire_get_check(struct chimera_slice bytes, int *ret_code, struct chimera_slice *ret_text);

/* In front of the answer to WIRE_EVALUATE: what the evaluation came to in the jail. */
void wire_put_cost(struct chimera_buffer *out, const struct chimera_run_report *cost);
bool wire_take_cost(struct chimera_slice *bytes, struct chimera_run_report *ret_cost);

/* The answer to WIRE_EVALUATE; `response` counts with code 0 only. */
void wire_put_response(struct chimera_buffer *out, int code,
                       const struct chimera_response *response);
/* The uid is not transmitted: it stays as it is in *ret_response. Causes are in the arena. */
bool wire_get_response(struct chimera_slice bytes, struct chimera_arena *arena, int *ret_code,
                       struct chimera_response *ret_response);

#endif
