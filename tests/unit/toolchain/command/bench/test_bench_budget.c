/* SPDX-License-Identifier: Apache-2.0 */
/* Budgets and thresholds: what is taken, what is refused with its line, what is a breach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench_sample.h"
#include "toolchain/command/bench/report/judge.h"

static struct bench_budget read(const char *text)
{
    struct bench_budget budget;
    struct chimera_error err = {0};
    if (bench_budget_read(chimera_slice_of(text), "b.yml", &budget, &err) < 0)
        fail_msg("%s", err.text);
    return budget;
}

static void refuse(const char *text, const char *why)
{
    struct bench_budget budget;
    struct chimera_error err = {0};
    assert_int_equal(bench_budget_read(chimera_slice_of(text), "b.yml", &budget, &err),
                     CHIMERA_EINVAL);
    if (!strstr(err.text, why))
        fail_msg("want '%s', got '%s'", why, err.text);
    assert_int_equal(budget.count, 0);
}

static void times_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {{"1ns", 1},         {"250us", 250000}, {"250 µs", 250000}, {"1.5ms", 1500000},
                {"2s", 2000000000}, {"0.1ns", 1},      {"0ms", 0}};
    static const char *const bad[] = {"",      "1",    "ms",         "-1ms",    "1e3ms",
                                      "0x1ms", "1 m",  "1ms ",       "1.2.3ms", ".5ms",
                                      "inf s", "1ms1", "9999999999s"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        uint64_t ns = 12345;
        assert_true(bench_time_parse(good[i].text, &ns));
        assert_true(ns == good[i].ns);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        uint64_t ns;
        if (bench_time_parse(bad[i], &ns))
            fail_msg("'%s' is taken", bad[i]);
    }
}

static void mistakes_have_a_line(void **state)
{
    (void)state;
    refuse("", "b.yml");
    refuse("[]", "b.yml:1:1: expected a map with `policies`");
    refuse("policy: {}", "b.yml:1:1: ");
    refuse("policies: {}", "b.yml:1:11: policies: has no policy");
    refuse("policies:\n  a: 7\n", "b.yml:2:");
    refuse("policies:\n  a: {}\n", "b.yml:2:6: policies.a: has no limit");
    refuse("policies:\n  a:\n    wasmInstruction: 1\n", "wasmInstructions");
    refuse("policies:\n  a:\n    throughput: 1\n", "b.yml:3:5: ");
    refuse("policies:\n  a:\n    wasmInstructions: 1.5\n", "expected a whole number");
    refuse("policies:\n  a:\n    wasmInstructions: -1\n", "b.yml:3:");
    refuse("policies:\n  a:\n    wasmInstructions: 1k\n", "expected a whole number");
    refuse("policies:\n  a:\n    memoryPeak: 16Q\n", "expected a size such as 16Mi");
    refuse("policies:\n  a:\n    p99: 5\n", "expected a time with its unit");
    refuse("policies:\n  a: {p99: 1ms}\n  a: {p50: 1ms}\n", "b.yml:");
    refuse("policies: {a: {p99: 1ms}}\nmore: 1\n", "b.yml:2:1: ");
    refuse("policies: {a: {p99: 0ms, p99: \xff}}", "b.yml");
}

static void own_limits_go_before_those_of_all(void **state)
{
    (void)state;
    struct bench_budget budget = read("policies:\n"
                                      "  policy-000: {wasmInstructions: 5, memoryPeak: 16Mi}\n"
                                      "  '*': {wasmInstructions: 7, hostCalls: 0, p99: 1ms}\n");
    struct bench_limits limits;
    bench_budget_of(&budget, "policy-000", &limits);
    assert_true(limits.is_set[0] && limits.most[0] == 5);
    assert_true(limits.is_set[2] && limits.most[2] == 0);
    assert_true(limits.is_set[4] && limits.most[4] == 16777216);
    bench_budget_of(&budget, "other", &limits);
    assert_true(limits.most[0] == 7);
    assert_false(limits.is_set[4]);
    bench_budget_done(&budget);
}

static void strangers_are_named(void **state)
{
    (void)state;
    static const char *const names[] = {"no-host-network", "labels"};
    struct chimera_error err = {0};
    struct bench_budget budget = read("policies:\n  '*': {hostCalls: 0}\n  labels: {p50: 1ms}\n"
                                      "  no-hostnetwork: {p50: 1ms}\n");
    assert_int_equal(bench_budget_check_names(&budget, names, 2, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "b.yml:4:3: no measured policy has the name \"no-hostnetwork\"; "
                                  "did you mean \"no-host-network\"?");
    bench_budget_done(&budget);
}

static void expect(const struct bench_findings *findings, size_t at, bool is_breach,
                   const char *text)
{
    assert_true(at < findings->count);
    assert_string_equal(findings->list[at].text, text);
    assert_int_equal(findings->list[at].is_breach, is_breach);
}

static void what_is_over_a_budget_is_told(void **state)
{
    (void)state;
    struct bench_run run = sample_run(3);
    struct bench_findings findings = {0};
    struct bench_budget budget =
        read("policies:\n"
             "  policy-000: {wasmInstructions: 20000, memoryPeak: 1179648}\n" /* as they are */
             "  policy-001: {wasmInstructions: 35837, memoryPeak: 1Mi}\n"
             "  '*': {nativeInstructions: 1000000, hostCalls: 0}\n");
    run.point[2].native_instructions.is_known = false;
    free(run.point[1].request);
    run.point[1].request = strdup("a\x1b[31m\nb");
    bench_judge_budget(&run, &budget, &findings);
    assert_int_equal(findings.count, 3);
    assert_int_equal(findings.breaches, 2);
    expect(&findings, 0, true,
           "policy-001 on a\\u{1b}[31m\\nb: wasmInstructions is 35,838, over the budget of 35,837");
    expect(&findings, 1, true,
           "policy-001 on a\\u{1b}[31m\\nb: memoryPeak is 1.12 MiB, over the budget of 1.00 MiB");
    expect(
        &findings, 2, false,
        "policy-002 on pod-plain.json: nativeInstructions has a limit in the budget, and was not "
        "measured");
    bench_findings_done(&findings);
    bench_budget_done(&budget);
    bench_run_done(&run);
}

