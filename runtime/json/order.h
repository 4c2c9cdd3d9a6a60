/* SPDX-License-Identifier: Apache-2.0 */
/* order.h - comparing texts bytewise, for sorts: what is long is spent. */
#ifndef CHIMERA_JSON_ORDER_H
#define CHIMERA_JSON_ORDER_H

#include "runtime/base/account.h"
#include "runtime/base/slice.h"

/* Below, at or above zero; anything once the account has failed. */
int chimera_order_keys(const char *a, const char *b, struct chimera_account *account);
int chimera_order_long_texts(struct chimera_slice a, struct chimera_slice b,
                             struct chimera_account *account);

#define CHIMERA_ORDER_LONG 1024 /* bytes: of less nobody spends */

static inline int chimera_order_texts(struct chimera_slice a, struct chimera_slice b,
                                      struct chimera_account *account)
{
    size_t common = a.size < b.size ? a.size : b.size;
    if (common > CHIMERA_ORDER_LONG)
        return chimera_order_long_texts(a, b, account);
    int order = common ? memcmp(a.data, b.data, common) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

#endif
