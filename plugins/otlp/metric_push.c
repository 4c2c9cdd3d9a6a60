/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/otlp/metric_push.h"

#include "runtime/base/clock.h"

#include <stdlib.h>

#define MESSAGE_MAX ((size_t)16 << 20)
/* Receivers take 4 MiB unless told otherwise; a point has less than 2 KiB. */
#define PAGE_BYTES ((size_t)2 << 20)

struct pushed_values {
    uint64_t count, sum_ms, bucket[CHIMERA_METRIC_BUCKETS]; /* exported */
    uint64_t next_count, next_sum_ms, next_bucket[CHIMERA_METRIC_BUCKETS];
};

int pushed_open(struct pushed *pushed, const struct chimera_exporter_start *start,
                const struct encode_origin *origin, struct chimera_error *err)
{
    *pushed = (struct pushed){.start = start, .origin = *origin, .pushed_ns = start->started_ns};
    encode_metrics_init(&pushed->points);
    chimera_buffer_init(&pushed->message, MESSAGE_MAX);
    pushed->points.bound_ms = start->bound_ms;
    pushed->points.bound_count = start->bound_count;
    pushed->points.is_delta = origin->settings->is_delta;
    if (pushed->points.is_delta)
        pushed->values = calloc(start->point_count, sizeof(*pushed->values));
    if (start->bound_count >= CHIMERA_METRIC_BUCKETS ||
        (pushed->points.is_delta && !pushed->values))
        return chimera_fail_memory(err);
    return sender_open(&pushed->sender, SIGNAL_METRICS, err);
}

void pushed_close(struct pushed *pushed)
{
    sender_close(&pushed->sender);
    encode_metrics_free(&pushed->points);
    chimera_buffer_free(&pushed->message);
    free(pushed->values);
}

/* Leaves what is new since the last push. False when nothing is. */
static bool make_delta(struct pushed_values *values, struct chimera_metric_point *point)
{
    values->next_count = point->count;
    values->next_sum_ms = point->latency_sum_ms;
    point->count -= values->count;
    point->latency_sum_ms -= values->sum_ms;
    for (size_t i = 0; i < CHIMERA_METRIC_BUCKETS; i++) {
        values->next_bucket[i] = point->bucket[i];
        point->bucket[i] -= values->bucket[i];
    }
    return point->count > 0;
}

/* Ends the push when there is nothing more to send. */
static void send_page(struct pushed *pushed, CURLM *multi)
{
    /* Collects points from `from` on, up to a page. */
    const struct chimera_exporter_start *start = pushed->start;
    encode_metrics_reset(&pushed->points);
    uint32_t number = pushed->from;
    for (; number < start->point_count && encode_metrics_size(&pushed->points) < PAGE_BYTES;
         number++) {
        struct chimera_metric_point point = {.count = 0};
        if (!start->read_point(start->context, number, &point))
            continue;
        if (!pushed->values || make_delta(&pushed->values[number], &point))
            encode_point(&pushed->points, &point);
    }
    pushed->until = number;
    pushed->is_under_way = encode_metrics_size(&pushed->points) > 0;
    if (!pushed->is_under_way)
        return;
    chimera_buffer_reset(&pushed->message);
    encode_metrics_join(&pushed->points, &pushed->origin, &pushed->message);
    pushed->is_under_way =
        !pushed->message.failed &&
        sender_send(&pushed->sender, multi, chimera_buffer_slice(&pushed->message));
}

void pushed_begin(struct pushed *pushed, CURLM *multi)
{
    pushed->wants_another = pushed->is_under_way;
    if (pushed->is_under_way)
        return;
    pushed->from = 0;
    pushed->points.until_ns = chimera_clock_wall_ns();
    pushed->points.from_ns = pushed->values ? pushed->pushed_ns : pushed->start->started_ns;
    send_page(pushed, multi);
}

void pushed_ended(struct pushed *pushed, CURLM *multi, CURLcode result, int64_t now_ms)
{
    enum reply_result end = sender_ended(&pushed->sender, multi, result, now_ms);
    pushed->is_under_way = false;
    if (end == REPLY_RETRY) { /* with the numbers of that moment */
        if (pushed->sender.retry_at_ms < pushed->next_ms)
            pushed->next_ms = pushed->sender.retry_at_ms;
        sender_give_up(&pushed->sender);
    } else {
        if (end == REPLY_DONE) {
            for (uint32_t i = pushed->from; pushed->values && i < pushed->until; i++) {
                struct pushed_values *values = &pushed->values[i];
                values->count = values->next_count;
                values->sum_ms = values->next_sum_ms;
                memcpy(values->bucket, values->next_bucket, sizeof(values->bucket));
            }
        }
        pushed->from = pushed->until;
        send_page(pushed, multi);
        if (!pushed->is_under_way && end == REPLY_DONE)
            pushed->pushed_ns = pushed->points.until_ns;
    }
    if (!pushed->is_under_way && pushed->wants_another)
        pushed_begin(pushed, multi);
}

int64_t pushed_pass_time(struct pushed *pushed, CURLM *multi, int64_t now_ms)
{
    int64_t interval_ms = pushed->origin.settings->metric_interval_ms;
    if (pushed->next_ms == 0)
        pushed->next_ms = now_ms + interval_ms;
    if (now_ms >= pushed->next_ms) {
        pushed->next_ms = now_ms + interval_ms;
        pushed_begin(pushed, multi);
    }
    return pushed->next_ms;
}
