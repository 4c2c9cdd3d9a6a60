/* SPDX-License-Identifier: Apache-2.0 */
/* A folder that machines share. Files are opened below a descriptor of its plugins/, looked at by
 * that descriptor, and copied; what is compared with the digests is the copy. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cache/cache_internal.h"
#include "compiler/cache/shared.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define FILE_MAX ((uint64_t)1 << 30) /* bytes of one, as of a registry's */

struct shared_folder {
    char *folder, *plugins; /* owned; absolute, without links */
    int fd;                 /* of plugins/; owned; -1: not there, and we may not make it */
};

/* --- Whose it is --- */

static bool is_ours(const struct stat *status)
{
    return (status->st_uid == 0 || status->st_uid == geteuid()) &&
           !(status->st_mode & (S_IWGRP | S_IWOTH));
}

/* In a folder like /tmp nobody renames what is another's. */
static bool is_safe_above(const struct stat *status)
{
    return is_ours(status) || (status->st_uid == 0 && (status->st_mode & S_ISVTX));
}

static int refuse_folder(const char *folder, const char *part, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "the shared cache %.300s is not used: %.300s belongs to somebody else, or "
                        "others may write there, and what is in it runs as native code: it must "
                        "be root's or yours, without write permission for group and others",
                        folder, part);
}

/* `path` is absolute and without links. */
static int check_way(char *path, struct chimera_error *err)
{
    struct stat status;
    for (char *at = path; at; at = strchr(at + 1, '/')) {
        char *end = at == path ? at + 1 : at, was = *end;
        *end = '\0'; /* first "/", then each folder above the last */
        bool is_safe = lstat(path, &status) == 0 && is_safe_above(&status);
        CHIMERA_FREE char *part = is_safe ? NULL : strdup(path);
        *end = was;
        if (!is_safe)
            return refuse_folder(path, part ? part : path, err);
    }
    return lstat(path, &status) == 0 && is_ours(&status) ? CHIMERA_OK
                                                         : refuse_folder(path, path, err);
}

static int open_plugins(struct shared_folder *shared, struct chimera_error *err)
{
    struct stat status;
    shared->plugins = chimera_path_join(shared->folder, "plugins");
    if (!shared->plugins)
        return chimera_fail_memory(err);
    if (mkdir(shared->plugins, CHIMERA_FOLDER_CODE) == 0)
        chmod(shared->plugins, CHIMERA_FOLDER_CODE); /* whatever the umask: others read it */
    shared->fd = open(shared->plugins, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (shared->fd < 0 && errno == ENOENT)
        return CHIMERA_OK; /* nobody who may has put anything there yet */
    if (shared->fd < 0 || fstat(shared->fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the shared cache %s: %s",
                            shared->plugins, strerror(errno));
    return is_ours(&status) ? CHIMERA_OK : refuse_folder(shared->folder, shared->plugins, err);
}

static int open_folder(const char *folder, struct shared_folder *shared, struct chimera_error *err)
{
    struct stat status;
    struct chimera_error why = {0};
    if (stat(folder, &status) < 0 && errno == ENOENT &&
        chimera_folder_make(folder, CHIMERA_FOLDER_CODE, &why) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the shared cache %.300s: %.600s", folder,
                            why.text);
    shared->folder = realpath(folder, NULL);
    if (!shared->folder)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the shared cache %s: %s", folder,
                            strerror(errno));
    int code = check_way(shared->folder, err);
    return code < 0 ? code : open_plugins(shared, err);
}

/* --- Getting --- */

static int open_entry(const struct shared_folder *shared, const char *name, uint64_t *ret_size,
                      struct chimera_error *err)
{
    struct stat status;
    int fd = openat(shared->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && is_ours(&status)) {
        *ret_size = (uint64_t)status.st_size;
        return fd;
    }
    close(fd);
    chimera_fail(err, CHIMERA_EREFUSED,
                 "%s/%s belongs to somebody else, others may write to it, or it is no file",
                 shared->plugins, name);
    return -EPERM;
}

static int fail_entry(const struct shared_folder *shared, const char *name, const char *what,
                      struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EREFUSED, "%s/%s: %s", shared->plugins, name, what);
}

static int copy_entry(const struct shared_folder *shared, const char *name,
                      const struct cache_sum *sum, const char *target, struct chimera_error *err)
{
    struct chimera_error why = {0};
    struct chimera_digest digest;
    uint64_t size = 0;
    CHIMERA_CLOSE int source = open_entry(shared, name, &size, &why);
    if (source < 0)
        return why.code < 0 ? chimera_fail(err, why.code, "%s", why.text)
                            : fail_entry(shared, name, strerror(-source), err);
    if (size != sum->size || size > FILE_MAX)
        return fail_entry(shared, name, "its size is wrong", err);
    CHIMERA_CLOSE int copy =
        open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, CHIMERA_FILE_PRIVATE);
    if (copy < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", target, strerror(errno));
    int code = chimera_fd_copy(source, copy);
    if (code < 0)
        return fail_entry(shared, name, strerror(-code), err);
    code = chimera_digest_of_fd(copy, &digest, err);
    if (code == CHIMERA_OK && memcmp(&digest, &sum->digest, sizeof(digest)) != 0)
        code = fail_entry(shared, name, "its digest is wrong", err);
    return code;
}

