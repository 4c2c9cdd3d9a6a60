/* SPDX-License-Identifier: Apache-2.0 */
/* http_exchange.h - one request of http.send on libcurl: to hosts that are allowed, redirects and
 * tries included.
 */
#ifndef CHIMERA_PLUGINS_HTTP_EXCHANGE_H
#define CHIMERA_PLUGINS_HTTP_EXCHANGE_H

#include "plugins/http/http_request.h"

#define HTTP_ANSWER_MAX ((size_t)8 << 20)

struct http_hosts { /* who may be asked; borrowed. Each NULL, or a list of texts: both must allow */
    struct json_object *all, *of_policy;
};

struct http_answer {
    unsigned status;
    char reason[256];            /* "200 OK" */
    struct json_object *headers; /* owned: name in lower case to a list of values */
    struct chimera_buffer body;  /* owned */
};

/* CHIMERA_OK: an answer of any status. The caller ends it in any case. */
int http_exchange_run(const struct http_request *request, const struct http_hosts *hosts,
                      uint64_t deadline_ns, struct http_answer *answer,
                      struct http_failure *failure);
void http_answer_done(struct http_answer *answer);

/* The first value of that header; NULL: there is none. */
const char *http_answer_header(const struct http_answer *answer, const char *name);

#endif
