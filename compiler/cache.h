/* cache.h - compiled objects and finished plugins, kept between builds.
 *
 * FOLDER/objects/KEY, FOLDER/plugins/STEM.{so,json,image,…} and FOLDER/scratch/. Entries appear at
 * once and whole (rename), so any number of processes may share a folder. An entry is young when it
 * was last used; the oldest go first when the limit is passed. Objects carry a digest of their
 * bytes and a broken one counts as missing; plugins are checked by their loader.
 */
#ifndef CHIMERA_COMPILER_CACHE_H
#define CHIMERA_COMPILER_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/digest.h"
#include "runtime/base/error.h"

#define CHIMERA_CACHE_LIMIT ((uint64_t)4 << 30)

struct chimera_cache; /* opaque; any thread may use it */

/* $CHIMERA_CACHE_DIR, $XDG_CACHE_HOME/chimera or ~/.cache/chimera. Owned by the caller. */
int chimera_cache_folder(char **ret_folder, struct chimera_error *err);

/* Makes the folder (0700) if needed. `folder` NULL: chimera_cache_folder(). `limit` in bytes. */
int chimera_cache_open(const char *folder, uint64_t limit, struct chimera_cache **ret_cache,
                       struct chimera_error *err);
void chimera_cache_close(struct chimera_cache *cache); /* NULL is allowed */
const char *chimera_cache_path(const struct chimera_cache *cache);

/* Copies the object of this key to `path`. False when there is none (then nothing was written). */
bool chimera_cache_get_object(struct chimera_cache *cache, const struct chimera_digest *key,
                              const char *path);
/* Failing to keep something is no error of a build: nothing is returned. */
void chimera_cache_put_object(struct chimera_cache *cache, const struct chimera_digest *key,
                              const char *path);

/* FOLDER/plugins/STEM.so when it is there with its manifest, and marks it as used now; NULL when
 * not. Owned by the caller. */
char *chimera_cache_find_plugin(struct chimera_cache *cache, const char *stem);

/* Moves FROM/STEM.* (regular files, STEM.so last) into plugins/, where *ret_path (owned by the
 * caller) is the .so; then trims the cache. FROM is best a scratch folder of this cache. */
int chimera_cache_put_plugin(struct chimera_cache *cache, const char *from, const char *stem,
                             char **ret_path, struct chimera_error *err);

/* Forgets a plugin that its loader refused, so that it is built again. */
void chimera_cache_drop_plugin(struct chimera_cache *cache, const char *stem);

/* A fresh empty folder for one build, on the file system of the cache. Owned by the caller, who
 * removes it with chimera_folder_remove(); what a killed process left is removed after a day. */
int chimera_cache_scratch(struct chimera_cache *cache, char **ret_folder,
                          struct chimera_error *err);

/* Removes what was used longest ago until the limit holds. */
void chimera_cache_trim(struct chimera_cache *cache);

#endif
