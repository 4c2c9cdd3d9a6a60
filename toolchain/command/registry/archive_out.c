/* SPDX-License-Identifier: Apache-2.0 */
/* Writing: headers as POSIX has them (ustar), and a record of pax where a name is too long for
 * them. The same policies make the same bytes. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "runtime/base/cleanup.h"
#include "toolchain/command/registry/archive.h"

#define BLOCK ((size_t)512)
#define NAME_SIZE 100
#define PREFIX_SIZE 155
#define COPY_STEP ((size_t)64 * 1024)

struct header { /* POSIX.1-1988's */
    char name[NAME_SIZE], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
    char type, link[100], magic[6], version[2], user[32], group[32], major[8], minor[8];
    char prefix[PREFIX_SIZE], padding[12];
};
_Static_assert(sizeof(struct header) == 512, "a header is a block");

struct archive_out {
    gzFile gzip; /* owned */
    const char *name;
    bool has_failed;
};

static int fail_write(struct archive_out *out, struct chimera_error *err)
{
    int number = 0;
    const char *why = out->gzip ? gzerror(out->gzip, &number) : "out of memory";
    out->has_failed = true;
    return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", out->name,
                        number == Z_ERRNO ? strerror(errno) : why);
}

int archive_out_open(int fd, const char *name, struct archive_out **ret_out,
                     struct chimera_error *err)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* zlib closes what it is given */
    struct archive_out *out = calloc(1, sizeof(*out));
    if (out)
        *out = (struct archive_out){.gzip = own >= 0 ? gzdopen(own, "wb") : NULL, .name = name};
    if (out && out->gzip) {
        *ret_out = out;
        return CHIMERA_OK;
    }
    if (own >= 0)
        close(own);
    free(out);
    return chimera_fail_memory(err);
}

static int put(struct archive_out *out, const void *bytes, size_t size, struct chimera_error *err)
{
    if (gzwrite(out->gzip, bytes, (unsigned)size) != (int)size)
        return fail_write(out, err);
    return CHIMERA_OK;
}

static int put_padding(struct archive_out *out, uint64_t size, struct chimera_error *err)
{
    static const char zeros[BLOCK];
    size_t rest = (size_t)(size % BLOCK);
    return rest ? put(out, zeros, BLOCK - rest, err) : CHIMERA_OK;
}

/* Its parts are zero already. The checksum is over the header with blanks in its place. */
static void finish_header(struct header *header, char type, uint64_t size, uint64_t mtime)
{
    unsigned sum = 0;
    memcpy(header->mode, "0000644", 8);
    memcpy(header->uid, "0000000", 8);
    memcpy(header->gid, "0000000", 8);
    snprintf(header->size, sizeof(header->size), "%011llo", (unsigned long long)size);
    snprintf(header->mtime, sizeof(header->mtime), "%011llo", (unsigned long long)mtime);
    header->type = type;
    memcpy(header->magic, "ustar", 6);
    memcpy(header->version, "00", 2);
    memset(header->checksum, ' ', sizeof(header->checksum));
    for (size_t i = 0; i < sizeof(*header); i++)
        sum += ((const unsigned char *)header)[i];
    snprintf(header->checksum, sizeof(header->checksum), "%06o", sum); /* NUL, and one blank */
}

/* Where a name is cut in two; its length when it need not be, 0 when it cannot be. */
static size_t cut_name(const char *name, size_t size)
{
    if (size <= NAME_SIZE)
        return size;
    for (size_t at = size - NAME_SIZE - 1; at <= PREFIX_SIZE && at < size - 1; at++)
        if (name[at] == '/' && at > 0)
            return at;
    return 0;
}

/* "LENGTH path=NAME\n", where LENGTH counts itself. */
static int put_long_name(struct archive_out *out, const char *name, struct chimera_error *err)
{
    struct header header = {.name = "././@PaxHeader"};
    size_t rest = strlen(" path=\n") + strlen(name), size = rest;
    CHIMERA_FREE char *record = NULL;
    do {
        size++;
    } while (size - rest != (size_t)snprintf(NULL, 0, "%zu", size));
    if (asprintf(&record, "%zu path=%s\n", size, name) < 0)
        return chimera_fail_memory(err);
    finish_header(&header, 'x', size, 0);
    int code = put(out, &header, sizeof(header), err);
    if (code == CHIMERA_OK)
        code = put(out, record, size, err);
    return code < 0 ? code : put_padding(out, size, err);
}

static int put_header(struct archive_out *out, const char *name, const struct stat *status,
                      struct chimera_error *err)
{
    struct header header = {0};
    size_t size = strlen(name), cut = cut_name(name, size);
    int code = cut == 0 ? put_long_name(out, name, err) : CHIMERA_OK;
    if (cut > 0 && cut < size) {
        memcpy(header.prefix, name, cut);
        memcpy(header.name, name + cut + 1, size - cut - 1);
    } else {
        memcpy(header.name, name, size < NAME_SIZE ? size : NAME_SIZE);
    }
    finish_header(&header, '0', (uint64_t)status->st_size, (uint64_t)status->st_mtime);
    return code < 0 ? code : put(out, &header, sizeof(header), err);
}

static int copy(struct archive_out *out, int fd, const char *path, uint64_t size,
                struct chimera_error *err)
{
    CHIMERA_FREE char *step = malloc(COPY_STEP);
    if (!step)
        return chimera_fail_memory(err);
    for (uint64_t left = size; left > 0;) {
        ssize_t got = read(fd, step, left < COPY_STEP ? (size_t)left : COPY_STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return chimera_fail(err, CHIMERA_EIO, "cannot read %s: %s", path,
                                got < 0 ? strerror(errno) : "it became shorter");
        int code = put(out, step, (size_t)got, err);
        if (code < 0)
            return code;
        left -= (uint64_t)got;
    }
    return put_padding(out, size, err);
}

int archive_out_add(struct archive_out *out, const char *entry, const char *path,
                    struct chimera_error *err)
{
    struct stat status;
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size > ARCHIVE_POLICY_BYTES_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "%s is no policy: it is larger than %llu bytes",
                            path, (unsigned long long)ARCHIVE_POLICY_BYTES_MAX);
    int code = put_header(out, entry, &status, err);
    return code < 0 ? code : copy(out, fd, path, (uint64_t)status.st_size, err);
}

int archive_out_close(struct archive_out *out, struct chimera_error *err)
{
    static const char end[2 * BLOCK];
    int code = out->has_failed ? CHIMERA_EIO : put(out, end, sizeof(end), err);
    errno = 0;
    int closed = gzclose(out->gzip);
    if (code == CHIMERA_OK && closed != Z_OK)
        code = chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", out->name,
                            errno ? strerror(errno) : "the compression failed");
    free(out);
    return code;
}
