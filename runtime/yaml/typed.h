/* SPDX-License-Identifier: Apache-2.0 */
/* typed.h - YAML that is read by a table of its members' types, as serde_yaml reads into structs
 * (cli-and-distribution.md §6.2): where a text is wanted, `1.0`, `true` and `~` are texts as they
 * were written; where a truth value is, `"true"` is none.
 */
#ifndef CHIMERA_YAML_TYPED_H
#define CHIMERA_YAML_TYPED_H

#include <json-c/json.h>

#include "runtime/base/error.h"
#include "runtime/json/shape.h"

/* The members that `shape` knows, in its order; what is null and optional is left out, and so is
 * what the shape does not know. STRINGS and VARIANT may have `variants`; U16 and U32 are not
 * supported, ANY is what the core schema makes of the value. Owned by the caller.
 * CHIMERA_EREFUSED: err->text says what is wrong in serde_yaml's words, with path and place; other
 * codes are chimera_yaml_parse()'s. */
int chimera_yaml_read_shape(struct chimera_slice text, const struct chimera_shape *shape,
                            struct json_object **ret_tree, struct chimera_error *err);

#endif
