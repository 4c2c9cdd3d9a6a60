/* SPDX-License-Identifier: Apache-2.0 */
/* shared.h - a second place for finished plugins, which other machines use, too: what the own cache
 * has not is looked for there, and what was built is put there.
 *
 * A place is a folder (here) or a registry (compiler/fetch/native_shared.h). What it gives is not
 * believed: the build compares it with what it asked for, and keeps it in the own cache before it
 * is used. One thread.
 */
#ifndef CHIMERA_COMPILER_CACHE_SHARED_H
#define CHIMERA_COMPILER_CACHE_SHARED_H

#include <stdbool.h>

#include "runtime/base/error.h"

struct chimera_shared_cache {
    void *context;    /* the place's own; given to each of these: */
    const char *name; /* for messages; borrowed from the context */
    /* Brings STEM.so, STEM.json and, where there are such, STEM.image and STEM.names into `folder`,
     * which is the caller's alone. `ret_found` false: there is none. An error: what is there will
     * not do (CHIMERA_EREFUSED, CHIMERA_EUNSIGNED), or the place cannot be asked now. */
    int (*get)(void *context, const char *stem, const char *folder, bool *ret_found,
               struct chimera_error *err);
    /* Puts what belongs to the plugin, the path of a STEM.so in the own cache, there. NULL: this
     * user may only read. */
    int (*put)(void *context, const char *plugin, struct chimera_error *err);
    void (*close)(void *context);
};

/* A folder laid out as the own cache is (cache.h). It, each folder above it and all that is taken
 * from it must belong to root or to us, and nobody else may write there; folders above may be as
 * /tmp is. It is made when it is not there. CHIMERA_EREFUSED: somebody else could have put things
 * there. CHIMERA_EIO: it cannot be had now. */
int chimera_shared_folder_open(const char *folder, struct chimera_shared_cache *ret_shared,
                               struct chimera_error *err);
void chimera_shared_close(
    struct chimera_shared_cache *shared); /* nothing of one that is all zero */

#endif
