/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/sort.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A merge sort, from the shortest runs up. Only the lower run of a merge is put aside. */

#define RUN 8            /* elements that are inserted one by one */
#define ASIDE_BYTES 1024 /* of the stack; more comes from the heap */

struct sorter {
    size_t size;
    chimera_sort_order *order;
    struct chimera_account *account;
    char *aside; /* room for the lower run of the last merge */
};

/* Units for the call and the element that is moved. */
static int compare(const struct sorter *sorter, const void *a, const void *b)
{
    chimera_account_spend(sorter->account, 2 + sorter->size / 8);
    return sorter->order(a, b, sorter->account);
}

static void insert_all(const struct sorter *sorter, char *first, size_t count)
{
    char moved[CHIMERA_SORT_SIZE_MAX];
    size_t size = sorter->size;
    for (size_t i = 1; i < count; i++) {
        size_t at = i;
        while (at > 0 && compare(sorter, first + (at - 1) * size, first + i * size) > 0)
            at--;
        if (at == i)
            continue;
        memcpy(moved, first + i * size, size);
        memmove(first + (at + 1) * size, first + at * size, (i - at) * size);
        memcpy(first + at * size, moved, size);
    }
}

/* Of two sorted neighbours. When the account fails on the way, what is left is put back as it
 * comes. */
static void merge(const struct sorter *sorter, char *first, size_t low, size_t high)
{
    size_t size = sorter->size;
    char *a = sorter->aside, *b = first + low * size, *to = first;
    const char *a_end = a + low * size, *b_end = b + high * size;
    if (compare(sorter, b - size, b) <= 0)
        return;
    memcpy(a, first, low * size);
    while (a < a_end && b < b_end && !(sorter->account && sorter->account->failed)) {
        char **least = compare(sorter, a, b) <= 0 ? &a : &b;
        memcpy(to, *least, size);
        *least += size;
        to += size;
    }
    memcpy(to, a, (size_t)(a_end - a)); /* what is left of b is where it belongs */
}

/* Which most of what comes here is already. */
static bool is_sorted(const struct sorter *sorter, const char *elements, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const char *at = elements + i * sorter->size;
        if (compare(sorter, at - sorter->size, at) > 0 || chimera_account_spend(sorter->account, 0))
            return false;
    }
    return true;
}

static void sort_runs(const struct sorter *sorter, char *elements, size_t count)
{
    size_t size = sorter->size;
    for (size_t at = 0; at < count; at += RUN) {
        if (chimera_account_spend(sorter->account, 1) < 0)
            return;
        insert_all(sorter, elements + at * size, count - at < RUN ? count - at : RUN);
    }
    for (size_t run = RUN; run < count; run *= 2) {
        for (size_t at = 0; at + run < count; at += 2 * run) {
            if (chimera_account_spend(sorter->account, 1) < 0)
                return;
            merge(sorter, elements + at * size, run,
                  count - at - run < run ? count - at - run : run);
        }
    }
}

int chimera_sort(void *elements, size_t count, size_t size, chimera_sort_order *order,
                 struct chimera_account *account)
{
    _Alignas(max_align_t) char room[ASIDE_BYTES];
    struct sorter sorter = {.size = size, .order = order, .account = account, .aside = room};
    assert(size <= CHIMERA_SORT_SIZE_MAX);
    if (is_sorted(&sorter, elements, count))
        return CHIMERA_OK;
    size_t aside = 0;
    for (size_t run = RUN; run < count; run *= 2)
        aside = run * size;
    uint64_t bytes = aside > sizeof(room) ? chimera_account_heap(aside) : 0;
    int code = chimera_account_take(account, bytes);
    if (code < 0)
        return code;
    if (bytes)
        sorter.aside = malloc(aside);
    if (sorter.aside)
        sort_runs(&sorter, elements, count);
    else
        code = CHIMERA_ENOMEM;
    if (bytes)
        free(sorter.aside);
    chimera_account_give_back(account, bytes);
    return code < 0 ? code : account ? account->failed : CHIMERA_OK;
}
