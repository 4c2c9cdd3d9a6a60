/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/queue.h"

#include "server/worker/connection.h"

void waiting_add(struct waiting *waiting, struct connection *connection)
{
    connection->waits_in = waiting;
    connection->wait_next = NULL;
    connection->wait_previous = waiting->last;
    if (waiting->last)
        waiting->last->wait_next = connection;
    else
        waiting->first = connection;
    waiting->last = connection;
}

void waiting_remove(struct connection *connection)
{
    struct waiting *waiting = connection->waits_in;
    if (connection->wait_next)
        connection->wait_next->wait_previous = connection->wait_previous;
    else
        waiting->last = connection->wait_previous;
    if (connection->wait_previous)
        connection->wait_previous->wait_next = connection->wait_next;
    else
        waiting->first = connection->wait_next;
    connection->waits_in = NULL;
    connection->wait_next = connection->wait_previous = NULL;
}

bool waiting_has(const struct waiting *waiting, unsigned account)
{
    for (const struct connection *at = waiting->first; at; at = at->wait_next)
        if (at->account == account)
            return true;
    return false;
}
