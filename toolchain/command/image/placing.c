/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/placing.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

int image_staging_make(const char *target, char **ret_staging, struct chimera_error *err)
{
    char *folder = NULL;
    if (asprintf(&folder, "%s.XXXXXX", target) < 0)
        return chimera_fail_memory(err);
    if (!mkdtemp(folder)) {
        chimera_fail(err, CHIMERA_EIO, "cannot make a folder beside %s: %s", target,
                     strerror(errno));
        free(folder);
        return CHIMERA_EIO;
    }
    *ret_staging = folder;
    return CHIMERA_OK;
}

static int move_blob(const char *from, const char *to, const char *name, struct chimera_error *err)
{
    CHIMERA_FREE char *old = chimera_path_join(from, name), *new = chimera_path_join(to, name);
    if (!old || !new)
        return chimera_fail_memory(err);
    if (rename(old, new) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", new, strerror(errno));
    return CHIMERA_OK;
}

static int move_blobs(const char *from, const char *to, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    DIR *names = opendir(from);
    if (!names)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", from, strerror(errno));
    for (struct dirent *entry; code == CHIMERA_OK && (entry = readdir(names));)
        if (entry->d_name[0] != '.')
            code = move_blob(from, to, entry->d_name, err);
    closedir(names);
    return code < 0 ? code : chimera_file_sync(to, err);
}

/* At once: the folder is there with all that belongs into it. */
static int move_all(const char *staging, const struct image_place *place, struct json_object *image,
                    struct json_object *untagged, struct chimera_error *err)
{
    int code = image_layout_tag(staging, place->tag, image, untagged, err);
    if (code == CHIMERA_OK && rename(staging, place->folder) < 0)
        code =
            chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", place->folder, strerror(errno));
    if (code == CHIMERA_OK)
        chimera_file_sync_folder_of(place->folder);
    return code;
}

int image_staging_move(const char *staging, const struct image_place *place,
                       struct json_object *image, struct json_object *untagged,
                       struct chimera_error *err)
{
    CHIMERA_FREE char *from = chimera_path_join(staging, "blobs/sha256"), *to = NULL;
    if (image_layout_is_new(place->folder))
        return move_all(staging, place, image, untagged, err);
    int code = from ? image_layout_check_target(place->folder, err) : chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        code = image_layout_make(place->folder, &to, err);
    if (code == CHIMERA_OK)
        code = move_blobs(from, to, err);
    if (code == CHIMERA_OK)
        return image_layout_tag(place->folder, place->tag, image, untagged, err);
    json_object_put(image);
    return code;
}
