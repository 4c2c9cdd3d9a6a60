/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/queue.h"

#include <stddef.h>

void waiting_add(struct waiting *waiting, struct waiter *waiter)
{
    waiter->in = waiting;
    waiter->next = NULL;
    waiter->previous = waiting->last;
    if (waiting->last)
        waiting->last->next = waiter;
    else
        waiting->first = waiter;
    waiting->last = waiter;
}

void waiting_remove(struct waiter *waiter)
{
    struct waiting *waiting = waiter->in;
    if (waiter->next)
        waiter->next->previous = waiter->previous;
    else
        waiting->last = waiter->previous;
    if (waiter->previous)
        waiter->previous->next = waiter->next;
    else
        waiting->first = waiter->next;
    waiter->in = NULL;
    waiter->next = waiter->previous = NULL;
}

bool waiting_has(const struct waiting *waiting, unsigned account)
{
    for (const struct waiter *at = waiting->first; at; at = at->next)
        if (at->account == account)
            return true;
    return false;
}
