/* SPDX-License-Identifier: Apache-2.0 */
/* gator.c - a benchmark in the shape that `gator bench -o json` of Gatekeeper has (its
 * pkg/gator/bench/output.go, JSONResults). */
#include "toolchain/command/bench/report/formats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/json/tree.h"

struct engine {
    const char *mode;
    struct bench_histogram histogram;             /* of all its points */
    const char **policies, **modules, **requests; /* owned lists of borrowed texts, each once */
    size_t policy_count, module_count, request_count;
    uint64_t violations;
    double load, start, seconds;
};

/* --- Texts --- */

/* A number with up to nine digits behind the point, without zeros at its end. */
static void put_fraction(double number, const char *unit, struct chimera_buffer *out)
{
    char text[64];
    snprintf(text, sizeof(text), "%.9f", number);
    char *end = text + strlen(text);
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        *--end = '\0';
    chimera_buffer_print(out, "%s%s", text, unit);
}

void bench_put_go_duration(double nanoseconds, struct chimera_buffer *out)
{
    uint64_t ns = nanoseconds > 0 && nanoseconds < 9e18 ? (uint64_t)llround(nanoseconds) : 0;
    uint64_t seconds = ns / 1000000000;
    if (ns == 0)
        chimera_buffer_text(out, "0s");
    else if (ns < 1000)
        put_fraction((double)ns, "ns", out);
    else if (ns < 1000000)
        put_fraction((double)ns / 1e3, "µs", out);
    else if (ns < 1000000000)
        put_fraction((double)ns / 1e6, "ms", out);
    else {
        if (seconds >= 3600)
            chimera_buffer_print(out, "%lluh", (unsigned long long)(seconds / 3600));
        if (seconds >= 60)
            chimera_buffer_print(out, "%llum", (unsigned long long)(seconds / 60 % 60));
        put_fraction((double)(seconds % 60) + (double)(ns % 1000000000) / 1e9, "s", out);
    }
}

static void put_duration(const char *key, double nanoseconds, const char *behind,
                         struct chimera_buffer *out)
{
    chimera_buffer_print(out, "\"%s\": \"", key);
    bench_put_go_duration(nanoseconds, out);
    chimera_buffer_print(out, "\"%s", behind);
}

/* --- What one mode comes to --- */

/* False when it is there already. */
static bool note(const char **list, size_t *count, const char *text)
{
    for (size_t i = *count; i-- > 0;) /* those of a policy stand together */
        if (strcmp(list[i], text) == 0)
            return false;
    list[(*count)++] = text;
    return true;
}

static void add_point(struct engine *engine, const struct bench_point *point)
{
    bool is_first = note(engine->policies, &engine->policy_count, point->policy);
    note(engine->modules, &engine->module_count,
         *point->wasm_digest ? point->wasm_digest : point->policy);
    note(engine->requests, &engine->request_count, point->request);
    if (point->histogram)
        bench_histogram_merge(&engine->histogram, point->histogram);
    if (point->verdict == BENCH_REJECTED)
        engine->violations += point->evaluation.count;
    if (is_first) {
        engine->load += point->cold_load;
        engine->start += point->cold_start;
    }
    if (point->throughput > 0)
        engine->seconds += (double)point->evaluation.count / point->throughput;
}

static void put_latencies(const struct bench_histogram *histogram, struct chimera_buffer *out)
{
    chimera_buffer_text(out, "    \"latencies\": {\n      ");
    put_duration("min", (double)histogram->min, ",\n      ", out);
    put_duration("max", (double)histogram->max, ",\n      ", out);
    put_duration("mean", bench_histogram_mean(histogram), ",\n      ", out);
    put_duration("p50", bench_histogram_quantile(histogram, 0.5), ",\n      ", out);
    put_duration("p95", bench_histogram_quantile(histogram, 0.95), ",\n      ", out);
    put_duration("p99", bench_histogram_quantile(histogram, 0.99), "\n    },\n", out);
}

/* Of a policy that could not be loaded there is none. */
static const char *mode_of(const struct bench_point *point)
{
    return point->mode ? point->mode : "unknown";
}

