/* SPDX-License-Identifier: Apache-2.0 */
/* json_read.c - a benchmark from the document that json.c writes: a file that somebody hands in, so
 * every value is looked at. */
#include "toolchain/command/bench/report/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/digest.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/mode.h"

#define TEXT_MAX 4096 /* bytes of a name or message; what is longer is cut */
#define DIGEST "sha256:"

struct reader {
    const char *name; /* the file's */
    struct chimera_error *err;
    int code;       /* the first failure's; then all others do nothing */
    char place[64]; /* "", or "points[3]." */
};

static void refuse(struct reader *reader, const char *key, const char *wanted)
{
    if (reader->code == CHIMERA_OK)
        reader->code = chimera_fail(reader->err, CHIMERA_EINVAL, "%.300s: %s%s: expected %s",
                                    reader->name, reader->place, key, wanted);
}

/* NULL where there is none, and where it is refused. */
static struct json_object *take(struct reader *reader, struct json_object *object, const char *key,
                                enum json_type type, const char *wanted)
{
    struct json_object *value = chimera_json_member(object, key);
    if (!value || json_object_is_type(value, type))
        return value;
    refuse(reader, key, wanted);
    return NULL;
}

/* Up to its first NUL. */
static char *take_text(struct reader *reader, struct json_object *object, const char *key)
{
    struct json_object *value = take(reader, object, key, json_type_string, "a text");
    if (!value)
        return NULL;
    const char *text = json_object_get_string(value);
    size_t size = strnlen(text, TEXT_MAX);
    while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
        size--; /* whole characters */
    char *copy = strndup(text, size);
    if (!copy && reader->code == CHIMERA_OK)
        reader->code = chimera_fail_memory(reader->err);
    return copy;
}

static bool is_count(struct json_object *value)
{
    return json_object_is_type(value, json_type_int) &&
           (json_object_get_int64(value) >= 0 || json_object_get_uint64(value) > INT64_MAX);
}

static uint64_t take_count(struct reader *reader, struct json_object *object, const char *key)
{
    struct json_object *value = chimera_json_member(object, key);
    if (!value)
        return 0;
    if (!is_count(value))
        refuse(reader, key, "a whole number that is not negative");
    return is_count(value) ? json_object_get_uint64(value) : 0;
}

/* Of nanoseconds and the like: 10^18 is more than thirty years. */
static double take_number(struct reader *reader, struct json_object *object, const char *key)
{
    struct json_object *value = chimera_json_member(object, key);
    if (!value)
        return 0;
    bool is_number =
        json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int);
    double number = is_number ? json_object_get_double(value) : -1;
    if (!(number >= 0 && number <= 1e18)) {
        refuse(reader, key, "a number from 0 to 1e18");
        return 0;
    }
    return number;
}

static void read_range(struct reader *reader, struct json_object *object, const char *key,
                       struct bench_range *range)
{
    struct json_object *value =
        take(reader, object, key, json_type_object, "a map with min and max");
    if (!value)
        return;
    range->is_known = true;
    range->min = take_count(reader, value, "min");
    range->max = take_count(reader, value, "max");
    if (range->min > range->max)
        refuse(reader, key, "a min that is not greater than max");
}

static void read_times(struct reader *reader, struct json_object *object, const char *key,
                       struct bench_times *times)
{
    struct json_object *value = take(reader, object, key, json_type_object, "a map of times");
    if (!value)
        return;
    times->count = take_count(reader, value, "count");
    times->min = take_number(reader, value, "min");
    times->mean = take_number(reader, value, "mean");
    times->p50 = take_number(reader, value, "p50");
    times->p90 = take_number(reader, value, "p90");
    times->p99 = take_number(reader, value, "p99");
    times->p999 = take_number(reader, value, "p999");
    times->max = take_number(reader, value, "max");
}

/* Counts whose sum fits, in buckets that are there. */
static bool fill(struct json_object *from, struct json_object *counts,
                 struct bench_histogram *histogram)
{
    size_t size = json_object_array_length(from);
    if (size == 0 || size > BENCH_HISTOGRAM_BUCKETS || size != json_object_array_length(counts))
        return false;
    for (size_t i = 0; i < size; i++) {
        struct json_object *least = json_object_array_get_idx(from, i);
        struct json_object *number = json_object_array_get_idx(counts, i);
        if (!is_count(least) || !is_count(number) ||
            json_object_get_uint64(least) > BENCH_HISTOGRAM_MOST)
            return false;
        uint64_t count = json_object_get_uint64(number);
        if (__builtin_add_overflow(histogram->count, count, &histogram->count))
            return false;
        histogram->bucket[bench_histogram_bucket(json_object_get_uint64(least))] += count;
    }
    return histogram->count > 0;
}

