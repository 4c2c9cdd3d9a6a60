/* SPDX-License-Identifier: Apache-2.0 */
/* metric_push.h - the metrics as they are pushed: all points, from time to time.
 *
 * A push takes what the counters say at that moment, also after one that failed, so nothing is kept
 * for a retry. Many points go in several messages. With delta temporality, what was exported is
 * remembered by point, and counts as exported only when the collector has taken it.
 */
#ifndef CHIMERA_OTLP_METRIC_PUSH_H
#define CHIMERA_OTLP_METRIC_PUSH_H

#include "plugins/otlp/otlp_encode.h"
#include "plugins/otlp/sender.h"

struct pushed_values;

struct pushed {
    const struct chimera_exporter_start *start;
    struct encode_origin origin;
    struct sender sender;
    struct encode_metrics points;
    struct chimera_buffer message;
    struct pushed_values *values; /* owned; one a point, with delta only */
    uint32_t from, until;         /* the points of the message under way */
    uint64_t pushed_ns;           /* delta: until when they were exported */
    int64_t next_ms;
    bool is_under_way;
    bool wants_another; /* behind the one under way */
};

int pushed_open(struct pushed *pushed, const struct chimera_exporter_start *start,
                const struct encode_origin *origin, struct chimera_error *err);
void pushed_close(struct pushed *pushed);

/* Begins a push now, or behind the one that is under way. */
void pushed_begin(struct pushed *pushed, CURLM *multi);
void pushed_ended(struct pushed *pushed, CURLM *multi, CURLcode result, int64_t now_ms);
/* What is due; returns when to be asked again. */
int64_t pushed_pass_time(struct pushed *pushed, CURLM *multi, int64_t now_ms);

#endif
