/* SPDX-License-Identifier: Apache-2.0 */
/* sort.h - a stable sort that an account can end.
 *
 * The C library's cannot be: a million texts that begin alike take it seconds.
 */
#ifndef CHIMERA_BASE_SORT_H
#define CHIMERA_BASE_SORT_H

#include <stddef.h>

#include "runtime/base/account.h"

/* Below, at or above zero, as for qsort(). Spends for what is long; once the account has failed any
 * answer will do. */
typedef int chimera_sort_order(const void *a, const void *b, struct chimera_account *account);

/* Largest element. */
#define CHIMERA_SORT_SIZE_MAX 128

/* Sorts `count` elements of `size` bytes. On failure, the account's or CHIMERA_ENOMEM, they are all
 * still there, in some order. */
int chimera_sort(void *elements, size_t count, size_t size, chimera_sort_order *order,
                 struct chimera_account *account);

#endif
