/* SPDX-License-Identifier: Apache-2.0 */
/* http_response.h - what http.send gives: an object of the answer, or of the failure. */
#ifndef CHIMERA_PLUGINS_HTTP_RESPONSE_H
#define CHIMERA_PLUGINS_HTTP_RESPONSE_H

#include "plugins/http/http_exchange.h"
#include "runtime/capability/provider.h"

/* The body is read as what its type says, or the request; what cannot be read is null. */
void http_response_give(const struct http_request *request, const struct http_answer *answer,
                        uint64_t deadline_ns, struct chimera_provider_answer *out);

/* An error, or the object that tells of it. */
void http_response_fail(const struct http_failure *failure, bool raises,
                        struct chimera_provider_answer *out);

#endif
