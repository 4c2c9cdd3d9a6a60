/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/home.h"

#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/text/printable.h"
#include "toolchain/command/commands.h"

#define ACCOUNT_BYTES 4096 /* a line of /etc/passwd */

static char *temporary; /* owned; NULL: HOME is another */
static bool was_empty;  /* when we came */

/* What others could have made, or could change, is not trusted: plugins would lie there. */
static bool is_ours(const char *folder)
{
    struct stat status;
    return lstat(folder, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
           !(status.st_mode & (S_IWGRP | S_IWOTH));
}

static bool is_empty(const char *folder)
{
    DIR *stream = opendir(folder);
    size_t count = 0;
    while (stream && readdir(stream))
        count++; /* with the two that are always there */
    if (stream)
        closedir(stream);
    return count <= 2;
}

static bool take_account(void)
{
    char account[ACCOUNT_BYTES];
    struct passwd entry, *found = NULL;
    struct stat status;
    return getpwuid_r(geteuid(), &entry, account, sizeof(account), &found) == 0 && found &&
           found->pw_dir[0] == '/' && stat(found->pw_dir, &status) == 0 &&
           setenv("HOME", found->pw_dir, 1) == 0;
}

static void take_temporary(void)
{
    char *folder = NULL;
    if (asprintf(&folder, "%s/chimera-of-%u", chimera_temporary_folder(), (unsigned)geteuid()) < 0)
        return;
    mkdir(folder, CHIMERA_FOLDER_PRIVATE);
    was_empty = is_empty(folder);
    if (!is_ours(folder) || setenv("HOME", folder, 1) < 0) {
        free(folder);
        return;
    }
    temporary = folder;
}

void home_begin(void)
{
    const char *home = getenv("HOME");
    if ((!home || home[0] != '/') && !take_account())
        take_temporary();
}

void home_end(void)
{
    if (temporary && was_empty && !is_empty(temporary) && say_level() != SAY_QUIET)
        chimera_printable_say(
            stderr, "Note",
            "there is no home folder: what is kept between calls is in %s; set HOME, or "
            "CHIMERA_CACHE_DIR and XDG_CACHE_HOME",
            temporary);
    free(temporary);
    temporary = NULL;
}

bool home_is_temporary(void)
{
    return temporary != NULL;
}
