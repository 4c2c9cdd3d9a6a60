/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/otlp/span_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define QUEUE_BYTES ((size_t)8 << 20)
#define PAGE_BYTES ((size_t)2 << 20) /* receivers take 4 MiB unless told otherwise */
#define READS_MAX 1024               /* before others get their turn */
#define GIVE_UP_MS 60000

int queued_open(struct queued *queued, const struct chimera_exporter_start *start,
                const struct encode_origin *origin, struct chimera_error *err)
{
    *queued = (struct queued){.start = start,
                              .origin = *origin,
                              .begin = calloc(origin->settings->queue_max, sizeof(size_t))};
    chimera_buffer_init(&queued->spans, QUEUE_BYTES);
    chimera_buffer_init(&queued->message, QUEUE_BYTES);
    if (!queued->begin)
        return chimera_fail_memory(err);
    return sender_open(&queued->sender, SIGNAL_TRACES, err);
}

void queued_close(struct queued *queued)
{
    sender_close(&queued->sender);
    chimera_buffer_free(&queued->spans);
    chimera_buffer_free(&queued->message);
    free(queued->begin);
}

static void drop(struct queued *queued, size_t count)
{
    queued->start->drop_spans(queued->start->context, count);
}

void queued_read(struct queued *queued, int64_t now_ms)
{
    char packet[CHIMERA_RECORD_MAX];
    for (unsigned i = 0; i < READS_MAX; i++) {
        ssize_t size = read(queued->start->span_fd, packet, sizeof(packet));
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return;
        size_t room = queued->origin.settings->queue_max - queued->count, lost;
        if (queued->count == 0)
            queued->oldest_ms = now_ms;
        queued->count += encode_packet((struct chimera_slice){packet, (size_t)size}, &queued->spans,
                                       queued->begin + queued->count, room, &lost);
        if (lost)
            drop(queued, lost);
    }
}

static void send_batch(struct queued *queued, CURLM *multi, int64_t now_ms)
{
    size_t count = queued->count, batch_max = queued->origin.settings->batch_max;
    if (count > batch_max)
        count = batch_max;
    while (count > 1 && count < queued->count && queued->begin[count] > PAGE_BYTES)
        count--;
    size_t bytes = count < queued->count ? queued->begin[count] : queued->spans.size;
    chimera_buffer_reset(&queued->message);
    encode_traces_join((struct chimera_slice){queued->spans.data, bytes}, &queued->origin,
                       &queued->message);
    bool is_sent = !queued->message.failed &&
                   sender_send(&queued->sender, multi, chimera_buffer_slice(&queued->message));
    size_t gone = count < queued->count ? queued->begin[count] : queued->spans.size;
    memmove(queued->spans.data, queued->spans.data + gone, queued->spans.size - gone);
    queued->spans.size -= gone;
    queued->count -= count;
    for (size_t i = 0; i < queued->count; i++)
        queued->begin[i] = queued->begin[i + count] - gone;
    queued->oldest_ms = now_ms;
    queued->sent = count;
    queued->sent_ms = now_ms;
    if (!is_sent)
        drop(queued, count);
}

void queued_ended(struct queued *queued, CURLM *multi, CURLcode result, int64_t now_ms)
{
    enum reply_result end = sender_ended(&queued->sender, multi, result, now_ms);
    if (end == REPLY_RETRY && !queued->is_ending && now_ms - queued->sent_ms < GIVE_UP_MS)
        return;
    sender_give_up(&queued->sender);
    if (end != REPLY_DONE)
        drop(queued, queued->sent);
}

int64_t queued_pass_time(struct queued *queued, CURLM *multi, int64_t now_ms)
{
    const struct settings *settings = queued->origin.settings;
    sender_pass_time(&queued->sender, multi, now_ms);
    if (sender_state(&queued->sender) == SENDER_BUSY)
        return queued->sender.retry_at_ms ? queued->sender.retry_at_ms : INT64_MAX;
    if (queued->count == 0)
        return INT64_MAX;
    int64_t due_ms = queued->oldest_ms + settings->batch_delay_ms;
    if (queued->is_ending || queued->count >= settings->batch_max || now_ms >= due_ms) {
        send_batch(queued, multi, now_ms);
        return INT64_MAX;
    }
    return due_ms;
}
