/* SPDX-License-Identifier: Apache-2.0 */
/* request.h - what a request's head said and where it leads, found once and kept while the body
 * comes, the request waits, and a policy is asked.
 *
 * The input moves meanwhile, so a request has its own copy of the few texts that are still wanted:
 * method, path, query, host and the policy's ID. They fit into it, but for odd ones.
 */
#ifndef CHIMERA_SERVER_HTTP_REQUEST_H
#define CHIMERA_SERVER_HTTP_REQUEST_H

#include "server/http/route.h"

#define HTTP_TEXTS_BYTES ((size_t)192) /* an API server's take half of that */

struct http_request { /* all zero: none */
    struct http_head head;
    struct route route;
    char *longer; /* owned; NULL: the texts are in the next but one */
    size_t longer_size;
    char texts[HTTP_TEXTS_BYTES];
};

/* Where the head that was just parsed into `request->head` leads. Returns how many bytes its texts
 * have, for http_request_keep(), which follows before the input or the arena change. */
size_t http_request_route(struct http_request *request, const struct route_rules *rules,
                          struct chimera_arena *arena);
/* From now on neither input nor arena is read. More than HTTP_TEXTS_BYTES take memory: false when
 * there was none, and then nothing has changed. */
bool http_request_keep(struct http_request *request, size_t size);
/* Gives back what it had of memory. True: there was some. */
bool http_request_drop(struct http_request *request);

#endif
