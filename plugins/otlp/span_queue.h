/* SPDX-License-Identifier: Apache-2.0 */
/* span_queue.h - the spans that wait for their export: a bounded queue, sent in batches.
 *
 * What finds no room, what the collector refuses and what could not be sent for a minute is dropped
 * and counted.
 */
#ifndef CHIMERA_OTLP_SPAN_QUEUE_H
#define CHIMERA_OTLP_SPAN_QUEUE_H

#include "plugins/otlp/otlp_encode.h"
#include "plugins/otlp/sender.h"

struct queued {
    const struct chimera_exporter_start *start;
    struct encode_origin origin;
    struct sender sender;
    struct chimera_buffer spans; /* encoded */
    size_t *begin;               /* owned; where each one begins */
    size_t count;
    int64_t oldest_ms; /* when the first of them came */
    size_t sent;       /* spans of the batch under way */
    int64_t sent_ms;   /* since when it is tried */
    struct chimera_buffer message;
    bool is_ending;
};

int queued_open(struct queued *queued, const struct chimera_exporter_start *start,
                const struct encode_origin *origin, struct chimera_error *err);
void queued_close(struct queued *queued);

/* Reads packets until the pipe is empty. */
void queued_read(struct queued *queued, int64_t now_ms);
void queued_ended(struct queued *queued, CURLM *multi, CURLcode result, int64_t now_ms);
/* What is due; returns when to be asked again, INT64_MAX for never. */
int64_t queued_pass_time(struct queued *queued, CURLM *multi, int64_t now_ms);

#endif
