/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/files/archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/bundle.h"
#include "toolchain/command/tar.h"

#define BLOCK UINT64_C(512)
#define HEADERS_MAX ((size_t)(4 * BLOCK)) /* of one entry: one, and two more for a long name */
#define COPY_STEP ((size_t)256 * 1024)

/* Where the fields that decide are in a header (POSIX.1-1988, ustar). */
enum {
    NAME_AT = 0,
    NAME_SIZE = 100,
    SIZE_AT = 124,
    TIME_AT = 136,
    NUMBER_SIZE = 12,
    TYPE_AT = 156
};
enum { PREFIX_AT = 345, PREFIX_SIZE = 155 };

/* --- Writing --- */

static int put_fd(void *context, const void *bytes, size_t size, struct chimera_error *err)
{
    const int *fd = context;
    for (size_t at = 0; at < size;) {
        ssize_t put = write(*fd, (const char *)bytes + at, size - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return chimera_fail(err, CHIMERA_EIO, "cannot write the archive: %s", strerror(errno));
        at += (size_t)put;
    }
    return CHIMERA_OK;
}

static int copy_bytes(const struct bundle_files *files, const struct bundle_file *file,
                      const struct tar_sink *sink, struct chimera_error *err)
{
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, COPY_STEP);
    int code = CHIMERA_OK;
    for (uint64_t at = 0; at < file->size && code == CHIMERA_OK; at += bytes.size) {
        uint64_t left = file->size - at;
        const struct bundle_file part = {.name = file->name,
                                         .is_regular = true,
                                         .offset = file->offset + at,
                                         .size = left < COPY_STEP ? left : COPY_STEP};
        chimera_buffer_reset(&bytes);
        code = bundle_file_read(files, &part, &bytes, err);
        if (code == CHIMERA_OK)
            code = sink->put(sink->context, bytes.data, bytes.size, err);
    }
    chimera_buffer_free(&bytes);
    return code < 0 ? code : tar_put_padding(sink, file->size, err);
}

static int put_file(const struct bundle_files *files, const struct bundle_file *file,
                    int64_t seconds, const struct tar_sink *sink, struct chimera_error *err)
{
    const struct tar_entry entry = {.name = file->name,
                                    .mode = S_IFREG | CHIMERA_FILE_CODE,
                                    .size = file->size,
                                    .mtime = seconds};
    int code = tar_put_header(sink, &entry, err);
    return code < 0 ? code : copy_bytes(files, file, sink, err);
}

/* The folder stands where its name does, before what is in it. */
static int put_all(const struct bundle_files *files, int64_t seconds, const struct tar_sink *sink,
                   struct chimera_error *err)
{
    const struct tar_entry plugins = {
        .name = CHIMERA_BUNDLE_PLUGINS, .mode = S_IFDIR | CHIMERA_FOLDER_CODE, .mtime = seconds};
    bool has_folder = false;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < files->count && code == CHIMERA_OK; i++) {
        if (!has_folder && strcmp(files->list[i].name, CHIMERA_BUNDLE_PLUGINS) > 0) {
            code = tar_put_header(sink, &plugins, err);
            has_folder = true;
        }
        if (code == CHIMERA_OK)
            code = put_file(files, &files->list[i], seconds, sink, err);
    }
    return code < 0 ? code : tar_put_end(sink, err);
}

static int write_to(int fd, const struct bundle_files *files, int64_t seconds,
                    struct chimera_error *err)
{
    const struct tar_sink sink = {.put = put_fd, .context = &fd};
    int code = put_all(files, seconds, &sink, err);
    if (code == CHIMERA_OK && (fchmod(fd, CHIMERA_FILE_CODE) < 0 || fsync(fd) < 0))
        code = chimera_fail(err, CHIMERA_EIO, "cannot write the archive: %s", strerror(errno));
    return code;
}

int bundle_archive_write(const struct bundle_files *files, const char *path, int64_t seconds,
                         struct chimera_error *err)
{
    CHIMERA_FREE char *temporary = NULL;
    int fd = chimera_file_temporary(path, CHIMERA_FILE_CODE, &temporary);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(-fd));
    int code = write_to(fd, files, seconds, err);
    close(fd);
    if (code == CHIMERA_OK && rename(temporary, path) < 0)
        code = chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(errno));
    if (code < 0)
        unlink(temporary);
    else
        chimera_file_sync_folder_of(path);
    return code;
}

