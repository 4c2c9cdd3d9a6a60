/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.h - single questions that are passed on: an object, and what somebody may do. Any thread.
 */
#ifndef CHIMERA_KUBERNETES_LOOKUP_H
#define CHIMERA_KUBERNETES_LOOKUP_H

#include "plugins/kubernetes/discovery.h"
#include "runtime/capability/provider.h"

/* The answer's text is the object, whole but for what `masks` leave out (guest-abis.md §5.7). */
int kube_lookup_object(struct kube_discovery *discovery, const struct chimera_host_request *request,
                       uint64_t deadline_ns, struct chimera_buffer *out, struct chimera_error *err);

/* The status of a SubjectAccessReview. */
int kube_lookup_access(struct kube_discovery *discovery, struct json_object *review,
                       uint64_t deadline_ns, struct chimera_buffer *out, struct chimera_error *err);

#endif
