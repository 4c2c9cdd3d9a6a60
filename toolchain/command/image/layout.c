/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"

#define PREFIX "oci:"
#define LAYOUT "oci-layout"
#define INDEX "index.json"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define LAYOUT_MAX ((size_t)4096)

/* --- Its name --- */

bool image_place_is(const char *text)
{
    return strncmp(text, PREFIX, sizeof(PREFIX) - 1) == 0;
}

/* What a registry takes (OCI distribution specification 1.1, "Pulling manifests"). */
static bool is_tag(const char *tag)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t size = strlen(tag);
    return size > 0 && size <= IMAGE_TAG_MAX && strspn(tag, first) > 0 && strspn(tag, more) == size;
}

int image_place_parse(const char *text, struct image_place *ret_place, struct chimera_error *err)
{
    const char *folder = text + sizeof(PREFIX) - 1, *colon = strchr(folder, ':');
    const char *tag = colon ? colon + 1 : IMAGE_TAG_DEFAULT;
    size_t size = colon ? (size_t)(colon - folder) : strlen(folder);
    while (size > 1 && folder[size - 1] == '/')
        size--;
    if (size == 0 || !is_tag(tag))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "\"%s\": it is oci:FOLDER or oci:FOLDER:TAG, with a tag of letters, "
                            "digits, \"_\", \".\" and \"-\"",
                            text);
    *ret_place = (struct image_place){.folder = strndup(folder, size), .has_tag = colon != NULL};
    memcpy(ret_place->tag, tag, strlen(tag) + 1);
    return ret_place->folder ? CHIMERA_OK : chimera_fail_memory(err);
}

void image_place_done(struct image_place *place)
{
    free(place->folder);
    *place = (struct image_place){0};
}

/* --- Reading --- */

static int read_file(const char *folder, const char *name, size_t max, struct chimera_buffer *bytes,
                     struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    struct stat status;
    chimera_buffer_init(bytes, max);
    if (!path)
        return chimera_fail_memory(err);
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* of a pipe, too */
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EREFUSED, "%s is no file", path);
    return chimera_fd_read(fd, path, bytes, err);
}

static int check_version(const char *folder, struct chimera_error *err)
{
    struct chimera_buffer bytes;
    CHIMERA_JSON struct json_object *tree = NULL;
    const char *version = NULL;
    int code = read_file(folder, LAYOUT, LAYOUT_MAX, &bytes, err);
    if (code == CHIMERA_OK && chimera_json_parse(chimera_buffer_slice(&bytes), &tree, NULL) == 0)
        version = json_object_get_string(chimera_json_member(tree, "imageLayoutVersion"));
    chimera_buffer_free(&bytes);
    if (code == CHIMERA_OK && (!version || strcmp(version, "1.0.0") != 0))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s is no image layout of version 1.0.0: " LAYOUT " says so", folder);
    return code;
}

int image_layout_read(const char *folder, struct chimera_oci_manifest *ret_index,
                      struct chimera_error *err)
{
    struct chimera_buffer bytes;
    CHIMERA_FREE char *path = chimera_path_join(folder, INDEX);
    if (!path)
        return chimera_fail_memory(err);
    int code = check_version(folder, err);
    if (code < 0)
        return code;
    code = read_file(folder, INDEX, CHIMERA_MANIFEST_MAX + 1, &bytes, err);
    if (code < 0) {
        chimera_buffer_free(&bytes);
        return code;
    }
    return chimera_oci_manifest_parse(&bytes, CHIMERA_MEDIA_OCI_INDEX, NULL, path, ret_index, err);
}

char *image_layout_blob_path(const char *folder, const char *digest)
{
    char *path = NULL;
    int algorithm = (int)strcspn(digest, ":");
    if (asprintf(&path, "%s/blobs/%.*s/%s", folder, algorithm, digest, digest + algorithm + 1) < 0)
        return NULL;
    return path;
}

/* --- Writing --- */

bool image_layout_is_new(const char *path)
{
    struct stat status;
    size_t count = 0;
    if (lstat(path, &status) < 0 && errno == ENOENT)
        return true;
    DIR *names = opendir(path);
    while (names && readdir(names))
        count++;
    if (names)
        closedir(names);
    return names && count == 2; /* "." and ".." */
}

int image_layout_check_target(const char *folder, struct chimera_error *err)
{
    struct chimera_oci_manifest index = {0};
    if (image_layout_is_new(folder))
        return CHIMERA_OK;
    int code = image_layout_read(folder, &index, NULL);
    chimera_oci_manifest_done(&index);
    if (code == CHIMERA_OK)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "%s is there and is no image layout, so nothing is written to it: remove "
                        "it, or name another folder",
                        folder);
}

/* Whatever the umask: an image is made by one user to be read by another. */
static int make_folder(const char *path, struct chimera_error *err)
{
    int code = chimera_folder_make(path, CHIMERA_FOLDER_CODE, err);
    if (code == CHIMERA_OK && chmod(path, CHIMERA_FOLDER_CODE) < 0)
        code =
            chimera_fail(err, CHIMERA_EIO, "cannot let others read %s: %s", path, strerror(errno));
    return code;
}

