/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/json/order.h"

#define PIECE CHIMERA_ORDER_LONG /* bytes that are compared at once */

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

int chimera_order_keys(const char *a, const char *b, struct chimera_account *account)
{
    for (;; a += PIECE, b += PIECE) {
        int order = strncmp(a, b, PIECE);
        if (order || strnlen(a, PIECE) < PIECE)
            return sign(order);
        if (chimera_account_spend(account, PIECE / 8) < 0)
            return 0;
    }
}

int chimera_order_long_texts(struct chimera_slice a, struct chimera_slice b,
                             struct chimera_account *account)
{
    size_t common = a.size < b.size ? a.size : b.size, at = 0;
    for (size_t size; at < common; at += size) {
        size = common - at < PIECE ? common - at : PIECE;
        int order = memcmp(a.data + at, b.data + at, size);
        if (order)
            return sign(order);
        if (size == PIECE && chimera_account_spend(account, PIECE / 16) < 0)
            return 0;
    }
    return (a.size > b.size) - (a.size < b.size);
}
