/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plugin/load.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/plugin/counter.h"
#include "runtime/plugin/descriptor.h"
#include "runtime/plugin/elf_audit.h"
#include "runtime/plugin/names.h"

#define OBJECT_MAX ((off_t)1 << 30)
#define IMAGE_MAX ((off_t)4 << 30) /* a linear memory cannot be larger */
#define SUFFIX ".so"
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* --- Files that nobody can change behind our back --- */

/* Data only: images are mostly holes. */
static int copy_data(int from, int to, off_t size)
{
    for (off_t at = 0; at < size;) {
        off_t data = lseek(from, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return 0; /* nothing but a hole up to the end */
        if (data < 0)
            data = at; /* the file system cannot tell */
        off_t hole = lseek(from, data, SEEK_HOLE);
        if (hole < 0 || hole > size)
            hole = size;
        if (lseek(to, data, SEEK_SET) < 0)
            return -errno;
        for (at = data; at < hole;) {
            ssize_t put = sendfile(to, from, &at, (size_t)(hole - at));
            if (put <= 0)
                return put < 0 ? -errno : -EIO;
        }
    }
    return 0;
}

static int copy_sealed(int from, off_t size, const char *path, int *ret_fd,
                       struct chimera_error *err)
{
    CHIMERA_CLOSE int copy = memfd_create("chimera-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int number = copy < 0 || ftruncate(copy, size) < 0 ? errno : -copy_data(from, copy, size);
    if (number == 0 && fcntl(copy, F_ADD_SEALS, SEALS) < 0)
        number = errno;
    if (number != 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot copy %s into memory: %s", path,
                            strerror(number));
    *ret_fd = copy;
    copy = -1; /* handed over */
    return CHIMERA_OK;
}

/* A descriptor whose bytes stay as they are: of the file itself or of a sealed copy. */
static int open_fixed(const char *path, off_t limit, int *ret_fd, off_t *ret_size,
                      struct chimera_error *err)
{
    struct stat status;
    /* Not blocking, for the case that it is a pipe; regular files do not care. */
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the plugin's file %s: %s", path,
                            strerror(errno));
    if (!S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EREFUSED, "%s is not a regular file", path);
    if (status.st_size > limit)
        return chimera_fail(err, CHIMERA_ELIMIT, "%s is larger than %lld bytes", path,
                            (long long)limit);
    *ret_size = status.st_size;
    /* Only root and we ourselves may write it, so that what was checked stays what it was. */
    if ((status.st_uid != 0 && status.st_uid != geteuid()) || status.st_mode & (S_IWGRP | S_IWOTH))
        return copy_sealed(fd, status.st_size, path, ret_fd, err);
    *ret_fd = fd;
    fd = -1; /* handed over */
    return CHIMERA_OK;
}

/* The digest of the very descriptor that is mapped later. */
static int open_verified(const char *path, off_t limit, const struct chimera_digest *expected,
                         int *ret_fd, off_t *ret_size, struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = -1;
    struct chimera_digest digest;
    int code = open_fixed(path, limit, &fd, ret_size, err);
    if (code < 0)
        return code;
    code = chimera_digest_of_fd(fd, &digest, err);
    if (code < 0)
        return code;
    if (memcmp(&digest, expected, sizeof(digest)) != 0)
        return chimera_fail(
            err, CHIMERA_EREFUSED,
            "%s is not the file that its manifest names: the digests differ; build it "
            "again with `chimera build`",
            path);
    *ret_fd = fd;
    fd = -1; /* handed over */
    return CHIMERA_OK;
}

/* --- Mapping --- */

/* The name that dlopen() gets must not come again for another file, because it knows what it has by
 * name; so once it was called, the descriptor is never closed, whatever happens. Two descriptors of
 * one file give the same mapping, which is what we want. */
static int map_object(int fd, const char *path, struct chimera_loaded *loaded,
                      struct chimera_error *err)
{
    char name[64];
    struct chimera_object object = {0};
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!handle && access("/proc/self/fd", F_OK) < 0)
        return chimera_fail(
            err, CHIMERA_EIO,
            "cannot map the plugin %s: /proc is not mounted, and plugins are mapped "
            "by a name below it: `mount -t proc proc /proc`",
            path);
    if (!handle)
        return chimera_fail(err, CHIMERA_EREFUSED, "cannot map the plugin %s: %s", path, dlerror());
    const struct chimera_plugin *plugin = dlsym(handle, CHIMERA_PLUGIN_SYMBOL);
    int code = plugin ? chimera_object_find(handle, path, &object, err)
                      : chimera_fail(err, CHIMERA_EREFUSED,
                                     "the plugin %s has no " CHIMERA_PLUGIN_SYMBOL, path);
    if (code == CHIMERA_OK)
        code = chimera_descriptor_check(plugin, &object, &loaded->manifest, path, err);
    if (code < 0)
        return code;
    loaded->plugin = plugin;
    loaded->object_start = object.start;
    loaded->text_start = object.text.start;
    loaded->text_end = object.text.end;
    return CHIMERA_OK;
}

