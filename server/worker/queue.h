/* SPDX-License-Identifier: Apache-2.0 */
/* queue.h - requests that are whole and cannot be evaluated yet, first come first. */
#ifndef CHIMERA_SERVER_WORKER_QUEUE_H
#define CHIMERA_SERVER_WORKER_QUEUE_H

#include <stdbool.h>

struct waiting;

struct waiter {         /* one of them; its owner embeds it */
    struct waiting *in; /* NULL: does not wait */
    struct waiter *next, *previous;
    unsigned account; /* whose share its evaluation takes (review/slow_quota.h) */
};

struct waiting { /* all zero: nobody */
    struct waiter *first, *last;
};

void waiting_add(struct waiting *waiting, struct waiter *waiter);
void waiting_remove(struct waiter *waiter);
/* One of this account. */
bool waiting_has(const struct waiting *waiting, unsigned account);

#endif
