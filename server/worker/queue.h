/* SPDX-License-Identifier: Apache-2.0 */
/* queue.h - connections whose request is whole and cannot be evaluated yet, first come first. */
#ifndef CHIMERA_SERVER_WORKER_QUEUE_H
#define CHIMERA_SERVER_WORKER_QUEUE_H

#include <stdbool.h>

struct connection;

struct waiting { /* all zero: nobody */
    struct connection *first, *last;
};

void waiting_add(struct waiting *waiting, struct connection *connection);
void waiting_remove(struct connection *connection);
/* One of this account. */
bool waiting_has(const struct waiting *waiting, unsigned account);

#endif
