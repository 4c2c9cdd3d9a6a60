/* SPDX-License-Identifier: Apache-2.0 */
/* account.h - accounts that end somewhere, chosen by the input itself, so that corpora stay what
 * they are. */
#ifndef CHIMERA_FUZZ_ACCOUNT_H
#define CHIMERA_FUZZ_ACCOUNT_H

#include <stddef.h>
#include <stdlib.h>

#include "runtime/base/account.h"

static inline void fuzz_account(const uint8_t *data, size_t size,
                                struct chimera_account *ret_account)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 1099511628211u;
    hash ^= hash >> 31;
    /* From 64 bytes to 32 MiB; the time is up at the first look, after 1 unit to 131,072. */
    chimera_account_open(ret_account, hash & 1 ? 1 : CHIMERA_ACCOUNT_FOREVER,
                         (uint64_t)64 << (hash >> 1) % 20);
    ret_account->units = CHIMERA_ACCOUNT_LOOK - (UINT64_C(1) << (hash >> 8) % 18);
}

/* What holds after each use: no more was taken than there was, and who succeeded had not failed. */
static inline void fuzz_account_check(const struct chimera_account *account, int code)
{
    if (account->bytes_peak > account->bytes_limit || (code == 0 && account->failed) ||
        (code == CHIMERA_EDEADLINE && account->failed != CHIMERA_EDEADLINE))
        abort();
}

#endif
