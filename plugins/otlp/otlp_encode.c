/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/otlp/otlp_encode.h"

#define POINTS_MAX ((size_t)8 << 20)
#define SCOPE_METRICS "kubewarden"
#define SCOPE_TRACES "kubewarden-policy-server"
#define EVALUATIONS "kubewarden_policy_evaluations_total"
#define LATENCY "kubewarden_policy_evaluation_latency_milliseconds"
#define DROPPED "chimera_dropped_spans_total"

enum { TEMPORALITY_DELTA = 1, TEMPORALITY_CUMULATIVE = 2 };
enum { KIND_INTERNAL = 1, KIND_SERVER = 2 };
enum { STATUS_ERROR = 2 };

/* KeyValue { key = 1, AnyValue value = 2 { string = 1, bool = 2, int = 3 } } */
static void put_text(struct chimera_buffer *out, unsigned field, struct chimera_slice key,
                     struct chimera_slice text)
{
    size_t pair = protobuf_begin(out, field);
    protobuf_put_text(out, 1, key);
    size_t value = protobuf_begin(out, 2);
    protobuf_put_text(out, 1, text);
    protobuf_end(out, value);
    protobuf_end(out, pair);
}

static void put_number(struct chimera_buffer *out, unsigned field, struct chimera_slice key,
                       bool is_bool, int64_t number)
{
    size_t pair = protobuf_begin(out, field);
    protobuf_put_text(out, 1, key);
    size_t value = protobuf_begin(out, 2);
    protobuf_put_varint(out, is_bool ? 2 : 3, is_bool ? number != 0 : (uint64_t)number);
    protobuf_end(out, value);
    protobuf_end(out, pair);
}

static void put_attributes(struct chimera_buffer *out, unsigned field,
                           const struct chimera_log_field *attribute, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct chimera_log_field *at = &attribute[i];
        struct chimera_slice key = chimera_slice_of(at->name);
        if (at->kind == CHIMERA_FIELD_NUMBER || at->kind == CHIMERA_FIELD_BOOL)
            put_number(out, field, key, at->kind == CHIMERA_FIELD_BOOL, at->number);
        else
            put_text(out, field, key, at->text);
    }
}

/* Resource resource = 1 { attributes = 1 }, which ResourceMetrics and ResourceSpans begin with. */
static void put_resource(struct chimera_buffer *out, const struct encode_origin *origin)
{
    const struct settings *settings = origin->settings;
    size_t resource = protobuf_begin(out, 1);
    for (size_t i = 0; i < settings->attribute_count; i++)
        put_text(out, 1, chimera_slice_of(settings->attribute[i].key),
                 chimera_slice_of(settings->attribute[i].value));
    put_text(out, 1, CHIMERA_SLICE("telemetry.sdk.name"), CHIMERA_SLICE("chimera"));
    put_text(out, 1, CHIMERA_SLICE("telemetry.sdk.version"), chimera_slice_of(origin->version));
    protobuf_end(out, resource);
}

/* InstrumentationScope scope = 1 { name = 1, version = 2 } */
static void put_scope(struct chimera_buffer *out, const char *name, const char *version)
{
    size_t scope = protobuf_begin(out, 1);
    protobuf_put_text(out, 1, chimera_slice_of(name));
    protobuf_put_text(out, 2, chimera_slice_of(version));
    protobuf_end(out, scope);
}

/* --- Metrics --- */

void encode_metrics_init(struct encode_metrics *metrics)
{
    chimera_buffer_init(&metrics->evaluations, POINTS_MAX);
    chimera_buffer_init(&metrics->latencies, POINTS_MAX);
    chimera_buffer_init(&metrics->dropped, POINTS_MAX);
}

void encode_metrics_reset(struct encode_metrics *metrics)
{
    chimera_buffer_reset(&metrics->evaluations);
    chimera_buffer_reset(&metrics->latencies);
    chimera_buffer_reset(&metrics->dropped);
}

void encode_metrics_free(struct encode_metrics *metrics)
{
    chimera_buffer_free(&metrics->evaluations);
    chimera_buffer_free(&metrics->latencies);
    chimera_buffer_free(&metrics->dropped);
}

size_t encode_metrics_size(const struct encode_metrics *metrics)
{
    return metrics->evaluations.size + metrics->latencies.size + metrics->dropped.size;
}

