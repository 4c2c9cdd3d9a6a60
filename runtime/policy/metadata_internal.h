/* SPDX-License-Identifier: Apache-2.0 */
/* metadata_internal.h - between the readers and writers of metadata. */
#ifndef CHIMERA_METADATA_INTERNAL_H
#define CHIMERA_METADATA_INTERNAL_H

#include "runtime/json/shape.h"
#include "runtime/json/tree.h"
#include "runtime/policy/metadata.h"

extern const struct chimera_shape metadata_shape, rule_shape;

/* The document as `kwctl annotate` would write it today, from one that has the shape. */
struct json_object *metadata_normalise(struct json_object *tree);

/* Takes over such a document. */
void metadata_take(struct json_object *tree, struct chimera_metadata *ret_metadata);

#endif
