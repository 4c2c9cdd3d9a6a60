/* SPDX-License-Identifier: Apache-2.0 */
/* otlp_encode.h - OTLP's messages: opentelemetry-proto's metrics/v1, trace/v1 and their collector
 * services, of which the field numbers here are.
 */
#ifndef CHIMERA_OTLP_OTLP_ENCODE_H
#define CHIMERA_OTLP_OTLP_ENCODE_H

#include "plugins/otlp/protobuf.h"
#include "plugins/otlp/settings.h"
#include "runtime/telemetry/exporter.h"
#include "runtime/telemetry/record.h"

struct encode_origin { /* borrowed: what both kinds of messages begin with */
    const struct settings *settings;
    const char *version;
};

/* --- Metrics: a list for each metric, filled point by point, then joined --- */

struct encode_metrics { /* data points, of which each has its field's tag */
    struct chimera_buffer evaluations, latencies, dropped;
    uint64_t from_ns, until_ns;
    const uint32_t *bound_ms;
    size_t bound_count;
    bool is_delta;
};

void encode_metrics_init(struct encode_metrics *metrics);
void encode_metrics_reset(struct encode_metrics *metrics);
void encode_metrics_free(struct encode_metrics *metrics);
size_t encode_metrics_size(const struct encode_metrics *metrics);
void encode_point(struct encode_metrics *metrics, const struct chimera_metric_point *point);
/* An ExportMetricsServiceRequest. */
void encode_metrics_join(const struct encode_metrics *metrics, const struct encode_origin *origin,
                         struct chimera_buffer *out);

/* --- Traces --- */

/* Appends the spans of a packet, each with its field's tag in ScopeSpans, and tells where each
 * begins. Returns how many, at most `max`; *ret_lost is how many found no room, and 1 for what is
 * no packet. */
size_t encode_packet(struct chimera_slice packet, struct chimera_buffer *out, size_t *ret_begin,
                     size_t max, size_t *ret_lost);
/* An ExportTraceServiceRequest of such spans. */
void encode_traces_join(struct chimera_slice spans, const struct encode_origin *origin,
                        struct chimera_buffer *out);

#endif
