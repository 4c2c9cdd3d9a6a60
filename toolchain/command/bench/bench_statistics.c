/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/bench_statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"

int bench_samples_new(size_t count, struct bench_samples *ret_samples)
{
    *ret_samples = (struct bench_samples){.count = count,
                                          .iterations = calloc(count, sizeof(uint64_t)),
                                          .nanoseconds = calloc(count, sizeof(uint64_t))};
    if (ret_samples->iterations && ret_samples->nanoseconds)
        return CHIMERA_OK;
    bench_samples_free(ret_samples);
    return CHIMERA_ENOMEM;
}

void bench_samples_free(struct bench_samples *samples)
{
    free(samples->iterations);
    free(samples->nanoseconds);
    *samples = (struct bench_samples){0};
}

/* 1 + 2 + … + samples */
static double steps_of(size_t samples)
{
    return (double)samples * ((double)samples + 1) / 2;
}

uint64_t bench_plan(double mean, size_t samples, double target)
{
    /* So short a time is none that can be measured. */
    double step = ceil(target / fmax(mean, 1) / steps_of(samples));
    return step < 1 ? 1 : (uint64_t)step;
}

double bench_plan_time(double mean, size_t samples, uint64_t step)
{
    return steps_of(samples) * (double)step * fmax(mean, 1);
}

/* --- Drawing --- */

static size_t random_below(uint64_t *state, size_t count)
{
    /* splitmix64: a step of a fixed width, mixed; good enough to draw by. */
    uint64_t mixed = *state += UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (mixed ^ (mixed >> 31)) % count;
}

static void draw(const double *from, size_t from_count, uint64_t *state, double *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = from[random_below(state, from_count)];
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* --- Figures --- */

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

/* Of a sample, hence by one less; 0 where one value is all there is. */
static double variance_of(const double *values, size_t count, double mean)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return count > 1 ? sum / (double)(count - 1) : 0;
}

/* How far apart the two are, in units of how far they scatter; 0 where both do not. */
static double distance_of(const double *a, size_t a_count, const double *b, size_t b_count)
{
    double a_mean = mean_of(a, a_count), b_mean = mean_of(b, b_count);
    double scatter = sqrt(variance_of(a, a_count, a_mean) / (double)a_count +
                          variance_of(b, b_count, b_mean) / (double)b_count);
    return scatter > 0 ? (a_mean - b_mean) / scatter : 0;
}

/* Owned by the caller; NULL without memory. */
static double *means_of(const struct bench_samples *samples)
{
    double *means = calloc(samples->count, sizeof(*means));
    for (size_t i = 0; means && i < samples->count; i++)
        means[i] = (double)samples->nanoseconds[i] / (double)samples->iterations[i];
    return means;
}

static double slope_of(const struct bench_samples *samples)
{
    double product = 0, square = 0;
    for (size_t i = 0; i < samples->count; i++) {
        double x = (double)samples->iterations[i];
        product += x * (double)samples->nanoseconds[i];
        square += x * x;
    }
    return product / square;
}

static void take_middle(double *found, size_t count, double *ret_low, double *ret_high)
{
    qsort(found, count, sizeof(*found), compare_doubles);
    *ret_low = found[(size_t)((double)(count - 1) * 0.025)];
    *ret_high = found[(size_t)((double)(count - 1) * 0.975)];
}

static int find_interval(const double *means, size_t count, size_t resamples,
                         struct bench_figures *figures)
{
    CHIMERA_FREE double *drawn = calloc(count + 1, sizeof(*drawn));
    CHIMERA_FREE double *found = calloc(resamples + 1, sizeof(*found));
    uint64_t state = 0;
    if (!drawn || !found)
        return CHIMERA_ENOMEM;
    for (size_t i = 0; i < resamples; i++) {
        draw(means, count, &state, drawn, count);
        found[i] = mean_of(drawn, count);
    }
    take_middle(found, resamples, &figures->low, &figures->high);
    return CHIMERA_OK;
}

/* Of samples that are drawn, all iterations together: one in which little was done counts little.
 */
static double draw_mean(const struct bench_samples *samples, uint64_t *state)
{
    double nanoseconds = 0, iterations = 0;
    for (size_t i = 0; i < samples->count; i++) {
        size_t at = random_below(state, samples->count);
        nanoseconds += (double)samples->nanoseconds[at];
        iterations += (double)samples->iterations[at];
    }
    return iterations > 0 ? nanoseconds / iterations : 0;
}

