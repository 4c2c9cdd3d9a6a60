/* SPDX-License-Identifier: Apache-2.0 */
/* archive.h - a bundle as one file: a tar (ustar, POSIX.1-1988) that any tar unpacks.
 *
 * The same bundle and $SOURCE_DATE_EPOCH give the same bytes: entries by name, owner and group 0,
 * modes 0644 and 0755, one time. So there is one archive of a bundle, and whatever is not exactly
 * that is refused: a reader writes each header again and compares.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_FILES_ARCHIVE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_FILES_ARCHIVE_H

#include "toolchain/command/bundle/files/files.h"

#define BUNDLE_ARCHIVE_SUFFIX ".tar"

/* The files at `path`, which is replaced at once; `seconds` since 1970 is the time of all entries.
 */
int bundle_archive_write(const struct bundle_files *files, const char *path, int64_t seconds,
                         struct chimera_error *err);

/* Fills the list of `files`, whose fd is an archive of that many bytes. */
int bundle_archive_list(struct bundle_files *files, uint64_t size, struct chimera_error *err);

#endif
