/* SPDX-License-Identifier: Apache-2.0 */
/* Finished plugins: STEM.so with what belongs to it, and STEM.sum (sum.c), which comes last and is
 * believed only whole, so a plugin without it is none: a build was killed, or the machine lost
 * power. Whoever changes the files of a plugin holds a lock on their folder; readers do not, and
 * look again with it before they say that something is damaged.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cache/cache_internal.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

/* Closing the descriptor gives it back. -1 where there are no locks: then it goes without. */
static int lock_plugins(const struct chimera_cache *cache)
{
    int fd = open(cache->plugins, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) < 0 && errno == EINTR)
        ;
    return fd;
}

/* --- Looking --- */

/* NULL: the file is what it must be. */
static const char *check_file(const char *path, const struct cache_sum *sum, bool reads_it)
{
    struct stat status;
    struct chimera_digest digest;
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return !sum->is_there && errno == ENOENT ? NULL : "it cannot be opened";
    if (!sum->is_there)
        return "it does not belong there";
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return "it is no file";
    if ((uint64_t)status.st_size != sum->size)
        return "its size is wrong";
    if (!reads_it)
        return NULL;
    if (chimera_digest_of_fd(fd, &digest, NULL) < 0)
        return "it cannot be read";
    return memcmp(&digest, &sum->digest, sizeof(digest)) != 0 ? "its digest is wrong" : NULL;
}

struct damage { /* of which file, and what is wrong with it */
    const char *suffix, *what;
};

static bool are_sound(const struct chimera_cache *cache, const char *stem,
                      const struct cache_sum sums[CACHE_FILES], enum chimera_cache_check check,
                      struct damage *ret_damage)
{
    for (size_t i = 0; i < CACHE_FILES; i++) {
        CHIMERA_FREE char *path = cache_plugin_path(cache->plugins, stem, cache_suffixes[i]);
        bool reads_it = check == CHIMERA_CACHE_WHOLE || i == CACHE_MANIFEST;
        const char *what = path ? check_file(path, &sums[i], reads_it) : "out of memory";
        *ret_damage = (struct damage){cache_suffixes[i], what};
        if (what)
            return false;
    }
    return true;
}

enum state { MISSING, DAMAGED, SOUND };

static enum state look_at_plugin(const struct chimera_cache *cache, const char *stem,
                                 const char *sum, enum chimera_cache_check check,
                                 struct damage *ret_damage)
{
    struct cache_sum sums[CACHE_FILES] = {0};
    struct chimera_buffer text;
    if (access(sum, F_OK) < 0)
        return MISSING;
    chimera_buffer_init(&text, CACHE_SUM_MAX);
    int code = chimera_file_read(sum, &text, NULL);
    bool is_readable =
        code == CHIMERA_OK && cache_parse_sums(chimera_buffer_slice(&text), stem, sums);
    chimera_buffer_free(&text);
    *ret_damage = (struct damage){CACHE_SUM, "it is not what was written"};
    return is_readable && are_sound(cache, stem, sums, check, ret_damage) ? SOUND : DAMAGED;
}

static void drop_files(const struct chimera_cache *cache, const char *stem)
{
    size_t size = strlen(stem);
    DIR *stream = opendir(cache->plugins);
    for (struct dirent *entry; stream && (entry = readdir(stream));)
        if (strncmp(entry->d_name, stem, size) == 0 && entry->d_name[size] == '.')
            unlinkat(dirfd(stream), entry->d_name, 0);
    if (stream)
        closedir(stream);
}

/* Another process may just be putting it there, hence the second look. */
static enum state heal_plugin(struct chimera_cache *cache, const char *stem, const char *sum,
                              enum chimera_cache_check check)
{
    struct damage damage;
    CHIMERA_CLOSE int lock = lock_plugins(cache);
    (void)lock;
    enum state state = look_at_plugin(cache, stem, sum, check, &damage);
    if (state == DAMAGED) {
        CHIMERA_FREE char *path = cache_plugin_path(cache->plugins, stem, damage.suffix);
        cache_note_damage(cache, path ? path : stem, damage.what);
        drop_files(cache, stem);
    }
    return state;
}

char *chimera_cache_find_plugin(struct chimera_cache *cache, const char *stem,
                                enum chimera_cache_check check)
{
    CHIMERA_FREE char *sum = cache_plugin_path(cache->plugins, stem, CACHE_SUM);
    struct damage damage;
    enum state state = sum ? look_at_plugin(cache, stem, sum, check, &damage) : MISSING;
    if (state == DAMAGED)
        state = heal_plugin(cache, stem, sum, check);
    if (state != SOUND)
        return NULL;
    cache_touch(sum); /* trimming takes the youngest of a plugin's files */
    return cache_plugin_path(cache->plugins, stem, cache_suffixes[CACHE_OBJECT]);
}

