/* SPDX-License-Identifier: Apache-2.0 */
/* recorded.h - a request of the host as recorded sessions and messages write it: in YAML behind its
 * tag, as serde_yaml writes the reference's `CallbackRequestType`, and in the form of Rust's Debug.
 */
#ifndef CHIMERA_CAPABILITY_RECORDED_H
#define CHIMERA_CAPABILITY_RECORDED_H

#include "runtime/capability/request.h"

/* "!KubernetesGetResource\napi_version: v1\n…". What is optional may be missing, as in sessions of
 * older versions. The kind is CHIMERA_ASK_COUNT, and there are no fields, where it is a question
 * that we never ask: whether a list has changed since. Owned by the caller on success. */
int chimera_recorded_read(struct chimera_slice text, struct chimera_host_request *ret_request,
                          struct chimera_error *err);

/* Appends the same. */
void chimera_recorded_write(const struct chimera_host_request *request, struct chimera_buffer *out);

/* Appends `KubernetesGetResource { api_version: "v1", namespace: None, … }`. */
void chimera_recorded_show(const struct chimera_host_request *request, struct chimera_buffer *out);

#endif
