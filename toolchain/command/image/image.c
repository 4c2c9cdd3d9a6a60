/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/bundle.h"
#include "toolchain/command/image/base.h"
#include "toolchain/command/image/bundle_tree.h"
#include "toolchain/command/image/documents.h"
#include "toolchain/command/image/placing.h"
#include "toolchain/command/image/root.h"

#define SIGNATURE_MAX ((size_t)16 << 20)
#define EMPTY "{}"

struct work {
    const struct image_wish *wish;
    char *staging, *blobs; /* owned: a layout beside the place, and its blobs */
    char bundle[CHIMERA_OCI_DIGEST_MAX];
    struct image_tree root, policies;
    struct image_libraries libraries;
    struct image_layer server, layer;
    struct image_base base;
    struct json_object *image,
        *untagged; /* owned: descriptors of the manifest, and of its signature */
};

/* --- Layers --- */

static int write_tree(struct work *work, struct image_tree *tree, struct image_layer *layer,
                      struct chimera_error *err)
{
    image_tree_sort(tree);
    return image_layer_write(tree, work->wish->seconds, work->blobs, layer, err);
}

static int write_server(struct work *work, struct chimera_error *err)
{
    CHIMERA_FREE char *server = image_find_server(err);
    if (!server)
        return CHIMERA_EIO;
    int code = image_root_fill(server, &work->libraries, err);
    return code < 0 ? code : write_tree(work, &work->root, &work->server, err);
}

static int take_base(struct work *work, struct chimera_error *err)
{
    int code = image_base_read(work->wish->base, &work->base, err);
    if (code == CHIMERA_OK)
        code = image_base_copy(&work->base, work->blobs, err);
    work->libraries.architecture = work->base.architecture;
    return code;
}

static int write_bundle(struct work *work, struct chimera_error *err)
{
    struct chimera_digest digest;
    char hex[CHIMERA_DIGEST_HEX];
    int code =
        image_bundle_fill(work->wish->bundle, &work->libraries, &work->policies, &digest, err);
    if (code < 0)
        return code;
    chimera_digest_hex(&digest, hex);
    snprintf(work->bundle, sizeof(work->bundle), "sha256:%s", hex);
    return write_tree(work, &work->policies, &work->layer, err);
}

/* --- Documents --- */

static int put_json(const struct work *work, struct json_object *tree,
                    char ret_digest[CHIMERA_OCI_DIGEST_MAX], uint64_t *ret_size,
                    struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, CHIMERA_MANIFEST_MAX);
    chimera_json_write(tree, &text);
    *ret_size = text.size;
    int code = text.failed
                   ? chimera_fail(err, text.failed, "a document of the image: %s",
                                  chimera_code_text(text.failed))
                   : image_layout_put(work->blobs, chimera_buffer_slice(&text), ret_digest, err);
    chimera_buffer_free(&text);
    return code;
}

static int write_documents(struct work *work, struct chimera_error *err)
{
    const bool has_base = work->wish->base != NULL;
    const struct image_facts facts = {
        .architecture = work->libraries.architecture,
        .created = work->wish->created,
        .bundle = work->bundle,
        .server = has_base ? NULL : &work->server,
        .layer = &work->layer,
        .base_config = work->base.config,
        .base = has_base ? &work->base.manifest : NULL,
        .base_digest = work->base.digest,
    };
    CHIMERA_JSON struct json_object *config = NULL, *manifest = NULL;
    char digest[CHIMERA_OCI_DIGEST_MAX];
    uint64_t size = 0;
    int code = image_config_make(&facts, &config, err);
    if (code == CHIMERA_OK)
        code = put_json(work, config, digest, &size, err);
    if (code < 0)
        return code;
    manifest = image_manifest_make(&facts, digest, size);
    code = put_json(work, manifest, digest, &size, err);
    if (code == CHIMERA_OK)
        work->image = chimera_oci_describe(CHIMERA_MEDIA_OCI_MANIFEST, digest, size);
    return code;
}

/* --- The bundle's signature --- */

static int put_signature(struct work *work, struct chimera_slice bytes, struct chimera_error *err)
{
    char signature[CHIMERA_OCI_DIGEST_MAX], digest[CHIMERA_OCI_DIGEST_MAX];
    uint64_t size = 0;
    int code = image_layout_put(work->blobs, CHIMERA_SLICE(EMPTY), digest, err);
    if (code == CHIMERA_OK)
        code = image_layout_put(work->blobs, bytes, signature, err);
    if (code < 0)
        return code;
    CHIMERA_JSON struct json_object *manifest =
        image_signature_make(work->image, digest, signature, bytes.size);
    code = put_json(work, manifest, digest, &size, err);
    if (code < 0)
        return code;
    struct json_object *descriptor = chimera_oci_describe(CHIMERA_MEDIA_OCI_MANIFEST, digest, size);
    json_object_object_add(descriptor, "artifactType",
                           json_object_new_string(IMAGE_MEDIA_SIGNATURE));
    work->untagged = json_object_new_array();
    json_object_array_add(work->untagged, descriptor);
    return CHIMERA_OK;
}

static int attach_signature(struct work *work, struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(work->wish->bundle, CHIMERA_BUNDLE_SIGNATURE);
    struct chimera_buffer bytes;
    if (!path)
        return chimera_fail_memory(err);
    if (access(path, F_OK) < 0)
        return CHIMERA_OK;
    chimera_buffer_init(&bytes, SIGNATURE_MAX);
    int code = chimera_file_read(path, &bytes, err);
    if (code == CHIMERA_OK)
        code = put_signature(work, chimera_buffer_slice(&bytes), err);
    chimera_buffer_free(&bytes);
    return code;
}

/* --- All of it --- */

static int make(struct work *work, struct chimera_error *err)
{
    int code = image_layout_check_target(work->wish->place->folder, err);
    if (code == CHIMERA_OK)
        code = image_staging_make(work->wish->place->folder, &work->staging, err);
    if (code == CHIMERA_OK)
        code = image_layout_make(work->staging, &work->blobs, err);
    if (code == CHIMERA_OK)
        code = work->wish->base ? take_base(work, err) : write_server(work, err);
    if (code == CHIMERA_OK)
        code = write_bundle(work, err);
    if (code == CHIMERA_OK)
        code = write_documents(work, err);
    if (code == CHIMERA_OK)
        code = attach_signature(work, err);
    return code;
}

static int put_in_place(struct work *work, char ret_digest[CHIMERA_OCI_DIGEST_MAX],
                        struct chimera_error *err)
{
    const char *digest = json_object_get_string(chimera_json_member(work->image, "digest"));
    snprintf(ret_digest, CHIMERA_OCI_DIGEST_MAX, "%s", digest);
    struct json_object *image = work->image;
    work->image = NULL; /* handed over */
    return image_staging_move(work->staging, work->wish->place, image, work->untagged, err);
}

int image_write(const struct image_wish *wish, char ret_digest[CHIMERA_OCI_DIGEST_MAX],
                struct chimera_error *err)
{
    struct work work = {.wish = wish, .libraries = {.tree = &work.root, .root = ""}};
    int code = make(&work, err);
    if (code == CHIMERA_OK)
        code = put_in_place(&work, ret_digest, err);
    if (work.staging)
        chimera_folder_remove(work.staging, NULL);
    image_tree_done(&work.root);
    image_tree_done(&work.policies);
    image_base_done(&work.base);
    json_object_put(work.image);
    json_object_put(work.untagged);
    free(work.staging);
    free(work.blobs);
    return code;
}
