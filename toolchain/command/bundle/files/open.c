/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/files/open.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "toolchain/command/bundle/files/archive.h"

int bundle_files_open(const char *path, struct bundle_files *ret_files, struct chimera_error *err)
{
    struct stat status;
    struct bundle_files files = {.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (files.fd < 0 || fstat(files.fd, &status) < 0) {
        int number = errno;
        bundle_files_done(&files);
        return chimera_fail(err, CHIMERA_EIO, "cannot open the bundle %s: %s", path,
                            strerror(number));
    }
    int code = CHIMERA_EINVAL;
    files.is_archive = !S_ISDIR(status.st_mode);
    if (S_ISDIR(status.st_mode))
        code = bundle_files_list(&files, err);
    else if (S_ISREG(status.st_mode))
        code = bundle_archive_list(&files, (uint64_t)status.st_size, err);
    else
        chimera_fail(err, code, "%s is neither a folder nor an archive", path);
    if (code < 0)
        bundle_files_done(&files);
    else
        *ret_files = files; /* handed over */
    return code;
}
