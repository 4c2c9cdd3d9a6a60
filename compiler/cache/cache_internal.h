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

/* The files of a plugin, in the order in which they are put there; then its sums. */
enum { CACHE_IMAGE, CACHE_NAMES, CACHE_MANIFEST, CACHE_OBJECT, CACHE_FILES };
extern const char *const cache_suffixes[CACHE_FILES];
#define CACHE_SUM ".sum"
#define CACHE_SUM_MAX ((size_t)4096)

struct cache_sum { /* what one file must be */
    bool is_there;
    uint64_t size;
    struct chimera_digest digest;
};

/* FOLDER/STEM.SUFFIX: owned by the caller; NULL when memory ran out. */
char *cache_plugin_path(const char *folder, const char *stem, const char *suffix);
int cache_write_sums(const struct cache_sum sums[CACHE_FILES], const char *stem, const char *path,
                     struct chimera_error *err);
/* False unless it is, to the last byte, what cache_write_sums() made for that stem. */
bool cache_parse_sums(struct chimera_slice text, const char *stem,
                      struct cache_sum ret_sums[CACHE_FILES]);

/* To be told by chimera_cache_take_damage(). */
void cache_note_damage(struct chimera_cache *cache, const char *path, const char *what);

/* Says that an entry was used now. */
void cache_touch(const char *path);

#endif
