/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/operate/bundle_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

int bundle_put_in_place(const char *folder, const char *target, struct chimera_error *err)
{
    int code = bundle_check_target(target, err);
    if (code < 0)
        return code;
    if (chmod(folder, 0755) == 0 && rename(folder, target) == 0) {
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
