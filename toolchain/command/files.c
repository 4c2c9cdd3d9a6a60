/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/text/utf8.h"

static int fail_os(struct chimera_error *err, const char *before, int number)
{
    struct chimera_error why = {0};
    chimera_fail_os(&why, number);
    return chimera_fail(err, CHIMERA_EIO, "%.500s: %.400s", before, why.text);
}

int files_read(const char *path, const char *before, struct chimera_buffer *buffer,
               struct chimera_error *err)
{
    struct stat status;
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_os(err, before, errno);
    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
        return fail_os(err, before, EISDIR);
    return chimera_fd_read(fd, path, buffer, err);
}

int files_read_text(const char *path, const char *before, struct chimera_buffer *buffer,
                    struct chimera_error *err)
{
    int code = files_read(path, before, buffer, err);
    if (code == 0 && !chimera_utf8_is_valid(chimera_buffer_slice(buffer)))
        return chimera_fail(err, CHIMERA_EINVAL, "%.500s: stream did not contain valid UTF-8",
                            before);
    return code;
}
