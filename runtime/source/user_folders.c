/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/user_folders.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define ACCOUNT_BYTES 4096 /* a line of /etc/passwd */

static char *find_folder(const char *variable, const char *below_home)
{
    const char *told = getenv(variable), *home = getenv("HOME");
    char account[ACCOUNT_BYTES];
    struct passwd entry, *found = NULL;
    char *path = NULL;
    if (told && told[0] == '/')
        return chimera_path_join(told, "kubewarden");
    if ((!home || !*home) && getpwuid_r(getuid(), &entry, account, sizeof(account), &found) == 0 &&
        found)
        home = entry.pw_dir;
    if (!home || !*home || asprintf(&path, "%s/%s/kubewarden", home, below_home) < 0)
        return NULL;
    return path;
}

char *chimera_user_cache_folder(void)
{
    return find_folder("XDG_CACHE_HOME", ".cache");
}

char *chimera_user_config_folder(void)
{
    return find_folder("XDG_CONFIG_HOME", ".config");
}

char *chimera_user_path(char *folder, const char *name)
{
    CHIMERA_FREE char *owned = folder;
    return owned ? chimera_path_join(owned, name) : NULL;
}