/* --- Reading --- */

struct walk {
    struct bundle_files *files;
    uint64_t size, at;                       /* of the archive; where the next header is */
    int64_t mtime;                           /* of all entries */
    char last[CHIMERA_BUNDLE_STEM_MAX + 64]; /* name; "": this is the first */
    bool has_folder;                         /* plugins/ was there */
};

struct header {
    char bytes[HEADERS_MAX]; /* as it stands there, with those of a long name */
    size_t size;
    char name[CHIMERA_BUNDLE_STEM_MAX + 64];
    struct tar_entry entry;
};

static int fail_at(const struct walk *walk, const char *what, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "%s is not whole, was changed, or is no bundle: %s at byte %llu; make it "
                        "again, or copy it again",
                        walk->files->path, what, (unsigned long long)walk->at);
}

static int read_block(struct walk *walk, struct header *header, const char **ret_block,
                      struct chimera_error *err)
{
    char *room = header->bytes + header->size;
    if (walk->size - walk->at < BLOCK || header->size + BLOCK > sizeof(header->bytes))
        return fail_at(walk, "it ends", err);
    const struct bundle_file part = {.offset = walk->at, .size = BLOCK};
    for (size_t got = 0; got < BLOCK;) {
        ssize_t now = pread(walk->files->fd, room + got, BLOCK - got, (off_t)(part.offset + got));
        if (now < 0 && errno == EINTR)
            continue;
        if (now <= 0)
            return now < 0 ? chimera_fail_errno(err, walk->files->path)
                           : fail_at(walk, "it ends", err);
        got += (size_t)now;
    }
    header->size += BLOCK;
    walk->at += BLOCK;
    *ret_block = room;
    return CHIMERA_OK;
}

/* Eleven digits; whatever else stands there makes another header when it is written again. */
static uint64_t octal(const char *field)
{
    uint64_t number = 0;
    for (size_t i = 0; i < NUMBER_SIZE - 1 && field[i] >= '0' && field[i] <= '7'; i++)
        number = number * 8 + (uint64_t)(field[i] - '0');
    return number;
}

/* "LENGTH path=NAME\n" in the block behind a pax header. */
static int take_long_name(struct walk *walk, struct header *header, struct chimera_error *err)
{
    const char *block = NULL;
    int code = read_block(walk, header, &block, err);
    if (code < 0)
        return code;
    const char *start = memmem(block, BLOCK, " path=", strlen(" path="));
    const char *end = start ? memchr(start, '\n', (size_t)(block + BLOCK - start)) : NULL;
    size_t size = end ? (size_t)(end - start) - strlen(" path=") : 0;
    if (size == 0 || size >= sizeof(header->name))
        return fail_at(walk, "another name than a bundle has", err);
    memcpy(header->name, start + strlen(" path="), size);
    header->name[size] = '\0';
    return read_block(walk, header, &block, err);
}

/* Joins what was cut in two; a folder loses its slash. */
static void take_short_name(const char *block, struct header *header)
{
    int prefix = (int)strnlen(block + PREFIX_AT, PREFIX_SIZE);
    int name = (int)strnlen(block + NAME_AT, NAME_SIZE);
    snprintf(header->name, sizeof(header->name), "%.*s%s%.*s", prefix, block + PREFIX_AT,
             prefix ? "/" : "", name, block + NAME_AT);
}

static int read_header(struct walk *walk, struct header *header, struct chimera_error *err)
{
    const char *block = NULL;
    int code = read_block(walk, header, &block, err);
    if (code < 0)
        return code;
    if (block[TYPE_AT] == 'x')
        code = take_long_name(walk, header, err);
    else
        take_short_name(block, header);
    if (code < 0)
        return code;
    block = header->bytes + header->size - BLOCK;
    bool is_folder = block[TYPE_AT] == '5';
    size_t size = strlen(header->name);
    if (is_folder && size > 0 && header->name[size - 1] == '/')
        header->name[size - 1] = '\0';
    header->entry = (struct tar_entry){.name = header->name,
                                       .mode = is_folder ? S_IFDIR | CHIMERA_FOLDER_CODE
                                                         : S_IFREG | CHIMERA_FILE_CODE,
                                       .size = is_folder ? 0 : octal(block + SIZE_AT),
                                       .mtime = (int64_t)octal(block + TIME_AT)};
    return CHIMERA_OK;
}