static int write_file(const char *path, struct chimera_slice bytes, struct chimera_error *err)
{
    int code = chimera_file_write(path, bytes, CHIMERA_FILE_CODE, err);
    if (code == CHIMERA_OK && chmod(path, CHIMERA_FILE_CODE) < 0)
        code =
            chimera_fail(err, CHIMERA_EIO, "cannot let others read %s: %s", path, strerror(errno));
    return code;
}

int image_layout_make(const char *folder, char **ret_blobs, struct chimera_error *err)
{
    CHIMERA_FREE char *parent = chimera_path_join(folder, "blobs");
    CHIMERA_FREE char *blobs = chimera_path_join(folder, "blobs/sha256");
    CHIMERA_FREE char *layout = chimera_path_join(folder, LAYOUT);
    if (!parent || !blobs || !layout)
        return chimera_fail_memory(err);
    int code = make_folder(folder, err);
    if (code == CHIMERA_OK)
        code = make_folder(parent, err);
    if (code == CHIMERA_OK)
        code = make_folder(blobs, err);
    if (code == CHIMERA_OK)
        code = write_file(layout, CHIMERA_SLICE(LAYOUT_TEXT), err);
    if (code < 0)
        return code;
    *ret_blobs = blobs;
    blobs = NULL; /* now the caller's */
    return CHIMERA_OK;
}

int image_layout_put(const char *blobs, struct chimera_slice bytes,
                     char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err)
{
    if (chimera_oci_digest_of(bytes, NULL, ret_digest) < 0)
        return chimera_fail_memory(err);
    CHIMERA_FREE char *path = chimera_path_join(blobs, strchr(ret_digest, ':') + 1);
    return path ? write_file(path, bytes, err) : chimera_fail_memory(err);
}

/* --- The index --- */

static const char *digest_of(struct json_object *descriptor)
{
    const char *digest = json_object_get_string(chimera_json_member(descriptor, "digest"));
    return digest ? digest : "";
}

static bool has_tag(struct json_object *descriptor, const char *tag)
{
    const char *name =
        chimera_annotation(chimera_json_member(descriptor, "annotations"), IMAGE_TAG_ANNOTATION);
    return name && strcmp(name, tag) == 0;
}

static bool has_digest(struct json_object *list, const char *digest)
{
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (strcmp(digest_of(json_object_array_get_idx(list, i)), digest) == 0)
            return true;
    return false;
}

/* All that is in the old index but what the tag meant. */
static struct json_object *make_list(const struct chimera_oci_manifest *old, const char *tag,
                                     struct json_object *untagged)
{
    struct json_object *list = json_object_new_array();
    struct json_object *entries = old ? chimera_json_member(old->tree, "manifests") : NULL;
    for (size_t i = 0; entries && i < json_object_array_length(entries); i++) {
        struct json_object *entry = json_object_array_get_idx(entries, i);
        if (!has_tag(entry, tag))
            json_object_array_add(list, json_object_get(entry));
    }
    for (size_t i = 0; untagged && i < json_object_array_length(untagged); i++) {
        struct json_object *entry = json_object_array_get_idx(untagged, i);
        if (!has_digest(list, digest_of(entry)))
            json_object_array_add(list, json_object_get(entry));
    }
    return list;
}

static int write_index(const char *folder, struct json_object *list, struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, INDEX);
    CHIMERA_JSON struct json_object *index = json_object_new_object();
    struct chimera_buffer text;
    json_object_object_add(index, "schemaVersion", json_object_new_int(2));
    json_object_object_add(index, "mediaType", json_object_new_string(CHIMERA_MEDIA_OCI_INDEX));
    json_object_object_add(index, "manifests", list);
    chimera_buffer_init(&text, CHIMERA_MANIFEST_MAX);
    chimera_json_write(index, &text);
    int code = !path || text.failed ? chimera_fail(err, CHIMERA_ELIMIT,
                                                   "%s: the index would become too large", folder)
                                    : write_file(path, chimera_buffer_slice(&text), err);
    chimera_buffer_free(&text);
    return code;
}

/* Others of us wait; who waits for nobody may still change it. -1: it cannot be had, and the last
 * one to write wins. */
static int lock(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        flock(fd, LOCK_EX);
    return fd;
}

int image_layout_tag(const char *folder, const char *tag, struct json_object *descriptor,
                     struct json_object *untagged, struct chimera_error *err)
{
    CHIMERA_CLOSE int held = lock(folder);
    struct chimera_oci_manifest old = {0};
    CHIMERA_FREE char *path = chimera_path_join(folder, INDEX);
    struct json_object *annotations = json_object_new_object();
    json_object_object_add(annotations, IMAGE_TAG_ANNOTATION, json_object_new_string(tag));
    json_object_object_add(descriptor, "annotations", annotations);
    bool is_there = path && access(path, F_OK) == 0;
    int code = is_there ? image_layout_read(folder, &old, err) : CHIMERA_OK;
    if (code < 0) {
        json_object_put(descriptor);
        return code;
    }
    struct json_object *list = make_list(is_there ? &old : NULL, tag, untagged);
    json_object_array_add(list, descriptor);
    code = write_index(folder, list, err);
    chimera_oci_manifest_done(&old);
    return code;
}
