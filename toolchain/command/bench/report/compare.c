/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/report/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"

struct entry {
    const struct bench_point *point; /* of a list of them; its place there decides between equals */
    bool is_taken;
};

static int compare_names(const struct bench_point *a, const struct bench_point *b)
{
    int order = strcmp(a->policy, b->policy);
    return order ? order : strcmp(a->request, b->request);
}

static int compare_entries(const void *a, const void *b)
{
    const struct bench_point *left = ((const struct entry *)a)->point;
    const struct bench_point *right = ((const struct entry *)b)->point;
    int order = compare_names(left, right);
    return order ? order : (left > right) - (left < right);
}

/* The first that nobody has taken of those with the point's names; `entry` is sorted. */
static struct entry *find(struct entry *entry, size_t count, const struct bench_point *point)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(entry[middle].point, point) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && compare_names(entry[low].point, point) == 0; low++)
        if (!entry[low].is_taken)
            return &entry[low];
    return NULL;
}

int bench_comparison_make(const struct bench_run *now, const struct bench_run *before,
                          const char *name, struct bench_comparison *ret_comparison)
{
    CHIMERA_FREE struct entry *entry = calloc(before->count + 1, sizeof(*entry));
    struct bench_pair *pair = calloc(now->count + before->count + 1, sizeof(*pair));
    *ret_comparison = (struct bench_comparison){
        .name = name, .now = now, .before = before, .pair = entry ? pair : NULL};
    if (!entry || !pair) {
        free(pair);
        return CHIMERA_ENOMEM;
    }
    for (size_t i = 0; i < before->count; i++)
        entry[i].point = &before->point[i];
    qsort(entry, before->count, sizeof(*entry), compare_entries);
    for (size_t i = 0; i < now->count; i++) {
        struct entry *other = find(entry, before->count, &now->point[i]);
        pair[ret_comparison->count++] =
            (struct bench_pair){.now = &now->point[i], .before = other ? other->point : NULL};
        ret_comparison->both += other != NULL;
        if (other)
            other->is_taken = true;
    }
    for (size_t i = 0; i < before->count; i++)
        if (!entry[i].is_taken)
            pair[ret_comparison->count++] = (struct bench_pair){.before = entry[i].point};
    return CHIMERA_OK;
}

void bench_comparison_done(struct bench_comparison *comparison)
{
    free(comparison->pair);
    *comparison = (struct bench_comparison){0};
}

bool bench_pair_change(const struct bench_pair *pair, const struct bench_metric *metric,
                       uint64_t *ret_before, uint64_t *ret_now, double *ret_percent)
{
    if (!pair->now || !pair->before || pair->now->failure || pair->before->failure ||
        !metric->get(pair->now, ret_now) || !metric->get(pair->before, ret_before))
        return false;
    double now = (double)*ret_now, before = (double)*ret_before;
    *ret_percent = *ret_now == *ret_before ? 0
                   : before > 0            ? (now - before) / before * 100
                                           : INFINITY;
    return true;
}

void bench_put_percent(double percent, struct chimera_buffer *out)
{
    if (percent == 0)
        chimera_buffer_text(out, "same");
    else if (isinf(percent))
        chimera_buffer_text(out, "from 0");
    else if (fabs(percent) < 0.05) /* a change that one digit would hide */
        chimera_buffer_print(out, "%+.2g %%", percent);
    else
        chimera_buffer_print(out, "%+.1f %%", percent);
}
