/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/json/node.h"

#include <limits.h>
#include <stdlib.h>

/* What json-c 0.16 to 0.18 ask of the heap; tests/unit/runtime/json/test_node.c compares with what
 * they get. */
#define NODE_BYTES 56        /* any value but a string, and an array's or object's own block */
#define STRING_BYTES 49      /* before the text; which has room for eight bytes at least */
#define OBJECT_ENTRIES 16    /* of a new object's table, which doubles when it is filled by */
#define OBJECT_FILL 0.66     /* this much */
#define ARRAY_SLOTS 4        /* instead of json-c's 32: most arrays are short */
#define UNITS 8              /* of any value */
#define MOVE_NS 100          /* a member that moves when its table grows */
#define MOVE_LARGE (1 << 15) /* members: below nobody asks whether there is time */

/* A block may be larger by what is too small to be a block of its own; here that happens often. */
#define SURPLUS 16

static uint64_t heap_of_array(uint64_t slots)
{
    return chimera_account_heap(slots * sizeof(void *)) + SURPLUS;
}

static uint64_t heap_of_table(uint64_t entries)
{
    return chimera_account_heap(entries * sizeof(struct lh_entry)) + SURPLUS;
}

static uint64_t heap_of_string(size_t size)
{
    return chimera_account_heap(STRING_BYTES + (size < 8 ? 8 : size));
}

static bool charge(struct chimera_account *account, uint64_t units, uint64_t bytes, uint64_t blocks)
{
    if (!account)
        return true;
    if (chimera_account_spend(account, units) < 0 || chimera_account_take(account, bytes) < 0)
        return false;
    account->owed_ns += blocks * CHIMERA_ACCOUNT_FREE_NS;
    return true;
}

/* --- Values --- */

struct json_object *chimera_node_object(struct chimera_account *account)
{
    uint64_t bytes = chimera_account_heap(NODE_BYTES) +
                     chimera_account_heap(sizeof(struct lh_table)) + heap_of_table(OBJECT_ENTRIES);
    return charge(account, 2 * UNITS, bytes, 3) ? json_object_new_object() : NULL;
}

struct json_object *chimera_node_array(struct chimera_account *account)
{
    uint64_t bytes = chimera_account_heap(NODE_BYTES) +
                     chimera_account_heap(sizeof(struct array_list)) + heap_of_array(ARRAY_SLOTS);
    return charge(account, UNITS, bytes, 3) ? json_object_new_array_ext(ARRAY_SLOTS) : NULL;
}

struct json_object *chimera_node_string(struct chimera_account *account, struct chimera_slice text)
{
    if (text.size > INT_MAX)
        return NULL;
    if (!charge(account, UNITS + text.size / 8, heap_of_string(text.size), 1))
        return NULL;
    return json_object_new_string_len(text.size ? text.data : "", (int)text.size);
}

static bool charge_scalar(struct chimera_account *account)
{
    return charge(account, UNITS, chimera_account_heap(NODE_BYTES), 1);
}

struct json_object *chimera_node_int64(struct chimera_account *account, int64_t number)
{
    return charge_scalar(account) ? json_object_new_int64(number) : NULL;
}

struct json_object *chimera_node_uint64(struct chimera_account *account, uint64_t number)
{
    return charge_scalar(account) ? json_object_new_uint64(number) : NULL;
}

struct json_object *chimera_node_double(struct chimera_account *account, double number)
{
    return charge_scalar(account) ? json_object_new_double(number) : NULL;
}

struct json_object *chimera_node_boolean(struct chimera_account *account, bool value)
{
    return charge_scalar(account) ? json_object_new_boolean(value) : NULL;
}

struct json_object *chimera_node_double_text(struct chimera_account *account, double number,
                                             struct chimera_slice text)
{
    uint64_t copy_bytes = chimera_account_heap(text.size + 1);
    if (!charge_scalar(account) || !charge(account, text.size / 8, 2 * copy_bytes, 1))
        return NULL;
    char *copy = strndup(text.data, text.size); /* json-c wants a NUL, and makes its own copy */
    struct json_object *made = copy ? json_object_new_double_s(number, copy) : NULL;
    free(copy);
    chimera_account_give_back(account, copy_bytes);
    return made;
}

/* --- Collections --- */

int chimera_node_append(struct chimera_account *account, struct json_object *array,
                        struct json_object *value)
{
    const struct array_list *list = json_object_get_array(array);
    uint64_t before = 0;
    int code = chimera_account_spend(account, UNITS / 2);
    if (list->length + 1 >= list->size) { /* as array_list_add() sees it */
        uint64_t slots = list->size * 2 > list->length + 1 ? list->size * 2 : list->length + 1;
        before = heap_of_array(list->size);
        if (code == CHIMERA_OK)
            code = chimera_account_take(account, heap_of_array(slots));
    }
    if (code == CHIMERA_OK && json_object_array_add(array, value) < 0)
        code = CHIMERA_ENOMEM;
    if (code == CHIMERA_OK)
        chimera_account_give_back(account, before);
    else
        json_object_put(value);
    return code;
}