static int load_object(struct chimera_loaded *loaded, struct chimera_error *err)
{
    off_t size;
    CHIMERA_CLOSE int fd = -1;
    int code = open_verified(loaded->path, OBJECT_MAX, &loaded->manifest.so, &fd, &size, err);
    if (code == CHIMERA_OK)
        code = chimera_elf_audit_fd(fd, size, loaded->path, loaded->manifest.mode, err);
    if (code < 0)
        return code;
    code = map_object(fd, loaded->path, loaded, err);
    fd = -1; /* the process's, see map_object() */
    return code;
}

static char *with_suffix(const char *path, const char *suffix)
{
    char *name = NULL;
    int stem = (int)(strlen(path) - strlen(SUFFIX));
    return asprintf(&name, "%.*s%s", stem, path, suffix) < 0 ? NULL : name;
}

static int load_image(struct chimera_loaded *loaded, struct chimera_error *err)
{
    static const struct chimera_digest none;
    CHIMERA_CLOSE int fd = -1;
    off_t size = 0;
    if (memcmp(&loaded->manifest.image, &none, sizeof(none)) != 0) {
        CHIMERA_FREE char *path = with_suffix(loaded->path, ".image");
        int code = path ? open_verified(path, IMAGE_MAX, &loaded->manifest.image, &fd, &size, err)
                        : chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", loaded->path);
        if (code < 0)
            return code;
    }
    if ((uint64_t)size != loaded->plugin->image_size)
        return chimera_fail(
            err, CHIMERA_EREFUSED,
            "the plugin %s needs %llu bytes of initial memory and has %lld; build it again "
            "with `chimera build`",
            loaded->path, (unsigned long long)loaded->plugin->image_size, (long long)size);
    loaded->image_fd = fd;
    fd = -1; /* handed over */
    return CHIMERA_OK;
}

static int load_manifest(struct chimera_loaded *loaded, const struct chimera_digest *lock,
                         struct chimera_error *err)
{
    size_t size = strlen(loaded->path);
    if (size <= strlen(SUFFIX) || strcmp(loaded->path + size - strlen(SUFFIX), SUFFIX) != 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s is not the name of a plugin (it ends in " SUFFIX ")", loaded->path);
    CHIMERA_FREE char *path = with_suffix(loaded->path, ".json");
    if (!path)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", loaded->path);
    return chimera_manifest_read_locked(path, lock, &loaded->manifest, err);
}

static int check_purpose(const struct chimera_loaded *loaded, bool may_measure,
                         struct chimera_error *err)
{
    if (may_measure || !chimera_plugin_is_measuring(loaded->plugin))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "the plugin %s was made to be measured by `chimera bench`, and is not for "
                        "serving; build it again with `chimera build`",
                        loaded->path);
}

static int load_plugin(const char *path, const struct chimera_digest *lock, bool may_measure,
                       struct chimera_loaded **ret_loaded, struct chimera_error *err)
{
    struct chimera_loaded *loaded = calloc(1, sizeof(*loaded));
    if (loaded)
        loaded->path = strdup(path);
    if (!loaded || !loaded->path) {
        free(loaded);
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", path);
    }
    loaded->image_fd = loaded->names_fd = -1;
    int code = load_manifest(loaded, lock, err);
    if (code == CHIMERA_OK)
        code = load_object(loaded, err);
    if (code == CHIMERA_OK)
        code = check_purpose(loaded, may_measure, err);
    if (code == CHIMERA_OK)
        code = load_image(loaded, err);
    if (code < 0) {
        chimera_manifest_done(&loaded->manifest);
        free(loaded->path);
        free(loaded);
        return code;
    }
    loaded->counter_offset = chimera_plugin_own_offset(loaded->plugin, CHIMERA_COUNTER_EXPORT);
    loaded->profile_offset = chimera_plugin_own_offset(loaded->plugin, CHIMERA_PROFILE_EXPORT);
    /* Only reports get poorer without it. */
    CHIMERA_FREE char *names = with_suffix(loaded->path, ".names");
    loaded->names_fd = names ? chimera_names_open(names, &loaded->manifest.so) : -1;
    *ret_loaded = loaded;
    return CHIMERA_OK;
}

int chimera_plugin_load_locked(const char *path, const struct chimera_digest *lock,
                               struct chimera_loaded **ret_loaded, struct chimera_error *err)
{
    return load_plugin(path, lock, false, ret_loaded, err);
}

int chimera_plugin_load_measuring(const char *path, const struct chimera_digest *lock,
                                  struct chimera_loaded **ret_loaded, struct chimera_error *err)
{
    return load_plugin(path, lock, true, ret_loaded, err);
}

int chimera_plugin_load(const char *path, struct chimera_loaded **ret_loaded,
                        struct chimera_error *err)
{
    return chimera_plugin_load_locked(path, NULL, ret_loaded, err);
}
