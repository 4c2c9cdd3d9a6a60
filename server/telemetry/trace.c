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
static uint64_t trace_threshold; /* ids up to it are traced */
static _Atomic uint64_t *dropped_spans;

static _Thread_local struct chimera_record record;
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
                                             .parent = span->parent ? span->parent->id : 0,
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

uint64_t trace_sampler(const char *name, const char *argument, bool *ret_is_known)
{
    static const char prefix[] = "parentbased_";
    double ratio = 1;
    *ret_is_known = true;
    if (!name || !*name)
        return UINT64_MAX;
    if (strncmp(name, prefix, strlen(prefix)) == 0)
        name += strlen(prefix);
    if (strcmp(name, "always_off") == 0)
        return 0;
    if (strcmp(name, "traceidratio") == 0)
        *ret_is_known = !argument || !*argument || read_ratio(argument, &ratio);
    else
        *ret_is_known = strcmp(name, "always_on") == 0;
    return ratio >= 1 ? UINT64_MAX : (uint64_t)(ratio * 0x1p64);
}

void trace_open(int fd, _Atomic uint64_t *dropped, uint64_t threshold)
{
    trace_fd = fd;
    trace_threshold = threshold;
    dropped_spans = dropped;
    trace_is_on = true;
    chimera_log_tap = take_event;
}

void trace_begin(struct chimera_span *span)
{
    if (!span->parent) {
        uint64_t id[2] = {new_id(), new_id()};
        _Static_assert(sizeof(id) == CHIMERA_RECORD_TRACE_ID, "a trace's id");
        if (id[1] > trace_threshold)
            return;
        chimera_record_begin(&record, (const uint8_t *)id);
    }
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