static struct bench_findings judge(const struct bench_run *now, const struct bench_run *before,
                                   double percent, const char *least)
{
    struct bench_threshold threshold = {.percent = percent, .has_times = least != NULL};
    struct bench_comparison comparison;
    struct bench_findings findings = {0};
    if (least)
        assert_true(bench_time_parse(least, &threshold.least_ns));
    assert_int_equal(bench_comparison_make(now, before, "old.json", &comparison), 0);
    bench_judge_change(&comparison, &threshold, &findings);
    bench_comparison_done(&comparison);
    return findings;
}

static void what_grew_is_told(void **state)
{
    (void)state;
    struct bench_run now = sample_run(3), before = sample_run(4);
    before.point[0].wasm_instructions.max = 19048; /* 20,000 is 4.998 % more */
    before.point[1].wasm_instructions.max = 34131; /* 35,838 is 5.001 % more */
    before.point[2].wasm_instructions.max *= 2;
    now.point[0].evaluation.p99 *= 3; /* of ten microseconds */
    struct bench_findings findings = judge(&now, &before, 5, NULL);
    assert_int_equal(findings.count, 1);
    expect(
        &findings, 0, true,
        "policy-001 on pod-plain.json: wasmInstructions grew from 34,131 to 35,838 (+5.0 %), over "
        "the threshold of 5 % against old.json");
    bench_findings_done(&findings);
    findings = judge(&now, &before, 5, "1ms");
    assert_int_equal(findings.count, 1);
    bench_findings_done(&findings);
    findings = judge(&now, &before, 5, "1us");
    assert_int_equal(findings.breaches, 2);
    assert_non_null(strstr(findings.list[0].text, "policy-000 on pod-plain.json: p99 grew from "));
    bench_findings_done(&findings);
    before.point[0].wasm_instructions.is_known = false;
    findings = judge(&now, &before, 5, NULL);
    assert_int_equal(findings.count, 2);
    expect(&findings, 0, false,
           "policy-000 on pod-plain.json: wasmInstructions is not known in both runs, so it is not "
           "judged against old.json");
    bench_findings_done(&findings);
    bench_run_done(&now);
    bench_run_done(&before);
}

static void others_cannot_be_judged(void **state)
{
    (void)state;
    struct bench_run now = sample_run(2), before = {0};
    struct bench_findings findings = judge(&now, &before, 5, NULL);
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.breaches, 0);
    assert_non_null(strstr(findings.list[0].text, "old.json has none of these policies"));
    bench_findings_done(&findings);
    bench_run_done(&now);
}

/* Names that come twice go together in their order, and what is in one run only is there alone. */
static void pairs_are_found_by_name(void **state)
{
    (void)state;
    struct bench_run now = {0}, before = {0};
    struct bench_comparison comparison;
    now.point = calloc(3, sizeof(*now.point));
    before.point = calloc(3, sizeof(*before.point));
    sample_point(&now.point[0], "a", "x", 1);
    sample_point(&now.point[1], "b", "x", 2);
    sample_point(&now.point[2], "a", "x", 3);
    sample_point(&before.point[0], "a", "y", 4);
    sample_point(&before.point[1], "a", "x", 5);
    sample_point(&before.point[2], "a", "x", 6);
    now.count = before.count = 3;
    assert_int_equal(bench_comparison_make(&now, &before, "f", &comparison), 0);
    assert_int_equal(comparison.count, 4);
    assert_int_equal(comparison.both, 2);
    assert_ptr_equal(comparison.pair[0].before, &before.point[1]);
    assert_null(comparison.pair[1].before);
    assert_ptr_equal(comparison.pair[2].before, &before.point[2]);
    assert_null(comparison.pair[3].now);
    assert_ptr_equal(comparison.pair[3].before, &before.point[0]);
    bench_comparison_done(&comparison);
    bench_run_done(&now);
    bench_run_done(&before);
}

int main(void)
{
    unsetenv("LC_ALL");
    unsetenv("LC_CTYPE");
    unsetenv("LANG");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(mistakes_have_a_line),
        cmocka_unit_test(own_limits_go_before_those_of_all),
        cmocka_unit_test(strangers_are_named),
        cmocka_unit_test(what_is_over_a_budget_is_told),
        cmocka_unit_test(what_grew_is_told),
        cmocka_unit_test(others_cannot_be_judged),
        cmocka_unit_test(pairs_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
