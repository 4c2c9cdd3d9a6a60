/* SPDX-License-Identifier: Apache-2.0 */
/* The histogram of `chimera bench`, against the same values sorted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "toolchain/command/bench/result/histogram.h"
#include "toolchain/command/bench/result/result.h"

#define COUNT ((size_t)20000)
#define ERROR_MOST 0.01

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* A linear congruential generator (Knuth's MMIX constants): the same numbers each time. */
static uint64_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 11;
}

static double share_of(uint64_t *state)
{
    return (double)draw(state) / 9007199254740992.0; /* 2^53 */
}

/* Nearest rank: the least value that at least `share` of all do not exceed. */
static double nearest_rank(const uint64_t *sorted, size_t count, double share)
{
    size_t rank = (size_t)ceil(share * (double)count);
    return (double)sorted[rank > 0 ? rank - 1 : 0];
}

static void check_against_sorted(uint64_t *values, size_t count)
{
    static const double shares[] = {0.0001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
    struct bench_histogram *histogram = calloc(1, sizeof(*histogram));
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        bench_histogram_add(histogram, values[i]);
        sum += (double)values[i];
    }
    qsort(values, count, sizeof(*values), compare);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        double want = nearest_rank(values, count, shares[i]);
        double got = bench_histogram_quantile(histogram, shares[i]);
        if (fabs(got - want) > ERROR_MOST * want)
            fail_msg("at %g: want %.17g, got %.17g", shares[i], want, got);
    }
    assert_int_equal(histogram->count, count);
    assert_int_equal(histogram->min, values[0]);
    assert_int_equal(histogram->max, values[count - 1]);
    assert_true(fabs(bench_histogram_mean(histogram) - sum / (double)count) <= 1e-9 * sum);
    free(histogram);
}

static void quantiles_are_within_a_hundredth(void **state)
{
    (void)state;
    uint64_t *values = calloc(COUNT, sizeof(*values)), seed = 1;
    for (size_t i = 0; i < COUNT; i++)
        values[i] = 1 + draw(&seed) % 1000000; /* even */
    check_against_sorted(values, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        values[i] = (uint64_t)(-log(1 - share_of(&seed)) * 20000); /* exponential */
    check_against_sorted(values, COUNT);
    for (size_t i = 0; i < COUNT; i++) /* all powers of ten from a nanosecond to an hour */
        values[i] = (uint64_t)pow(10, share_of(&seed) * 12.5);
    check_against_sorted(values, COUNT);
    for (size_t i = 0; i < COUNT; i++) /* two humps, far apart */
        values[i] = i % 1000 == 0 ? 50000000 + i : 900 + i % 7;
    check_against_sorted(values, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        values[i] = 12345;
    check_against_sorted(values, COUNT);
    values[0] = 7;
    check_against_sorted(values, 1);
    free(values);
}

static void buckets_follow_each_other_without_a_gap(void **state)
{
    (void)state;
    assert_int_equal(bench_histogram_least(0), 0);
    for (size_t i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++) {
        uint64_t least = bench_histogram_least(i), next = bench_histogram_least(i + 1);
        assert_true(next > least);
        assert_int_equal(bench_histogram_bucket(least), i);
        assert_int_equal(bench_histogram_bucket(next - 1), i);
        assert_true((double)(next - 1 - least) / 2 <= ERROR_MOST * (double)least ||
                    next == least + 1);
    }
    assert_int_equal(bench_histogram_least(BENCH_HISTOGRAM_BUCKETS), BENCH_HISTOGRAM_MOST + 1);
    assert_int_equal(bench_histogram_bucket(UINT64_MAX), BENCH_HISTOGRAM_BUCKETS - 1);
}

static void merged_ones_are_as_one(void **state)
{
    (void)state;
    struct bench_histogram *all = calloc(4, sizeof(*all)), *a = all + 1, *b = all + 2;
    uint64_t seed = 9;
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t value = draw(&seed) % (i % 3 == 0 ? 100 : 100000000);
        bench_histogram_add(all, value);
        bench_histogram_add(i % 2 ? a : b, value);
    }
    bench_histogram_merge(a, b);
    bench_histogram_merge(a, all + 3); /* an empty one */
    assert_memory_equal(a, all, sizeof(*a));
    bench_histogram_merge(all + 3, all); /* into an empty one */
    assert_memory_equal(all + 3, all, sizeof(*all));
    free(all);
}

static void of_none_all_is_zero(void **state)
{
    (void)state;
    struct bench_histogram *none = calloc(1, sizeof(*none));
    struct bench_times times;
    bench_times_of(none, &times);
    assert_int_equal(times.count, 0);
    assert_true(times.min == 0 && times.mean == 0 && times.p50 == 0 && times.max == 0);
    free(none);
}

static void the_times_are_the_histograms(void **state)
{
    (void)state;
    struct bench_histogram *histogram = calloc(1, sizeof(*histogram));
    struct bench_times times;
    for (uint64_t i = 1; i <= 10000; i++)
        bench_histogram_add(histogram, i * 100);
    bench_times_of(histogram, &times);
    assert_int_equal(times.count, 10000);
    assert_true(times.min == 100 && times.max == 1000000 && times.mean == 500050);
    assert_true(fabs(times.p50 - 500000) <= 5000 && fabs(times.p90 - 900000) <= 9000);
    assert_true(fabs(times.p99 - 990000) <= 9900 && fabs(times.p999 - 999000) <= 9990);
    free(histogram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_within_a_hundredth),
        cmocka_unit_test(buckets_follow_each_other_without_a_gap),
        cmocka_unit_test(merged_ones_are_as_one),
        cmocka_unit_test(of_none_all_is_zero),
        cmocka_unit_test(the_times_are_the_histograms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
