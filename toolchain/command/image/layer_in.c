/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/layer_in.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "compiler/fetch/registry/oci_digest.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/bundle.h"
#include "toolchain/command/image/documents.h"

#define STEP 65536
#define ROOT IMAGE_BUNDLE "/"

struct reading {
    const struct image_layer_in *layer;
    const char *folder;
    gzFile gzip; /* owned */
    char *step;  /* owned */
    struct chimera_oci_hash hash;
    uint64_t bytes;          /* of the tar, so far */
    uint64_t unpacked;       /* of the files */
    struct archive *archive; /* owned */
};

static int fail_reading(const struct reading *reading, const char *why, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EREFUSED, "the layer %s cannot be unpacked: %s",
                        reading->layer->name, why ? why : "it is broken");
}

/* --- The bytes of the tar --- */

/* zlib's, as libarchive would not look at the checksum. Every byte goes into the digest. */
static la_ssize_t take_step(struct archive *archive, void *context, const void **ret_step)
{
    struct reading *reading = context;
    int number = Z_OK, got = gzread(reading->gzip, reading->step, STEP);
    const char *why = got <= 0 ? gzerror(reading->gzip, &number) : NULL;
    *ret_step = reading->step;
    if (got < 0 || (got == 0 && number == Z_BUF_ERROR)) { /* the latter is an end before its time */
        archive_set_error(archive, EINVAL, "%s", number == Z_ERRNO ? strerror(errno) : why);
        return -1;
    }
    reading->bytes += (uint64_t)got;
    if (reading->bytes > IMAGE_LAYER_BYTES_MAX ||
        chimera_oci_hash_add(&reading->hash, (struct chimera_slice){reading->step, (size_t)got}) <
            0) {
        archive_set_error(archive, EINVAL, "it is too large");
        return -1;
    }
    return got;
}

static int read_rest(struct reading *reading, struct chimera_error *err)
{
    const void *step;
    la_ssize_t got;
    do {
        got = take_step(reading->archive, reading, &step);
    } while (got > 0);
    return got < 0 ? fail_reading(reading, archive_error_string(reading->archive), err)
                   : CHIMERA_OK;
}

static int check_digest(struct reading *reading, struct chimera_error *err)
{
    char digest[CHIMERA_OCI_DIGEST_MAX];
    if (chimera_oci_hash_finish(&reading->hash, digest) < 0)
        return chimera_fail_memory(err);
    if (strcmp(digest, reading->layer->diff_id) != 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "the layer %s has the tar %s in it, but the image's config says %s",
                            reading->layer->name, digest, reading->layer->diff_id);
    return CHIMERA_OK;
}

/* --- The bundle in it --- */

static bool is_name(const char *name)
{
    return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool is_file_of_bundle(const char *name)
{
    static const char plugins[] = CHIMERA_BUNDLE_PLUGINS "/";
    if (strncmp(name, ROOT, sizeof(ROOT) - 1) != 0)
        return false;
    name += sizeof(ROOT) - 1;
    if (strncmp(name, plugins, sizeof(plugins) - 1) == 0)
        name += sizeof(plugins) - 1;
    return is_name(name);
}

static bool is_folder_of_bundle(const char *name)
{
    return strcmp(name, ROOT) == 0 || strcmp(name, ROOT CHIMERA_BUNDLE_PLUGINS "/") == 0;
}

/* A name that was there already is refused: another reader may take the other file. */
static int unpack_file(struct reading *reading, const char *name, struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(reading->folder, name + sizeof(ROOT) - 1);
    if (!path)
        return chimera_fail_memory(err);
    CHIMERA_CLOSE int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, CHIMERA_FILE_CODE);
    if (fd < 0)
        return chimera_fail(err, errno == EEXIST ? CHIMERA_EREFUSED : CHIMERA_EIO,
                            "cannot unpack %s of the layer %s: %s", name, reading->layer->name,
                            strerror(errno));
    errno = 0;
    if (archive_read_data_into_fd(reading->archive, fd) == ARCHIVE_OK)
        return CHIMERA_OK;
    if (errno == ENOSPC || errno == EDQUOT) /* which the library only calls an error of writing */
        return chimera_fail(err, CHIMERA_EIO, "cannot unpack %s of the layer %s: %s", name,
                            reading->layer->name, strerror(errno));
    return fail_reading(reading, archive_error_string(reading->archive), err);
}

