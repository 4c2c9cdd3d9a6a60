/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "toolchain/command/tar.h"

#define STEP ((size_t)128 * 1024)
/* A window of 15 bits, and 16 for gzip's header in place of zlib's: without name and time. */
#define GZIP_WINDOW (15 + 16)
#define GZIP_LEVEL 6
#define GZIP_MEMORY 8 /* zlib's own default, which is part of the bytes */

struct writing {
    z_stream deflate;
    bool is_deflating;
    struct chimera_oci_hash blob, tar;
    FILE *file; /* owned */
    char *step; /* owned; STEP bytes: a file's, and what deflate makes */
    char *path; /* owned; of the blob, while it has no name of its own */
    int64_t seconds;
};

/* --- From the tar to the blob --- */

static int put_blob(struct writing *writing, const void *bytes, size_t size,
                    struct chimera_error *err)
{
    if (fwrite(bytes, 1, size, writing->file) != size)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", writing->path,
                            strerror(errno));
    if (chimera_oci_hash_add(&writing->blob, (struct chimera_slice){bytes, size}) < 0)
        return chimera_fail_memory(err);
    return CHIMERA_OK;
}

static int deflate_step(struct writing *writing, const void *bytes, size_t size, int flush,
                        struct chimera_error *err)
{
    unsigned char out[16384];
    writing->deflate.next_in = (unsigned char *)(uintptr_t)bytes; /* as zlib's prototype wants it */
    writing->deflate.avail_in = (unsigned)size;
    do {
        writing->deflate.next_out = out;
        writing->deflate.avail_out = sizeof(out);
        deflate(&writing->deflate, flush);
        int code = put_blob(writing, out, sizeof(out) - writing->deflate.avail_out, err);
        if (code < 0)
            return code;
    } while (writing->deflate.avail_out == 0);
    return CHIMERA_OK;
}

/* At most STEP bytes. */
static int put_tar(void *context, const void *bytes, size_t size, struct chimera_error *err)
{
    struct writing *writing = context;
    if (chimera_oci_hash_add(&writing->tar, (struct chimera_slice){bytes, size}) < 0)
        return chimera_fail_memory(err);
    return deflate_step(writing, bytes, size, Z_NO_FLUSH, err);
}

/* --- From the tree to the tar --- */

static int put_header(struct writing *writing, const struct image_entry *entry, uint64_t size,
                      struct chimera_error *err)
{
    const struct tar_sink sink = {put_tar, writing};
    const struct tar_entry header = {.name = entry->path,
                                     .link = S_ISLNK(entry->mode) ? entry->text : NULL,
                                     .mode = entry->mode,
                                     .size = size,
                                     .mtime = writing->seconds};
    return tar_put_header(&sink, &header, err);
}

static int put_padding(struct writing *writing, uint64_t size, struct chimera_error *err)
{
    const struct tar_sink sink = {put_tar, writing};
    return tar_put_padding(&sink, size, err);
}

static int copy_file(struct writing *writing, const struct image_entry *entry,
                     struct chimera_error *err)
{
    struct stat status;
    CHIMERA_CLOSE int fd = open(entry->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", entry->source, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EIO, "%s is no file, and cannot go into an image",
                            entry->source);
    int code = put_header(writing, entry, (uint64_t)status.st_size, err);
    for (uint64_t left = (uint64_t)status.st_size; code == CHIMERA_OK && left > 0;) {
        ssize_t got = read(fd, writing->step, left < STEP ? (size_t)left : STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return chimera_fail(err, CHIMERA_EIO, "cannot read %s: %s", entry->source,
                                got < 0 ? strerror(errno) : "it became shorter");
        code = put_tar(writing, writing->step, (size_t)got, err);
        left -= (uint64_t)got;
    }
    return code < 0 ? code : put_padding(writing, (uint64_t)status.st_size, err);
}

static int put_entry(struct writing *writing, const struct image_entry *entry,
                     struct chimera_error *err)
{
    if (entry->source)
        return copy_file(writing, entry, err);
    size_t size = S_ISREG(entry->mode) ? strlen(entry->text) : 0;
    int code = put_header(writing, entry, size, err);
    if (code == CHIMERA_OK && size > 0)
        code = put_tar(writing, entry->text, size, err);
    return code < 0 ? code : put_padding(writing, size, err);
}

/* --- All of it --- */

static int open_writing(struct writing *writing, const char *blobs, struct chimera_error *err)
{
    CHIMERA_FREE char *wanted = chimera_path_join(blobs, "layer");
    int fd = wanted ? chimera_file_temporary(wanted, CHIMERA_FILE_CODE, &writing->path) : -ENOMEM;
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot write in %s: %s", blobs, strerror(-fd));
    writing->file = fdopen(fd, "wb");
    if (!writing->file)
        close(fd);
    writing->step = malloc(STEP);
    writing->is_deflating = deflateInit2(&writing->deflate, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW,
                                         GZIP_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK;
    bool is_ready = writing->file && writing->step && writing->is_deflating &&
                    chimera_oci_hash_begin(&writing->blob, NULL) == CHIMERA_OK &&
                    chimera_oci_hash_begin(&writing->tar, NULL) == CHIMERA_OK;
    if (!is_ready)
        return chimera_fail_memory(err);
    return CHIMERA_OK;
}

static int finish(struct writing *writing, const char *blobs, struct image_layer *layer,
                  struct chimera_error *err)
{
    const struct tar_sink sink = {put_tar, writing};
    int code = tar_put_end(&sink, err);
    if (code == CHIMERA_OK)
        code = deflate_step(writing, NULL, 0, Z_FINISH, err);
    if (code < 0)
        return code;
    if (chimera_oci_hash_finish(&writing->blob, layer->digest) < 0 ||
        chimera_oci_hash_finish(&writing->tar, layer->diff_id) < 0)
        return chimera_fail_memory(err);
    CHIMERA_FREE char *path = chimera_path_join(blobs, strchr(layer->digest, ':') + 1);
    if (!path)
        return chimera_fail_memory(err);
    long size = fflush(writing->file) == 0 ? ftell(writing->file) : -1;
    layer->size = size < 0 ? 0 : (uint64_t)size;
    if (size < 0 || fchmod(fileno(writing->file), CHIMERA_FILE_CODE) < 0 ||
        fsync(fileno(writing->file)) < 0 || rename(writing->path, path) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(errno));
    free(writing->path);
    writing->path = NULL;
    return CHIMERA_OK;
}

static void close_writing(struct writing *writing)
{
    if (writing->is_deflating)
        deflateEnd(&writing->deflate);
    chimera_oci_hash_drop(&writing->blob);
    chimera_oci_hash_drop(&writing->tar);
    if (writing->file)
        fclose(writing->file);
    free(writing->step);
    if (writing->path)
        unlink(writing->path);
    free(writing->path);
}

int image_layer_write(const struct image_tree *tree, int64_t seconds, const char *blobs,
                      struct image_layer *ret_layer, struct chimera_error *err)
{
    struct writing writing = {.seconds = seconds};
    int code = open_writing(&writing, blobs, err);
    for (size_t i = 0; code == CHIMERA_OK && i < tree->count; i++)
        code = put_entry(&writing, &tree->entry[i], err);
    if (code == CHIMERA_OK)
        code = finish(&writing, blobs, ret_layer, err);
    close_writing(&writing);
    return code;
}
