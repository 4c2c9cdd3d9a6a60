/* SPDX-License-Identifier: Apache-2.0 */
/* OPA's order of values, and what is kept in it: sets, and the members of objects. */
#include "runtime/json/order.h"

#include <stdlib.h>

#include "runtime/base/sort.h"
#include "runtime/json/node.h"
#include "runtime/rego/decimal.h"
#include "runtime/rego/key.h"

/* --- Numbers --- */

static int compare_numbers(struct json_object *a, struct json_object *b,
                           struct chimera_account *account)
{
    bool are_integers =
        json_object_is_type(a, json_type_int) && json_object_is_type(b, json_type_int);
    if (are_integers) {
        int64_t x = json_object_get_int64(a), y = json_object_get_int64(b);
        return (x > y) - (x < y);
    }
    char of_a[CHIMERA_REGO_NUMBER_TEXT], of_b[CHIMERA_REGO_NUMBER_TEXT];
    struct chimera_slice text = chimera_rego_number_text(a, of_a);
    struct chimera_slice other = chimera_rego_number_text(b, of_b);
    chimera_account_spend(account, (text.size + other.size) / 2);
    return chimera_decimal_compare(text, other);
}

/* --- Collections --- */

static int compare_arrays(struct json_object *a, struct json_object *b,
                          struct chimera_account *account)
{
    size_t size = json_object_array_length(a), other = json_object_array_length(b);
    for (size_t i = 0; i < size && i < other; i++) {
        int order = chimera_rego_compare(json_object_array_get_idx(a, i),
                                         json_object_array_get_idx(b, i), account);
        if (order || (account && account->failed))
            return order;
    }
    return (size > other) - (size < other);
}

static int compare_objects(struct json_object *a, struct json_object *b,
                           struct chimera_account *account)
{
    int code = chimera_rego_order_members(a, account);
    if (code == CHIMERA_OK)
        code = chimera_rego_order_members(b, account);
    if (code < 0) {
        /* What compares returns no code. */
        if (account && !account->failed)
            account->failed = code;
        return 0;
    }
    const struct lh_entry *x = json_object_get_object(a)->head,
                          *y = json_object_get_object(b)->head;
    for (; x && y; x = x->next, y = y->next) {
        int order =
            chimera_rego_order_keys(chimera_rego_entry_key(x), chimera_rego_entry_key(y), account);
        order = order ? order
                      : chimera_rego_compare(chimera_rego_entry_value(x),
                                             chimera_rego_entry_value(y), account);
        if (order || (account && account->failed))
            return order;
    }
    return (x != NULL) - (y != NULL);
}

#define UNITS 4 /* of any comparison */

int chimera_rego_compare(struct json_object *a, struct json_object *b,
                         struct chimera_account *account)
{
    enum chimera_rego_type type = chimera_rego_type_of(a), other = chimera_rego_type_of(b);
    if (a == b || type != other || chimera_account_spend(account, UNITS) < 0)
        return (type > other) - (type < other);
    switch (type) {
    case CHIMERA_REGO_NULL:
        return 0;
    case CHIMERA_REGO_BOOLEAN:
        return json_object_get_boolean(a) - json_object_get_boolean(b);
    case CHIMERA_REGO_NUMBER:
        return compare_numbers(a, b, account);
    case CHIMERA_REGO_STRING:
        return chimera_order_texts(chimera_rego_string(a), chimera_rego_string(b), account);
    case CHIMERA_REGO_OBJECT:
        return compare_objects(a, b, account);
    default:
        return compare_arrays(a, b, account);
    }
}

/* --- Sets --- */

static int by_value(const void *a, const void *b, struct chimera_account *account)
{
    struct json_object *const *x = a, *const *y = b;
    return chimera_rego_compare(*x, *y, account);
}

