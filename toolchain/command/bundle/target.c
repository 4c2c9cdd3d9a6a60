/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "toolchain/command/bundle/documents/contents.h"
#include "toolchain/command/bundle/files/archive.h"
#include "toolchain/command/bundle/files/open.h"
#include "toolchain/command/bundle/place.h"
#include "toolchain/command/image/image.h"

static int read_base(const char *text, struct image_place *ret_base, struct chimera_error *err)
{
    if (!image_place_is(text))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--base \"%s\": an image in a folder is wanted, oci:FOLDER:TAG; "
                            "`skopeo copy` brings one there",
                            text);
    return image_place_parse(text, ret_base, err);
}

static bool is_archive(const char *path)
{
    size_t size = strlen(path), end = strlen(BUNDLE_ARCHIVE_SUFFIX);
    return size > end && path[size - end - 1] != '/' &&
           strcmp(path + size - end, BUNDLE_ARCHIVE_SUFFIX) == 0;
}

int bundle_target_read(const struct chimera_cli_options *options, struct bundle_target *ret_target,
                       struct chimera_error *err)
{
    const char *output = chimera_cli_value(options, "output");
    const char *base = chimera_cli_value(options, "base");
    if (output[0] == '\0')
        return chimera_fail(err, CHIMERA_EINVAL, "--output is empty: a folder is wanted");
    *ret_target = (struct bundle_target){
        .path = output, .is_archive = !image_place_is(output) && is_archive(output)};
    if (image_place_is(output)) {
        int code = image_place_parse(output, &ret_target->image, err);
        if (code < 0)
            return code;
        ret_target->path = ret_target->image.folder;
        return base ? read_base(base, &ret_target->base, err) : CHIMERA_OK;
    }
    if (base)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--base is for images: it wants -o oci:FOLDER or oci:FOLDER:TAG");
    return CHIMERA_OK;
}

void bundle_target_done(struct bundle_target *target)
{
    image_place_done(&target->image);
    image_place_done(&target->base);
}

static int check_archive(const char *path, struct chimera_error *err)
{
    struct stat status;
    if (lstat(path, &status) < 0 && errno == ENOENT)
        return CHIMERA_OK;
    return S_ISREG(status.st_mode)
               ? CHIMERA_OK
               : chimera_fail(err, CHIMERA_EREFUSED,
                              "%s is there and is no file, so it is not replaced: remove it, or "
                              "name another",
                              path);
}

int bundle_target_check(const struct bundle_target *target, struct chimera_error *err)
{
    if (target->is_archive)
        return check_archive(target->path, err);
    return target->image.folder ? image_layout_check_target(target->image.folder, err)
                                : bundle_check_target(target->path, err);
}

static int put_archive(const char *path, const char *folder, int64_t seconds,
                       struct chimera_error *err)
{
    struct bundle_files files;
    int code = bundle_files_open(folder, &files, err);
    if (code < 0)
        return code;
    code = bundle_archive_write(&files, path, seconds, err);
    bundle_files_done(&files);
    return code < 0 ? code : chimera_folder_remove(folder, err);
}

int bundle_target_put(const struct bundle_target *target, const char *folder, int64_t seconds,
                      struct chimera_error *err)
{
    char created[BUNDLE_MOMENT_TEXT];
    char digest[CHIMERA_OCI_DIGEST_MAX];
    if (target->is_archive)
        return put_archive(target->path, folder, seconds, err);
    if (!target->image.folder)
        return bundle_put_in_place(folder, target->path, err);
    bundle_moment_write(seconds, created);
    const struct image_wish wish = {
        .bundle = folder,
        .place = &target->image,
        .base = target->base.folder ? &target->base : NULL,
        .seconds = seconds,
        .created = created,
    };
    int code = image_write(&wish, digest, err);
    if (code < 0)
        return code;
    printf("%s\n", digest);
    return chimera_folder_remove(folder, err);
}