/* Both kinds of points have their times at 2 and 3. */
static void put_times(struct chimera_buffer *out, const struct encode_metrics *metrics)
{
    protobuf_put_fixed64(out, 2, metrics->from_ns);
    protobuf_put_fixed64(out, 3, metrics->until_ns);
}

/* NumberDataPoint { attributes = 7, start = 2, time = 3, as_int = 6 } */
static void put_count(struct chimera_buffer *out, const struct encode_metrics *metrics,
                      const struct chimera_metric_point *point)
{
    size_t data = protobuf_begin(out, 1);
    put_times(out, metrics);
    protobuf_put_fixed64(out, 6, point->count);
    put_attributes(out, 7, point->attribute, point->attribute_count);
    protobuf_end(out, data);
}

/* HistogramDataPoint { attributes = 9, start = 2, time = 3, count = 4, sum = 5, bucket_counts = 6,
 * explicit_bounds = 7 } */
static void put_latency(struct chimera_buffer *out, const struct encode_metrics *metrics,
                        const struct chimera_metric_point *point)
{
    uint64_t count = 0; /* by the buckets, which a receiver compares it with */
    for (size_t i = 0; i <= metrics->bound_count; i++)
        count += point->bucket[i];
    size_t data = protobuf_begin(out, 1);
    put_times(out, metrics);
    protobuf_put_fixed64(out, 4, count);
    protobuf_put_double(out, 5, (double)point->latency_sum_ms);
    size_t buckets = protobuf_begin(out, 6);
    for (size_t i = 0; i <= metrics->bound_count; i++)
        protobuf_add_fixed64(out, point->bucket[i]);
    protobuf_end(out, buckets);
    size_t bounds = protobuf_begin(out, 7);
    for (size_t i = 0; i < metrics->bound_count; i++)
        protobuf_add_double(out, metrics->bound_ms[i]);
    protobuf_end(out, bounds);
    put_attributes(out, 9, point->attribute, point->attribute_count);
    protobuf_end(out, data);
}

void encode_point(struct encode_metrics *metrics, const struct chimera_metric_point *point)
{
    if (point->metric == CHIMERA_METRIC_DROPPED_SPANS) {
        put_count(&metrics->dropped, metrics, point);
        return;
    }
    put_count(&metrics->evaluations, metrics, point);
    if (point->has_latency)
        put_latency(&metrics->latencies, metrics, point);
}

/* Metric metrics = 2 { name = 1, description = 2, unit = 3, Sum sum = 7, Histogram histogram = 9 },
 * both with their points at 1 and aggregation_temporality = 2; Sum has is_monotonic = 3. */
static void put_metric(struct chimera_buffer *out, const char *name, const char *description,
                       const struct chimera_buffer *points, bool is_histogram, bool is_delta)
{
    if (points->size == 0)
        return;
    size_t metric = protobuf_begin(out, 2);
    protobuf_put_text(out, 1, chimera_slice_of(name));
    protobuf_put_text(out, 2, chimera_slice_of(description));
    size_t data = protobuf_begin(out, is_histogram ? 9 : 7);
    chimera_buffer_append(out, chimera_buffer_slice(points));
    protobuf_put_varint(out, 2, is_delta ? TEMPORALITY_DELTA : TEMPORALITY_CUMULATIVE);
    if (!is_histogram)
        protobuf_put_varint(out, 3, true);
    protobuf_end(out, data);
    protobuf_end(out, metric);
}

void encode_metrics_join(const struct encode_metrics *metrics, const struct encode_origin *origin,
                         struct chimera_buffer *out)
{
    bool is_delta = metrics->is_delta;
    size_t resource = protobuf_begin(out, 1);
    put_resource(out, origin);
    size_t scope = protobuf_begin(out, 2);
    put_scope(out, SCOPE_METRICS, origin->version);
    put_metric(out, EVALUATIONS, "Number of policy evaluations", &metrics->evaluations, false,
               is_delta);
    put_metric(out, LATENCY, "Latency of policy evaluations in milliseconds", &metrics->latencies,
               true, is_delta);
    put_metric(out, DROPPED, "Spans that were not exported", &metrics->dropped, false, is_delta);
    protobuf_end(out, scope);
    protobuf_end(out, resource);
    if (!out->failed)
        out->failed = metrics->evaluations.failed ? metrics->evaluations.failed
                      : metrics->latencies.failed ? metrics->latencies.failed
                                                  : metrics->dropped.failed;
}

