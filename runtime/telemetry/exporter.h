/* SPDX-License-Identifier: Apache-2.0 */
/* exporter.h - between the server and the plugin that exports its metrics and traces.
 *
 * The server forks a process for it, which opens the plugin and calls `run`; nothing of the plugin,
 * nor of the libraries that it needs, is in a process that serves. The plugin exports one symbol,
 * CHIMERA_EXPORTER_SYMBOL, a constant `struct chimera_exporter`.
 */
#ifndef CHIMERA_TELEMETRY_EXPORTER_H
#define CHIMERA_TELEMETRY_EXPORTER_H

#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/log/log.h"

#define CHIMERA_EXPORTER_ABI 2
#define CHIMERA_EXPORTER_SYMBOL "chimera_exporter"
#define CHIMERA_METRIC_ATTRIBUTES 10
#define CHIMERA_METRIC_BUCKETS 32

enum chimera_metric {
    CHIMERA_METRIC_EVALUATIONS,   /* kubewarden_policy_evaluations_total; with a latency, counted in
                                     kubewarden_policy_evaluation_latency_milliseconds, too */
    CHIMERA_METRIC_DROPPED_SPANS, /* chimera_dropped_spans_total */
};

struct chimera_metric_point { /* one set of attributes, since the start of the server */
    enum chimera_metric metric;
    struct chimera_log_field attribute[CHIMERA_METRIC_ATTRIBUTES];
    size_t attribute_count;
    uint64_t count;
    bool has_latency;
    uint64_t latency_sum_ms;
    uint64_t bucket[CHIMERA_METRIC_BUCKETS]; /* not cumulative; one more than there are bounds */
};

struct chimera_exporter_start { /* borrowed */
    bool has_metrics, has_traces;
    int span_fd; /* a pipe of packets (record.h), read without waiting; -1 without traces */
    int stop_fd; /* readable when it is time to end */
    const char *version;
    uint64_t started_ns; /* of the server, since 1970 */

    /* Points are numbered, and keep their numbers. False: there is none of this number. What it
     * holds lives until the next call. */
    bool (*read_point)(void *context, uint32_t number, struct chimera_metric_point *ret_point);
    uint32_t point_count;
    const uint32_t *bound_ms; /* of the latency's buckets */
    size_t bound_count;

    void (*ready)(void *context); /* the settings are good; from now on trouble is only logged */
    void (*drop_spans)(void *context, uint64_t count); /* these could not be exported */
    void *context;

    /* The plugin has its own copy of the log. */
    int log_fd;
    enum chimera_log_form log_form;
    enum chimera_log_level log_from;
};

struct chimera_exporter {
    uint32_t abi, size;
    /* Reads the OTEL_* variables and exports until told to end; then what is left, for a moment. A
     * negative code when the settings are wrong. */
    int (*run)(const struct chimera_exporter_start *start, struct chimera_error *err);
};

#endif
