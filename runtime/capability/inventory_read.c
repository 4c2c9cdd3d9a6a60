/* SPDX-License-Identifier: Apache-2.0 */
/* inventory_read.c - the lists of an inventory, from their answers to a sorted list of places. */
#include <stdlib.h>

#include "runtime/base/sort.h"
#include "runtime/capability/inventory_internal.h"
#include "runtime/json/order.h"
#include "runtime/json/shape.h"
#include "runtime/json/tree.h"

#define FIRST_OBJECTS 256

static struct inventory_object *add_object(struct chimera_inventory *inventory)
{
    if (inventory->object_count == inventory->capacity) {
        size_t more = inventory->capacity ? inventory->capacity : FIRST_OBJECTS;
        if (chimera_account_take(inventory->account, more * sizeof(struct inventory_object)) < 0)
            return NULL;
        struct inventory_object *grown =
            realloc(inventory->object, (inventory->capacity + more) * sizeof(*grown));
        if (!grown) {
            inventory->account->failed = CHIMERA_ENOMEM;
            return NULL;
        }
        inventory->object = grown;
        inventory->capacity += more;
    }
    return &inventory->object[inventory->object_count++];
}

/* A string that is spelled with escapes as it would be written, so that equal ones are the same. */
static struct chimera_slice plain(struct chimera_slice value, struct chimera_arena *arena)
{
    struct chimera_buffer text;
    if (!value.data || !memchr(value.data, '\\', value.size))
        return value;
    struct chimera_slice decoded = chimera_shape_text(value, arena);
    chimera_buffer_init(&text, 6 * value.size + 2);
    chimera_json_write_string(decoded, &text);
    struct chimera_slice copy = chimera_arena_copy(arena, chimera_buffer_slice(&text));
    chimera_buffer_free(&text);
    return copy.data ? copy : value;
}

static const struct chimera_shape_field metadata_fields[] = {
    {.name = {"name", 4}, .kind = CHIMERA_SHAPE_STRING, .is_optional = true},
    {.name = {"namespace", 9}, .kind = CHIMERA_SHAPE_STRING, .is_optional = true}};
static const struct chimera_shape metadata = {
    .name = "struct ObjectMeta", .field = metadata_fields, .count = 2, .is_lenient = true};
static const struct chimera_shape_field object_fields[] = {{.name = {"metadata", 8},
                                                            .kind = CHIMERA_SHAPE_STRUCT,
                                                            .is_optional = true,
                                                            .shape = &metadata,
                                                            .at = 1}};
static const struct chimera_shape object_shape = {
    .name = "struct DynamicObject", .field = object_fields, .count = 1, .is_lenient = true};

/* A list's `items`, of which chimera_scan_peek() has returned the bracket. */
static bool read_items(struct chimera_inventory *inventory, const struct inventory_list *list,
                       struct chimera_scan *scan, struct chimera_arena *arena)
{
    bool is_first = true;
    int next = chimera_scan_open(scan) ? 1 : -1;
    while (next == 1 && (next = chimera_scan_next_element(scan, is_first)) == 1) {
        struct chimera_slice values[3] = {{0}};
        struct inventory_object *object;
        is_first = false;
        chimera_scan_peek(scan);
        const char *from = scan->at;
        if (!chimera_shape_read(scan, &object_shape, values))
            return false;
        size_t size = (size_t)(scan->at - from);
        if (chimera_account_spend(inventory->account, size / 2) < 0 ||
            !(object = add_object(inventory)))
            return true; /* for that reason */
        *object = (struct inventory_object){.list = list,
                                            .name = plain(values[1], arena),
                                            .name_space = plain(values[2], arena),
                                            .text = {from, size}};
    }
    if (next == 0)
        chimera_scan_close(scan);
    return next == 0;
}

static bool read_members(struct chimera_inventory *inventory, const struct inventory_list *list,
                         struct chimera_scan *scan, struct chimera_arena *arena)
{
    struct chimera_scan_text key;
    struct chimera_slice ignored;
    bool has_items = false, is_first = true;
    int next;
    if (chimera_scan_peek(scan) < 0)
        return chimera_scan_fail_next(scan, "EOF while parsing a value");
    if (*scan->at != '{')
        return chimera_shape_fail_type(scan, "struct ObjectList");
    if (!chimera_scan_open(scan))
        return false;
    for (; (next = chimera_scan_next_key(scan, is_first, &key)) == 1; is_first = false) {
        bool are_items = chimera_slice_is(key.raw, "items");
        if (!chimera_scan_colon(scan))
            return false;
        if (are_items && has_items)
            return chimera_scan_fail_shape(scan, scan->at, scan->at, "duplicate field `items`");
        if (are_items && chimera_scan_peek(scan) != '[')
            return chimera_shape_fail_type(scan, "a sequence");
        if (are_items ? !read_items(inventory, list, scan, arena)
                      : !chimera_scan_skip(scan, &ignored))
            return false;
        if (inventory->account->failed)
            return true;
        has_items |= are_items;
    }
    if (next < 0)
        return false;
    chimera_scan_close(scan);
    if (!has_items)
        return chimera_scan_fail_shape(scan, scan->at, scan->at, "missing field `items`");
    return chimera_scan_end(scan);
}

