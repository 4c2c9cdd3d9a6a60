/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - the tree of capabilities: all there is to be granted, and what each takes (guest-abis.md
 * §5).
 */
#ifndef CHIMERA_CAPABILITY_TREE_H
#define CHIMERA_CAPABILITY_TREE_H

#include "runtime/base/slice.h"

enum chimera_payload {
    CHIMERA_PAYLOAD_TEXT,
    CHIMERA_PAYLOAD_OBJECT,
    CHIMERA_PAYLOAD_RESOURCE, /* an object with api_version and kind */
};

#define CHIMERA_REQUIRED_MAX 4

struct chimera_capability {
    const char *path;
    enum chimera_payload payload;
    const char
        *required[CHIMERA_REQUIRED_MAX]; /* in the order in which the reference misses them */
};

/* Sorted: the children of a node stand together. */
const struct chimera_capability *chimera_capabilities(size_t *ret_count);

enum chimera_node { CHIMERA_NODE_UNKNOWN, CHIMERA_NODE_INNER, CHIMERA_NODE_LEAF };

/* What the first `size` bytes of `path` name. */
enum chimera_node chimera_capability_node(const char *path, size_t size);

/* The leaf of this path, or NULL. */
const struct chimera_capability *chimera_capability_find(struct chimera_slice path);

#endif