static void read_histogram(struct reader *reader, struct json_object *object,
                           struct bench_point *point)
{
    struct json_object *value =
        take(reader, object, "histogram", json_type_object, "a map with from and counts");
    if (!value)
        return;
    struct json_object *from = take(reader, value, "from", json_type_array, "a list of times");
    struct json_object *counts =
        take(reader, value, "counts", json_type_array, "a list of numbers");
    point->histogram = calloc(1, sizeof(*point->histogram));
    if (!point->histogram) {
        reader->code = reader->code < 0 ? reader->code : chimera_fail_memory(reader->err);
        return;
    }
    point->histogram->min = take_count(reader, value, "min");
    point->histogram->max = take_count(reader, value, "max");
    point->histogram->sum = take_number(reader, value, "sum");
    if (!from || !counts || !fill(from, counts, point->histogram) ||
        point->histogram->min > point->histogram->max)
        refuse(reader, "histogram", "buckets of times, from and counts, as many of both");
}

static void read_phases(struct reader *reader, struct json_object *object,
                        struct bench_point *point)
{
    struct json_object *phases = take(reader, object, "phases", json_type_object, "a map of times");
    struct json_object *cold = take(reader, object, "cold", json_type_object, "a map of times");
    struct json_object *mean =
        take(reader, object, "meanInterval", json_type_object, "a map with low and high");
    point->has_phases = phases;
    point->copy_in = take_number(reader, phases, "copyIn");
    point->guest = take_number(reader, phases, "guest");
    point->host = take_number(reader, phases, "host");
    point->answer = take_number(reader, phases, "answer");
    point->reset = take_number(reader, phases, "reset");
    point->cold_load = take_number(reader, cold, "load");
    point->cold_start = take_number(reader, cold, "start");
    point->cold_first = take_number(reader, cold, "first");
    point->mean_low = take_number(reader, mean, "low");
    point->mean_high = take_number(reader, mean, "high");
}

static void read_verdict(struct reader *reader, struct json_object *object,
                         struct bench_point *point)
{
    struct json_object *value = take(reader, object, "verdict", json_type_string, "a text");
    const char *text = value ? json_object_get_string(value) : "";
    for (int i = BENCH_ACCEPTED; i <= BENCH_FAILED; i++)
        if (strcmp(text, bench_verdict_name((enum bench_verdict)i)) == 0) {
            point->verdict = (enum bench_verdict)i;
            return;
        }
    refuse(reader, "verdict", "accepted, rejected or failed");
}

static void read_figures(struct reader *reader, struct json_object *object,
                         struct bench_point *point)
{
    read_verdict(reader, object, point);
    point->message = take_text(reader, object, "message");
    read_range(reader, object, "wasmInstructions", &point->wasm_instructions);
    read_range(reader, object, "startWasmInstructions", &point->start_wasm_instructions);
    read_range(reader, object, "hostCalls", &point->host_calls);
    read_range(reader, object, "nativeInstructions", &point->native_instructions);
    read_range(reader, object, "dirtyPages", &point->dirty_pages);
    point->memory_peak = take_count(reader, object, "memoryPeak");
    read_times(reader, object, "evaluation", &point->evaluation);
    read_histogram(reader, object, point);
    read_times(reader, object, "settings", &point->settings);
    point->throughput = take_number(reader, object, "throughput");
    point->late = take_count(reader, object, "late");
    point->missed = take_count(reader, object, "missed");
    read_phases(reader, object, point);
}

/* The static text for a name of either; modes that are not known here are another version's. */
static void read_mode(struct reader *reader, struct json_object *object, struct bench_point *point)
{
    struct json_object *mode = take(reader, object, "mode", json_type_string, "a text");
    struct json_object *tier = take(reader, object, "tier", json_type_string, "a text");
    enum chimera_mode known =
        mode ? chimera_mode_parse(json_object_get_string(mode)) : CHIMERA_MODE_NONE;
    point->mode = known == CHIMERA_MODE_NONE ? "other" : chimera_mode_name(known);
    point->tier = chimera_tier_name(tier && strcmp(json_object_get_string(tier), "quick") == 0
                                        ? CHIMERA_TIER_QUICK
                                        : CHIMERA_TIER_FULL);
}

