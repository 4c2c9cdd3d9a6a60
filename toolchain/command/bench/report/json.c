/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/report/json.h"

#include <math.h>

#include "runtime/json/tree.h"

/* Writes members, with what stands before each. */
struct writer {
    struct chimera_buffer *out;
    const char *before; /* "", or what divides from the member before */
};

static void put_key(struct writer *writer, const char *key)
{
    chimera_buffer_print(writer->out, "%s\"%s\": ", writer->before, key);
    writer->before = ", ";
}

static void put_text(struct writer *writer, const char *key, const char *text)
{
    if (!text)
        return;
    put_key(writer, key);
    chimera_json_write_string(chimera_slice_of(text), writer->out);
}

static void put_count(struct writer *writer, const char *key, uint64_t count)
{
    put_key(writer, key);
    chimera_buffer_print(writer->out, "%llu", (unsigned long long)count);
}

static void put_number(struct writer *writer, const char *key, double number)
{
    put_key(writer, key);
    chimera_json_write_double(isfinite(number) ? number : 0, writer->out);
}

static struct writer begin(struct writer *writer, const char *key)
{
    put_key(writer, key);
    chimera_buffer_byte(writer->out, '{');
    return (struct writer){writer->out, ""};
}

static void end(const struct writer *writer)
{
    chimera_buffer_byte(writer->out, '}');
}

static void put_range(struct writer *writer, const char *key, const struct bench_range *range)
{
    if (!range->is_known)
        return;
    struct writer inner = begin(writer, key);
    put_count(&inner, "min", range->min);
    put_count(&inner, "max", range->max);
    end(&inner);
}

static void put_times(struct writer *writer, const char *key, const struct bench_times *times)
{
    if (times->count == 0)
        return;
    struct writer inner = begin(writer, key);
    put_count(&inner, "count", times->count);
    put_number(&inner, "min", times->min);
    put_number(&inner, "mean", times->mean);
    put_number(&inner, "p50", times->p50);
    put_number(&inner, "p90", times->p90);
    put_number(&inner, "p99", times->p99);
    put_number(&inner, "p999", times->p999);
    put_number(&inner, "max", times->max);
    end(&inner);
}

/* The buckets that have any: from which time on, and how many. */
static void put_histogram(struct writer *writer, const struct bench_histogram *histogram)
{
    if (!histogram || histogram->count == 0)
        return;
    struct writer inner = begin(writer, "histogram");
    put_count(&inner, "min", histogram->min);
    put_count(&inner, "max", histogram->max);
    put_number(&inner, "sum", histogram->sum);
    for (int is_count = 0; is_count < 2; is_count++) {
        const char *before = "";
        put_key(&inner, is_count ? "counts" : "from");
        chimera_buffer_byte(inner.out, '[');
        for (size_t i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++) {
            uint64_t count = histogram->bucket[i];
            if (count == 0)
                continue;
            chimera_buffer_print(inner.out, "%s%llu", before,
                                 (unsigned long long)(is_count ? count : bench_histogram_least(i)));
            before = ", ";
        }
        chimera_buffer_byte(inner.out, ']');
    }
    end(&inner);
}

static void put_phases(struct writer *writer, const struct bench_point *point)
{
    if (!point->has_phases)
        return;
    struct writer inner = begin(writer, "phases");
    put_number(&inner, "copyIn", point->copy_in);
    put_number(&inner, "guest", point->guest);
    put_number(&inner, "host", point->host);
    put_number(&inner, "answer", point->answer);
    put_number(&inner, "reset", point->reset);
    end(&inner);
}

static void put_figures(struct writer *writer, const struct bench_point *point)
{
    put_text(writer, "verdict", bench_verdict_name(point->verdict));
    put_text(writer, "message", point->message);
    put_range(writer, "wasmInstructions", &point->wasm_instructions);
    put_range(writer, "startWasmInstructions", &point->start_wasm_instructions);
    put_range(writer, "hostCalls", &point->host_calls);
    put_range(writer, "nativeInstructions", &point->native_instructions);
    put_range(writer, "dirtyPages", &point->dirty_pages);
    if (point->memory_peak > 0)
        put_count(writer, "memoryPeak", point->memory_peak);
    put_times(writer, "evaluation", &point->evaluation);
    put_histogram(writer, point->histogram);
    struct writer mean = begin(writer, "meanInterval");
    put_number(&mean, "low", point->mean_low);
    put_number(&mean, "high", point->mean_high);
    end(&mean);
    put_number(writer, "throughput", point->throughput);
    put_count(writer, "late", point->late);
    put_count(writer, "missed", point->missed);
    put_phases(writer, point);
    put_times(writer, "settings", &point->settings);
    struct writer cold = begin(writer, "cold");
    put_number(&cold, "load", point->cold_load);
    put_number(&cold, "start", point->cold_start);
    put_number(&cold, "first", point->cold_first);
    end(&cold);
}

static void put_point(const struct bench_point *point, struct chimera_buffer *out)
{
    struct writer writer = {out, ""};
    chimera_buffer_text(out, "    {");
    put_text(&writer, "policy", point->policy ? point->policy : "");
    put_text(&writer, "request", point->request ? point->request : "");
    put_text(&writer, "module", point->module);
    if (point->wasm_digest[0]) {
        put_key(&writer, "digest");
        chimera_buffer_print(out, "\"sha256:%s\"", point->wasm_digest);
    }
    put_text(&writer, "mode", point->mode);
    put_text(&writer, "tier", point->tier);
    put_text(&writer, "failure", point->failure);
    if (!point->failure)
        put_figures(&writer, point);
    chimera_buffer_byte(out, '}');
}

void bench_json_write(const struct bench_run *run, struct chimera_buffer *out)
{
    struct writer writer = {out, "{\n  "};
#define NEXT_LINE writer.before = ",\n  "
    put_text(&writer, "format", BENCH_JSON_FORMAT), NEXT_LINE;
    put_text(&writer, "version", run->version), NEXT_LINE;
    put_text(&writer, "toolchain", run->toolchain), NEXT_LINE;
    put_text(&writer, "machine", run->machine), NEXT_LINE;
    put_text(&writer, "time", run->time), NEXT_LINE;
    put_count(&writer, "threads", run->threads), NEXT_LINE;
    put_number(&writer, "rate", run->rate), NEXT_LINE;
    put_number(&writer, "warmUpSeconds", run->warm_up), NEXT_LINE;
    put_number(&writer, "measurementSeconds", run->measurement), NEXT_LINE;
    put_number(&writer, "overhead", run->overhead), NEXT_LINE;
    put_text(&writer, "nativeObstacle", run->native_obstacle), NEXT_LINE;
    put_text(&writer, "countObstacle", run->count_obstacle), NEXT_LINE;
    put_key(&writer, "isInterrupted"), NEXT_LINE;
    chimera_buffer_text(out, run->is_interrupted ? "true" : "false");
    put_key(&writer, "points");
#undef NEXT_LINE
    for (size_t i = 0; i < run->count; i++) {
        chimera_buffer_text(out, i > 0 ? ",\n" : "[\n");
        put_point(&run->point[i], out);
    }
    chimera_buffer_text(out, run->count > 0 ? "\n  ]\n}\n" : "[]\n}\n");
}

const char *bench_verdict_name(enum bench_verdict verdict)
{
    static const char *const names[] = {
        [BENCH_ACCEPTED] = "accepted", [BENCH_REJECTED] = "rejected", [BENCH_FAILED] = "failed"};
    return names[verdict];
}
