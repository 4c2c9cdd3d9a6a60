/* SPDX-License-Identifier: Apache-2.0 */
/* request_internal.h - how guests write their requests, as tables (guest-abis.md §5.2, §5.3, §5.5).
 * Private to request.c.
 */
#ifndef CHIMERA_CAPABILITY_REQUEST_INTERNAL_H
#define CHIMERA_CAPABILITY_REQUEST_INTERNAL_H

#include "runtime/capability/request.h"
#include "runtime/json/shape.h"

enum chimera_request_way {
    CHIMERA_REQUEST_TEXT,   /* one string */
    CHIMERA_REQUEST_FIELDS, /* an object of the request's fields */
    CHIMERA_REQUEST_WHOLE,  /* an object that is the request's only field */
    CHIMERA_REQUEST_NAMED,  /* {"Variant": {fields}} */
    CHIMERA_REQUEST_TAGGED, /* {"type": "Variant", fields} */
};

struct chimera_request_form {
    const char *path; /* of the capability; of a variant NULL */
    enum chimera_host_request_kind kind;
    enum chimera_request_way way;
    bool is_first; /* a variant that the first version of its capability has, too */
    const struct chimera_shape *shape;
};

/* Of a path that is in the tree. */
const struct chimera_request_form *chimera_request_form_find(const char *path);

/* What may be verified; ends with an empty one. */
extern const struct chimera_request_form chimera_request_variants[];
extern const struct chimera_shape chimera_request_type; /* "type" alone */

#endif
