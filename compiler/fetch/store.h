/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - the folder of policies that were fetched (cli-and-distribution.md §2).
 *
 *   ROOT/registry/host[:port]/repository:tag      ROOT/https/host[:port]/path
 *
 * No index: the names are the files. Several processes may use it: files come by a rename, so a
 * reader sees a whole one or none.
 */
#ifndef CHIMERA_COMPILER_FETCH_STORE_H
#define CHIMERA_COMPILER_FETCH_STORE_H

#include <stdint.h>

#include "runtime/base/digest.h"
#include "runtime/base/error.h"

/* $XDG_CACHE_HOME/kubewarden/store, or below ~/.cache; owned by the caller. NULL: out of memory, or
 * there is no home. */
char *chimera_store_default(void);

struct chimera_stored { /* owns its texts */
    char *uri;          /* registry://…, https://…, http://… */
    char *path;
    uint64_t size;
    struct chimera_digest digest; /* of the file, SHA-256 */
};

/* What is there, by URI; digests are of the file and kept by inode, size and time of change. A
 * folder that is not there has none. The caller ends it with chimera_store_list_done(). */
int chimera_store_list(const char *root, struct chimera_stored **ret_list, size_t *ret_count,
                       struct chimera_error *err);
void chimera_store_list_done(struct chimera_stored *list, size_t count);

/* The one whose digest begins so, in hexadecimal digits. CHIMERA_EINVAL: none or several. */
int chimera_store_find_prefix(const char *root, const char *prefix,
                              struct chimera_stored *ret_stored, struct chimera_error *err);
void chimera_stored_done(struct chimera_stored *stored);

/* Removes the file and each folder above it that is empty then, up to the root. */
int chimera_store_remove(const char *root, const char *path, struct chimera_error *err);

/* A new file beside `path`, whose folders are made: written to, then committed or dropped. Ends the
 * writes of a process that was killed after it. */
struct chimera_store_file {
    int fd;
    char *path, *temporary; /* owned */
};
int chimera_store_create(const char *path, struct chimera_store_file *ret_file,
                         struct chimera_error *err);
/* Synced, and renamed to its name. The file is ended in any case. */
int chimera_store_commit(struct chimera_store_file *file, struct chimera_error *err);
void chimera_store_drop(struct chimera_store_file *file);

#endif
