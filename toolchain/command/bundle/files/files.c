/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/files/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/plugin/bundle.h"

#define FILES_MAX ((size_t)1 << 20) /* of one bundle */

int bundle_files_add(struct bundle_files *files, const struct bundle_file *file,
                     struct chimera_error *err)
{
    if (files->count >= FILES_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "%s has more than %zu files", files->path,
                            FILES_MAX);
    if ((files->count & (files->count + 1)) == 0) { /* 0, 1, 3, 7, … are there */
        struct bundle_file *more =
            reallocarray(files->list, 2 * files->count + 2, sizeof(*files->list));
        if (!more)
            return chimera_fail_memory(err);
        files->list = more;
    }
    struct bundle_file *added = &files->list[files->count];
    *added = *file;
    added->name = strdup(file->name);
    if (!added->name)
        return chimera_fail_memory(err);
    files->count++;
    return CHIMERA_OK;
}

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const struct bundle_file *)a)->name, ((const struct bundle_file *)b)->name);
}

int bundle_files_sort(struct bundle_files *files, struct chimera_error *err)
{
    if (files->count > 0)
        qsort(files->list, files->count, sizeof(*files->list), compare_files);
    for (size_t i = 1; i < files->count; i++)
        if (strcmp(files->list[i - 1].name, files->list[i].name) == 0)
            return chimera_fail(err, CHIMERA_EREFUSED, "%s has two files %s", files->path,
                                files->list[i].name);
    return CHIMERA_OK;
}

const struct bundle_file *bundle_files_find(const struct bundle_files *files, const char *name)
{
    const struct bundle_file wanted = {.name = (char *)(uintptr_t)name};
    return files->count == 0
               ? NULL
               : bsearch(&wanted, files->list, files->count, sizeof(wanted), compare_files);
}

void bundle_files_done(struct bundle_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->list[i].name);
    free(files->list);
    if (files->fd >= 0)
        close(files->fd);
    *files = (struct bundle_files){.fd = -1};
}

/* --- Of a folder --- */

static int list_folder(struct bundle_files *files, int fd, const char *prefix,
                       struct chimera_error *err);

static int add_entry(struct bundle_files *files, int fd, const char *prefix, const char *entry,
                     struct chimera_error *err)
{
    struct stat status;
    CHIMERA_FREE char *name = NULL;
    if (asprintf(&name, "%s%s", prefix, entry) < 0) {
        name = NULL;
        return chimera_fail_memory(err);
    }
    if (fstatat(fd, entry, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return chimera_fail_errno(err, name);
    if (S_ISDIR(status.st_mode) && strcmp(name, CHIMERA_BUNDLE_PLUGINS) == 0) {
        int below = openat(fd, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        return below < 0 ? chimera_fail_errno(err, name)
                         : list_folder(files, below, CHIMERA_BUNDLE_PLUGINS "/", err);
    }
    const struct bundle_file file = {.name = name,
                                     .is_regular = S_ISREG(status.st_mode),
                                     .size =
                                         S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0};
    return bundle_files_add(files, &file, err);
}

/* Takes the descriptor. */
static int list_folder(struct bundle_files *files, int fd, const char *prefix,
                       struct chimera_error *err)
{
    DIR *stream = fdopendir(fd);
    int code = stream ? CHIMERA_OK : chimera_fail_errno(err, files->path);
    if (!stream)
        close(fd);
    for (struct dirent *entry; code == CHIMERA_OK && (entry = readdir(stream));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            code = add_entry(files, dirfd(stream), prefix, entry->d_name, err);
    if (stream)
        closedir(stream);
    return code;
}

int bundle_files_list(struct bundle_files *files, struct chimera_error *err)
{
    int own = openat(files->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = own < 0 ? chimera_fail_errno(err, files->path) : list_folder(files, own, "", err);
    return code < 0 ? code : bundle_files_sort(files, err);
}

/* --- Bytes --- */

/* The folder's are opened on demand: there may be more than a process may have open. Each name is
 * one of the list, so it leads nowhere else; a link that came in between is not followed. */
static int open_bytes(const struct bundle_files *files, const struct bundle_file *file,
                      int *ret_own, struct chimera_error *err)
{
    *ret_own = -1;
    if (files->is_archive)
        return files->fd;
    *ret_own = openat(files->fd, file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return *ret_own < 0 ? chimera_fail_errno(err, file->name) : *ret_own;
}

int bundle_file_read(const struct bundle_files *files, const struct bundle_file *file,
                     struct chimera_buffer *out, struct chimera_error *err)
{
    CHIMERA_CLOSE int own = -1;
    int fd = open_bytes(files, file, &own, err);
    if (fd < 0)
        return fd;
    if (file->size > out->limit - out->size)
        return chimera_fail(err, CHIMERA_ELIMIT, "%s is larger than %zu bytes", file->name,
                            out->limit);
    char *room = file->size > 0 ? chimera_buffer_reserve(out, (size_t)file->size) : NULL;
    if (!room && file->size > 0)
        return chimera_fail_memory(err);
    for (uint64_t at = 0; at < file->size;) {
        ssize_t got = pread(fd, room + at, (size_t)(file->size - at), (off_t)(file->offset + at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return chimera_fail(err, CHIMERA_EIO, "cannot read %s: %s", file->name,
                                got < 0 ? strerror(errno) : "it became shorter");
        at += (uint64_t)got;
    }
    out->size += (size_t)file->size;
    return CHIMERA_OK;
}

int bundle_file_digest(const struct bundle_files *files, const struct bundle_file *file,
                       struct chimera_digest *ret_digest, struct chimera_error *err)
{
    CHIMERA_CLOSE int own = -1;
    int fd = open_bytes(files, file, &own, err);
    return fd < 0 ? fd
                  : chimera_digest_of_part(fd, (off_t)file->offset, (off_t)file->size, ret_digest,
                                           err);
}
