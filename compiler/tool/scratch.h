/* SPDX-License-Identifier: Apache-2.0 */
/* scratch.h - a folder for each command of a build.
 *
 * A compiler that a module has taken over may write in the folder of its one command, and reads
 * what that command needs: not the sources and objects of other parts, and nothing of the cache.
 * When it has ended, and with it all that it started, we take what it made from there.
 */
#ifndef CHIMERA_COMPILER_TOOL_SCRATCH_H
#define CHIMERA_COMPILER_TOOL_SCRATCH_H

#include "runtime/base/error.h"

/* PARENT/NAME-XXXXXX, empty. Owned by the caller, who removes it with chimera_folder_remove(). */
int chimera_scratch_make(const char *parent, const char *name, char **ret_folder,
                         struct chimera_error *err);

/* Opens FOLDER/NAME, which must be a plain file with this one name; *ret_fd is the caller's. */
int chimera_scratch_open(const char *folder, const char *name, int *ret_fd,
                         struct chimera_error *err);

/* The same, and moves it to `to`, which is on the same file system. */
int chimera_scratch_take(const char *folder, const char *name, const char *to,
                         struct chimera_error *err);

/* The same of an object file for our machine. */
int chimera_scratch_take_object(const char *folder, const char *name, const char *to,
                                struct chimera_error *err);

#endif
