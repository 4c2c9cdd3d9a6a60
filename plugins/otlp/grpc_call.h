/* SPDX-License-Identifier: Apache-2.0 */
/* grpc_call.h - unary gRPC calls by libcurl: a POST over HTTP/2 of one framed message, and a status
 * in the trailers of the answer.
 *
 * One call at a time; the body is kept, so that it can be sent again.
 */
#ifndef CHIMERA_OTLP_GRPC_CALL_H
#define CHIMERA_OTLP_GRPC_CALL_H

#include <curl/curl.h>

#include "plugins/otlp/grpc_reply.h"
#include "plugins/otlp/settings.h"
#include "runtime/base/buffer.h"

struct call {
    CURL *easy;                 /* owned */
    struct curl_slist *headers; /* owned */
    const struct signal_settings *settings;
    char *url;                  /* owned */
    struct chimera_buffer body; /* framed */
    struct reply reply;
    char error[CURL_ERROR_SIZE];
    bool is_running;
};

/* `service` is the path, from its slash on. The settings are borrowed. */
int call_open(struct call *call, const struct signal_settings *settings, const char *service,
              struct chimera_error *err);
void call_close(struct call *call);

/* Frames the message, compressed if the settings say so, and keeps it as the body. */
int call_prepare(struct call *call, struct chimera_slice message);

/* Sends the body. */
int call_start(struct call *call, CURLM *multi);
/* Ends the call, which `multi` says is done with `result`: what it came to, and why. */
enum reply_result call_finish(struct call *call, CURLM *multi, CURLcode result, char *ret_why,
                              size_t why_size);

#endif
