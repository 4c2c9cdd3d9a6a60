/* SPDX-License-Identifier: Apache-2.0 */
/* node.h - the documents of a YAML text as a tree of nodes, in which aliases point to what they
 * stand for. Private to this folder. */
#ifndef CHIMERA_REGO_BUILTINS_YAML_NODE_H
#define CHIMERA_REGO_BUILTINS_YAML_NODE_H

#include "runtime/rego/arguments.h"

enum chimera_go_yaml_shape {
    CHIMERA_GO_YAML_SCALAR,
    CHIMERA_GO_YAML_SEQUENCE,
    CHIMERA_GO_YAML_MAPPING, /* keys and values in turn */
    CHIMERA_GO_YAML_ALIAS,
};

struct chimera_go_yaml_node {
    enum chimera_go_yaml_shape shape;
    bool is_quoted; /* in quotes, or a block */
    bool is_open;   /* an alias that is being followed */
    /* "!!int", "!local"; NULL: none. */
    const char *tag;
    struct chimera_slice text; /* of a scalar; an alias' name */
    struct chimera_go_yaml_node **parts;
    size_t count, capacity;
    struct chimera_go_yaml_node *target; /* of an alias */
};

struct chimera_go_yaml_block;

struct chimera_go_yaml_tree {
    struct chimera_account *account; /* borrowed; may be NULL */
    struct chimera_go_yaml_block *blocks;
    size_t room;    /* in the first block */
    uint64_t bytes; /* taken for all of them */
};

/* Reads all documents; *ret_root is the first one's content, NULL when there is none. The tree owns
 * the nodes, and is to be closed in any case. */
int chimera_go_yaml_read(const struct chimera_rego_call *call, struct chimera_slice text,
                         struct chimera_go_yaml_tree *ret_tree,
                         struct chimera_go_yaml_node **ret_root);
void chimera_go_yaml_close(struct chimera_go_yaml_tree *tree);

#endif