/* As the reference registers one after the other. */
static int check_objects(const struct chimera_inventory *inventory, struct chimera_error *err)
{
    for (size_t i = 0; i < inventory->object_count; i++) {
        const struct inventory_object *object = &inventory->object[i];
        enum inventory_scope scope =
            object->name_space.data ? INVENTORY_NAMESPACED : INVENTORY_CLUSTERWIDE;
        enum inventory_scope *known = &object->list->first->scope;
        if (*known == INVENTORY_UNKNOWN)
            *known = scope;
        if (inventory->form == CHIMERA_INVENTORY_OPA && *known != scope)
            return chimera_fail(err, CHIMERA_EREFUSED, "%s",
                                scope == INVENTORY_NAMESPACED
                                    ? "trying to add a namespaced resource to a list of "
                                      "clusterwide resources"
                                    : "trying to add a clusterwide resource to a list of "
                                      "namespaced resources");
        if (!object->name.data)
            return chimera_fail(err, CHIMERA_EREFUSED, "DynamicObject does not have a name");
        int code = chimera_account_spend(inventory->account, 4);
        if (code < 0)
            return inventory_check_account(inventory, err);
    }
    return CHIMERA_OK;
}

static int compare(struct chimera_slice a, struct chimera_slice b, struct chimera_account *account)
{
    chimera_account_spend(account, 1);
    return chimera_order_texts(a, b, account);
}

/* By plural, namespace, name. */
static int by_opa_key(const void *a, const void *b, struct chimera_account *account)
{
    const struct inventory_object *x = a, *y = b;
    int order = x->list == y->list ? 0 : compare(x->list->keys[0], y->list->keys[0], account);
    if (order == 0)
        order = compare(x->name_space, y->name_space, account);
    return order ? order : compare(x->name, y->name, account);
}

/* By namespace, those without one first; then by version, kind, name. */
static int by_gatekeeper_key(const void *a, const void *b, struct chimera_account *account)
{
    const struct inventory_object *x = a, *y = b;
    int order = compare(x->name_space, y->name_space, account);
    if (order == 0 && x->list != y->list)
        order = x->list < y->list ? -1 : 1; /* they are sorted */
    return order ? order : compare(x->name, y->name, account);
}

/* Of those with the same keys the last stays. */
static int sort_objects(struct chimera_inventory *inventory, chimera_sort_order *order,
                        struct chimera_error *err)
{
    struct inventory_object *object = inventory->object;
    size_t kept = 0, count = inventory->object_count;
    int code = chimera_sort(object, count, sizeof(*object), order, inventory->account);
    if (code < 0)
        return chimera_fail(err, code, "%s", chimera_account_text(inventory->account));
    for (size_t i = 0; i < count; i++)
        if (i + 1 == count || order(&object[i], &object[i + 1], inventory->account) != 0)
            object[kept++] = object[i];
    inventory->object_count = kept;
    return inventory_check_account(inventory, err);
}

static int ask_plural(struct chimera_inventory *inventory, struct inventory_list *list,
                      struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_error why = {0};
    int code = inventory_ask(inventory, &list->plural_request, &list->plural, err);
    if (code < 0)
        return code;
    struct chimera_slice text = chimera_host_answer_bytes(&list->plural);
    chimera_scan_init(&scan, text);
    if (chimera_scan_peek(&scan) < 0)
        chimera_scan_fail_next(&scan, "EOF while parsing a value");
    else if (chimera_shape_read_string(&scan) && chimera_scan_end(&scan)) {
        list->keys[0] = chimera_slice_trim(text);
        return CHIMERA_OK;
    }
    chimera_scan_report(&scan, &why);
    return inventory_refuse(err, "get plural name failure, cannot convert callback response: ",
                            chimera_slice_of(why.text));
}

int chimera_inventory_read(struct chimera_inventory *inventory, struct chimera_arena *arena,
                           struct chimera_error *err)
{
    bool is_opa = inventory->form == CHIMERA_INVENTORY_OPA;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < inventory->count; i++) {
        struct inventory_list *list = &inventory->list[i];
        struct chimera_scan scan;
        struct chimera_error why = {0};
        chimera_scan_init(&scan, chimera_host_answer_bytes(&list->answer));
        bool is_good = read_members(inventory, list, &scan, arena);
        code = inventory_check_account(inventory, err);
        if (code < 0)
            return code;
        if (is_good)
            continue;
        chimera_scan_report(&scan, &why);
        return inventory_refuse(
            err, "cannot convert callback response into a list of kubernetes objects: ",
            chimera_slice_of(why.text));
    }
    for (size_t i = 0; i < inventory->count && code == CHIMERA_OK; i++) {
        struct inventory_list *list = &inventory->list[i];
        if (is_opa)
            code = ask_plural(inventory, list, err);
        list->scope = INVENTORY_UNKNOWN;
        list->first = inventory->list;
        while (code == CHIMERA_OK && list->first < list &&
               !chimera_slice_equal(list->first->keys[0], list->keys[0]))
            list->first++;
    }
    if (code == CHIMERA_OK)
        code = check_objects(inventory, err);
    if (code < 0)
        return code;
    return sort_objects(inventory, is_opa ? by_opa_key : by_gatekeeper_key, err);
}
