/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - one call of a builtin. */
#ifndef CHIMERA_REGO_CALL_H
#define CHIMERA_REGO_CALL_H

#include <stdint.h>

#include "runtime/base/account.h"
#include "runtime/capability/grant.h"
#include "runtime/rego/value.h"

#define CHIMERA_REGO_ARGS_MAX 4
/* Bytes that any one builtin may produce. */
#define CHIMERA_REGO_RESULT_MAX ((size_t)16 << 20)

/* What an evaluation draws lots from: made by the first builtin that does. */
#define CHIMERA_REGO_SEED_BYTES 32
struct chimera_rego_seed {
    bool is_filled;
    uint8_t bytes[CHIMERA_REGO_SEED_BYTES];
};

/* What http.send was asked in this evaluation, and was answered: the same request is sent once. */
#define CHIMERA_REGO_SENT_MAX 32
struct chimera_rego_sent {
    size_t count;
    struct chimera_buffer request[CHIMERA_REGO_SENT_MAX], answer[CHIMERA_REGO_SENT_MAX];
};

struct chimera_rego_call {
    struct json_object *const *args;     /* as many as the builtin takes; borrowed */
    int64_t now_ns;                      /* since 1970; one and the same for a whole evaluation */
    struct chimera_rego_seed *seed;      /* of the evaluation; NULL: zeroes */
    struct chimera_account *account;     /* of the evaluation; NULL: no bound */
    const struct chimera_grants *grants; /* what it may reach; NULL: nothing */
    struct chimera_rego_sent *sent;      /* what it has sent already; NULL: it is not kept */
    struct chimera_error *err;           /* never NULL */
};

void chimera_rego_sent_end(struct chimera_rego_sent *sent);

/* CHIMERA_EDEADLINE when the time is up before there is a result: host code is not interrupted, so
 * what may take long looks at the clock itself. On success the caller owns *ret_result; null is a
 * NULL pointer. */
typedef int chimera_rego_function(const struct chimera_rego_call *call,
                                  struct json_object **ret_result);

#endif
