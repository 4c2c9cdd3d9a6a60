/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/bundle_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/plugin/bundle.h"
#include "toolchain/command/image/documents.h"

#define PATH_SIZE 4096

static bool is_plugin(const char *name)
{
    size_t size = strlen(name);
    return size > 3 && strcmp(name + size - 3, ".so") == 0;
}

static int add_entry(const struct image_libraries *libraries, struct image_tree *tree,
                     const char *path, const char *place, struct chimera_error *err)
{
    int code = image_tree_add_file(tree, place, path, 0644, err);
    return code < 0 || !is_plugin(path) ? code : image_libraries_check(libraries, path, err);
}

static int add_folder(const char *folder, const char *place,
                      const struct image_libraries *libraries, struct image_tree *tree,
                      struct chimera_error *err)
{
    char path[PATH_SIZE], within[PATH_SIZE];
    int code = image_tree_add_folder(tree, place, 0755, err);
    DIR *names = opendir(folder);
    if (!names)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", folder, strerror(errno));
    for (struct dirent *entry; code == CHIMERA_OK && (entry = readdir(names));) {
        struct stat status;
        const char *name = entry->d_name;
        int size = snprintf(path, sizeof(path), "%s/%s", folder, name);
        snprintf(within, sizeof(within), "%s/%s", place, name);
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            strcmp(name, CHIMERA_BUNDLE_SIGNATURE) == 0)
            continue;
        if (size >= (int)sizeof(path) || lstat(path, &status) < 0)
            code = chimera_fail(err, CHIMERA_EIO, "cannot look at %s: %s", path, strerror(errno));
        else if (S_ISDIR(status.st_mode))
            code = add_folder(path, within, libraries, tree, err);
        else
            code = add_entry(libraries, tree, path, within, err);
    }
    closedir(names);
    return code;
}

int image_bundle_fill(const char *folder, const struct image_libraries *libraries,
                      struct image_tree *tree, struct chimera_digest *ret_manifest,
                      struct chimera_error *err)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "%s/" CHIMERA_BUNDLE_MANIFEST, folder);
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    int code = chimera_digest_of_fd(fd, ret_manifest, err);
    return code < 0 ? code : add_folder(folder, IMAGE_BUNDLE, libraries, tree, err);
}
