/* SPDX-License-Identifier: Apache-2.0 */
/* message.h - requests and verdicts as bytes, between a worker and its tenants.
 *
 * Same machine, same program: numbers are as they are in memory. But a tenant may have been taken
 * over by its policy, so what comes from one is checked to the last byte. Reading copies nothing:
 * slices point into the bytes.
 */
#ifndef CHIMERA_SERVER_TENANT_MESSAGE_H
#define CHIMERA_SERVER_TENANT_MESSAGE_H

#include "runtime/policy/policy.h"

enum message_verb {
    MESSAGE_CHECK = 1, /* has the policy been loaded? */
    MESSAGE_EVALUATE,
};

struct message_call {
    enum message_verb verb;
    uint32_t policy; /* its index in the configuration */
    uint32_t limit_ms;
};

/* `request` is NULL for MESSAGE_CHECK. */
void message_put_call(struct chimera_buffer *out, const struct message_call *call,
                      const struct chimera_request *request);
bool message_get_call(struct chimera_slice bytes, struct message_call *ret_call,
                      struct chimera_request *ret_request);

/* The answer to MESSAGE_CHECK: a code, and the text of a failure. */
void message_put_check(struct chimera_buffer *out, int code, struct chimera_slice text);
bool message_get_check(struct chimera_slice bytes, int *ret_code, struct chimera_slice *ret_text);

/* In front of the answer to MESSAGE_EVALUATE: what the evaluation came to in the tenant. */
void message_put_cost(struct chimera_buffer *out, const struct chimera_run_report *cost);
bool message_take_cost(struct chimera_slice *bytes, struct chimera_run_report *ret_cost);

/* The answer to MESSAGE_EVALUATE; `response` counts with code 0 only. */
void message_put_response(struct chimera_buffer *out, int code,
                          const struct chimera_response *response);
/* The uid is not transmitted: it stays as it is in *ret_response. Causes are in the arena. */
bool message_get_response(struct chimera_slice bytes, struct chimera_arena *arena, int *ret_code,
                          struct chimera_response *ret_response);

#endif
