/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/review/normal.h"

#include "runtime/review/shapes.h"

/* Of userInfo.extra; what one has comes from an authenticator, a handful. Sorting more would be
 * work that a caller chooses. */
#define EXTRA_MAX 4096
#define BINS 13 /* a list of EXTRA_MAX entries is in the last one */

struct entry { /* of userInfo.extra; all in the arena or the body */
    struct entry *next;
    struct chimera_slice key;   /* decoded */
    struct chimera_slice raw;   /* as it stands, without its quotes */
    struct chimera_slice value; /* JSON */
};

/* --- Sorting --- */

static int compare_keys(const struct entry *a, const struct entry *b)
{
    size_t size = a->key.size < b->key.size ? a->key.size : b->key.size;
    int order = size ? memcmp(a->key.data, b->key.data, size) : 0;
    return order ? order : (a->key.size > b->key.size) - (a->key.size < b->key.size);
}

/* Of equal keys those of `a` come first. */
static struct entry *merge(struct entry *a, struct entry *b)
{
    struct entry *first = NULL, **tail = &first;
    while (a && b) {
        struct entry **lesser = compare_keys(a, b) <= 0 ? &a : &b;
        *tail = *lesser;
        tail = &(*lesser)->next;
        *lesser = *tail;
    }
    *tail = a ? a : b;
    return first;
}

/* Takes no memory, and leaves equal keys in their order. Bin i holds 2^i entries, or none. */
static struct entry *sort(struct entry *list)
{
    struct entry *bin[BINS] = {NULL}, *sorted = NULL;
    while (list) {
        struct entry *run = list;
        unsigned i = 0;
        list = list->next;
        run->next = NULL;
        for (; i < BINS - 1 && bin[i]; i++) {
            run = merge(bin[i], run);
            bin[i] = NULL;
        }
        bin[i] = merge(bin[i], run);
    }
    for (unsigned i = 0; i < BINS; i++)
        sorted = merge(bin[i], sorted);
    return sorted;
}

/* --- userInfo.extra --- */

/* `map` is checked. False when there are too many, or the arena is full. */
static bool read_entries(struct chimera_slice map, struct chimera_arena *arena,
                         struct entry **ret_first)
{
    struct chimera_scan scan;
    struct chimera_scan_text key;
    struct entry **tail = ret_first;
    unsigned count = 0;
    *ret_first = NULL;
    chimera_scan_init(&scan, map);
    chimera_scan_peek(&scan);
    chimera_scan_open(&scan);
    for (; chimera_scan_next_key(&scan, count == 0, &key) == 1; count++) {
        struct entry *entry = count < EXTRA_MAX ? chimera_arena_take(arena, sizeof(*entry)) : NULL;
        if (!entry)
            return false;
        *entry = (struct entry){.key = chimera_scan_text(key, arena), .raw = key.raw};
        if (!entry->key.data || !chimera_scan_colon(&scan) ||
            !chimera_scan_skip(&scan, &entry->value))
            return false;
        *tail = entry;
        tail = &entry->next;
    }
    return true;
}

static char *put_text(char *to, struct chimera_slice text)
{
    memcpy(to, text.data, text.size);
    return to + text.size;
}

/* `"name":value`, and a comma before it unless the object has just begun. */
static char *put_member(char *to, struct chimera_slice name, struct chimera_slice value)
{
    if (to[-1] != '{')
        to = put_text(to, CHIMERA_SLICE(","));
    to = put_text(put_text(put_text(to, CHIMERA_SLICE("\"")), name), CHIMERA_SLICE("\":"));
    return put_text(to, value);
}

/* The map with each key once, which is then that of the last one. */
static bool normalize_map(struct chimera_slice *map, struct chimera_arena *arena)
{
    struct entry *entries;
    char *text = read_entries(*map, arena, &entries) ? chimera_arena_take(arena, map->size) : NULL;
    if (!text)
        return false;
    char *at = put_text(text, CHIMERA_SLICE("{"));
    for (const struct entry *entry = sort(entries); entry; entry = entry->next)
        if (!entry->next || compare_keys(entry, entry->next) != 0)
            at = put_member(at, entry->raw, entry->value);
    at = put_text(at, CHIMERA_SLICE("}"));
    *map = (struct chimera_slice){text, (size_t)(at - text)};
    return true;
}

/* --- Structs --- */

/* `value` was read as this shape already. */
static bool normalize(struct chimera_slice *value, const struct chimera_shape *shape,
                      struct chimera_arena *arena)
{
    struct chimera_slice members[CHIMERA_SHAPE_FIELDS_MAX] = {{NULL, 0}};
    struct chimera_scan scan;
    if (!chimera_shape_read_all(&scan, *value, shape, members) || !scan.is_odd)
        return true;
    for (unsigned i = 0; i < shape->count; i++)
        if (shape->field[i].kind == CHIMERA_SHAPE_STRINGS_MAP && members[i].data &&
            !normalize_map(&members[i], arena))
            return false;
    struct chimera_slice *ret_text = value;
    size_t size = strlen("{}");
    for (unsigned i = 0; i < shape->count; i++)
        size += shape->field[i].name.size + strlen("\"\":,") + members[i].size;
    char *text = chimera_arena_take(arena, size);
    if (!text)
        return false;
    char *at = put_text(text, CHIMERA_SLICE("{"));
    for (unsigned i = 0; i < shape->count; i++)
        if (members[i].data)
            at = put_member(at, shape->field[i].name, members[i]);
    at = put_text(at, CHIMERA_SLICE("}"));
    *ret_text = (struct chimera_slice){text, (size_t)(at - text)};
    return true;
}

bool chimera_request_normalize(struct chimera_slice *values, struct chimera_arena *arena)
{
    for (unsigned i = 0; i < CHIMERA_REQUEST_FIELDS; i++) {
        const struct chimera_shape *shape = chimera_shape_request.field[i].shape;
        if (shape && values[i].data && !normalize(&values[i], shape, arena))
            return false;
    }
    return true;
}
