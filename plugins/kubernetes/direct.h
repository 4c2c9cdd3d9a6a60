/* SPDX-License-Identifier: Apache-2.0 */
/* direct.h - one question to the API server that its asker waits for. Any thread. */
#ifndef CHIMERA_KUBERNETES_DIRECT_H
#define CHIMERA_KUBERNETES_DIRECT_H

#include "plugins/kubernetes/network.h"

struct kube_direct_answer {
    unsigned http_code; /* 2xx: `body` is it; else `status` says why */
    struct kube_status status;
    struct chimera_buffer body; /* owned */
};

/* GET, or POST when there is a body. Fails when no answer came by the deadline (CLOCK_MONOTONIC).
 * A server that is busy or breaks off is asked again while there is time: what is asked here
 * changes nothing there. */
int kube_direct_ask(struct kube_network *network, const char *path, const char *body,
                    uint64_t deadline_ns, struct kube_direct_answer *ret_answer,
                    struct chimera_error *err);
void kube_direct_answer_done(struct kube_direct_answer *answer);

#endif