static int read_sums(const struct shared_folder *shared, const char *stem,
                     struct cache_sum ret_sums[CACHE_FILES], bool *ret_found,
                     struct chimera_error *err)
{
    char name[CACHE_NAME_MAX + sizeof(CACHE_SUM)];
    struct chimera_error why = {0};
    struct chimera_buffer text;
    uint64_t size = 0;
    snprintf(name, sizeof(name), "%s" CACHE_SUM, stem);
    CHIMERA_CLOSE int fd = open_entry(shared, name, &size, &why);
    *ret_found = fd >= 0;
    if (fd == -ENOENT)
        return CHIMERA_OK;
    if (fd < 0)
        return why.code < 0 ? chimera_fail(err, why.code, "%s", why.text)
                            : fail_entry(shared, name, strerror(-fd), err);
    chimera_buffer_init(&text, CACHE_SUM_MAX);
    bool is_good = chimera_fd_read(fd, name, &text, NULL) == CHIMERA_OK &&
                   cache_parse_sums(chimera_buffer_slice(&text), stem, ret_sums);
    chimera_buffer_free(&text);
    return is_good ? CHIMERA_OK : fail_entry(shared, name, "it is not what was written", err);
}

static int get(void *context, const char *stem, const char *folder, bool *ret_found,
               struct chimera_error *err)
{
    struct shared_folder *shared = context;
    struct cache_sum sums[CACHE_FILES] = {0};
    *ret_found = false;
    if (shared->fd < 0 || strlen(stem) > CACHE_NAME_MAX)
        return CHIMERA_OK;
    int code = read_sums(shared, stem, sums, ret_found, err);
    for (size_t i = 0; code == CHIMERA_OK && *ret_found && i < CACHE_FILES; i++) {
        CHIMERA_FREE char *target = cache_plugin_path(folder, stem, cache_suffixes[i]);
        if (!target)
            return chimera_fail_memory(err);
        if (sums[i].is_there)
            code = copy_entry(shared, target + strlen(folder) + 1, &sums[i], target, err);
    }
    return code;
}

/* --- Putting: as into the own cache, STEM.sum last --- */

static int put_file(const struct shared_folder *shared, const char *stem, const char *suffix,
                    const char *from, struct chimera_error *err)
{
    CHIMERA_FREE char *source = cache_plugin_path(from, stem, suffix);
    CHIMERA_FREE char *target = cache_plugin_path(shared->plugins, stem, suffix);
    if (!source || !target)
        return chimera_fail_memory(err);
    if (access(source, F_OK) < 0)
        return unlink(target) < 0 && errno != ENOENT
                   ? chimera_fail(err, CHIMERA_EIO, "cannot remove %s: %s", target, strerror(errno))
                   : CHIMERA_OK;
    int code = chimera_file_copy(source, target, CHIMERA_FILE_CODE, err);
    if (code == CHIMERA_OK && chmod(target, CHIMERA_FILE_CODE) < 0) /* whatever the umask */
        code = chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", target, strerror(errno));
    return code;
}

static int put(void *context, const char *plugin, struct chimera_error *err)
{
    struct shared_folder *shared = context;
    const char *slash = strrchr(plugin, '/'), *end = strrchr(plugin, '.');
    if (!slash || !end || end < slash)
        return chimera_fail(err, CHIMERA_EINVAL, "%s is no plugin", plugin);
    CHIMERA_FREE char *from = strndup(plugin, (size_t)(slash - plugin));
    CHIMERA_FREE char *stem = strndup(slash + 1, (size_t)(end - slash - 1));
    if (!from || !stem)
        return chimera_fail_memory(err);
    /* Where there are no locks it goes without: two who put the same plugin put the same bytes. */
    CHIMERA_CLOSE int lock = open(shared->plugins, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (lock >= 0 && flock(lock, LOCK_EX) < 0 && errno == EINTR)
        ;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < CACHE_FILES && code == CHIMERA_OK; i++)
        code = put_file(shared, stem, cache_suffixes[i], from, err);
    return code < 0 ? code : put_file(shared, stem, CACHE_SUM, from, err);
}

/* --- All of it --- */

static void close_folder(void *context)
{
    struct shared_folder *shared = context;
    if (shared->fd >= 0)
        close(shared->fd);
    free(shared->folder);
    free(shared->plugins);
    free(shared);
}

int chimera_shared_folder_open(const char *folder, struct chimera_shared_cache *ret_shared,
                               struct chimera_error *err)
{
    struct shared_folder *shared = calloc(1, sizeof(*shared));
    if (!shared)
        return chimera_fail_memory(err);
    shared->fd = -1;
    int code = open_folder(folder, shared, err);
    if (code < 0) {
        close_folder(shared);
        return code;
    }
    bool is_writable = shared->fd >= 0 && faccessat(shared->fd, ".", W_OK, AT_EACCESS) == 0;
    *ret_shared = (struct chimera_shared_cache){.context = shared,
                                                .name = shared->folder,
                                                .get = get,
                                                .put = is_writable ? put : NULL,
                                                .close = close_folder};
    return CHIMERA_OK;
}

void chimera_shared_close(struct chimera_shared_cache *shared)
{
    if (shared->close)
        shared->close(shared->context);
    *shared = (struct chimera_shared_cache){0};
}
