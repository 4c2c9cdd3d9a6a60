/* SPDX-License-Identifier: Apache-2.0 */
/* route.h - which endpoint a request is for, and what its head alone rules out (policy-server.md
 * §2.1, §2.2). The order of the checks shows: path, method, decoding, content type, size.
 */
#ifndef CHIMERA_SERVER_HTTP_ROUTE_H
#define CHIMERA_SERVER_HTTP_ROUTE_H

#include "runtime/base/arena.h"
#include "server/http/http1.h"

enum port { PORT_MAIN, PORT_READINESS };

enum route_kind {
    ROUTE_NONE,
    ROUTE_VALIDATE,
    ROUTE_AUDIT,
    ROUTE_RAW,
    ROUTE_READINESS,
    ROUTE_PPROF
};

struct route {
    enum route_kind kind;
    struct chimera_slice policy_id; /* decoded; in the head or in the arena */
    /* What is wrong already; 0: nothing. Then `text` is the body, NULL an empty one, and `allow`
     * the methods of a 405. */
    unsigned status;
    const char *text;
    const char *allow;
};

struct route_rules {
    enum port port;
    bool has_pprof;
    size_t max_body_bytes;
};

void route_find(const struct http_head *head, const struct route_rules *rules,
                struct chimera_arena *arena, struct route *ret_route);

/* Milliseconds that the query's `timeout` asks for ("10s"); 0: it asks for none. */
uint32_t route_timeout_ms(struct chimera_slice query);

#endif
