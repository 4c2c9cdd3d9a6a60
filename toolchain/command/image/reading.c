/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"

#define STEP ((size_t)256 * 1024)

/* --- Blobs --- */

static int digest_of_fd(int fd, const char *path, const char *like,
                        char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err)
{
    struct chimera_oci_hash hash = {0};
    CHIMERA_FREE char *step = malloc(STEP);
    if (!step || chimera_oci_hash_begin(&hash, like) < 0)
        return chimera_fail_memory(err);
    for (;;) {
        ssize_t got = read(fd, step, STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            return chimera_oci_hash_finish(&hash, ret_digest);
        if (got > 0 && chimera_oci_hash_add(&hash, (struct chimera_slice){step, (size_t)got}) == 0)
            continue;
        chimera_oci_hash_drop(&hash);
        return chimera_fail(err, CHIMERA_EIO, "cannot read %s: %s", path, strerror(errno));
    }
}

static int check_blob(int fd, const char *path, const struct chimera_descriptor *blob,
                      struct chimera_error *err)
{
    char digest[CHIMERA_OCI_DIGEST_MAX] = "";
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EREFUSED, "%s is no file", path);
    if ((uint64_t)status.st_size != blob->size)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s has %lld bytes, and the image says %llu: it was cut or changed; "
                            "copy or make the image again",
                            path, (long long)status.st_size, (unsigned long long)blob->size);
    int code = digest_of_fd(fd, path, blob->digest, digest, err);
    if (code < 0)
        return code;
    if (strcmp(digest, blob->digest) != 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s is not what its name says, but has the digest %s: it was changed; "
                            "copy or make the image again",
                            path, digest);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot read %s: %s", path, strerror(errno));
    return CHIMERA_OK;
}

int image_blob_open(const char *folder, const struct chimera_descriptor *blob, int *ret_fd,
                    struct chimera_error *err)
{
    CHIMERA_FREE char *path = image_layout_blob_path(folder, blob->digest);
    if (!path)
        return chimera_fail_memory(err);
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "the image lacks a blob: cannot open %s: %s", path,
                            strerror(errno));
    int code = check_blob(fd, path, blob, err);
    if (code < 0)
        return code;
    *ret_fd = fd;
    fd = -1; /* now the caller's */
    return CHIMERA_OK;
}

int image_blob_read(const char *folder, const struct chimera_descriptor *blob,
                    struct chimera_buffer *ret_bytes, struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = -1;
    int code = image_blob_open(folder, blob, &fd, err);
    return code < 0 ? code : chimera_fd_read(fd, blob->digest, ret_bytes, err);
}

/* --- Documents --- */

static bool has_tag(const struct chimera_descriptor *entry, const char *tag)
{
    const char *name = chimera_annotation(entry->annotations, IMAGE_TAG_ANNOTATION);
    return name && strcmp(name, tag) == 0;
}

static const struct chimera_descriptor *find_tag(const struct image_place *place,
                                                 const struct chimera_oci_manifest *index)
{
    for (size_t i = 0; i < index->entry_count; i++)
        if (has_tag(&index->entries[i], place->tag))
            return &index->entries[i];
    return index->entry_count == 1 && !place->has_tag ? &index->entries[0] : NULL;
}

static int read_manifest(const struct image_place *place, const struct chimera_descriptor *entry,
                         struct chimera_oci_manifest *manifest, struct chimera_error *err)
{
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, CHIMERA_MANIFEST_MAX);
    int code = image_blob_read(place->folder, entry, &bytes, err);
    if (code < 0) {
        chimera_buffer_free(&bytes);
        return code;
    }
    code = chimera_oci_manifest_parse(&bytes, entry->media_type, entry->digest, place->folder,
                                      manifest, err);
    if (code == CHIMERA_OK && manifest->is_index) {
        chimera_oci_manifest_done(manifest);
        return chimera_fail(err, CHIMERA_EINVAL,
                            "oci:%s:%s is several images, one for each architecture: copy one of "
                            "them with `skopeo copy --override-arch`",
                            place->folder, place->tag);
    }
    return code;
}

int image_manifest_read(const struct image_place *place, struct chimera_oci_manifest *ret_manifest,
                        struct chimera_error *err)
{
    struct chimera_oci_manifest index = {0};
    int code = image_layout_read(place->folder, &index, err);
    if (code < 0)
        return code;
    const struct chimera_descriptor *entry = find_tag(place, &index);
    code = entry ? read_manifest(place, entry, ret_manifest, err)
                 : chimera_fail(err, CHIMERA_EINVAL, "%s has no image of the tag \"%s\"",
                                place->folder, place->tag);
    chimera_oci_manifest_done(&index);
    return code;
}

int image_config_read(const char *folder, const struct chimera_oci_manifest *manifest,
                      struct json_object **ret_config, struct chimera_error *err)
{
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, CHIMERA_MANIFEST_MAX);
    int code = image_blob_read(folder, &manifest->config, &bytes, err);
    if (code == CHIMERA_OK)
        code = chimera_json_parse(chimera_buffer_slice(&bytes), ret_config, err);
    chimera_buffer_free(&bytes);
    return code;
}
