/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of `chimera bench`. Means, medians and variances are those of Python's statistics
 * module for the same numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "toolchain/command/bench/bench_statistics.h"

static void assert_near(double got, double want)
{
    if (fabs(got - want) > 1e-6 * fmax(1, fabs(want)))
        fail_msg("want %.9g, got %.9g", want, got);
}

/* Sample i has i + 1 iterations that take `means[i]` each. */
static struct bench_samples sample(const double *means, size_t count)
{
    struct bench_samples samples;
    assert_int_equal(bench_samples_new(count, &samples), 0);
    for (size_t i = 0; i < count; i++) {
        samples.iterations[i] = i + 1;
        samples.nanoseconds[i] = (uint64_t)(means[i] * (double)(i + 1));
    }
    return samples;
}

static void the_plan_fills_the_time(void **state)
{
    (void)state;
    /* 1 + … + 100 = 5050 steps of 10 µs in 5 s: 99.0 of them, so 100 each. */
    assert_int_equal(bench_plan(10e3, 100, 5e9), 100);
    assert_near(bench_plan_time(10e3, 100, 100), 5.05e9);
    assert_int_equal(bench_plan(1e9, 100, 5e9), 1); /* at least one */
    assert_near(bench_plan_time(1e9, 100, 1), 5050e9);
    assert_int_equal(bench_plan(0, 2, 9), 3); /* what is too short to be measured counts 1 ns */
    assert_int_equal(bench_plan(10, 10, 5500), 10);
}

static void the_figures_are_those_of_the_samples(void **state)
{
    (void)state;
    static const double means[] = {46, 69, 32, 60, 52, 41};
    struct bench_samples samples = sample(means, 6);
    struct bench_figures figures;
    assert_int_equal(bench_figure(&samples, 2000, &figures), 0);
    assert_near(figures.min, 32);
    assert_near(figures.max, 69);
    assert_near(figures.mean, 50);
    assert_near(figures.median, 49);
    assert_near(figures.variance, 177.2);
    assert_near(figures.deviation, 13.311649);
    assert_near(figures.elapsed, 46 + 2 * 69 + 3 * 32 + 4 * 60 + 5 * 52 + 6 * 41);
    /* sum of x·y by the sum of squares */
    assert_near(figures.slope, (46 + 4 * 69.0 + 9 * 32 + 16 * 60 + 25 * 52 + 36 * 41) / 91);
    assert_true(figures.min <= figures.low && figures.low < 50);
    assert_true(50 < figures.high && figures.high <= figures.max);
    /* The normal approximation has 39.3 and 60.7; draws of six numbers are near it. */
    assert_true(fabs(figures.low - 40.3) < 2 && fabs(figures.high - 59.7) < 2);
    bench_samples_free(&samples);
}

static void what_never_varies_has_no_interval(void **state)
{
    (void)state;
    static const double means[] = {7, 7, 7, 7};
    struct bench_samples samples = sample(means, 4);
    struct bench_figures figures;
    assert_int_equal(bench_figure(&samples, 100, &figures), 0);
    assert_near(figures.low, 7);
    assert_near(figures.high, 7);
    assert_near(figures.variance, 0);
    assert_near(figures.slope, 7);
    bench_samples_free(&samples);
}

static void an_interval_is_of_all_iterations(void **state)
{
    (void)state;
    /* In one of the samples hardly anything was done, very slowly: the mean of all is 112100 / 1101
     * = 101.8, that of the samples' means would be 1091. */
    uint64_t iterations[12], nanoseconds[12];
    struct bench_samples samples = {
        .count = 12, .iterations = iterations, .nanoseconds = nanoseconds};
    double low = 0, high = 0;
    for (size_t i = 0; i < 11; i++) {
        iterations[i] = 100;
        nanoseconds[i] = i % 2 ? 9000 : 9834;
    }
    iterations[11] = 1;
    nanoseconds[11] = 12000;
    assert_int_equal(bench_interval(&samples, 2000, &low, &high), 0);
    assert_true(low >= 90 && low < 101.8 && high > 101.8);
    assert_true(high < 98.34 + 12000.0 * 8 / 400); /* eight of twelve draws are hardly that one */
    samples.iterations[11] = 100;                  /* all alike: there is nothing to doubt */
    for (size_t i = 0; i < 12; i++)
        nanoseconds[i] = 5000;
    assert_int_equal(bench_interval(&samples, 2000, &low, &high), 0);
    assert_near(low, 50);
    assert_near(high, 50);
}

static void a_change_is_told_from_chance(void **state)
{
    (void)state;
    static const double fast[] = {100, 102, 98, 101, 99, 100, 103, 97},
                        slow[] = {120, 122, 118, 121, 119, 120, 123, 117};
    struct bench_samples now = sample(slow, 8), before = sample(fast, 8);
    struct bench_change change;
    assert_int_equal(bench_compare(&now, &before, 5000, &change), 0);
    assert_near(change.mean, 20);
    assert_near(change.min, (117.0 / 97 - 1) * 100);
    assert_near(change.max, (123.0 / 103 - 1) * 100);
    assert_true(change.p < 0.001);
    assert_int_equal(bench_compare(&before, &now, 5000, &change), 0);
    assert_near(change.mean, (100.0 / 120 - 1) * 100);
    assert_true(change.p < 0.001);
    assert_int_equal(bench_compare(&now, &now, 5000, &change), 0);
    assert_near(change.mean, 0);
    assert_near(change.p, 1);
    bench_samples_free(&now);
    bench_samples_free(&before);
}

static void assert_time(double nanoseconds, unsigned power, const char *want)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 100);
    bench_put_time(nanoseconds, power, &out);
    chimera_buffer_byte(&out, 0);
    assert_string_equal(out.data, want);
    chimera_buffer_free(&out);
}

static void assert_number(double number, const char *want)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 100);
    bench_put_number(number, &out);
    chimera_buffer_byte(&out, 0);
    assert_string_equal(out.data, want);
    chimera_buffer_free(&out);
}

static void texts_have_units(void **state)
{
    (void)state;
    assert_time(0, 1, "0.00ns");
    assert_time(999.99, 1, "999.99ns");
    assert_time(1000, 1, "1.00µs");
    assert_time(12345678, 1, "12.35ms");
    assert_time(5e9, 1, "5.00s");
    assert_time(5e12, 1, "5000.00s");
    assert_time(10000, 2, "10000.00ns²");
    assert_time(2.5e6, 2, "2.50µs²");
    assert_number(100, "100.0");
    assert_number(5050, "5.0 thousand");
    assert_number(2.5e6, "2.5M");
    assert_number(3e9, "3.0B");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_fills_the_time),
        cmocka_unit_test(the_figures_are_those_of_the_samples),
        cmocka_unit_test(what_never_varies_has_no_interval),
        cmocka_unit_test(an_interval_is_of_all_iterations),
        cmocka_unit_test(a_change_is_told_from_chance),
        cmocka_unit_test(texts_have_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
