/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/region.h"

#include <stdlib.h>

/* Most work fits the first block; later ones double, so that there are few to free. */
#define FIRST_BLOCK ((size_t)2 << 10)
#define LAST_BLOCK ((size_t)256 << 10)
#define ALIGNMENT ((size_t)16)

struct chimera_region_block {
    struct chimera_region_block *next;
    size_t size; /* with this head */
};

_Static_assert(sizeof(struct chimera_region_block) % ALIGNMENT == 0, "what follows is aligned");

static bool add_block(struct chimera_region *region, size_t needed)
{
    size_t size = region->blocks ? 2 * region->blocks->size : FIRST_BLOCK;
    if (size > LAST_BLOCK)
        size = LAST_BLOCK;
    if (size < needed + sizeof(struct chimera_region_block))
        size = needed + sizeof(struct chimera_region_block);
    region->failed = chimera_account_take(region->account, chimera_account_heap(size));
    struct chimera_region_block *block = region->failed ? NULL : malloc(size);
    if (!block) {
        if (!region->failed) {
            chimera_account_give_back(region->account, chimera_account_heap(size));
            region->failed = CHIMERA_ENOMEM;
        }
        return false;
    }
    *block = (struct chimera_region_block){.next = region->blocks, .size = size};
    region->blocks = block;
    region->at = (char *)(block + 1);
    region->left = size - sizeof(*block);
    return true;
}

void *chimera_region_take(struct chimera_region *region, size_t size)
{
    if (!region->failed && size > SIZE_MAX / 4)
        region->failed = CHIMERA_ELIMIT;
    if (!region->failed)
        region->failed = chimera_account_spend(region->account, 4 + size / 16);
    size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (region->failed || (size > region->left && !add_block(region, size)))
        return NULL;
    void *taken = memset(region->at, 0, size);
    region->at += size;
    region->left -= size;
    return taken;
}

struct chimera_slice chimera_region_copy(struct chimera_region *region, struct chimera_slice text)
{
    char *copy = chimera_region_take(region, text.size + 1);
    if (!copy)
        return (struct chimera_slice){0};
    if (text.size)
        memcpy(copy, text.data, text.size);
    return (struct chimera_slice){copy, text.size};
}

void chimera_region_free(struct chimera_region *region)
{
    while (region->blocks) {
        struct chimera_region_block *block = region->blocks;
        region->blocks = block->next;
        chimera_account_give_back(region->account, chimera_account_heap(block->size));
        free(block);
    }
    chimera_region_init(region, region->account);
}
