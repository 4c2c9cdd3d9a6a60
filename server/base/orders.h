/* SPDX-License-Identifier: Apache-2.0 */
/* orders.h - what the supervisor tells a worker once it runs: one packet each, on a socket of the
 * worker's own. Neither side ever waits for the other.
 */
#ifndef CHIMERA_SERVER_BASE_ORDERS_H
#define CHIMERA_SERVER_BASE_ORDERS_H

#include <stddef.h>

#include "runtime/base/error.h"

#define ORDER_FDS_MAX 2

enum order_verb {
    ORDER_NONE = 0,
    /* Begin to accept: until then a worker that is ready can still be given up, and nobody has lost
     * a connection. */
    ORDER_ACCEPT = 'a',
    /* Another accepts in your place: accept no more, and end with the last connection. Clients are
     * told by `Connection: close` on the next answer of each; none is cut off. */
    ORDER_RETIRE = 'r',
    /* For new connections, with descriptors as of tls.h: certificate and key; client authorities.
     */
    ORDER_CERTIFICATE = 'c',
    ORDER_AUTHORITIES = 'u',
};

struct order {
    enum order_verb verb;
    int fds[ORDER_FDS_MAX]; /* borrowed by the sender, owned by the receiver */
    size_t fd_count;
};

/* The supervisor's end, then the worker's. */
int orders_open(int ret_fds[2], struct chimera_error *err);

/* A worker that is gone, or takes no orders any more, is passed over: its end is seen elsewhere. */
void orders_send(int fd, const struct order *order);

/* The next one; ORDER_NONE when there is none, or the other end is closed. */
struct order orders_receive(int fd);

#endif
