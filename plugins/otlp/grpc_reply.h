/* SPDX-License-Identifier: Apache-2.0 */
/* grpc_reply.h - what a collector answers to an export over gRPC: headers, trailers, a message.
 *
 * Nothing of it is trusted; texts are cut.
 */
#ifndef CHIMERA_OTLP_GRPC_REPLY_H
#define CHIMERA_OTLP_GRPC_REPLY_H

#include <stdint.h>

#include "runtime/base/slice.h"

#define REPLY_BODY_MAX ((size_t)64 * 1024)

enum reply_result {
    REPLY_DONE,
    REPLY_RETRY,  /* send the same again later */
    REPLY_FAILED, /* that would not help */
};

struct reply {
    int http_status;   /* of the answer; 0: none yet */
    int grpc_status;   /* -1: none */
    char message[200]; /* grpc-message, decoded */
    size_t body_size;
    bool is_too_long;
    char body[REPLY_BODY_MAX];
};

void reply_reset(struct reply *reply);
/* One line of a head or of trailers, with or without its end. */
void reply_add_header(struct reply *reply, struct chimera_slice line);
void reply_add_body(struct reply *reply, struct chimera_slice bytes);

/* What it comes to. `ret_why` gets a text when there is something to say: also for REPLY_DONE, when
 * the collector took a part only. */
enum reply_result reply_read(const struct reply *reply, char *ret_why, size_t why_size);

#endif
