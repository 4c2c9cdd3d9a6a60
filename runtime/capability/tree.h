/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - the tree of capabilities: all there is to be granted (guest-abis.md §5). */
#ifndef CHIMERA_CAPABILITY_TREE_H
#define CHIMERA_CAPABILITY_TREE_H

#include "runtime/base/slice.h"

/* Paths, sorted: the children of a node stand together. */
const char *const *chimera_capabilities(size_t *ret_count);

enum chimera_node { CHIMERA_NODE_UNKNOWN, CHIMERA_NODE_INNER, CHIMERA_NODE_LEAF };

/* What the first `size` bytes of `path` name. */
enum chimera_node chimera_capability_node(const char *path, size_t size);

/* The leaf of this path as the tree has it, or NULL. */
const char *chimera_capability_find(struct chimera_slice path);

#endif
