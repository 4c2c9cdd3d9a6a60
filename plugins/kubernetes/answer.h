/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - the answer to a list, made once for each state of a store: a sealed memory file that
 * everybody maps. */
#ifndef CHIMERA_KUBERNETES_ANSWER_H
#define CHIMERA_KUBERNETES_ANSWER_H

#include "plugins/kubernetes/discovery.h"
#include "plugins/kubernetes/objects/store.h"

struct kube_answer {
    int memory; /* owned; -1: none is kept */
    size_t size;
    uint64_t used; /* of the budget */
};

/* {"apiVersion":…,"kind":"…List","metadata":{},"items":[…]}, by copying; with the store's lock.
 * What is kept already goes. */
int kube_answer_make(struct kube_answer *answer, const struct kube_store *store,
                     const struct kube_resource *resource, struct chimera_error *err);
void kube_answer_drop(struct kube_answer *answer, struct kube_budget *budget);

#endif
