/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/verify/unpacked.h"

#include <stdlib.h>

#include "runtime/base/file.h"
#include "toolchain/command/bundle/files/open.h"
#include "toolchain/command/image/unpack.h"

static int unpack(const char *path, struct bundle_unpacked *unpacked, struct chimera_error *err)
{
    struct image_place place = {0};
    int code = image_place_parse(path, &place, err);
    if (code == CHIMERA_OK)
        code = chimera_folder_make_temporary("chimera-image", &unpacked->folder, err);
    if (code == CHIMERA_OK)
        code = image_unpack(&place, unpacked->folder, unpacked->digest, err);
    image_place_done(&place);
    return code;
}

int bundle_unpacked_open(const char *path, struct bundle_unpacked *ret_unpacked,
                         struct bundle_files *ret_files, struct chimera_error *err)
{
    *ret_unpacked = (struct bundle_unpacked){0};
    if (!image_place_is(path))
        return bundle_files_open(path, ret_files, err);
    int code = unpack(path, ret_unpacked, err);
    if (code == CHIMERA_OK)
        code = bundle_files_open(ret_unpacked->folder, ret_files, err);
    ret_files->path = path; /* the other says nothing to anybody */
    return code;
}

void bundle_unpacked_done(struct bundle_unpacked *unpacked)
{
    if (unpacked->folder)
        chimera_folder_remove(unpacked->folder, NULL);
    free(unpacked->folder);
    *unpacked = (struct bundle_unpacked){0};
}
