/* SPDX-License-Identifier: Apache-2.0 */
/* network.h - the thread that has all connections: transfers, tasks that others post, timers.
 *
 * One thread around one curl_multi_poll(). Timers and transfers are used on that thread only.
 */
#ifndef CHIMERA_KUBERNETES_NETWORK_H
#define CHIMERA_KUBERNETES_NETWORK_H

#include "plugins/kubernetes/exchange.h"
#include "runtime/base/list.h"

struct kube_task {
    /* The network's until it has been run; what goes on then leaves it there until it is done, so
     * that it is found at the end. */
    struct chimera_list link;
    void (*run)(struct kube_task *task);
    void (*drop)(struct kube_task *task); /* the network ends before it; NULL: nothing is to do */
};

struct kube_timer {
    struct chimera_list link;
    int64_t at_ms;
    void (*fire)(struct kube_timer *timer); /* not set any more by then */
};

struct kube_network {
    struct kube_server server;
    pthread_t thread;
    bool is_started;
    pthread_mutex_t lock;      /* of the two below */
    struct chimera_list tasks; /* posted */
    bool is_ending;
    struct chimera_list running, timers; /* the thread's own */
};

int kube_network_open(struct kube_network *network, const struct chimera_provider_host *host,
                      struct chimera_error *err);
/* Waits for the thread, and drops tasks that are not done: nobody waits for them any more. */
void kube_network_stop(struct kube_network *network);
/* When nothing is under way any more. */
void kube_network_close(struct kube_network *network);

/* Any thread. */
void kube_network_post(struct kube_network *network, struct kube_task *task);

void kube_network_set(struct kube_network *network, struct kube_timer *timer, int64_t at_ms);
static inline void kube_network_cancel(struct kube_timer *timer)
{
    chimera_list_remove(&timer->link);
}

#endif
