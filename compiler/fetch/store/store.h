/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - the folder of policies that were fetched (cli-and-distribution.md §2).
 *
 *   ROOT/registry/host[:port]/repository:tag      ROOT/https/host[:port]/path
 *
 * Where a policy lies there is for runtime/source/reference.h to say. No index: the names are the
 * files. Several processes may use it: files come by a rename, so a reader sees a whole one or
 * none. Digests are taken anew each time: to hash a hundred policies takes less than half a second,
 * and there is nothing that can be stale.
 */
#ifndef CHIMERA_COMPILER_FETCH_STORE_STORE_H
#define CHIMERA_COMPILER_FETCH_STORE_STORE_H

#include <stdbool.h>
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

/* What is there, by URI. A folder that is not there has none; what does not lie where its URI says,
 * as names that could mislead, is left out. The caller ends it with chimera_store_list_done(). */
int chimera_store_list(const char *root, struct chimera_stored **ret_list, size_t *ret_count,
                       struct chimera_error *err);
void chimera_store_list_done(struct chimera_stored *list, size_t count);

/* The one whose digest begins so, in hexadecimal digits; without a URI when there is none. Several:
 * CHIMERA_EINVAL, "multiple policies found with the same prefix: …". */
int chimera_store_find_prefix(const char *root, const char *prefix,
                              struct chimera_stored *ret_stored, struct chimera_error *err);
void chimera_stored_done(struct chimera_stored *stored);

/* STORE/signatures/ and the same path as the policy's: where the signatures are kept that it was
 * verified with. No scheme is called so, so that nobody takes it for a policy. Owned by the caller;
 * NULL: out of memory. `path` is inside of the store. */
#define CHIMERA_STORE_SIGNATURES "signatures/"
char *chimera_store_signatures_path(const char *root, const char *path);

/* Which image the file came from, so that who locks a set need not ask the registry each time:
 * STORE/images/ and the same path as the policy's, a line "sha256:… sha256:…" of the registry's
 * manifest and of the file. No scheme is called so, either. `image` and `layer` are digests as
 * registries write them. */
#define CHIMERA_STORE_IMAGES "images/"
int chimera_store_image_keep(const char *root, const char *path, const char *image,
                             const char *layer, struct chimera_error *err);
/* False when nobody knows: nothing was kept, or it is of another file than is there now, whose
 * digest is taken. `ret_image` has room for CHIMERA_STORE_IMAGE_MAX bytes. */
#define CHIMERA_STORE_IMAGE_MAX 160
bool chimera_store_image_find(const char *root, const char *path, char *ret_image);
/* With the folders above it that are empty then. */
void chimera_store_image_forget(const char *root, const char *path);

/* Removes the file, the image and the signatures that are kept of it, and each folder above them
 * that is empty then, up to the root. */
int chimera_store_remove(const char *root, const char *path, struct chimera_error *err);

/* --- New files --- */

/* A new file at `path`, written to and then committed or dropped. Until then it is where no listing
 * looks: below the root, in a folder that kwctl ignores, too. What a process left there that was
 * killed is cleared by the next that writes. `root` NULL: a file of the user's, written beside its
 * name, in a folder that is there. */
struct chimera_store_file {
    int fd;
    char *path, *temporary; /* owned; no temporary: a stream, as /dev/stdout */
};
int chimera_store_create(const char *root, const char *path, struct chimera_store_file *ret_file,
                         struct chimera_error *err);
/* Synced, and renamed to its name, whose folders are made. The file is ended in any case. */
int chimera_store_commit(struct chimera_store_file *file, struct chimera_error *err);
void chimera_store_drop(struct chimera_store_file *file);

#endif