int bench_interval(const struct bench_samples *samples, size_t resamples, double *ret_low,
                   double *ret_high)
{
    CHIMERA_FREE double *found = calloc(resamples + 1, sizeof(*found));
    uint64_t state = 0;
    if (!found)
        return CHIMERA_ENOMEM;
    for (size_t i = 0; i < resamples; i++)
        found[i] = draw_mean(samples, &state);
    take_middle(found, resamples, ret_low, ret_high);
    return CHIMERA_OK;
}

int bench_figure(const struct bench_samples *samples, size_t resamples,
                 struct bench_figures *ret_figures)
{
    CHIMERA_FREE double *means = means_of(samples);
    size_t count = samples->count;
    if (!means)
        return CHIMERA_ENOMEM;
    *ret_figures =
        (struct bench_figures){.mean = mean_of(means, count), .slope = slope_of(samples)};
    for (size_t i = 0; i < count; i++)
        ret_figures->elapsed += (double)samples->nanoseconds[i];
    int code = find_interval(means, count, resamples, ret_figures);
    qsort(means, count, sizeof(*means), compare_doubles);
    ret_figures->min = means[0];
    ret_figures->max = means[count - 1];
    ret_figures->median = (means[(count - 1) / 2] + means[count / 2]) / 2;
    ret_figures->variance = variance_of(means, count, ret_figures->mean);
    ret_figures->deviation = sqrt(ret_figures->variance);
    return code;
}

/* If both were of one kind: how many draws of both together are as far apart as they are? */
static int find_likelihood(const double *now, size_t now_count, const double *before,
                           size_t before_count, size_t resamples, double *ret_p)
{
    size_t count = now_count + before_count, beyond = 0;
    CHIMERA_FREE double *both = calloc(count, sizeof(*both));
    CHIMERA_FREE double *drawn = calloc(count, sizeof(*drawn));
    uint64_t state = 0;
    if (!both || !drawn)
        return CHIMERA_ENOMEM;
    memcpy(both, now, now_count * sizeof(*both));
    memcpy(both + now_count, before, before_count * sizeof(*both));
    double distance = fabs(distance_of(now, now_count, before, before_count));
    for (size_t i = 0; i < resamples; i++) {
        draw(both, count, &state, drawn, count);
        beyond += fabs(distance_of(drawn, now_count, drawn + now_count, before_count)) >= distance;
    }
    *ret_p = (double)beyond / (double)resamples;
    return CHIMERA_OK;
}

static double change_of(double now, double before)
{
    return before > 0 ? (now / before - 1) * 100 : 0;
}

int bench_compare(const struct bench_samples *now, const struct bench_samples *before,
                  size_t resamples, struct bench_change *ret_change)
{
    struct bench_figures a, b;
    CHIMERA_FREE double *now_means = means_of(now), *before_means = means_of(before);
    if (!now_means || !before_means || bench_figure(now, 1, &a) < 0 ||
        bench_figure(before, 1, &b) < 0)
        return CHIMERA_ENOMEM;
    *ret_change = (struct bench_change){.min = change_of(a.min, b.min),
                                        .mean = change_of(a.mean, b.mean),
                                        .max = change_of(a.max, b.max)};
    return find_likelihood(now_means, now->count, before_means, before->count, resamples,
                           &ret_change->p);
}

/* --- As text --- */

void bench_put_time(double nanoseconds, unsigned power, struct chimera_buffer *out)
{
    static const char *const units[] = {"ns", "µs", "ms", "s"};
    double unit = power == 2 ? 1e6 : 1e3;
    size_t i = 0;
    for (; i < 3 && nanoseconds >= unit; i++)
        nanoseconds /= unit;
    chimera_buffer_print(out, "%.2f%s%s", nanoseconds, units[i], power == 2 ? "²" : "");
}

void bench_put_number(double number, struct chimera_buffer *out)
{
    static const char *const words[] = {"", " thousand", "M", "B"};
    size_t i = 0;
    for (; i < 3 && number >= 1e3; i++)
        number /= 1e3;
    chimera_buffer_print(out, "%.1f%s", number, words[i]);
}
