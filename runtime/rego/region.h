/* SPDX-License-Identifier: Apache-2.0 */
/* region.h - memory of one builtin's work: taken piece by piece, freed all at once. Private to
 * rego/.
 *
 * Every block is taken from the account first and given back with the rest. The first failure
 * sticks, in `failed`, and later pieces are NULL.
 */
#ifndef CHIMERA_REGO_REGION_H
#define CHIMERA_REGO_REGION_H

#include "runtime/base/account.h"
#include "runtime/base/slice.h"

struct chimera_region_block;

struct chimera_region {
    struct chimera_region_block *blocks; /* owned */
    char *at;
    size_t left;
    struct chimera_account *account; /* borrowed; may be NULL */
    int failed;                      /* 0, the account's code or CHIMERA_ENOMEM */
};

static inline void chimera_region_init(struct chimera_region *region,
                                       struct chimera_account *account)
{
    *region = (struct chimera_region){.account = account};
}

/* Zeroed, and aligned for anything; NULL: failed. Spends for itself. */
void *chimera_region_take(struct chimera_region *region, size_t size);

/* A copy with a NUL behind; .data is NULL when it failed. */
struct chimera_slice chimera_region_copy(struct chimera_region *region, struct chimera_slice text);

/* Empty again, with the account that it had. */
void chimera_region_free(struct chimera_region *region);

#endif
