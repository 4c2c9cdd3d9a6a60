/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/report/metrics.h"

#include <math.h>
#include <string.h>

#include "runtime/text/figures.h"

static bool get_range(const struct bench_range *range, uint64_t *ret_value)
{
    *ret_value = range->max;
    return range->is_known;
}

/* Not the number that stands for none; what is too great for 64 bits is no time. */
static bool get_time(double nanoseconds, bool is_known, uint64_t *ret_value)
{
    bool is_good = is_known && nanoseconds >= 0 && nanoseconds < 1e19;
    *ret_value = is_good ? (uint64_t)ceil(nanoseconds) : 0;
    return is_good;
}

#define RANGE(name)                                                              \
    static bool get_##name(const struct bench_point *point, uint64_t *ret_value) \
    {                                                                            \
        return get_range(&point->name, ret_value);                               \
    }
#define TIME(name, value, condition)                                             \
    static bool get_##name(const struct bench_point *point, uint64_t *ret_value) \
    {                                                                            \
        return get_time(point->value, point->condition, ret_value);              \
    }

RANGE(wasm_instructions)
RANGE(start_wasm_instructions)
RANGE(host_calls)
RANGE(native_instructions)
RANGE(dirty_pages)
TIME(min, evaluation.min, evaluation.count > 0)
TIME(mean, evaluation.mean, evaluation.count > 0)
TIME(p50, evaluation.p50, evaluation.count > 0)
TIME(p90, evaluation.p90, evaluation.count > 0)
TIME(p99, evaluation.p99, evaluation.count > 0)
TIME(p999, evaluation.p999, evaluation.count > 0)
TIME(max, evaluation.max, evaluation.count > 0)
TIME(throughput, throughput, evaluation.count > 0)
TIME(copy_in, copy_in, has_phases)
TIME(guest, guest, has_phases)
TIME(host, host, has_phases)
TIME(answer, answer, has_phases)
TIME(reset, reset, has_phases)
TIME(settings, settings.p50, settings.count > 0)
TIME(cold_load, cold_load, cold_load > 0)
TIME(cold_start, cold_start, cold_start > 0)
TIME(cold_first, cold_first, cold_first > 0)

static bool get_memory_peak(const struct bench_point *point, uint64_t *ret_value)
{
    *ret_value = point->memory_peak;
    return point->memory_peak > 0;
}

const struct bench_metric bench_metrics[] = {
    {"wasmInstructions", "wasm_instructions", BENCH_COUNT, true, true, get_wasm_instructions,
     "WebAssembly instructions of one evaluation, behind the snapshot"},
    {"startWasmInstructions", "start_wasm_instructions", BENCH_COUNT, true, true,
     get_start_wasm_instructions, "WebAssembly instructions before the snapshot, once an instance"},
    {"hostCalls", "host_calls", BENCH_COUNT, true, true, get_host_calls,
     "Host calls of one evaluation"},
    {"dirtyPages", "dirty_pages", BENCH_COUNT, false, true, get_dirty_pages,
     "Pages of 4096 bytes that one evaluation writes, and the reset brings back"},
    {"memoryPeak", "memory_peak", BENCH_BYTES, true, true, get_memory_peak,
     "Linear memory at its largest"},
    {"nativeInstructions", "native_instructions", BENCH_COUNT, false, true, get_native_instructions,
     "Instructions of this machine for one evaluation"},
    {"min", "min_ns", BENCH_TIME, false, false, get_min, "The shortest evaluation"},
    {"mean", "mean_ns", BENCH_TIME, false, true, get_mean, "The mean time of an evaluation"},
    {"p50", "p50_ns", BENCH_TIME, false, true, get_p50,
     "The time that half of the evaluations do not exceed"},
    {"p90", "p90_ns", BENCH_TIME, false, true, get_p90,
     "The time that 90 of 100 evaluations do not exceed"},
    {"p99", "p99_ns", BENCH_TIME, false, true, get_p99,
     "The time that 99 of 100 evaluations do not exceed"},
    {"p999", "p999_ns", BENCH_TIME, false, true, get_p999,
     "The time that 999 of 1000 evaluations do not exceed"},
    {"max", "max_ns", BENCH_TIME, false, true, get_max, "The longest evaluation"},
    {"throughput", "throughput", BENCH_RATE, false, false, get_throughput,
     "Evaluations in a second, of all threads"},
    {"copyIn", "copy_in_ns", BENCH_TIME, false, false, get_copy_in,
     "Mean time to bring the request into the guest's memory"},
    {"guest", "guest_ns", BENCH_TIME, false, false, get_guest, "Mean time of the guest's own code"},
    {"host", "host_ns", BENCH_TIME, false, false, get_host, "Mean time of what the guest calls"},
    {"answer", "answer_ns", BENCH_TIME, false, false, get_answer, "Mean time to read the answer"},
    {"reset", "reset_ns", BENCH_TIME, false, false, get_reset,
     "Mean time to bring the memory back"},
    {"settings", "settings_ns", BENCH_TIME, false, true, get_settings,
     "The time of a check of the settings, the median"},
    {"coldLoad", "cold_load_ns", BENCH_TIME, false, true, get_cold_load,
     "The time to load and audit the plugin"},
    {"coldStart", "cold_start_ns", BENCH_TIME, false, true, get_cold_start,
     "The time from the loaded plugin to the snapshot"},
    {"coldFirst", "cold_first_ns", BENCH_TIME, false, true, get_cold_first,
     "The time of the first evaluation behind that"},
    {0},
};

_Static_assert(sizeof(bench_metrics) / sizeof(*bench_metrics) == BENCH_METRICS + 1,
               "lists of metrics have room for all");

const struct bench_metric *const bench_wasm_instructions = bench_metrics;

const struct bench_metric *bench_metric_find(const char *key)
{
    for (const struct bench_metric *metric = bench_metrics; metric->key; metric++)
        if (strcmp(metric->key, key) == 0)
            return metric;
    return NULL;
}

void bench_metric_put(enum bench_unit unit, uint64_t value, bool is_utf8,
                      struct chimera_buffer *out)
{
    if (unit == BENCH_BYTES)
        chimera_figure_bytes(value, out);
    else if (unit != BENCH_TIME)
        chimera_figure_count(value, out);
    else if (!is_utf8 && value >= 1000 && value < 1000000) /* there "us", not "µs" */
        chimera_buffer_print(out, "%.*f us",
                             value < 9995    ? 2
                             : value < 99950 ? 1
                                             : 0,
                             (double)value / 1e3);
    else
        chimera_figure_duration(value, out);
}
