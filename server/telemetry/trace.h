/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h - the worker's half of traces: the spans of each request as a packet to the exporter.
 *
 * Off unless it is opened. A packet is made in memory of the thread and written once, at the end of
 * the request, to a pipe; when that is full, the packet is dropped and counted: nothing waits.
 */
#ifndef CHIMERA_SERVER_TELEMETRY_TRACE_H
#define CHIMERA_SERVER_TELEMETRY_TRACE_H

#include <stdatomic.h>

#include "runtime/log/log.h"
#include "server/http/http1.h"

struct trace_sampler {  /* which requests are traced */
    uint64_t threshold; /* those whose id's last eight bytes are not above it */
    bool asks_caller;   /* where there is one, its word counts */
};

/* By OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG (either may be NULL). What is not understood
 * means all of them, and *ret_is_known false. */
struct trace_sampler trace_sampler_read(const char *name, const char *argument, bool *ret_is_known);

/* For the life of the process, before there are threads. `dropped` counts spans. */
void trace_open(int fd, _Atomic uint64_t *dropped, struct trace_sampler chosen);

extern bool trace_is_on;

/* Only while it is on, and of one thread in order. A span without a parent begins a trace, or goes
 * on with the caller's (NULL: there is none); its end sends it. */
void trace_begin(struct chimera_span *span, const struct http_caller *caller);
void trace_end(struct chimera_span *span);

/* The id of the trace that the calling thread is in, CHIMERA_RECORD_TRACE_ID bytes, until the
 * request ends; NULL: it is in none. */
const uint8_t *trace_current(void);

#endif
