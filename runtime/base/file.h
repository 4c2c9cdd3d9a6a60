/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - whole files in, whole files out.
 *
 * Writes are atomic: a temporary file in the same folder, fsync of the file, rename, fsync of the
 * folder. A reader sees the old file or the new one, never a half, after a power cut too. Whoever
 * renames files of his own syncs in the same order. A mode is what a new file gets, less the
 * process's umask.
 */
#ifndef CHIMERA_BASE_FILE_H
#define CHIMERA_BASE_FILE_H

#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Every mode that is asked for anywhere, before the umask takes from it: */
#define CHIMERA_FILE_PLAIN 0666 /* what a user asked for; his umask alone decides */
#define CHIMERA_FOLDER_PLAIN 0777
#define CHIMERA_FILE_CODE 0644 /* what we run, or trust: for nobody else to write */
#define CHIMERA_FOLDER_CODE 0755
#define CHIMERA_FILE_PRIVATE 0600 /* caches, recordings of what a cluster said */
#define CHIMERA_FOLDER_PRIVATE 0700

/* Appends the file (or standard input for "-") to `buffer`; CHIMERA_ELIMIT past its limit. */
int chimera_file_read(const char *path, struct chimera_buffer *buffer, struct chimera_error *err);

/* The same from an open descriptor, from its current position to its end; `name` is for messages.
 */
int chimera_fd_read(int fd, const char *name, struct chimera_buffer *buffer,
                    struct chimera_error *err);

/* Also for files that a user names. A link is followed, and stays; a file that is there keeps mode
 * and owner; what is no file (a device, a pipe) is written to, and so are, in place, files that no
 * other can take the place of: mounted ones, and those in a folder that is not the user's. A path
 * that chimera_path_descriptor() knows means that descriptor. */
int chimera_file_write(const char *path, struct chimera_slice bytes, mode_t mode,
                       struct chimera_error *err);

/* "-" and /dev/stdout are standard output, /dev/stderr is the error output, /dev/fd/N and
 * /proc/self/fd/N are N: none of them is to be looked up, for what is behind may be a file of which
 * only the rest is ours. -1: `path` names something else. */
int chimera_path_descriptor(const char *path);

/* A new file beside `path`, for a rename to it; open for writing. Its name goes to *ret_name, owned
 * by the caller. Negative errno when there is none. */
int chimera_file_temporary(const char *path, mode_t mode, char **ret_name);

/* Atomic, but not synced: for what has a digest of its own and is easily made again, which after a
 * power cut it may have to be. */
int chimera_file_write_unsynced(const char *path, struct chimera_slice bytes, mode_t mode,
                                struct chimera_error *err);

/* A file that nobody else knows of, in a scratch folder: neither atomic nor synced. */
int chimera_file_write_scratch(const char *path, struct chimera_slice bytes,
                               struct chimera_error *err);

/* All of one file to another, which is empty, holes kept. Negative errno. */
int chimera_fd_copy(int from, int to);

/* Copies `from` to `path` atomically, holes kept. */
int chimera_file_copy(const char *from, const char *path, mode_t mode, struct chimera_error *err);

/* The same, and not synced: into a folder that is synced when it is whole. */
int chimera_file_copy_unsynced(const char *from, const char *path, mode_t mode,
                               struct chimera_error *err);

/* A folder with all files and folders in it, which nobody else changes meanwhile, reaches the disk.
 * Quicker than a sync of each as it is written: all of them are under way before the first is
 * waited for. One with another name is there already (file_link.h). Links are not followed. */
int chimera_folder_sync(const char *path, struct chimera_error *err);

/* What has been written to the file at `path`, or the names in that folder, reaches the disk. Links
 * are not followed. */
int chimera_file_sync(const char *path, struct chimera_error *err);

/* The names in the folder that `path` is in. Best effort, for after a rename: it is atomic either
 * way, and file systems that cannot sync folders keep them in order. */
void chimera_file_sync_folder_of(const char *path);

/* mkdir -p; existing folders are left as they are. */
int chimera_folder_make(const char *path, mode_t mode, struct chimera_error *err);

/* $TMPDIR, or /tmp. Static, or the environment's. */
const char *chimera_temporary_folder(void);
/* A folder of our own below it, NAME-…: owned by the caller, who removes it. */
int chimera_folder_make_temporary(const char *name, char **ret_path, struct chimera_error *err);

/* Removes a folder and all in it; nothing if it is not there. Does not follow links. */
int chimera_folder_remove(const char *path, struct chimera_error *err);

/* Joins with one slash. Owned by the caller; NULL when memory ran out. */
char *chimera_path_join(const char *folder, const char *name);

#endif
