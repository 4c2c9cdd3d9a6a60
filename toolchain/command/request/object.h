/* SPDX-License-Identifier: Apache-2.0 */
/* object.h - an object of Kubernetes as the request that its CREATE would make. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_REQUEST_OBJECT_H
#define CHIMERA_TOOLCHAIN_COMMAND_REQUEST_OBJECT_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

struct object_notes { /* what was made of objects, for who gave them */
    size_t count;
    struct chimera_buffer last; /* "FILE: a KIND NAME" */
    struct chimera_buffer odd;  /* lines: what had to be guessed */
};

/* `object` has a text for `kind`; where it says no `apiVersion`, that is put into it if the kind is
 * known. The tree is owned by the caller. */
int object_request(struct json_object *object, const char *file, struct json_object **ret_request,
                   struct object_notes *notes, struct chimera_error *err);

/* Items of a PodList are Pods of its version, though they need not say so. */
void object_of_list(struct json_object *list, struct json_object *item);

#endif
