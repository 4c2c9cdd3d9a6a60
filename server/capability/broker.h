/* SPDX-License-Identifier: Apache-2.0 */
/* broker.h - the broker as the supervisor sees it: started when the first set of policies that may
 * make host calls is to be served, started again when it dies, ended with the server.
 *
 * One answers for all workers and tenants. Each of them is given a supply, through which it gets
 * lines to every broker that there will be. A helper program that the broker needs runs in a child
 * of ours. One thread.
 */
#ifndef CHIMERA_SERVER_CAPABILITY_BROKER_H
#define CHIMERA_SERVER_CAPABILITY_BROKER_H

#include <sys/types.h>

#include "runtime/broker/deal.h"
#include "runtime/source/policies.h"
#include "server/base/shared_memory.h"
#include "server/config/config.h"

struct broker {
    const struct config *config; /* borrowed */
    pid_t pid;                   /* 0: none */
    struct chimera_broker_ends ends;
    struct shared tally; /* owned; what it counts (broker/tally.h), for the admin port */
    int *supplies; /* owned, as what they stand for: our ends; dead ones go when others come */
    size_t supply_count;
    int64_t started_ms, restart_at_ms; /* the last: 0: it shall not be started */
    unsigned backoff_ms;
};

/* The caller ends it with broker_stop(), in any case. */
int broker_init(struct broker *broker, const struct config *config, struct chimera_error *err);

/* Does a policy of these have a right to any host call, to the cluster's objects, or to ask a host?
 */
bool broker_is_needed(const struct policies *policies);

/* For one that is going to be forked: its end, which the caller closes behind the fork. Starts the
 * broker if there is none. */
int broker_supply(struct broker *broker, int *ret_fd, struct chimera_error *err);

/* To be read by broker_read(); -1: nothing just now. */
int broker_fd(const struct broker *broker);
void broker_read(struct broker *broker);
/* True: it was the broker. */
bool broker_reaped(struct broker *broker, pid_t pid, int status);
int64_t broker_pass_time(struct broker *broker, int64_t now_ms);
void broker_stop(struct broker *broker);

#endif
