/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/base.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "toolchain/command/image/reading.h"

#define SHA256 "sha256:"

static const char *architecture_of(struct json_object *config)
{
    const char *text = json_object_get_string(chimera_json_member(config, "architecture"));
    return text ? text : "";
}

int image_base_read(const struct image_place *place, struct image_base *ret_base,
                    struct chimera_error *err)
{
    ret_base->place = place;
    int code = image_manifest_read(place, &ret_base->manifest, err);
    if (code == CHIMERA_OK)
        code = image_config_read(place->folder, &ret_base->manifest, &ret_base->config, err);
    if (code == CHIMERA_OK)
        ret_base->architecture = architecture_of(ret_base->config);
    return code;
}

static int copy_blob(const struct image_base *base, const struct chimera_descriptor *blob,
                     const char *blobs, struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = -1;
    if (strncmp(blob->digest, SHA256, sizeof(SHA256) - 1) != 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the base has a layer with the digest %s: only sha256 is taken",
                            blob->digest);
    CHIMERA_FREE char *from = image_layout_blob_path(base->place->folder, blob->digest);
    CHIMERA_FREE char *to = chimera_path_join(blobs, blob->digest + sizeof(SHA256) - 1);
    if (!from || !to)
        return chimera_fail_memory(err);
    int code = image_blob_open(base->place->folder, blob, &fd, err);
    if (code == CHIMERA_OK)
        code = chimera_file_copy(from, to, CHIMERA_FILE_CODE, err);
    if (code == CHIMERA_OK && chmod(to, CHIMERA_FILE_CODE) < 0) /* whatever the umask */
        code = chimera_fail(err, CHIMERA_EIO, "cannot let others read %s: %s", to, strerror(errno));
    return code;
}

int image_base_copy(const struct image_base *base, const char *blobs, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; code == CHIMERA_OK && i < base->manifest.entry_count; i++)
        code = copy_blob(base, &base->manifest.entries[i], blobs, err);
    return code;
}

void image_base_done(struct image_base *base)
{
    chimera_oci_manifest_done(&base->manifest);
    json_object_put(base->config);
    *base = (struct image_base){0};
}
