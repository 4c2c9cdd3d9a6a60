/* SPDX-License-Identifier: Apache-2.0 */
/* follow.h - how a query is kept true: list, watch, and again from where it broke off. On the
 * network's thread. */
#ifndef CHIMERA_KUBERNETES_FOLLOW_H
#define CHIMERA_KUBERNETES_FOLLOW_H

#include "plugins/kubernetes/query.h"

/* Takes one use of the query, until it leaves the table. */
void kube_follow_begin(struct kube_query *query);
/* At the provider's end, when there is no network thread any more. */
void kube_follow_stop(struct kube_query *query);

#endif
