/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - who we are, and whom we stand in for. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_VERSION_H
#define CHIMERA_TOOLCHAIN_COMMAND_VERSION_H

#include <json-c/json.h>

/* "chimera 0.1.0"; called kwctl: "kwctl 1.36.0", the release that we act as. */
void version_print_short(const char *program);
/* What --version prints: the same, what it stands for and, but for kwctl, all that is known. */
void version_print(const char *program);

/* The commit that the sources are of, or NULL when nobody knows. */
const char *version_commit(void);

/* version, commit, kubewarden, pluginAbi, and the versions of the tools that build here, each of
 * which is null where it is not there. Owned by the caller; NULL without memory. */
struct json_object *version_json(void);

#endif