static int put_buffer(void *context, const void *bytes, size_t size, struct chimera_error *err)
{
    struct chimera_buffer *buffer = context;
    chimera_buffer_append(buffer, (struct chimera_slice){bytes, size});
    return buffer->failed ? chimera_fail_memory(err) : CHIMERA_OK;
}

/* Written again it must be the same, to the byte. */
static int check_header(const struct walk *walk, const struct header *header,
                        struct chimera_error *err)
{
    struct chimera_buffer again;
    const struct tar_sink sink = {.put = put_buffer, .context = &again};
    chimera_buffer_init(&again, 2 * HEADERS_MAX);
    int code = tar_put_header(&sink, &header->entry, err);
    bool is_same = code == CHIMERA_OK && again.size == header->size &&
                   memcmp(again.data, header->bytes, header->size) == 0;
    chimera_buffer_free(&again);
    return code < 0 || is_same ? code : fail_at(walk, "another header than `chimera` writes", err);
}

/* The zeros behind a file. */
static int check_padding(struct walk *walk, struct chimera_error *err)
{
    char rest[BLOCK];
    size_t size = (size_t)((BLOCK - walk->at % BLOCK) % BLOCK);
    if (walk->size - walk->at < size)
        return fail_at(walk, "it ends", err);
    if (pread(walk->files->fd, rest, size, (off_t)walk->at) != (ssize_t)size)
        return fail_at(walk, "it ends", err);
    for (size_t i = 0; i < size; i++)
        if (rest[i] != 0)
            return fail_at(walk, "bytes between files", err);
    walk->at += size;
    return CHIMERA_OK;
}

static int take_entry(struct walk *walk, const struct header *header, struct chimera_error *err)
{
    const struct tar_entry *entry = &header->entry;
    bool is_first = walk->last[0] == '\0';
    int code = check_header(walk, header, err);
    if (code < 0)
        return code;
    if (!is_first && (strcmp(walk->last, entry->name) >= 0 || walk->mtime != entry->mtime))
        return fail_at(walk, "an entry out of its order or time", err);
    if (S_ISDIR(entry->mode) != (strcmp(entry->name, CHIMERA_BUNDLE_PLUGINS) == 0))
        return fail_at(walk, "a folder that no bundle has", err);
    snprintf(walk->last, sizeof(walk->last), "%s", entry->name);
    walk->mtime = entry->mtime;
    walk->has_folder = walk->has_folder || S_ISDIR(entry->mode);
    if (S_ISDIR(entry->mode))
        return CHIMERA_OK;
    if (!walk->has_folder && strcmp(entry->name, CHIMERA_BUNDLE_PLUGINS) > 0)
        return fail_at(walk, "a file before the folder " CHIMERA_BUNDLE_PLUGINS, err);
    if (walk->size - walk->at < entry->size)
        return fail_at(walk, "a file that ends", err);
    const struct bundle_file file = {
        .name = walk->last, .is_regular = true, .offset = walk->at, .size = entry->size};
    code = bundle_files_add(walk->files, &file, err);
    walk->at += entry->size;
    return code < 0 ? code : check_padding(walk, err);
}

static bool is_zero(const struct header *header)
{
    static const char zeros[BLOCK];
    return header->size == BLOCK && memcmp(header->bytes, zeros, BLOCK) == 0;
}

/* Two blocks of zeros, and nothing behind them. */
static int check_end(struct walk *walk, struct chimera_error *err)
{
    struct header header = {0};
    const char *block = NULL;
    int code = read_block(walk, &header, &block, err);
    if (code < 0)
        return code;
    return is_zero(&header) && walk->at == walk->size
               ? CHIMERA_OK
               : fail_at(walk, "something behind the last file", err);
}

int bundle_archive_list(struct bundle_files *files, uint64_t size, struct chimera_error *err)
{
    struct walk walk = {.files = files, .size = size};
    for (;;) {
        struct header header = {0};
        int code = read_header(&walk, &header, err);
        if (code < 0)
            return code;
        if (is_zero(&header))
            break;
        code = take_entry(&walk, &header, err);
        if (code < 0)
            return code;
    }
    int code = check_end(&walk, err);
    return code < 0 ? code : bundle_files_sort(files, err);
}