int chimera_rego_make_set(struct json_object *array, struct chimera_account *account)
{
    struct array_list *list = json_object_get_array(array);
    int code = chimera_sort(list->array, list->length, sizeof(*list->array), by_value, account);
    size_t kept = 0;
    for (size_t i = 0; i < list->length && code == CHIMERA_OK; i++) {
        struct json_object *value = list->array[i];
        bool is_repeat = kept && chimera_rego_compare(list->array[kept - 1], value, account) == 0;
        code = account ? account->failed : CHIMERA_OK;
        if (is_repeat)
            continue;
        list->array[i] = list->array[kept]; /* a repeat, or itself: nothing is lost */
        list->array[kept++] = value;
    }
    if (code < 0)
        return code;
    if (kept < list->length)
        json_object_array_del_idx(array, kept, list->length - kept);
    chimera_rego_mark_set(array);
    return CHIMERA_OK;
}

bool chimera_rego_set_find(struct json_object *set, struct json_object *value,
                           struct chimera_account *account, size_t *ret_index)
{
    size_t low = 0, high = json_object_array_length(set);
    while (low < high && chimera_account_spend(account, UNITS) == CHIMERA_OK) {
        size_t middle = low + (high - low) / 2;
        int order = chimera_rego_compare(json_object_array_get_idx(set, middle), value, account);
        if (order == 0) {
            *ret_index = middle;
            return !account || !account->failed;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_index = low;
    return false;
}

/* --- Members --- */

static char ordered_mark; /* its address is the userdata of objects whose members are in order */

/* Only a guest that lies has equal keys, written otherwise; their order then is that of the texts.
 */
static int order_entries(const struct lh_entry *a, const struct lh_entry *b,
                         struct chimera_account *account)
{
    const char *key = chimera_rego_entry_key(a), *other = chimera_rego_entry_key(b);
    int order = chimera_rego_order_keys(key, other, account);
    return order || chimera_rego_key_is_text(key) ? order : strcmp(key, other);
}

static int by_key(const void *a, const void *b, struct chimera_account *account)
{
    struct lh_entry *const *x = a, *const *y = b;
    return order_entries(*x, *y, account);
}

static bool are_ordered(const struct lh_table *table, struct chimera_account *account)
{
    for (const struct lh_entry *entry = table->head; entry && entry->next; entry = entry->next) {
        if (chimera_account_spend(account, UNITS) < 0 ||
            order_entries(entry, entry->next, account) > 0)
            return false;
    }
    return true;
}

static int sort_members(struct lh_table *table, struct chimera_account *account)
{
    size_t count = (size_t)table->count, used = 0;
    uint64_t bytes = chimera_account_heap(count * sizeof(struct lh_entry *));
    int code = chimera_account_take(account, bytes);
    if (code < 0)
        return code;
    struct lh_entry **entries = malloc(count * sizeof(*entries));
    for (struct lh_entry *entry = table->head; entries && entry; entry = entry->next)
        entries[used++] = entry;
    code =
        entries ? chimera_sort(entries, count, sizeof(*entries), by_key, account) : CHIMERA_ENOMEM;
    if (code == CHIMERA_OK) {
        /* The entries stay where they are; only the list through them changes. */
        for (size_t i = 0; i < count; i++) {
            entries[i]->prev = i ? entries[i - 1] : NULL;
            entries[i]->next = i + 1 < count ? entries[i + 1] : NULL;
        }
        table->head = entries[0];
        table->tail = entries[count - 1];
    }
    free(entries);
    chimera_account_give_back(account, bytes);
    return code;
}

int chimera_rego_order_members(struct json_object *object, struct chimera_account *account)
{
    if (json_object_get_userdata(object) == &ordered_mark)
        return CHIMERA_OK;
    struct lh_table *table = json_object_get_object(object);
    int code = are_ordered(table, account) ? CHIMERA_OK : sort_members(table, account);
    if (code == CHIMERA_OK && account)
        code = account->failed; /* which is when any order seemed right */
    if (code == CHIMERA_OK)
        json_object_set_userdata(object, &ordered_mark, NULL);
    return code;
}
