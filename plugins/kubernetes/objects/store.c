/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/objects/store.h"

#include <stdlib.h>

int kube_budget_take(struct kube_budget *budget, uint64_t bytes, struct chimera_error *err)
{
    uint64_t used = atomic_fetch_add(&budget->used, bytes);
    if (used + bytes <= budget->limit)
        return CHIMERA_OK;
    atomic_fetch_sub(&budget->used, bytes);
    return chimera_fail(err, CHIMERA_ELIMIT,
                        "the objects of the cluster that policies list need more than the %llu MiB "
                        "that they may use: raise the limit (--cluster-memory), or list less, by a "
                        "namespace, a selector or field masks",
                        (unsigned long long)(budget->limit >> 20));
}

void kube_budget_give_back(struct kube_budget *budget, uint64_t bytes)
{
    atomic_fetch_sub(&budget->used, bytes);
}

static struct chimera_slice part(const char *bytes, uint32_t at, uint32_t size)
{
    return (struct chimera_slice){bytes + at, size};
}

static int compare(struct chimera_slice a, struct chimera_slice b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Where it is, or would be. The last place is looked at first: lists come in order. */
static bool find(const struct kube_store *store, struct chimera_slice object,
                 const struct kube_object_names *names, size_t *ret_at)
{
    struct chimera_slice space = part(object.data, names->name_space.at, names->name_space.size);
    struct chimera_slice name = part(object.data, names->name.at, names->name.size);
    size_t from = 0, to = store->count;
    for (bool is_last = true; from < to; is_last = false) {
        size_t at = is_last ? to - 1 : from + (to - from) / 2;
        const struct kube_stored *other = store->object[at];
        int order = compare(space, part(other->bytes, other->space_at, other->space_size));
        if (order == 0)
            order = compare(name, part(other->bytes, other->name_at, other->name_size));
        if (order == 0) {
            *ret_at = at;
            return true;
        }
        from = order > 0 ? at + 1 : from;
        to = order > 0 ? to : at;
    }
    *ret_at = from;
    return false;
}

static uint64_t heap_of(uint32_t size)
{
    return chimera_account_heap(sizeof(struct kube_stored) + size);
}

static void drop(struct kube_store *store, struct kube_stored *stored)
{
    store->json_bytes -= stored->size;
    store->used -= heap_of(stored->size);
    kube_budget_give_back(store->budget, heap_of(stored->size));
    free(stored);
}

static int make_room(struct kube_store *store, struct chimera_error *err)
{
    if (store->count < store->capacity)
        return CHIMERA_OK;
    size_t more = store->capacity ? store->capacity / 2 + 16 : 16;
    int code = kube_budget_take(store->budget, more * sizeof(*store->object), err);
    if (code < 0)
        return code;
    struct kube_stored **object =
        realloc(store->object, (store->capacity + more) * sizeof(*store->object));
    if (!object) {
        kube_budget_give_back(store->budget, more * sizeof(*store->object));
        return chimera_fail_memory(err);
    }
    store->object = object;
    store->capacity += more;
    store->used += more * sizeof(*store->object);
    return CHIMERA_OK;
}

static int make_stored(struct kube_store *store, struct chimera_slice object,
                       const struct kube_object_names *names, struct kube_stored **ret_stored,
                       struct chimera_error *err)
{
    uint64_t heap = heap_of((uint32_t)object.size);
    int code = kube_budget_take(store->budget, heap, err);
    if (code < 0)
        return code;
    struct kube_stored *stored = malloc(sizeof(*stored) + object.size);
    if (!stored) {
        kube_budget_give_back(store->budget, heap);
        return chimera_fail_memory(err);
    }
    *stored = (struct kube_stored){.size = (uint32_t)object.size,
                                   .name_at = names->name.at,
                                   .space_at = names->name_space.at,
                                   .name_size = (uint16_t)names->name.size,
                                   .space_size = (uint16_t)names->name_space.size};
    memcpy(stored->bytes, object.data, object.size);
    store->json_bytes += object.size;
    store->used += heap;
    *ret_stored = stored;
    return CHIMERA_OK;
}

int kube_store_put(struct kube_store *store, struct chimera_slice object,
                   const struct kube_object_names *names, uint32_t round, bool *ret_changes,
                   struct chimera_error *err)
{
    struct kube_stored *stored = NULL;
    size_t at = 0;
    if (names->name.size == 0 || names->name.size > UINT16_MAX ||
        names->name_space.size > UINT16_MAX)
        return chimera_fail(err, CHIMERA_EINVAL, "an object of the API server's has no name");
    bool is_there = find(store, object, names, &at);
    *ret_changes = true;
    if (is_there && store->object[at]->size == object.size &&
        memcmp(store->object[at]->bytes, object.data, object.size) == 0) {
        *ret_changes = false;
        store->object[at]->round = round;
        return CHIMERA_OK;
    }
    int code = is_there ? CHIMERA_OK : make_room(store, err);
    if (code == CHIMERA_OK)
        code = make_stored(store, object, names, &stored, err);
    if (code < 0)
        return code;
    stored->round = round;
    if (is_there) {
        drop(store, store->object[at]);
    } else {
        memmove(store->object + at + 1, store->object + at,
                (store->count - at) * sizeof(*store->object));
        store->count++;
    }
    store->object[at] = stored;
    return CHIMERA_OK;
}

bool kube_store_remove(struct kube_store *store, struct chimera_slice object,
                       const struct kube_object_names *names)
{
    size_t at = 0;
    if (!find(store, object, names, &at))
        return false;
    drop(store, store->object[at]);
    store->count--;
    memmove(store->object + at, store->object + at + 1,
            (store->count - at) * sizeof(*store->object));
    return true;
}

size_t kube_store_drop_others(struct kube_store *store, uint32_t round)
{
    size_t kept = 0, before = store->count;
    for (size_t i = 0; i < before; i++) {
        if (store->object[i]->round == round)
            store->object[kept++] = store->object[i];
        else
            drop(store, store->object[i]);
    }
    store->count = kept;
    return before - kept;
}

void kube_store_done(struct kube_store *store)
{
    kube_store_drop_others(store, 0); /* no round has this number */
    kube_budget_give_back(store->budget, store->used);
    free(store->object);
    *store = (struct kube_store){.budget = store->budget};
}