/* Policies of the mode that could not be measured. */
static void put_skipped(const struct bench_run *run, const char *mode, struct chimera_buffer *out)
{
    const char *before = "    \"skippedConstraints\": [\n      ";
    for (size_t i = 0; i < run->count; i++) {
        const struct bench_point *point = &run->point[i];
        if (!point->failure || strcmp(mode_of(point), mode) != 0)
            continue;
        chimera_buffer_text(out, before);
        chimera_json_write_string(chimera_slice_of(point->policy), out);
        before = ",\n      ";
    }
    if (*before == ',')
        chimera_buffer_text(out, "\n    ],\n");
}

static void put_engine(const struct bench_run *run, const struct engine *engine,
                       struct chimera_buffer *out)
{
    uint64_t reviews = engine->histogram.count;
    size_t requests = engine->request_count ? engine->request_count : 1;
    chimera_buffer_text(out, "  {\n    \"engine\": ");
    chimera_json_write_string(chimera_slice_of(engine->mode), out);
    chimera_buffer_print(out,
                         ",\n    \"templateCount\": %zu,\n    \"constraintCount\": %zu,\n"
                         "    \"objectCount\": %zu,\n    \"iterations\": %llu,\n"
                         "    \"concurrency\": %u,\n    \"totalReviews\": %llu,\n    ",
                         engine->module_count, engine->policy_count, engine->request_count,
                         (unsigned long long)(reviews / requests), run->threads,
                         (unsigned long long)reviews);
    put_duration("setupDuration", engine->load + engine->start, ",\n", out);
    chimera_buffer_text(out,
                        "    \"setupBreakdown\": {\n      \"clientCreation\": \"0s\",\n      ");
    put_duration("templateCompilation", engine->load, ",\n      ", out);
    put_duration("constraintLoading", engine->start, ",\n", out);
    chimera_buffer_text(out, "      \"dataLoading\": \"0s\"\n    },\n    ");
    put_duration("totalDuration", engine->seconds * 1e9, ",\n", out);
    put_latencies(&engine->histogram, out);
    chimera_buffer_print(out, "    \"violationCount\": %llu,\n    \"reviewsPerSecond\": ",
                         (unsigned long long)engine->violations);
    chimera_json_write_double(engine->seconds > 0 ? (double)reviews / engine->seconds : 0, out);
    chimera_buffer_text(out, ",\n");
    put_skipped(run, engine->mode, out);
    /* Policies of WASI cannot ask for the cluster's objects. */
    chimera_buffer_print(out, "    \"referentialDataSupported\": %s\n  }",
                         strcmp(engine->mode, "wasi") == 0 ? "false" : "true");
}

static int write_engine(const struct bench_run *run, const char *mode, struct chimera_buffer *out)
{
    CHIMERA_FREE struct engine *engine = calloc(1, sizeof(*engine));
    CHIMERA_FREE const char **lists = calloc(3 * run->count, sizeof(*lists));
    if (!engine || !lists)
        return CHIMERA_ENOMEM;
    engine->mode = mode;
    engine->policies = lists;
    engine->modules = lists + run->count;
    engine->requests = lists + 2 * run->count;
    for (size_t i = 0; i < run->count; i++)
        if (!run->point[i].failure && strcmp(mode_of(&run->point[i]), mode) == 0)
            add_point(engine, &run->point[i]);
    put_engine(run, engine, out);
    return CHIMERA_OK;
}

int bench_gator_write(const struct bench_run *run, struct chimera_buffer *out)
{
    const char *before = "[\n";
    int code = CHIMERA_OK;
    for (size_t i = 0; i < run->count && code == CHIMERA_OK; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i && is_new; j++)
            is_new = strcmp(mode_of(&run->point[j]), mode_of(&run->point[i])) != 0;
        if (!is_new)
            continue;
        chimera_buffer_text(out, before);
        code = write_engine(run, mode_of(&run->point[i]), out);
        before = ",\n";
    }
    chimera_buffer_text(out, run->count > 0 ? "\n]\n" : "[]\n");
    return code;
}