/* --- Traces --- */

static void put_id(struct chimera_buffer *out, unsigned field, uint64_t id)
{
    char bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(id >> (56 - 8 * i));
    protobuf_put_bytes(out, field, (struct chimera_slice){bytes, sizeof(bytes)});
}

static void put_fields(struct chimera_buffer *out, unsigned number, struct chimera_slice fields)
{
    struct chimera_record_field field;
    while (chimera_record_next_field(&fields, &field)) {
        if (field.is_text)
            put_text(out, number, field.name, field.text);
        else
            put_number(out, number, field.name, field.is_bool, field.number);
    }
}

static void put_events(struct chimera_buffer *out, uint64_t span, struct chimera_slice items)
{
    static const char *const levels[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR"};
    struct chimera_record_item item;
    while (chimera_record_next(&items, &item))
        if (!item.is_span && item.event.span == span) {
            /* Event { time = 1, name = 2, attributes = 3, dropped_attributes_count = 4 } */
            size_t event = protobuf_begin(out, 11);
            protobuf_put_fixed64(out, 1, item.event.at_ns);
            protobuf_put_text(out, 2,
                              item.event.message.data ? item.event.message : item.event.target);
            put_text(out, 3, CHIMERA_SLICE("level"), chimera_slice_of(levels[item.event.level]));
            put_text(out, 3, CHIMERA_SLICE("target"), item.event.target);
            put_fields(out, 3, item.fields);
            if (item.dropped)
                protobuf_put_varint(out, 4, item.dropped);
            protobuf_end(out, event);
        }
}

/* Span spans = 2 { trace_id = 1, span_id = 2, parent_span_id = 4, name = 5, kind = 6, start = 7,
 * end = 8, attributes = 9, dropped_attributes_count = 10, events = 11, status = 15 { code = 3 } }
 */
static void put_span(struct chimera_buffer *out, const uint8_t *trace_id,
                     const struct chimera_record_item *item, struct chimera_slice items)
{
    const struct chimera_record_span *span = &item->span;
    size_t begin = protobuf_begin(out, 2);
    protobuf_put_bytes(out, 1,
                       (struct chimera_slice){(const char *)trace_id, CHIMERA_RECORD_TRACE_ID});
    put_id(out, 2, span->id);
    if (span->parent)
        put_id(out, 4, span->parent);
    protobuf_put_text(out, 5, span->name);
    bool is_root = !span->parent || span->has_caller;
    protobuf_put_varint(out, 6, is_root ? KIND_SERVER : KIND_INTERNAL);
    protobuf_put_fixed64(out, 7, span->started_ns);
    protobuf_put_fixed64(out, 8, span->ended_ns);
    put_fields(out, 9, item->fields);
    if (item->dropped)
        protobuf_put_varint(out, 10, item->dropped);
    put_events(out, span->id, items);
    if (span->is_error) {
        size_t status = protobuf_begin(out, 15);
        protobuf_put_varint(out, 3, STATUS_ERROR);
        protobuf_end(out, status);
    }
    protobuf_end(out, begin);
}

size_t encode_packet(struct chimera_slice packet, struct chimera_buffer *out, size_t *ret_begin,
                     size_t max, size_t *ret_lost)
{
    const uint8_t *trace_id;
    struct chimera_slice items, rest;
    struct chimera_record_item item;
    size_t count = 0;
    *ret_lost = 1;
    if (!chimera_record_open(packet, &trace_id, &items))
        return 0;
    *ret_lost = 0;
    rest = items;
    while (chimera_record_next(&rest, &item)) {
        size_t begin = out->size;
        if (!item.is_span || item.span.id == 0)
            continue;
        if (count < max)
            put_span(out, trace_id, &item, items);
        if (count < max && !out->failed) {
            ret_begin[count++] = begin;
            continue;
        }
        out->size = begin; /* as if it had not come */
        out->failed = 0;
        ++*ret_lost;
    }
    return count;
}

void encode_traces_join(struct chimera_slice spans, const struct encode_origin *origin,
                        struct chimera_buffer *out)
{
    size_t resource = protobuf_begin(out, 1);
    put_resource(out, origin);
    size_t scope = protobuf_begin(out, 2);
    put_scope(out, SCOPE_TRACES, origin->version);
    chimera_buffer_append(out, spans);
    protobuf_end(out, scope);
    protobuf_end(out, resource);
}
