/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - the exporter as the supervisor and the workers see it.
 *
 * One process for the life of the server, when metrics or traces are asked for. It is started again
 * when it dies, after a pause; what it could not export meanwhile is gone, and nothing else is.
 */
#ifndef CHIMERA_SERVER_TELEMETRY_CHILD_H
#define CHIMERA_SERVER_TELEMETRY_CHILD_H

#include <sys/types.h>

#include "server/base/shared_memory.h"
#include "server/config/config.h"
#include "server/telemetry/trace.h"

struct telemetry {
    const struct config *config;
    struct shared *scoreboard, *counters; /* borrowed */
    struct shared page;                   /* a struct telemetry_page */
    int span_read, span_write;            /* a pipe of packets; -1 without traces */
    struct trace_sampler sampler;
    uint64_t started_ns;   /* since 1970 */
    pid_t pid;             /* 0: none */
    int64_t exporter_ms;   /* since when */
    int64_t restart_at_ms; /* 0: it is not to be started */
    unsigned backoff_ms;
};

#define TELEMETRY_NONE ((struct telemetry){.page = SHARED_NONE, .span_read = -1, .span_write = -1})

/* Starts the exporter if it is wanted, and waits until it has read its settings: what is wrong with
 * them is a failure. */
int telemetry_open(struct telemetry *telemetry, const struct config *config,
                   struct shared *scoreboard, struct shared *counters, struct chimera_error *err);
/* True when it was this process. */
bool telemetry_reaped(struct telemetry *telemetry, pid_t pid, int status);
/* What is due; when to be called again, INT64_MAX: never. */
int64_t telemetry_pass_time(struct telemetry *telemetry, int64_t now_ms);
/* Lets it export what is left, for some seconds. */
void telemetry_stop(struct telemetry *telemetry);

/* In a worker, which has mapped `page` if there are traces: has requests traced if that is wanted.
 */
void telemetry_enter_worker(const struct telemetry *telemetry);

#endif
