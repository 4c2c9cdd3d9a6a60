/* SPDX-License-Identifier: Apache-2.0 */
/* cache.h - compiled objects and finished plugins, kept between builds.
 *
 * FOLDER/objects/KEY, FOLDER/plugins/STEM.{so,json,image,names,sum} and FOLDER/scratch/. Entries
 * reach the disk before their names do (fsync, rename), so any number of processes may share a
 * folder. An entry is young when it was last used; the oldest go first when the limit is passed.
 * Every entry carries digests; one that is truncated, changed or empty counts as missing, is noted
 * as damage, and is replaced by what is built in its place.
 */
#ifndef CHIMERA_COMPILER_CACHE_CACHE_H
#define CHIMERA_COMPILER_CACHE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "runtime/base/digest.h"
#include "runtime/base/error.h"

#define CHIMERA_CACHE_LIMIT ((uint64_t)4 << 30)

struct chimera_cache; /* opaque; one thread */

enum chimera_cache_check {
    CHIMERA_CACHE_WHOLE, /* every byte */
    CHIMERA_CACHE_SIZES, /* the manifest whole, of the others how large they are: for who has them
                          * read by the loader, which compares code and image with the manifest */
};

/* $CHIMERA_CACHE_DIR, $XDG_CACHE_HOME/chimera or ~/.cache/chimera. Owned by the caller. */
int chimera_cache_folder(char **ret_folder, struct chimera_error *err);

/* Makes the folder (0700) if needed. `folder` NULL: chimera_cache_folder(). `limit` in bytes. */
int chimera_cache_open(const char *folder, uint64_t limit, struct chimera_cache **ret_cache,
                       struct chimera_error *err);
void chimera_cache_close(struct chimera_cache *cache); /* does nothing when it is NULL */
const char *chimera_cache_path(const struct chimera_cache *cache);

/* Copies the object of this key to `path`. False when there is none (then nothing was written). */
bool chimera_cache_get_object(struct chimera_cache *cache, const struct chimera_digest *key,
                              const char *path);
/* Failing to keep something is no error of a build: nothing is returned. */
void chimera_cache_put_object(struct chimera_cache *cache, const struct chimera_digest *key,
                              const char *path);

/* That something was found out, which `key` is a digest of: kept like an object, lost like one, and
 * never told as damage. */
bool chimera_cache_has_note(const struct chimera_cache *cache, const struct chimera_digest *key);
void chimera_cache_put_note(struct chimera_cache *cache, const struct chimera_digest *key);

/* FOLDER/plugins/STEM.so when it is there and sound, and marks it as used now; NULL when not. Owned
 * by the caller. */
char *chimera_cache_find_plugin(struct chimera_cache *cache, const char *stem,
                                enum chimera_cache_check check);

/* Whether there is any plugin of the module, of whatever tools: its stem begins with the digest. */
bool chimera_cache_has_module(const struct chimera_cache *cache, const struct chimera_digest *wasm);

/* Moves FROM/STEM.{image,names,json,so} (regular files; the first two may be missing) into
 * plugins/, in place of what is there, where *ret_path (owned by the caller) is the .so; then trims
 * the cache. FROM is best a scratch folder of this cache. */
int chimera_cache_put_plugin(struct chimera_cache *cache, const char *from, const char *stem,
                             char **ret_path, struct chimera_error *err);

/* Forgets a plugin. */
void chimera_cache_drop_plugin(struct chimera_cache *cache, const char *stem);

/* What has been found damaged since the last call: the first, and how many more. False: nothing. */
bool chimera_cache_take_damage(struct chimera_cache *cache, struct chimera_error *ret_damage);

/* A fresh empty folder for one build, on the file system of the cache. Owned by the caller, who
 * removes it with chimera_folder_remove(); what a killed process left is removed by a later trim.
 */
int chimera_cache_scratch(struct chimera_cache *cache, char **ret_folder,
                          struct chimera_error *err);

/* Removes what killed builds have left. */
void chimera_cache_sweep(const struct chimera_cache *cache);

/* The same, and what was used longest ago until the limit holds. */
void chimera_cache_trim(struct chimera_cache *cache);

#define CHIMERA_CACHE_NAME_MAX 200 /* bytes of a stem or a key */

struct chimera_cache_entry { /* an object, or all files of a plugin */
    char stem[CHIMERA_CACHE_NAME_MAX + 1];
    bool is_plugin;
    uint64_t bytes;       /* on the disk */
    struct timespec used; /* of its youngest file */
};

struct chimera_cache_entries {         /* what is there now, that used longest ago first */
    struct chimera_cache_entry *entry; /* owned; ended by free() */
    size_t count, room;
    uint64_t bytes; /* of all */
};

void chimera_cache_list(const struct chimera_cache *cache,
                        struct chimera_cache_entries *ret_entries);
void chimera_cache_drop(struct chimera_cache *cache, const struct chimera_cache_entry *entry);

#endif
