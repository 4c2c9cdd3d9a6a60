/* SPDX-License-Identifier: Apache-2.0 */
/* wanted.h - whose signatures a policy wants of an image, out of its request. */
#ifndef CHIMERA_PLUGINS_REGISTRY_WANTED_H
#define CHIMERA_PLUGINS_REGISTRY_WANTED_H

#include "runtime/capability/request.h"
#include "runtime/source/constraint.h"

#define WANTED_MAX 64 /* keys or identities of one request */

struct wanted {
    struct chimera_constraint list[WANTED_MAX]; /* own their texts */
    size_t count;
    bool has_our_slash[WANTED_MAX]; /* behind the prefix, where the request has none */
    bool is_certificate; /* it is by the certificate of the request, and the list is empty */
};

/* In the reference's words when nothing is wanted. Ends with wanted_done() in any case. */
int wanted_read(enum chimera_host_request_kind kind, struct json_object *fields,
                struct wanted *wanted, struct chimera_error *err);
/* Appends one as the reference's message has it, which tells a prefix as it was asked for. */
void wanted_write(const struct wanted *wanted, size_t at, struct chimera_buffer *out);
void wanted_done(struct wanted *wanted);

#endif