/* Of a sparse file the tar says how large it becomes, and has less. */
static int check_size(struct reading *reading, struct archive_entry *entry,
                      struct chimera_error *err)
{
    la_int64_t size = archive_entry_size(entry);
    if (size < 0 || (uint64_t)size > IMAGE_LAYER_BYTES_MAX - reading->unpacked)
        return fail_reading(reading, "its files are too large", err);
    reading->unpacked += (uint64_t)size;
    return CHIMERA_OK;
}

static int unpack_entry(struct reading *reading, struct archive_entry *entry,
                        struct chimera_error *err)
{
    const char *name = archive_entry_pathname(entry);
    mode_t type = archive_entry_filetype(entry);
    bool is_link = archive_entry_hardlink(entry) || archive_entry_symlink(entry);
    if (name && !is_link && type == S_IFDIR && is_folder_of_bundle(name))
        return CHIMERA_OK; /* made already */
    if (name && !is_link && type == S_IFREG && is_file_of_bundle(name)) {
        int code = check_size(reading, entry, err);
        return code < 0 ? code : unpack_file(reading, name, err);
    }
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "the layer %s has %s, which is no part of a bundle: the last layer of an "
                        "image holds the bundle alone",
                        reading->layer->name, name ? name : "a file without a name");
}

static int unpack(struct reading *reading, struct chimera_error *err)
{
    struct archive_entry *entry;
    for (size_t count = 0;; count++) {
        int got = archive_read_next_header(reading->archive, &entry);
        if (got == ARCHIVE_EOF)
            return CHIMERA_OK;
        if (got != ARCHIVE_OK)
            return fail_reading(reading, archive_error_string(reading->archive), err);
        if (count == IMAGE_LAYER_FILES_MAX)
            return fail_reading(reading, "it has too many files", err);
        int code = unpack_entry(reading, entry, err);
        if (code < 0)
            return code;
    }
}

static int make_folders(const struct reading *reading, struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(reading->folder, CHIMERA_BUNDLE_PLUGINS);
    return path ? chimera_folder_make(path, CHIMERA_FOLDER_CODE, err) : chimera_fail_memory(err);
}

static int unpack_all(struct reading *reading, struct chimera_error *err)
{
    if (archive_read_support_format_tar(reading->archive) != ARCHIVE_OK ||
        archive_read_open(reading->archive, reading, NULL, take_step, NULL) != ARCHIVE_OK)
        return fail_reading(reading, archive_error_string(reading->archive), err);
    int code = make_folders(reading, err);
    return code < 0 ? code : unpack(reading, err);
}

int image_layer_read(const struct image_layer_in *layer, const char *folder,
                     struct chimera_error *err)
{
    struct reading reading = {.layer = layer, .folder = folder};
    int own = fcntl(layer->fd, F_DUPFD_CLOEXEC, 0); /* zlib closes what it is given */
    reading.gzip = own >= 0 ? gzdopen(own, "rb") : NULL;
    if (own >= 0 && !reading.gzip)
        close(own);
    reading.step = malloc(STEP);
    reading.archive = archive_read_new();
    bool is_ready = reading.gzip && reading.step && reading.archive &&
                    chimera_oci_hash_begin(&reading.hash, layer->diff_id) == CHIMERA_OK;
    int code = is_ready ? CHIMERA_OK : chimera_fail_memory(err);
    if (code == CHIMERA_OK && folder)
        code = unpack_all(&reading, err);
    if (code == CHIMERA_OK)
        code = read_rest(&reading, err);
    if (code == CHIMERA_OK)
        code = check_digest(&reading, err);
    archive_read_free(reading.archive);
    chimera_oci_hash_drop(&reading.hash);
    if (reading.gzip)
        gzclose(reading.gzip);
    free(reading.step);
    return code;
}
