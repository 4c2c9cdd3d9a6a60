/* SPDX-License-Identifier: Apache-2.0 */
/* status.h - why the API server refuses: the Status object that it answers with. */
#ifndef CHIMERA_KUBERNETES_STATUS_H
#define CHIMERA_KUBERNETES_STATUS_H

#include "runtime/base/slice.h"

struct kube_status {
    unsigned code;     /* as in HTTP; 0: it did not say */
    char message[600]; /* "" if there is none */
};

/* Of a body, which may be anything. `http_code` stands when there is none in it. */
void kube_status_read(struct chimera_slice body, unsigned http_code,
                      struct kube_status *ret_status);

/* The text of a JSON string literal, decoded, cut to fit, ended by NUL. */
void kube_status_text(struct chimera_slice literal, char *ret_text, size_t size);

#endif
