/* SPDX-License-Identifier: Apache-2.0 */
/* open.h - the files of the bundle at a place that somebody names. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_FILES_OPEN_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_FILES_OPEN_H

#include "toolchain/command/bundle/files/files.h"

/* A folder, or an archive (archive.h). The path is borrowed. The caller ends *ret_files with
 * bundle_files_done(). */
int bundle_files_open(const char *path, struct bundle_files *ret_files, struct chimera_error *err);

#endif
