/* SPDX-License-Identifier: Apache-2.0 */
/* file_link.h - another name for a file that is there already, in place of a copy. */
#ifndef CHIMERA_BASE_FILE_LINK_H
#define CHIMERA_BASE_FILE_LINK_H

#include <stdbool.h>
#include <sys/types.h>

/* Gives the file `former` the name `path` as well when it has the bytes of `from`, belongs to us,
 * has exactly that mode and no other name: then nothing but who owns it could tell that it is no
 * copy, and it is on the disk already. False when it does not, or cannot: `path` is not there then.
 * Links are not followed. */
bool chimera_file_link_equal(const char *former, const char *from, const char *path, mode_t mode);

#endif
