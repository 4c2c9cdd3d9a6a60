/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h - a folder with container images (OCI image specification 1.1, "Image Layout"): blobs
 * by their digests, and index.json, which says what a tag means.
 *
 * Writing adds blobs, each whole and synced before its name is there, and then changes index.json
 * at once: whoever reads a tag finds the old image or the new one. What no tag leads to any more
 * stays, for somebody may be reading it; `umoci gc` removes it.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_LAYOUT_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_LAYOUT_H

#include <json-c/json.h>
#include <stdbool.h>

#include "compiler/fetch/registry/manifest.h"

#define IMAGE_TAG_DEFAULT "latest"
#define IMAGE_TAG_MAX 128
#define IMAGE_TAG_ANNOTATION "org.opencontainers.image.ref.name"

struct image_place { /* oci:FOLDER or oci:FOLDER:TAG, as skopeo writes it */
    char *folder;    /* owned */
    char tag[IMAGE_TAG_MAX + 1];
    bool has_tag; /* it was written; else it is IMAGE_TAG_DEFAULT */
};

/* Does it begin with "oci:"? */
bool image_place_is(const char *text);
/* CHIMERA_EINVAL: no folder, or a tag that registries would not take. */
int image_place_parse(const char *text, struct image_place *ret_place, struct chimera_error *err);
void image_place_done(struct image_place *place);

/* Is there nothing, or an empty folder? */
bool image_layout_is_new(const char *folder);
/* What an image may be written to: that, or a layout. */
int image_layout_check_target(const char *folder, struct chimera_error *err);

/* Makes FOLDER/blobs/sha256 and FOLDER/oci-layout. *ret_blobs is the former, owned by the caller.
 */
int image_layout_make(const char *folder, char **ret_blobs, struct chimera_error *err);

/* Writes a blob; `ret_digest` is its name. */
int image_layout_put(const char *blobs, struct chimera_slice bytes,
                     char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err);

/* Gives the tag to the manifest of this descriptor, which is handed over, and adds those of
 * `untagged`, an array of descriptors (borrowed; NULL: none), unless they are there. */
int image_layout_tag(const char *folder, const char *tag, struct json_object *descriptor,
                     struct json_object *untagged, struct chimera_error *err);

/* FOLDER/index.json. The caller ends *ret_index. CHIMERA_EINVAL: the folder is no layout. */
int image_layout_read(const char *folder, struct chimera_oci_manifest *ret_index,
                      struct chimera_error *err);

/* FOLDER/blobs/ALGORITHM/HEX, owned by the caller; NULL when memory ran out. The digest is one that
 * chimera_oci_digest_is_good(). */
char *image_layout_blob_path(const char *folder, const char *digest);

#endif
