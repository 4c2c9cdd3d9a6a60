/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/tool/scratch.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#ifdef __aarch64__
#define OUR_MACHINE EM_AARCH64
#else
#define OUR_MACHINE EM_X86_64
#endif

int chimera_scratch_make(const char *parent, const char *name, char **ret_folder,
                         struct chimera_error *err)
{
    char *folder = NULL;
    if (asprintf(&folder, "%s/%s-XXXXXX", parent, name) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot make a scratch folder: out of memory");
    if (!mkdtemp(folder)) {
        int code = chimera_fail(err, CHIMERA_EIO, "cannot make %s: %s", folder, strerror(errno));
        free(folder);
        return code;
    }
    *ret_folder = folder;
    return CHIMERA_OK;
}

int chimera_scratch_open(const char *folder, const char *name, int *ret_fd,
                         struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    struct stat status;
    if (!path)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot open %s: out of memory", name);
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_ETOOL, "its output %s cannot be opened: %s", name,
                            errno == ELOOP ? "it is a link" : strerror(errno));
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
        return chimera_fail(err, CHIMERA_EREFUSED, "its output %s is no plain file", name);
    *ret_fd = fd;
    fd = -1; /* handed over */
    return CHIMERA_OK;
}

static int move_output(const char *folder, const char *name, const char *to,
                       struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    if (!path || rename(path, to) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot move %s to %s: %s", name, to,
                            strerror(errno));
    return CHIMERA_OK;
}

int chimera_scratch_take(const char *folder, const char *name, const char *to,
                         struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = -1;
    int code = chimera_scratch_open(folder, name, &fd, err);
    return code < 0 ? code : move_output(folder, name, to, err);
}

int chimera_scratch_take_object(const char *folder, const char *name, const char *to,
                                struct chimera_error *err)
{
    Elf64_Ehdr header;
    CHIMERA_CLOSE int fd = -1;
    int code = chimera_scratch_open(folder, name, &fd, err);
    if (code < 0)
        return code;
    if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_type != ET_REL || header.e_machine != OUR_MACHINE)
        return chimera_fail(err, CHIMERA_EREFUSED, "its output %s is no object file", name);
    return move_output(folder, name, to, err);
}
