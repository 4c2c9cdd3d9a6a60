/* SPDX-License-Identifier: Apache-2.0 */
/* A kept benchmark comes back as it was, and anybody's bytes are refused with a place. What other
 * programs read of it is in tests/e2e/command/bench-formats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench_sample.h"
#include "tests/describe.h"
#include "toolchain/command/bench/report/json.h"

static char *written(const struct bench_run *run)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, BENCH_JSON_MAX);
    bench_json_write(run, &out);
    chimera_buffer_byte(&out, '\0');
    assert_int_equal(out.failed, 0);
    return out.data;
}

static void what_was_kept_comes_back(void **state)
{
    (void)state;
    struct bench_run run = sample_run(3), read;
    struct chimera_error err = {0};
    run.point[1].verdict = BENCH_REJECTED;
    run.point[1].message = strdup("\"no\"\n\x1b[31m");
    run.point[2].failure = strdup("it cannot be loaded");
    run.point[0].native_instructions.is_known = false;
    run.point[0].wasm_instructions.max = UINT64_MAX;
    run.rate = 2500.5;
    run.is_interrupted = true;
    char *text = written(&run);
    if (bench_json_read(chimera_slice_of(text), "f.json", &read, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(read.count, 3);
    assert_string_equal(read.machine, run.machine);
    assert_string_equal(read.point[1].message, run.point[1].message);
    assert_int_equal(read.point[1].verdict, BENCH_REJECTED);
    assert_string_equal(read.point[2].failure, "it cannot be loaded");
    assert_true(read.point[0].wasm_instructions.max == UINT64_MAX);
    assert_false(read.point[0].native_instructions.is_known);
    assert_memory_equal(read.point[0].histogram, run.point[0].histogram,
                        sizeof(*run.point[0].histogram));
    assert_memory_equal(&read.point[0].evaluation, &run.point[0].evaluation,
                        sizeof(run.point[0].evaluation));
    assert_true(read.rate == 2500.5 && read.is_interrupted);
    /* And so does the same text. */
    char *again = written(&read);
    assert_string_equal(again, text);
    free(text);
    free(again);
    bench_run_done(&read);
    bench_run_done(&run);
}

static void refuse(const char *text, const char *why)
{
    struct bench_run run;
    struct chimera_error err = {0};
    assert_true(bench_json_read(chimera_slice_of(text), "f.json", &run, &err) < 0);
    if (!strstr(err.text, why))
        fail_msg("want '%s', got '%s'", why, err.text);
    assert_null(run.point);
    assert_int_equal(run.count, 0);
}

#define RUN(points) "{\"format\":\"chimera-bench/1\",\"points\":" points "}"
#define POINT(more) RUN("[{\"policy\":\"a\",\"request\":\"b\",\"verdict\":\"accepted\"," more "}]")

static void anything_else_is_refused(void **state)
{
    (void)state;
    refuse("", "f.json: EOF while parsing a value");
    refuse("{", "f.json: EOF while parsing an object");
    refuse("[]", "is no benchmark of `chimera bench --save`");
    refuse("[{\"engine\":\"rego\",\"latencies\":{}}]", "is no benchmark of `chimera bench --save`");
    refuse("{\"format\":\"chimera-bench/2\"}", "has the format chimera-bench/2 of another version");
    refuse("{\"format\":\"chimera-bench/1\"}", "points: expected a list of points");
    refuse(RUN("{}"), "points: expected a list of points");
    refuse(RUN("[1]"), "points[0].policy: expected a text");
    refuse(RUN("[{\"policy\":\"a\"}]"), "points[0].request: expected a text");
    refuse(RUN("[{\"policy\":\"a\",\"request\":\"b\"}]"),
           "points[0].verdict: expected accepted, rejected or failed");
    refuse(POINT("\"wasmInstructions\":7"),
           "points[0].wasmInstructions: expected a map with min and max");
    refuse(POINT("\"wasmInstructions\":{\"min\":-1,\"max\":2}"),
           "points[0].min: expected a whole number that is not negative");
    refuse(POINT("\"wasmInstructions\":{\"min\":3,\"max\":2}"),
           "a min that is not greater than max");
    refuse(POINT("\"throughput\":-1"), "points[0].throughput: expected a number from 0 to 1e18");
    refuse(POINT("\"throughput\":1e300"), "expected a number from 0 to 1e18");
    refuse(POINT("\"digest\":\"sha256:12\""), "expected sha256: and 64 hexadecimal digits");
    refuse(POINT("\"histogram\":{\"from\":[1],\"counts\":[1,2]}"), "points[0].histogram: expected");
    refuse(POINT("\"histogram\":{\"from\":[],\"counts\":[]}"), "points[0].histogram: expected");
    refuse(POINT("\"histogram\":{\"from\":[-1],\"counts\":[1]}"), "points[0].histogram: expected");
    refuse(POINT("\"histogram\":{\"from\":[1,2],\"counts\":[18446744073709551615,1]}"),
           "points[0].histogram: expected");
    refuse(POINT("\"histogram\":{\"from\":[18446744073709551615],\"counts\":[1]}"),
           "points[0].histogram: expected");
}

/* A document of 30 MB whose tree would be forty times as large. */
static void a_tree_is_bounded(void **state)
{
    (void)state;
    size_t size = (size_t)30 << 20;
    char *text = malloc(size + 1);
    assert_non_null(text);
    memcpy(text, "{\"format\":\"chimera-bench/1\",\"x\":[", 33);
    for (size_t i = 33; i < size; i += 3)
        memcpy(text + i, "[],", size - i < 3 ? size - i : 3);
    text[size] = '\0';
    struct bench_run run;
    struct chimera_error err = {0};
    assert_int_equal(bench_json_read(chimera_slice_of(text), "f.json", &run, &err), CHIMERA_ELIMIT);
    assert_non_null(strstr(err.text, "f.json: "));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_kept_comes_back),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(a_tree_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
