/* SPDX-License-Identifier: Apache-2.0 */
/* Writing. The same policies make the same bytes. */
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
#include "toolchain/command/tar.h"

#define COPY_STEP ((size_t)64 * 1024)

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

static int put(void *context, const void *bytes, size_t size, struct chimera_error *err)
{
    struct archive_out *out = context;
    if (gzwrite(out->gzip, bytes, (unsigned)size) != (int)size)
        return fail_write(out, err);
    return CHIMERA_OK;
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
    const struct tar_sink sink = {put, out};
    return tar_put_padding(&sink, size, err);
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
    const struct tar_sink sink = {put, out};
    const struct tar_entry header = {.name = entry,
                                     .mode = S_IFREG | 0644,
                                     .size = (uint64_t)status.st_size,
                                     .mtime = status.st_mtime};
    int code = tar_put_header(&sink, &header, err);
    return code < 0 ? code : copy(out, fd, path, (uint64_t)status.st_size, err);
}

int archive_out_close(struct archive_out *out, struct chimera_error *err)
{
    const struct tar_sink sink = {put, out};
    int code = out->has_failed ? CHIMERA_EIO : tar_put_end(&sink, err);
    errno = 0;
    int closed = gzclose(out->gzip);
    if (code == CHIMERA_OK && closed != Z_OK)
        code = chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", out->name,
                            errno ? strerror(errno) : "the compression failed");
    free(out);
    return code;
}
