/* SPDX-License-Identifier: Apache-2.0 */
/* cache_internal.h - shared by the files of the cache. */
#ifndef CHIMERA_COMPILER_CACHE_CACHE_INTERNAL_H
#define CHIMERA_COMPILER_CACHE_CACHE_INTERNAL_H

#include "compiler/cache/cache.h"

#define CACHE_NAME_MAX CHIMERA_CACHE_NAME_MAX

struct chimera_cache {
    char *folder, *objects, *plugins, *scratch; /* owned */
    uint64_t limit;
    int scratch_lock;            /* of the youngest scratch folder; owned; -1: none */
    struct chimera_error damage; /* what was found first */
    size_t damage_count;
};

/* To be told by chimera_cache_take_damage(). */
void cache_note_damage(struct chimera_cache *cache, const char *path, const char *what);

/* Says that an entry was used now. */
void cache_touch(const char *path);

#endif
