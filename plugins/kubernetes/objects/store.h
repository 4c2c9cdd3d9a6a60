/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - the objects of one list, as bytes, in the order of namespace and name.
 *
 * An object takes its JSON, 24 bytes beside it, what malloc() adds (8 to 23) and 8 to 16 of the
 * index. All stores share one budget. Whoever uses one has its lock.
 */
#ifndef CHIMERA_KUBERNETES_STORE_H
#define CHIMERA_KUBERNETES_STORE_H

#include <stdatomic.h>

#include "plugins/kubernetes/objects/object.h"

struct kube_budget { /* of all objects, and the answers made of them */
    _Atomic uint64_t used;
    uint64_t limit;
};

struct kube_stored {
    uint32_t size;
    uint32_t round; /* of the list that had it last */
    uint32_t name_at, space_at;
    uint16_t name_size, space_size;
    char bytes[];
};

struct kube_store {
    struct kube_stored **object; /* owned, in order */
    size_t count, capacity;
    uint64_t json_bytes; /* of all objects */
    uint64_t used;       /* of the budget */
    struct kube_budget *budget;
};

/* Takes from the budget; CHIMERA_ELIMIT, with what to do about it, when that is used up. */
int kube_budget_take(struct kube_budget *budget, uint64_t bytes, struct chimera_error *err);
void kube_budget_give_back(struct kube_budget *budget, uint64_t bytes);

/* Adds or replaces. *ret_changes: there was none, or another. */
int kube_store_put(struct kube_store *store, struct chimera_slice object,
                   const struct kube_object_names *names, uint32_t round, bool *ret_changes,
                   struct chimera_error *err);
/* False when it was not there. */
bool kube_store_remove(struct kube_store *store, struct chimera_slice object,
                       const struct kube_object_names *names);
/* Removes what the list of this round did not have. Returns how many. */
size_t kube_store_drop_others(struct kube_store *store, uint32_t round);
void kube_store_done(struct kube_store *store);

#endif