bool chimera_cache_has_module(const struct chimera_cache *cache, const struct chimera_digest *wasm)
{
    char hex[CHIMERA_DIGEST_HEX];
    bool has_module = false;
    DIR *stream = opendir(cache->plugins);
    chimera_digest_hex(wasm, hex);
    for (struct dirent *entry; stream && !has_module && (entry = readdir(stream));)
        has_module = strncmp(entry->d_name, hex, strlen(hex)) == 0;
    if (stream)
        closedir(stream);
    return has_module;
}

/* --- Putting --- */

static int sum_file(const char *path, struct cache_sum *ret_sum, struct chimera_error *err)
{
    struct stat status;
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *ret_sum = (struct cache_sum){.is_there = false};
    if (fd < 0 && errno == ENOENT)
        return CHIMERA_OK;
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EREFUSED, "%s is no file", path);
    ret_sum->is_there = true;
    ret_sum->size = (uint64_t)status.st_size;
    return chimera_digest_of_fd(fd, &ret_sum->digest, err);
}

static int put_file(struct chimera_cache *cache, const char *from, const char *stem,
                    const char *suffix, bool is_there, struct chimera_error *err)
{
    CHIMERA_FREE char *source = cache_plugin_path(from, stem, suffix);
    CHIMERA_FREE char *target = cache_plugin_path(cache->plugins, stem, suffix);
    if (!source || !target)
        return chimera_fail_memory(err);
    if (is_there) {
        /* Linkers leave a program's mode: one that a group may write would be copied by a loader.
         */
        if (chmod(source, CHIMERA_FILE_PRIVATE) < 0)
            return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", source, strerror(errno));
        /* The file's contents reach the disk before its name is seen. */
        int code = chimera_file_sync(source, err);
        if (code < 0 || rename(source, target) == 0)
            return code;
        if (errno == EXDEV)
            return chimera_file_copy(source, target, CHIMERA_FILE_PRIVATE, err);
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", target, strerror(errno));
    }
    if (unlink(target) < 0 && errno != ENOENT)
        return chimera_fail(err, CHIMERA_EIO, "cannot remove %s: %s", target, strerror(errno));
    return CHIMERA_OK;
}

static int sum_files(const char *from, const char *stem, struct cache_sum sums[CACHE_FILES],
                     struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < CACHE_FILES && code == CHIMERA_OK; i++) {
        CHIMERA_FREE char *path = cache_plugin_path(from, stem, cache_suffixes[i]);
        code = path ? sum_file(path, &sums[i], err) : chimera_fail_memory(err);
    }
    if (code == CHIMERA_OK && !(sums[CACHE_MANIFEST].is_there && sums[CACHE_OBJECT].is_there))
        code = chimera_fail(err, CHIMERA_EIO, "it is not whole");
    CHIMERA_FREE char *path = cache_plugin_path(from, stem, CACHE_SUM);
    if (code == CHIMERA_OK)
        code = path ? cache_write_sums(sums, stem, path, err) : chimera_fail_memory(err);
    return code;
}

static int put_files(struct chimera_cache *cache, const char *from, const char *stem,
                     const struct cache_sum sums[CACHE_FILES], struct chimera_error *err)
{
    int code = CHIMERA_OK;
    CHIMERA_CLOSE int lock = lock_plugins(cache);
    for (size_t i = 0; i < CACHE_FILES && code == CHIMERA_OK; i++)
        code = put_file(cache, from, stem, cache_suffixes[i], sums[i].is_there, err);
    if (code == CHIMERA_OK)
        code = put_file(cache, from, stem, CACHE_SUM, true, err);
    if (lock >= 0)
        fsync(lock); /* the names */
    return code;
}

int chimera_cache_put_plugin(struct chimera_cache *cache, const char *from, const char *stem,
                             char **ret_path, struct chimera_error *err)
{
    struct cache_sum sums[CACHE_FILES] = {0};
    struct chimera_error why = {0};
    if (strlen(stem) > CACHE_NAME_MAX || strchr(stem, '/'))
        return chimera_fail(err, CHIMERA_EINVAL, "%s cannot be a plugin's name", stem);
    int code = sum_files(from, stem, sums, &why);
    if (code == CHIMERA_OK)
        code = put_files(cache, from, stem, sums, &why);
    char *path = code == CHIMERA_OK
                     ? cache_plugin_path(cache->plugins, stem, cache_suffixes[CACHE_OBJECT])
                     : NULL;
    if (!path)
        return chimera_fail(err, code < 0 ? code : CHIMERA_ENOMEM,
                            "cannot put %s into the cache %s: %s", stem, cache->plugins,
                            code < 0 ? why.text : "out of memory");
    chimera_cache_trim(cache);
    *ret_path = path;
    return CHIMERA_OK;
}

void chimera_cache_drop_plugin(struct chimera_cache *cache, const char *stem)
{
    CHIMERA_CLOSE int lock = lock_plugins(cache);
    (void)lock;
    drop_files(cache, stem);
}
