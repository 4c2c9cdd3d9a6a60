/* SPDX-License-Identifier: Apache-2.0 */
/* profile_files.h - FOLDER/POLICY-REQUEST.folded and .svg. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_PROFILE_PROFILE_FILES_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_PROFILE_PROFILE_FILES_H

#include "toolchain/command/bench/profile/stacks.h"

/* Of stacks of one policy on one request. The folder is made if it is not there. Names are made of
 * letters, digits, "-", "_" and "." of the two, which may be any text; what is there under them is
 * replaced, unless this process has written it: then a number is put behind the name. *ret_picture
 * is the path of the .svg, owned by the caller. */
int profile_files_write(const char *folder, const char *policy, const char *request,
                        const struct stacks *stacks, char **ret_picture, struct chimera_error *err);

#endif