static void read_digest(struct reader *reader, struct json_object *object,
                        struct bench_point *point)
{
    struct json_object *value = take(reader, object, "digest", json_type_string, "a text");
    struct chimera_slice text = chimera_slice_of(value ? json_object_get_string(value) : "");
    struct chimera_digest digest;
    if (!value)
        return;
    if (text.size > strlen(DIGEST) && memcmp(text.data, DIGEST, strlen(DIGEST)) == 0 &&
        chimera_digest_parse(
            (struct chimera_slice){text.data + strlen(DIGEST), text.size - strlen(DIGEST)},
            &digest))
        chimera_digest_hex(&digest, point->wasm_digest);
    else
        refuse(reader, "digest", "sha256: and 64 hexadecimal digits");
}

static void read_point(struct reader *reader, struct json_object *object, struct bench_point *point)
{
    point->policy = take_text(reader, object, "policy");
    point->request = take_text(reader, object, "request");
    if (!point->policy || !point->request) {
        refuse(reader, point->policy ? "request" : "policy", "a text");
        return;
    }
    point->module = take_text(reader, object, "module");
    point->failure = take_text(reader, object, "failure");
    read_digest(reader, object, point);
    read_mode(reader, object, point);
    if (!point->failure)
        read_figures(reader, object, point);
}

static void read_points(struct reader *reader, struct json_object *tree, struct bench_run *run)
{
    struct json_object *list = take(reader, tree, "points", json_type_array, "a list of points");
    size_t count = list ? json_object_array_length(list) : 0;
    if (!list || count > BENCH_POINTS_MAX) {
        refuse(reader, "points", list ? "a list of at most 100000" : "a list of points");
        return;
    }
    run->point = calloc(count ? count : 1, sizeof(*run->point));
    if (!run->point) {
        reader->code = reader->code < 0 ? reader->code : chimera_fail_memory(reader->err);
        return;
    }
    for (; run->count < count && reader->code == CHIMERA_OK; run->count++) {
        snprintf(reader->place, sizeof(reader->place), "points[%zu].", run->count);
        read_point(reader, json_object_array_get_idx(list, run->count), &run->point[run->count]);
    }
}

static void read_run(struct reader *reader, struct json_object *tree, struct bench_run *run)
{
    struct json_object *is_interrupted =
        take(reader, tree, "isInterrupted", json_type_boolean, "true or false");
    run->version = take_text(reader, tree, "version");
    run->toolchain = take_text(reader, tree, "toolchain");
    run->machine = take_text(reader, tree, "machine");
    run->time = take_text(reader, tree, "time");
    uint64_t threads = take_count(reader, tree, "threads");
    run->threads = threads < UINT32_MAX ? (unsigned)threads : UINT32_MAX;
    run->rate = take_number(reader, tree, "rate");
    run->warm_up = take_number(reader, tree, "warmUpSeconds");
    run->measurement = take_number(reader, tree, "measurementSeconds");
    run->overhead = take_number(reader, tree, "overhead");
    run->native_obstacle = take_text(reader, tree, "nativeObstacle");
    run->count_obstacle = take_text(reader, tree, "countObstacle");
    run->is_interrupted = json_object_get_boolean(is_interrupted);
    read_points(reader, tree, run);
}

static int check_format(struct json_object *tree, const char *name, struct chimera_error *err)
{
    struct json_object *format = chimera_json_member(tree, "format");
    const char *text =
        json_object_is_type(format, json_type_string) ? json_object_get_string(format) : NULL;
    if (text && strcmp(text, BENCH_JSON_FORMAT) == 0)
        return CHIMERA_OK;
    if (text && strncmp(text, "chimera-bench/", strlen("chimera-bench/")) == 0)
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "%.300s: has the format %.40s of another version, not " BENCH_JSON_FORMAT
            ": measure anew",
            name, text);
    return chimera_fail(err, CHIMERA_EINVAL,
                        "%.300s: is no benchmark of `chimera bench --save`: it has no format "
                        "\"" BENCH_JSON_FORMAT "\"",
                        name);
}

int bench_json_read(struct chimera_slice text, const char *name, struct bench_run *ret_run,
                    struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_account account;
    struct chimera_error why = {0};
    struct reader reader = {.name = name, .err = err};
    *ret_run = (struct bench_run){0};
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, BENCH_JSON_TREE_MAX);
    int code = text.size > BENCH_JSON_MAX
                   ? chimera_fail(&why, CHIMERA_ELIMIT, "is greater than 64 MiB")
                   : chimera_json_parse_within(text, &account, &tree, &why);
    if (code < 0)
        return chimera_fail(err, code, "%.300s: %.600s", name,
                            why.text[0] ? why.text : chimera_code_text(code));
    code = check_format(tree, name, err);
    if (code < 0)
        return code;
    read_run(&reader, tree, ret_run);
    if (reader.code < 0)
        bench_run_done(ret_run);
    return reader.code;
}
