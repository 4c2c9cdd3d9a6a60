/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/opa/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#define FILES_MAX 4096
#define STEP 65536
#define TAR_BLOCK 512
#define TAR_MARK 257
#define GZIP_WINDOW (16 + MAX_WBITS) /* zlib's number for gzip's form, the checksum looked at */

struct reading {
    const char *path;
    struct archive *tar; /* owned */
    z_stream zip;
    bool is_ended; /* the compressed data are, and their checksum is right */
    uint64_t room; /* bytes that may still be unpacked */
    unsigned char block[STEP];
    struct opa_archive *out;
};

/* --- Its bytes, unpacked --- */

static la_ssize_t read_block(struct archive *tar, void *context, const void **ret_block)
{
    struct reading *reading = context;
    reading->zip.next_out = reading->block;
    reading->zip.avail_out = STEP;
    *ret_block = reading->block;
    while (!reading->is_ended && reading->zip.avail_out > 0) {
        int code = inflate(&reading->zip, Z_NO_FLUSH);
        reading->is_ended = code == Z_STREAM_END;
        if (code == Z_OK || code == Z_STREAM_END)
            continue;
        archive_set_error(tar, EINVAL, "%s",
                          code == Z_BUF_ERROR ? "it is cut off"
                          : reading->zip.msg  ? reading->zip.msg
                                              : "it is broken");
        return -1;
    }
    size_t size = STEP - reading->zip.avail_out;
    if (size > reading->room) {
        archive_set_error(tar, EFBIG, "it is too large, unpacked");
        return -1;
    }
    reading->room -= size;
    return (la_ssize_t)size;
}

bool opa_archive_is(struct chimera_slice bytes)
{
    unsigned char block[TAR_BLOCK];
    z_stream zip = {.next_out = block, .avail_out = TAR_BLOCK};
    if (!chimera_slice_starts(bytes, "\x1f\x8b") || inflateInit2(&zip, GZIP_WINDOW) != Z_OK)
        return false;
    zip.next_in = (z_const Bytef *)(uintptr_t)bytes.data;
    zip.avail_in = bytes.size < UINT32_MAX ? (uInt)bytes.size : UINT32_MAX;
    inflate(&zip, Z_SYNC_FLUSH);
    bool is_tar = zip.avail_out == 0 && memcmp(block + TAR_MARK, "ustar", 5) == 0;
    inflateEnd(&zip);
    return is_tar;
}

/* --- Its files --- */

static int fail(const struct reading *reading, const char *name, const char *why,
                struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EMODULE, "%s: cannot read the OPA bundle: %s%s%s",
                        reading->path, name, *name ? ": " : "", why);
}

static int fail_archive(const struct reading *reading, struct chimera_error *err)
{
    const char *why = archive_error_string(reading->tar);
    return fail(reading, "", why ? why : "it is broken", err);
}

/* Behind what each name begins with, "/" or "./"; NULL when it leads out, or to nothing. */
static const char *inner_name(const char *name)
{
    while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
        name += name[0] == '/' ? 1 : 2;
    for (const char *part = name; *part; part += strcspn(part, "/"), part += *part == '/')
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return NULL;
    return *name ? name : NULL;
}

static int take_entry(struct reading *reading, struct archive_entry *entry,
                      struct chimera_error *err)
{
    struct opa_archive *out = reading->out;
    const char *full = archive_entry_pathname(entry);
    const char *name = full ? inner_name(full) : NULL;
    if (full && archive_entry_filetype(entry) == AE_IFDIR)
        return CHIMERA_OK; /* its files say where they are */
    if (!name)
        return fail(reading, full ? full : "an entry", "a name that leads to no file in it", err);
    if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) != AE_IFREG)
        return fail(reading, name, "it is no file, but a link or a device", err);
    if (opa_archive_find(out, name))
        return fail(reading, name, "it is there twice", err);
    if (out->count == FILES_MAX)
        return fail(reading, name, "there are more than 4096 files", err);
    struct opa_file *file = &out->file[out->count];
    file->at = out->bytes.size;
    file->name = strdup(name);
    if (!file->name)
        return chimera_fail_memory(err);
    out->count++;
    for (la_ssize_t got = 1; got > 0; out->bytes.size += (size_t)got) {
        char *to = chimera_buffer_reserve(&out->bytes, STEP);
        if (!to)
            return fail(reading, name, "it is too large, unpacked", err);
        got = archive_read_data(reading->tar, to, STEP);
        if (got < 0)
            return fail_archive(reading, err);
    }
    file->size = out->bytes.size - file->at;
    return CHIMERA_OK;
}

static int read_all(struct reading *reading, struct chimera_error *err)
{
    struct archive_entry *entry;
    const void *block;
    la_ssize_t got;
    int code = CHIMERA_OK;
    for (unsigned count = 0; code == CHIMERA_OK; count++) {
        int state = archive_read_next_header(reading->tar, &entry);
        if (state == ARCHIVE_EOF)
            break;
        if (state != ARCHIVE_OK && state != ARCHIVE_WARN)
            return fail_archive(reading, err);
        code = count < 2 * FILES_MAX ? take_entry(reading, entry, err)
                                     : fail(reading, "", "there are too many entries", err);
    }
    /* Up to the end, so that the checksum is looked at: tars fill blocks up. */
    for (size_t rest = 0; code == CHIMERA_OK; rest += (size_t)got) {
        got = read_block(reading->tar, reading, &block);
        if (got < 0)
            return fail_archive(reading, err);
        if (got == 0 && reading->zip.avail_in == 0)
            break;
        if (got == 0 || rest > STEP)
            return fail(reading, "", "it goes on behind its end", err);
    }
    return code;
}

int opa_archive_read(const char *path, struct chimera_slice bytes, size_t limit,
                     struct opa_archive *ret_archive, struct chimera_error *err)
{
    *ret_archive = (struct opa_archive){.file = calloc(FILES_MAX, sizeof(*ret_archive->file))};
    chimera_buffer_init(&ret_archive->bytes, limit);
    if (bytes.size > UINT32_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "%s: the OPA bundle is too large", path);
    struct reading *reading = calloc(1, sizeof(*reading));
    if (!ret_archive->file || !reading) {
        free(reading);
        return chimera_fail_memory(err);
    }
    reading->path = path;
    reading->out = ret_archive;
    reading->room = limit;
    reading->zip.next_in = (z_const Bytef *)(uintptr_t)bytes.data;
    reading->zip.avail_in = (uInt)bytes.size;
    reading->tar = archive_read_new();
    int code = reading->tar && inflateInit2(&reading->zip, GZIP_WINDOW) == Z_OK
                   ? CHIMERA_OK
                   : chimera_fail_memory(err);
    if (code == CHIMERA_OK) {
        bool is_open =
            archive_read_support_format_tar(reading->tar) == ARCHIVE_OK &&
            archive_read_open(reading->tar, reading, NULL, read_block, NULL) == ARCHIVE_OK;
        code = is_open ? read_all(reading, err) : fail_archive(reading, err);
        inflateEnd(&reading->zip);
    }
    archive_read_free(reading->tar);
    free(reading);
    return code;
}

void opa_archive_done(struct opa_archive *archive)
{
    for (size_t i = 0; i < archive->count; i++)
        free(archive->file[i].name);
    free(archive->file);
    chimera_buffer_free(&archive->bytes);
    *archive = (struct opa_archive){0};
}

const struct opa_file *opa_archive_find(const struct opa_archive *archive, const char *name)
{
    for (size_t i = 0; i < archive->count; i++)
        if (strcmp(archive->file[i].name, name) == 0)
            return &archive->file[i];
    return NULL;
}
