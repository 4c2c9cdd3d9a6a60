/* SPDX-License-Identifier: Apache-2.0 */
/* discovery.h - which resource of the API server a kind is: its plural, and whether it lies in
 * namespaces. Kept a while. Any thread. */
#ifndef CHIMERA_KUBERNETES_DISCOVERY_H
#define CHIMERA_KUBERNETES_DISCOVERY_H

#include <pthread.h>
#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

struct kube_network; /* network.h */

#define KUBE_NAME_MAX 254 /* with a NUL: of groups, versions, kinds, plurals */

struct kube_resource {
    char api_version[KUBE_NAME_MAX * 2], kind[KUBE_NAME_MAX], plural[KUBE_NAME_MAX];
    bool is_namespaced;
};

#define KUBE_DISCOVERY_ENTRIES 256
struct kube_asking;

struct kube_known {
    struct kube_resource resource;
    int64_t until_ms; /* 0: free */
    char *failure;    /* owned; NULL: it is there */
};

struct kube_discovery {
    struct kube_network *network; /* borrowed */
    pthread_mutex_t lock;
    struct kube_known *known;   /* owned */
    unsigned next;              /* to be replaced when all are taken */
    struct kube_asking *asking; /* what is being asked for, on its askers' stacks */
    pthread_cond_t answered;
};

int kube_discovery_open(struct kube_discovery *discovery, struct kube_network *network,
                        struct chimera_error *err);
void kube_discovery_close(struct kube_discovery *discovery);

/* Refuses in the reference's words (guest-abis.md §5.6). */
int kube_discovery_find(struct kube_discovery *discovery, const char *api_version, const char *kind,
                        uint64_t deadline_ns, struct kube_resource *ret_resource,
                        struct chimera_error *err);
/* It may not be there any more. */
void kube_discovery_forget(struct kube_discovery *discovery, const struct kube_resource *resource);

/* "/api/v1/namespaces/NAME/PLURAL", appended; `name_space` NULL: of all. */
int kube_resource_path(const struct kube_resource *resource, const char *name_space,
                       struct chimera_buffer *out);

/* Can it be a name in a path? What policies give may hold anything. */
bool kube_is_path_name(struct chimera_slice name);

#endif
