/* SPDX-License-Identifier: Apache-2.0 */
/* diff.h - writing an RFC 6902 patch, for the two that compare. Private to this folder. */
#ifndef CHIMERA_JSON_DIFF_H
#define CHIMERA_JSON_DIFF_H

#include <stdbool.h>

#include <json-c/json.h>

#include "runtime/base/buffer.h"

struct chimera_json_patch {
    struct chimera_buffer path; /* RFC 6901, of what is being compared; its user cuts it back */
    struct chimera_buffer *out; /* the operations, from the bracket on */
    unsigned count;
};

void chimera_json_patch_begin(struct chimera_json_patch *patch, struct chimera_buffer *out);
/* True when there is any operation. What failed is in `out`. */
bool chimera_json_patch_end(struct chimera_json_patch *patch);

void chimera_json_patch_key(struct chimera_json_patch *patch, struct chimera_slice key);
void chimera_json_patch_index(struct chimera_json_patch *patch, size_t index);

/* An operation at the path. A removal has no value. */
void chimera_json_patch_add(struct chimera_json_patch *patch, const char *op, bool has_value,
                            struct json_object *value);

/* Of two values that are neither arrays nor objects: the same type and the same value? */
bool chimera_json_equal(struct json_object *a, struct json_object *b);

#endif
