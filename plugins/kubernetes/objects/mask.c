/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/objects/mask.h"

#include <stdlib.h>

#define TABLE_SIZE (KUBE_MASK_NODES_MAX * 2) /* a power of two, half full at most */

struct node {
    struct chimera_slice key; /* in `text` */
    uint32_t parent;
    bool has_members;
};

struct kube_mask {
    struct node node[KUBE_MASK_NODES_MAX]; /* the root first */
    uint32_t count;
    uint16_t table[TABLE_SIZE]; /* of nodes by parent and key; 0: free, for the root is no member */
    char *text;                 /* owned: all paths */
};

static uint32_t place_of(uint32_t parent, struct chimera_slice key)
{
    uint64_t hash = 0xcbf29ce484222325 ^ parent; /* FNV-1a */
    for (size_t i = 0; i < key.size; i++)
        hash = (hash ^ (unsigned char)key.data[i]) * 0x100000001b3;
    return (uint32_t)(hash >> 32 ^ hash) & (TABLE_SIZE - 1);
}

/* Where the member is in the table, or would be. */
static uint32_t find(const struct kube_mask *mask, uint32_t parent, struct chimera_slice key)
{
    uint32_t place = place_of(parent, key);
    for (;; place = (place + 1) & (TABLE_SIZE - 1)) {
        const struct node *node = &mask->node[mask->table[place]];
        if (!mask->table[place] || (node->parent == parent && chimera_slice_equal(node->key, key)))
            return place;
    }
}

static int add_path(struct kube_mask *mask, struct chimera_slice path, struct chimera_error *err)
{
    uint32_t at = KUBE_MASK_ROOT;
    for (bool is_last = false; !is_last;) {
        const char *dot = path.size ? memchr(path.data, '.', path.size) : NULL;
        struct chimera_slice key = {path.data, dot ? (size_t)(dot - path.data) : path.size};
        uint16_t *found = &mask->table[find(mask, at, key)];
        if (!*found && mask->count == KUBE_MASK_NODES_MAX)
            return chimera_fail(err, CHIMERA_ELIMIT, "field_masks have more than %d parts",
                                KUBE_MASK_NODES_MAX - 1);
        if (!*found) {
            mask->node[at].has_members = true;
            mask->node[mask->count] = (struct node){.key = key, .parent = at};
            *found = (uint16_t)mask->count++;
        }
        at = *found;
        is_last = !dot;
        if (dot)
            path = chimera_slice_behind(path, key.size + 1);
    }
    return CHIMERA_OK;
}

int kube_mask_new(struct json_object *masks, struct kube_mask **ret_mask, struct chimera_error *err)
{
    size_t count = masks ? json_object_array_length(masks) : 0, size = 0;
    *ret_mask = NULL;
    if (count == 0)
        return CHIMERA_OK;
    for (size_t i = 0; i < count; i++)
        size += (size_t)json_object_get_string_len(json_object_array_get_idx(masks, i));
    if (size > KUBE_MASK_BYTES_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "field_masks are longer than %zu bytes",
                            KUBE_MASK_BYTES_MAX);
    struct kube_mask *mask = calloc(1, sizeof(*mask));
    if (!mask || !(mask->text = malloc(size + 1))) {
        kube_mask_free(mask);
        return chimera_fail_memory(err);
    }
    mask->count = 1;
    int code = CHIMERA_OK;
    char *at = mask->text;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        struct json_object *path = json_object_array_get_idx(masks, i);
        size_t length = (size_t)json_object_get_string_len(path);
        if (length)
            memcpy(at, json_object_get_string(path), length);
        code = add_path(mask, (struct chimera_slice){at, length}, err);
        at += length;
    }
    if (code < 0)
        kube_mask_free(mask);
    else
        *ret_mask = mask;
    return code;
}

void kube_mask_free(struct kube_mask *mask)
{
    if (mask)
        free(mask->text);
    free(mask);
}

bool kube_mask_is_end(const struct kube_mask *mask, uint32_t node)
{
    return !mask->node[node].has_members;
}

uint32_t kube_mask_member(const struct kube_mask *mask, uint32_t node, struct chimera_slice key)
{
    uint16_t found = mask->table[find(mask, node, key)];
    return found ? found : KUBE_MASK_NONE;
}
