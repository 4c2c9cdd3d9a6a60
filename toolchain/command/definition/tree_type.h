/* SPDX-License-Identifier: Apache-2.0 */
/* tree_type.h - is a tree of the type that it should have? Judged as the reference's structs judge
 * a document, with their messages (cli-and-distribution.md §1.6).
 *
 * Types are constant tables. They nest by design a few levels deep, which bounds the recursion.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_DEFINITION_TREE_TYPE_H
#define CHIMERA_TOOLCHAIN_COMMAND_DEFINITION_TREE_TYPE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "runtime/base/error.h"

enum tree_kind {
    TREE_ANY,
    TREE_STRING,
    TREE_BOOL,
    TREE_I32,
    TREE_STRUCT,  /* `name`, `field` */
    TREE_LIST,    /* of `item` */
    TREE_MAP,     /* of `item` */
    TREE_VARIANT, /* one of `variants` */
};

struct tree_field;

struct tree_type {
    enum tree_kind kind;
    const char *name;               /* of a struct, as in "expected struct Rule" */
    const struct tree_field *field; /* ends with a row without a name */
    bool is_closed;                 /* a member that is none of these is refused */
    const struct tree_type *item;
    const char *const *variants; /* ends with NULL */
};

struct tree_field {
    const char *name;
    const struct tree_type *type;
    bool is_required;
    bool takes_null; /* which is as if it were not there */
};

extern const struct tree_type tree_any, tree_string, tree_bool, tree_i32, tree_strings,
    tree_string_map;

/* CHIMERA_EINVAL, with what is wrong first in the tree's order. */
int tree_check(struct json_object *tree, const struct tree_type *type, struct chimera_error *err);

/* Its text; NULL: there is none. Borrowed. */
const char *tree_text(struct json_object *tree, const char *key);

#endif
