/* SPDX-License-Identifier: Apache-2.0 */
/* queries.h - the lists that policies ask for, each once. Any thread. */
#ifndef CHIMERA_KUBERNETES_QUERIES_H
#define CHIMERA_KUBERNETES_QUERIES_H

#include "plugins/kubernetes/query.h"

#define KUBE_QUERIES_MAX 256 /* each has a connection */
#define KUBE_IDLE_MS 600000  /* one that nobody has asked for so long goes */

struct kube_queries {
    struct kube_query_home home;
    pthread_mutex_t lock;     /* of all below, and of each query's `users` */
    struct chimera_list list; /* of queries, each with one use of this table's */
    unsigned count;
    uint64_t given[CHIMERA_VERSION_COUNT / 64]; /* places of versions; bit 0 is never given */
};

/* `home` is complete but for what is this table's. */
void kube_queries_open(struct kube_queries *queries, const struct kube_query_home *home);
/* When the network's thread has ended and no caller is left. */
void kube_queries_close(struct kube_queries *queries);

/* Answers a list; begins to follow what has not been asked for. */
int kube_queries_answer(struct kube_queries *queries, const struct kube_query_what *what,
                        uint64_t deadline_ns, struct chimera_provider_answer *answer,
                        struct chimera_error *err);

/* Metrics, in Prometheus' text form. */
void kube_queries_count(struct kube_queries *queries, struct chimera_buffer *out);

#endif
