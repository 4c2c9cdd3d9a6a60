/* SPDX-License-Identifier: Apache-2.0 */
#include "server/telemetry/trace.h"

#include <sys/random.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/json/number.h"
#include "runtime/json/scan.h"
#include "runtime/telemetry/record.h"

bool trace_is_on;
static int trace_fd = -1;
static struct trace_sampler sampler;
static _Atomic uint64_t *dropped_spans;

static _Thread_local struct chimera_record record;
static _Thread_local uint64_t caller_span;  /* 0: the trace is ours */
static _Thread_local uint64_t random_state; /* 0: not seeded yet */

/* Ids must differ, not be secret: splitmix64, whose steps for one seed never repeat. Not 0. */
static uint64_t new_id(void)
{
    uint64_t mixed = 0;
    while (random_state == 0)
        if (getrandom(&random_state, sizeof(random_state), 0) < 0)
            random_state = chimera_clock_wall_ns() ^ (uint64_t)(uintptr_t)&random_state;
    while (mixed == 0) {
        random_state += 0x9e3779b97f4a7c15u;
        mixed = random_state;
        mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
        mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
        mixed ^= mixed >> 31;
    }
    return mixed;
}

static void add(const struct chimera_span *span, uint64_t id, uint64_t ended_ns)
{
    const struct chimera_record_span told = {.id = id,
                                             .parent =
                                                 span->parent ? span->parent->id : caller_span,
                                             .has_caller = !span->parent && caller_span,
                                             .started_ns = span->started_ns,
                                             .ended_ns = ended_ns,
                                             .is_error = span->is_error,
                                             .name = chimera_slice_of(span->name)};
    chimera_record_add_span(&record, &told, span->field, span->field_count);
}

/* What is logged is an event of its span. The spans around what guests say are not begun by us, so
 * they are made here, and last no time. */
static void take_event(enum chimera_log_level level, const char *target,
                       struct chimera_slice message, const struct chimera_log_field *fields,
                       size_t field_count)
{
    struct chimera_span *span = chimera_log_span, *around = span->id ? span : span->parent;
    struct chimera_record_event event = {.span = span->id,
                                         .at_ns = chimera_clock_wall_ns(),
                                         .level = level,
                                         .target = chimera_slice_of(target),
                                         .message = message};
    if (!around || !around->id)
        return;
    if (!span->id) {
        event.span = new_id();
        span->started_ns = event.at_ns;
        add(span, event.span, event.at_ns);
    }
    around->is_error = around->is_error || level == CHIMERA_LOG_ERROR;
    chimera_record_add_event(&record, &event, fields, field_count);
}

static bool read_ratio(const char *text, double *ret_ratio)
{
    struct chimera_slice slice = chimera_slice_of(text);
    if (text[0] < '0' || text[0] > '9' || chimera_json_check(slice, NULL) < 0)
        return false;
    struct chimera_number number = chimera_number_read(slice);
    *ret_ratio = number.kind == CHIMERA_NUMBER_F64 ? number.f64 : (double)number.u64;
    return *ret_ratio <= 1;
}

struct trace_sampler trace_sampler_read(const char *name, const char *argument, bool *ret_is_known)
{
    static const char prefix[] = "parentbased_";
    struct trace_sampler read = {.threshold = UINT64_MAX, .asks_caller = true};
    double ratio = 1;
    *ret_is_known = true;
    if (!name || !*name)
        return read;
    read.asks_caller = strncmp(name, prefix, strlen(prefix)) == 0;
    if (read.asks_caller)
        name += strlen(prefix);
    if (strcmp(name, "always_off") == 0)
        ratio = 0;
    else if (strcmp(name, "traceidratio") == 0)
        *ret_is_known = !argument || !*argument || read_ratio(argument, &ratio);
    else
        *ret_is_known = strcmp(name, "always_on") == 0;
    if (ratio < 1)
        read.threshold = (uint64_t)(ratio * 0x1p64);
    return read;
}

void trace_open(int fd, _Atomic uint64_t *dropped, struct trace_sampler chosen)
{
    trace_fd = fd;
    sampler = chosen;
    dropped_spans = dropped;
    trace_is_on = true;
    chimera_log_tap = take_event;
}

/* The same for all who see the trace, so that they choose alike. */
static bool is_below(const uint8_t *trace_id, uint64_t threshold)
{
    uint64_t last = 0;
    for (size_t i = CHIMERA_RECORD_TRACE_ID / 2; i < CHIMERA_RECORD_TRACE_ID; i++)
        last = last << 8 | trace_id[i];
    return last <= threshold && threshold > 0;
}

static bool begin_trace(const struct http_caller *caller)
{
    uint64_t id[2];
    _Static_assert(sizeof(id) == CHIMERA_RECORD_TRACE_ID, "a trace's id");
    _Static_assert(sizeof(caller->trace_id) == CHIMERA_RECORD_TRACE_ID, "a caller's trace's id");
    caller_span = caller ? caller->span : 0;
    if (caller_span) {
        memcpy(id, caller->trace_id, sizeof(id));
    } else {
        id[0] = new_id();
        id[1] = new_id();
    }
    bool is_traced = caller_span && sampler.asks_caller
                         ? caller->is_sampled
                         : is_below((const uint8_t *)id, sampler.threshold);
    if (is_traced)
        chimera_record_begin(&record, (const uint8_t *)id);
    return is_traced;
}

void trace_begin(struct chimera_span *span, const struct http_caller *caller)
{
    if (!span->parent && !begin_trace(caller))
        return;
    span->id = new_id();
    span->started_ns = chimera_clock_wall_ns();
}

void trace_end(struct chimera_span *span)
{
    if (span->complete)
        span->complete(span);
    add(span, span->id, chimera_clock_wall_ns());
    if (!span->parent) {
        uint64_t lost = record.dropped_spans;
        if (write(trace_fd, record.bytes, record.size) < 0)
            lost += record.spans;
        if (lost)
            atomic_fetch_add_explicit(dropped_spans, lost, memory_order_relaxed);
    }
}

const uint8_t *trace_current(void)
{
    bool is_traced = trace_is_on && chimera_log_span && chimera_log_span->id;
    return is_traced ? chimera_record_trace_id(&record) : NULL;
}
