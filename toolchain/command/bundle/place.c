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

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/bundle.h"

/* Of this format or another, whole or damaged: what says that it is the manifest of a bundle. */
static bool has_manifest(const char *folder)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, CHIMERA_BUNDLE_MANIFEST);
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_buffer text;
    struct stat status;
    chimera_buffer_init(&text, CHIMERA_BUNDLE_MANIFEST_MAX);
    bool is_one = path && lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
                  chimera_file_read(path, &text, NULL) == CHIMERA_OK &&
                  chimera_json_parse(chimera_buffer_slice(&text), &tree, NULL) == CHIMERA_OK &&
                  json_object_is_type(chimera_json_member(tree, "format"), json_type_int) &&
                  json_object_is_type(chimera_json_member(tree, "plugins"), json_type_array);
    chimera_buffer_free(&text);
    return is_one;
}

/* What would go with it. */
static bool has_others(DIR *folder)
{
    for (struct dirent *entry; (entry = readdir(folder));)
        if (!chimera_bundle_has_name(entry->d_name))
            return true;
    return false;
}

int bundle_check_target(const char *target, struct chimera_error *err)
{
    struct stat status = {0};
    if (lstat(target, &status) < 0 && errno == ENOENT)
        return CHIMERA_OK;
    DIR *folder = S_ISDIR(status.st_mode) ? opendir(target) : NULL;
    bool is_empty = folder != NULL;
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        is_empty =
            is_empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    if (folder)
        rewinddir(folder);
    bool is_bundle = folder && has_manifest(target), is_more = folder && has_others(folder);
    if (folder)
        closedir(folder);
    if (is_empty || (is_bundle && !is_more))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EREFUSED,
                        is_bundle ? "%s is a bundle and has other files beside it, so it is not "
                                    "replaced: remove them, or name another folder"
                                  : "%s is there and is no bundle, so it is not replaced: remove "
                                    "it, or name another folder",
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
    if (code == CHIMERA_OK)
        code = chimera_folder_sync(folder, err); /* what was copied was not */
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
