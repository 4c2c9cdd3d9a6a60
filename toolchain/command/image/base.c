/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/base.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "toolchain/command/image/documents.h"
#include "toolchain/command/image/reading.h"

#define SHA256 "sha256:"

static const char *architecture_of(struct json_object *config)
{
    const char *text = json_object_get_string(chimera_json_member(config, "architecture"));
    return text ? text : "";
}

static struct json_object *list_in(struct json_object *object, const char *key)
{
    struct json_object *list = chimera_json_member(object, key);
    return json_object_is_type(list, json_type_array) ? list : NULL;
}

static bool is_of_bundle(struct json_object *history)
{
    size_t count = history ? json_object_array_length(history) : 0;
    struct json_object *last = count ? json_object_array_get_idx(history, count - 1) : NULL;
    const char *maker = json_object_get_string(chimera_json_member(last, "created_by"));
    return maker && strcmp(maker, IMAGE_BUNDLE_MAKER) == 0;
}

/* The layer of its bundle, which is the last one. */
static int drop_bundle(struct image_base *base, struct chimera_error *err)
{
    struct json_object *history = list_in(base->config, "history");
    struct json_object *diff_ids = list_in(chimera_json_member(base->config, "rootfs"), "diff_ids");
    size_t layers = base->manifest.entry_count;
    if (!is_of_bundle(history) || !diff_ids || json_object_array_length(diff_ids) != layers ||
        layers < 2)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the base %s says that it has a bundle, but its last layer is none of "
                            "`chimera bundle`: take the image that it was made on",
                            base->place->folder);
    json_object_array_del_idx(history, json_object_array_length(history) - 1, 1);
    json_object_array_del_idx(diff_ids, layers - 1, 1);
    base->manifest.entry_count--;
    return CHIMERA_OK;
}

int image_base_read(const struct image_place *place, struct image_base *ret_base,
                    struct chimera_error *err)
{
    ret_base->place = place;
    int code = image_manifest_read(place, &ret_base->manifest, err);
    if (code == CHIMERA_OK)
        code = image_config_read(place->folder, &ret_base->manifest, &ret_base->config, err);
    if (code < 0)
        return code;
    struct json_object *annotations = ret_base->manifest.annotations;
    bool has_bundle = chimera_annotation(annotations, IMAGE_BUNDLE_KEY) != NULL;
    ret_base->architecture = architecture_of(ret_base->config);
    ret_base->digest =
        has_bundle ? chimera_annotation(annotations, IMAGE_BASE_KEY) : ret_base->manifest.digest;
    return has_bundle ? drop_bundle(ret_base, err) : CHIMERA_OK;
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
