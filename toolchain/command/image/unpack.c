/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/digest.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/bundle.h"
#include "toolchain/command/image/documents.h"
#include "toolchain/command/image/layer_in.h"
#include "toolchain/command/image/reading.h"

#define SIGNATURE_MAX ((size_t)16 << 20)

struct image {
    const struct image_place *place;
    struct chimera_oci_manifest manifest; /* owned */
    struct json_object *config;           /* owned */
};

static int open_image(struct image *image, struct chimera_error *err)
{
    int code = image_manifest_read(image->place, &image->manifest, err);
    if (code < 0)
        return code;
    if (image->manifest.entry_count == 0)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: the image has no layers",
                            image->place->folder);
    return image_config_read(image->place->folder, &image->manifest, &image->config, err);
}

/* --- Layers --- */

static const char *diff_id_of(const struct image *image, size_t layer)
{
    struct json_object *list =
        chimera_json_member(chimera_json_member(image->config, "rootfs"), "diff_ids");
    if (!json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) != image->manifest.entry_count)
        return NULL;
    const char *digest = json_object_get_string(json_object_array_get_idx(list, layer));
    return digest && chimera_oci_digest_is_good(chimera_slice_of(digest)) ? digest : NULL;
}

static int check_layer(const struct image *image, size_t at, const char *folder,
                       struct chimera_error *err)
{
    const struct chimera_descriptor *blob = &image->manifest.entries[at];
    const char *diff_id = diff_id_of(image, at);
    CHIMERA_CLOSE int fd = -1;
    if (!diff_id)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s: the config does not say what is in each of the %zu layers",
                            image->place->folder, image->manifest.entry_count);
    int code = image_blob_open(image->place->folder, blob, &fd, err);
    if (code < 0)
        return code;
    const struct image_layer_in layer = {.fd = fd, .name = blob->digest, .diff_id = diff_id};
    return image_layer_read(&layer, folder, err);
}

static int check_layers(const struct image *image, const char *folder, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    size_t last = image->manifest.entry_count - 1;
    for (size_t i = 0; code == CHIMERA_OK && i <= last; i++)
        code = check_layer(image, i, i == last ? folder : NULL, err);
    return code;
}

/* --- The bundle --- */

static int check_bundle(const struct image *image, const char *folder, struct chimera_error *err)
{
    struct json_object *run = chimera_json_member(image->config, "config");
    const char *told = chimera_annotation(image->manifest.annotations, IMAGE_BUNDLE_KEY);
    const char *label = json_object_get_string(
        chimera_json_member(chimera_json_member(run, "Labels"), IMAGE_BUNDLE_KEY));
    struct chimera_digest digest;
    char hex[CHIMERA_DIGEST_HEX], found[CHIMERA_DIGEST_HEX + 8];
    if (!told || !label)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s: this is no image of a bundle: it has no annotation and no "
                            "label " IMAGE_BUNDLE_KEY,
                            image->place->folder);
    CHIMERA_FREE char *path = chimera_path_join(folder, CHIMERA_BUNDLE_MANIFEST);
    if (!path)
        return chimera_fail_memory(err);
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s: the last layer has no /" IMAGE_BUNDLE "/" CHIMERA_BUNDLE_MANIFEST,
                            image->place->folder);
    int code = chimera_digest_of_fd(fd, &digest, err);
    if (code < 0)
        return code;
    chimera_digest_hex(&digest, hex);
    snprintf(found, sizeof(found), "sha256:%s", hex);
    if (strcmp(told, found) != 0 || strcmp(label, found) != 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s: the bundle's " CHIMERA_BUNDLE_MANIFEST
                            " is %s, but the image says that it is %s",
                            image->place->folder, found, strcmp(told, found) != 0 ? told : label);
    return CHIMERA_OK;
}

/* --- Its signature --- */

static int write_signature(const struct image *image, const struct chimera_descriptor *blob,
                           const char *folder, struct chimera_error *err)
{
    struct chimera_buffer bytes;
    CHIMERA_FREE char *path = chimera_path_join(folder, CHIMERA_BUNDLE_SIGNATURE);
    if (!path)
        return chimera_fail_memory(err);
    chimera_buffer_init(&bytes, SIGNATURE_MAX);
    int code = image_blob_read(image->place->folder, blob, &bytes, err);
    if (code == CHIMERA_OK)
        code = chimera_file_write_scratch(path, chimera_buffer_slice(&bytes), err);
    chimera_buffer_free(&bytes);
    return code;
}

/* Takes it if it is one, and of this image. */
static int take_attached(const struct image *image, const struct chimera_descriptor *entry,
                         const char *folder, struct chimera_error *err)
{
    struct chimera_oci_manifest attached = {0};
    struct chimera_buffer bytes;
    if (!entry->artifact_type || strcmp(entry->artifact_type, IMAGE_MEDIA_SIGNATURE) != 0)
        return CHIMERA_OK;
    chimera_buffer_init(&bytes, CHIMERA_MANIFEST_MAX);
    int code = image_blob_read(image->place->folder, entry, &bytes, err);
    if (code < 0) {
        chimera_buffer_free(&bytes);
        return code;
    }
    code = chimera_oci_manifest_parse(&bytes, entry->media_type, entry->digest,
                                      image->place->folder, &attached, err);
    if (code == CHIMERA_OK && attached.entry_count == 1 &&
        strcmp(attached.subject.digest, image->manifest.digest) == 0)
        code = write_signature(image, &attached.entries[0], folder, err);
    chimera_oci_manifest_done(&attached);
    return code;
}

static int take_signature(const struct image *image, const char *folder, struct chimera_error *err)
{
    struct chimera_oci_manifest index = {0};
    int code = image_layout_read(image->place->folder, &index, err);
    for (size_t i = 0; code == CHIMERA_OK && i < index.entry_count; i++)
        code = take_attached(image, &index.entries[i], folder, err);
    chimera_oci_manifest_done(&index);
    return code;
}

int image_unpack(const struct image_place *place, const char *folder,
                 char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err)
{
    struct image image = {.place = place};
    int code = open_image(&image, err);
    if (code == CHIMERA_OK)
        code = check_layers(&image, folder, err);
    if (code == CHIMERA_OK)
        code = check_bundle(&image, folder, err);
    if (code == CHIMERA_OK)
        code = take_signature(&image, folder, err);
    if (code == CHIMERA_OK)
        memcpy(ret_digest, image.manifest.digest, CHIMERA_OCI_DIGEST_MAX);
    chimera_oci_manifest_done(&image.manifest);
    json_object_put(image.config);
    return code;
}
