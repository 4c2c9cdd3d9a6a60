/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/json/members.h"

#include <stdlib.h>

#include "runtime/base/sort.h"
#include "runtime/json/order.h"

static int by_key(const void *a, const void *b, struct chimera_account *account)
{
    return chimera_order_keys(((const struct chimera_member *)a)->key,
                              ((const struct chimera_member *)b)->key, account);
}

static uint64_t heap_of(size_t count)
{
    return chimera_account_heap((count + 1) * sizeof(struct chimera_member));
}

int chimera_members_sorted(struct json_object *object, struct chimera_account *account,
                           struct chimera_members *ret_members)
{
    size_t count = (size_t)json_object_object_length(object);
    struct chimera_members members = {.account = account};
    int code = chimera_account_spend(account, 8 + count);
    if (code == CHIMERA_OK)
        code = chimera_account_take(account, heap_of(count));
    if (code < 0)
        return code;
    members.member = calloc(count + 1, sizeof(*members.member));
    if (members.member) {
        const struct lh_entry *entry = json_object_get_object(object)->head;
        for (; entry; entry = entry->next)
            members.member[members.count++] = (struct chimera_member){
                (const char *)lh_entry_k(entry), (struct json_object *)lh_entry_v(entry)};
        code = chimera_sort(members.member, count, sizeof(*members.member), by_key, account);
    } else {
        chimera_account_give_back(account, heap_of(count));
        return CHIMERA_ENOMEM;
    }
    if (code < 0)
        chimera_members_free(&members);
    else
        *ret_members = members;
    return code;
}

void chimera_members_free(struct chimera_members *members)
{
    if (members->member)
        chimera_account_give_back(members->account, heap_of(members->count));
    free(members->member);
    *members = (struct chimera_members){0};
}