/* Takes the table that comes next when this one is full. */
static int charge_table(struct chimera_account *account, const struct lh_table *table)
{
    if (table->count < table->size * OBJECT_FILL)
        return CHIMERA_OK;
    if (table->count > MOVE_LARGE) {
        int code = chimera_account_has_time(account, (uint64_t)table->count * MOVE_NS);
        if (code < 0)
            return code;
    }
    return chimera_account_take(account, heap_of_table((uint64_t)table->size * 2));
}

int chimera_node_add(struct chimera_account *account, struct json_object *object, const char *key,
                     struct json_object *value)
{
    size_t size = strlen(key);
    const struct lh_table *table = json_object_get_object(object);
    int entries = table->size;
    bool may_grow = table->count >= entries * OBJECT_FILL;
    int code = charge_table(account, table);
    if (code == CHIMERA_OK && !charge(account, UNITS + size / 4, chimera_account_heap(size + 1), 1))
        code = account->failed;
    if (code == CHIMERA_OK && json_object_object_add(object, key, value) < 0)
        code = CHIMERA_ENOMEM;
    if (code < 0)
        json_object_put(value);
    else if (may_grow) /* a key that was there makes no table grow */
        chimera_account_give_back(
            account,
            heap_of_table(table->size > entries ? (uint64_t)entries : (uint64_t)entries * 2));
    return code;
}

/* --- Copies --- */

static struct json_object *copy_double(struct chimera_account *account, struct json_object *value)
{
    const char *text = json_object_get_userdata(value);
    double number = json_object_get_double(value);
    return text ? chimera_node_double_text(account, number, chimera_slice_of(text))
                : chimera_node_double(account, number);
}

/* json-c keeps apart which of the two a whole number is, but does not tell. */
static struct json_object *copy_integer(struct chimera_account *account, struct json_object *value)
{
    int64_t number = json_object_get_int64(value);
    uint64_t large = json_object_get_uint64(value);
    return large > INT64_MAX ? chimera_node_uint64(account, large)
                             : chimera_node_int64(account, number);
}

static bool copy_elements(struct chimera_account *account, struct json_object *array,
                          struct json_object *copy)
{
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *element;
        if (!chimera_node_copy(account, json_object_array_get_idx(array, i), &element) ||
            chimera_node_append(account, copy, element) < 0)
            return false;
    }
    return true;
}

static bool copy_members(struct chimera_account *account, struct json_object *object,
                         struct json_object *copy)
{
    const struct lh_entry *entry = json_object_get_object(object)->head;
    for (; entry; entry = entry->next) {
        struct json_object *value;
        if (!chimera_node_copy(account, (struct json_object *)lh_entry_v(entry), &value) ||
            chimera_node_add(account, copy, (const char *)lh_entry_k(entry), value) < 0)
            return false;
    }
    return true;
}

static struct json_object *copy_one(struct chimera_account *account, struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_boolean:
        return chimera_node_boolean(account, json_object_get_boolean(value));
    case json_type_double:
        return copy_double(account, value);
    case json_type_int:
        return copy_integer(account, value);
    case json_type_string:
        return chimera_node_string(
            account, (struct chimera_slice){json_object_get_string(value),
                                            (size_t)json_object_get_string_len(value)});
    case json_type_array:
        return chimera_node_array(account);
    default:
        return chimera_node_object(account);
    }
}

bool chimera_node_copy(struct chimera_account *account, struct json_object *value,
                       struct json_object **ret_copy)
{
    struct json_object *copy = value ? copy_one(account, value) : NULL;
    bool is_done = copy || !value;
    if (is_done && json_object_is_type(value, json_type_array))
        is_done = copy_elements(account, value, copy);
    else if (is_done && json_object_is_type(value, json_type_object))
        is_done = copy_members(account, value, copy);
    if (is_done)
        *ret_copy = copy;
    else
        json_object_put(copy);
    return is_done;
}

uint64_t chimera_node_key_bytes(size_t size)
{
    return chimera_account_heap(size + 1);
}

uint64_t chimera_node_bytes(struct json_object *value)
{
    uint64_t own = chimera_account_heap(NODE_BYTES);
    switch (json_object_get_type(value)) {
    case json_type_null:
        return 0;
    case json_type_string:
        return heap_of_string((size_t)json_object_get_string_len(value));
    case json_type_array:
        return own + chimera_account_heap(sizeof(struct array_list)) +
               heap_of_array(json_object_get_array(value)->size);
    case json_type_object:
        return own + chimera_account_heap(sizeof(struct lh_table)) +
               heap_of_table((uint64_t)json_object_get_object(value)->size);
    default:
        return own;
    }
}
