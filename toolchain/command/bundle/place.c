/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/plugin/bundle.h"

int bundle_check_target(const char *target, struct chimera_error *err)
{
    struct chimera_bundle bundle = {0};
    struct stat status = {0};
    if (lstat(target, &status) < 0 && errno == ENOENT)
        return CHIMERA_OK;
    DIR *folder = S_ISDIR(status.st_mode) ? opendir(target) : NULL;
    bool is_empty = folder != NULL;
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        is_empty =
            is_empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    if (folder)
        closedir(folder);
    if (is_empty)
        return CHIMERA_OK;
    int code = folder ? chimera_bundle_read(target, &bundle, NULL) : CHIMERA_EINVAL;
    chimera_bundle_done(&bundle);
    if (code == CHIMERA_OK)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "%s is there and is no bundle, so it is not replaced: remove it, or name "
                        "another folder",
                        target);
}

static int open_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)type;
    (void)walk;
    return chmod(path, S_ISDIR(status->st_mode) ? CHIMERA_FOLDER_CODE : CHIMERA_FILE_CODE);
}

/* Whatever the umask: a bundle is made by one user to be served by another. */
static int open_to_all(const char *folder, struct chimera_error *err)
{
    if (nftw(folder, open_entry, 16, FTW_PHYS) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot let others read %s: %s", folder,
                            strerror(errno));
    return CHIMERA_OK;
}

int bundle_put_in_place(const char *folder, const char *target, struct chimera_error *err)
{
    int code = bundle_check_target(target, err);
    if (code < 0)
        return code;
    code = open_to_all(folder, err);
    if (code < 0)
        return code;
    if (rename(folder, target) == 0) {
        chimera_file_sync_folder_of(target);
        return CHIMERA_OK;
    }
    if (renameat2(AT_FDCWD, folder, AT_FDCWD, target, RENAME_EXCHANGE) == 0) {
        chimera_file_sync_folder_of(target);
        return chimera_folder_remove(folder, err); /* the old one */
    }
    return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", target, strerror(errno));
}

char *bundle_make_folder(const char *target, struct chimera_error *err)
{
    char *folder = NULL;
    size_t size = strlen(target);
    while (size > 1 && target[size - 1] == '/')
        size--;
    if (asprintf(&folder, "%.*s.XXXXXX", (int)size, target) < 0) {
        chimera_fail_memory(err);
        return NULL;
    }
    if (mkdtemp(folder))
        return folder;
    chimera_fail(err, CHIMERA_EIO, "cannot make a folder beside %s: %s", target, strerror(errno));
    free(folder);
    return NULL;
}
