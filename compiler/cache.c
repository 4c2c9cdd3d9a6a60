#include "compiler/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define OBJECT_MAX ((size_t)1 << 30)
#define ENTRIES_MAX ((size_t)1 << 20) /* looked at in one trim */
#define NAME_MAX_BYTES 200
#define DAY_SECONDS ((time_t)24 * 60 * 60)
#define TRIM_TO_PERCENT 90 /* so that not every build has to trim */

struct chimera_cache {
    char *folder, *objects, *plugins, *scratch; /* owned */
    uint64_t limit;
};

/* --- Opening --- */

int chimera_cache_folder(char **ret_folder, struct chimera_error *err)
{
    const char *own = getenv("CHIMERA_CACHE_DIR");
    const char *shared = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    char *folder;
    if (own && own[0])
        folder = strdup(own);
    else if (shared && shared[0] == '/') /* relative values are ignored, as the standard says */
        folder = chimera_path_join(shared, "chimera");
    else if (home && home[0] == '/')
        folder = chimera_path_join(home, ".cache/chimera");
    else
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "no folder for the cache: neither CHIMERA_CACHE_DIR, XDG_CACHE_HOME nor HOME is set");
    if (!folder)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot open the cache: out of memory");
    *ret_folder = folder;
    return CHIMERA_OK;
}

/* What others can write is code that they would have us run. */
static int check_owner(const char *folder, struct chimera_error *err)
{
    struct stat status;
    if (stat(folder, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the cache %s: %s", folder,
                            strerror(errno));
    if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
        return chimera_fail(
            err, CHIMERA_EREFUSED,
            "the cache folder %s belongs to somebody else or can be written by others; "
            "set CHIMERA_CACHE_DIR to a folder of your own, or run `chmod 700` on it",
            folder);
    return CHIMERA_OK;
}

static int make_folder(const char *parent, const char *name, char **ret_path,
                       struct chimera_error *err)
{
    *ret_path = chimera_path_join(parent, name);
    if (!*ret_path)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot open the cache: out of memory");
    return chimera_folder_make(*ret_path, 0700, err);
}

/* Tools run in folders of their own, so a path from ours would lead them astray. */
static int make_absolute(char **folder, struct chimera_error *err)
{
    char *real = (*folder)[0] == '/' ? *folder : realpath(*folder, NULL);
    if (!real)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the cache %s: %s", *folder,
                            strerror(errno));
    if (real != *folder)
        free(*folder);
    *folder = real;
    return CHIMERA_OK;
}

int chimera_cache_open(const char *folder, uint64_t limit, struct chimera_cache **ret_cache,
                       struct chimera_error *err)
{
    struct chimera_cache *cache = calloc(1, sizeof(*cache));
    if (!cache)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot open the cache: out of memory");
    cache->limit = limit;
    int code = CHIMERA_OK;
    if (folder)
        cache->folder = strdup(folder);
    else
        code = chimera_cache_folder(&cache->folder, err);
    if (code == CHIMERA_OK && !cache->folder)
        code = chimera_fail(err, CHIMERA_ENOMEM, "cannot open the cache: out of memory");
    if (code == CHIMERA_OK)
        code = chimera_folder_make(cache->folder, 0700, err);
    if (code == CHIMERA_OK)
        code = make_absolute(&cache->folder, err);
    if (code == CHIMERA_OK)
        code = check_owner(cache->folder, err);
    if (code == CHIMERA_OK)
        code = make_folder(cache->folder, "objects", &cache->objects, err);
    if (code == CHIMERA_OK)
        code = make_folder(cache->folder, "plugins", &cache->plugins, err);
    if (code == CHIMERA_OK)
        code = make_folder(cache->folder, "scratch", &cache->scratch, err);
    if (code < 0) {
        chimera_cache_close(cache);
        return code;
    }
    *ret_cache = cache;
    return CHIMERA_OK;
}

void chimera_cache_close(struct chimera_cache *cache)
{
    if (!cache)
        return;
    free(cache->folder);
    free(cache->objects);
    free(cache->plugins);
    free(cache->scratch);
    free(cache);
}

const char *chimera_cache_path(const struct chimera_cache *cache)
{
    return cache->folder;
}

/* --- Objects: the bytes, then their digest --- */

static char *object_path(const struct chimera_cache *cache, const struct chimera_digest *key)
{
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(key, hex);
    return chimera_path_join(cache->objects, hex);
}

static void touch(const char *path)
{
    utimensat(AT_FDCWD, path, NULL, 0); /* best effort: an entry that seems old goes earlier */
}

/* Without fsync: a half-written entry after a crash of the machine is found by its digest. */
static bool write_plain(const char *path, struct chimera_slice bytes, struct chimera_slice trailer)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    bool is_whole = fwrite(bytes.data, 1, bytes.size, file) == bytes.size &&
                    fwrite(trailer.data, 1, trailer.size, file) == trailer.size;
    bool is_closed = fclose(file) == 0;
    if (!is_whole || !is_closed)
        unlink(path);
    return is_whole && is_closed;
}

static bool is_sound(struct chimera_slice entry, struct chimera_slice *ret_object)
{
    struct chimera_digest digest;
    if (entry.size <= CHIMERA_DIGEST_BYTES)
        return false;
    struct chimera_slice object = {entry.data, entry.size - CHIMERA_DIGEST_BYTES};
    if (chimera_digest_of(object, &digest) < 0 ||
        memcmp(digest.bytes, entry.data + object.size, CHIMERA_DIGEST_BYTES) != 0)
        return false;
    *ret_object = object;
    return true;
}

bool chimera_cache_get_object(struct chimera_cache *cache, const struct chimera_digest *key,
                              const char *path)
{
    CHIMERA_FREE char *entry = object_path(cache, key);
    struct chimera_buffer bytes;
    struct chimera_slice object;
    bool is_found = false;
    chimera_buffer_init(&bytes, OBJECT_MAX);
    if (entry && chimera_file_read(entry, &bytes, NULL) == CHIMERA_OK) {
        if (!is_sound(chimera_buffer_slice(&bytes), &object)) {
            unlink(entry);
        } else {
            is_found = write_plain(path, object, (struct chimera_slice){"", 0});
            touch(entry);
        }
    }
    chimera_buffer_free(&bytes);
    return is_found;
}

void chimera_cache_put_object(struct chimera_cache *cache, const struct chimera_digest *key,
                              const char *path)
{
    CHIMERA_FREE char *entry = object_path(cache, key);
    CHIMERA_FREE char *temporary = NULL;
    struct chimera_buffer bytes;
    struct chimera_digest digest;
    chimera_buffer_init(&bytes, OBJECT_MAX);
    if (entry && asprintf(&temporary, "%s.%ld.tmp", entry, (long)gettid()) >= 0 &&
        chimera_file_read(path, &bytes, NULL) == CHIMERA_OK &&
        chimera_digest_of(chimera_buffer_slice(&bytes), &digest) == CHIMERA_OK &&
        write_plain(temporary, chimera_buffer_slice(&bytes),
                    (struct chimera_slice){(const char *)digest.bytes, sizeof(digest.bytes)}) &&
        rename(temporary, entry) < 0)
        unlink(temporary);
    chimera_buffer_free(&bytes);
}

/* --- Plugins --- */

static bool belongs_to(const char *name, const char *stem)
{
    size_t size = strlen(stem);
    return strncmp(name, stem, size) == 0 && name[size] == '.';
}

static char *plugin_path(const struct chimera_cache *cache, const char *stem, const char *suffix)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s%s", cache->plugins, stem, suffix) < 0 ? NULL : path;
}

char *chimera_cache_find_plugin(struct chimera_cache *cache, const char *stem)
{
    CHIMERA_FREE char *manifest = plugin_path(cache, stem, ".json");
    char *path = plugin_path(cache, stem, ".so");
    if (!path || !manifest || access(path, R_OK) < 0 || access(manifest, R_OK) < 0) {
        free(path);
        return NULL;
    }
    touch(path); /* trimming takes the youngest of a plugin's files */
    return path;
}

/* Calls `act` for every file of the plugin in `folder`, the .so last. */
static int for_plugin_files(const char *folder, const char *stem,
                            int (*act)(const char *folder, const char *name, const char *to),
                            const char *to)
{
    char object[NAME_MAX_BYTES + 8];
    bool has_object = false;
    int number = 0;
    DIR *stream = opendir(folder);
    if (!stream)
        return errno;
    snprintf(object, sizeof(object), "%s.so", stem);
    for (struct dirent *entry; number == 0 && (entry = readdir(stream));) {
        if (strcmp(entry->d_name, object) == 0)
            has_object = true;
        else if (belongs_to(entry->d_name, stem))
            number = act(folder, entry->d_name, to);
    }
    closedir(stream);
    return number == 0 && has_object ? act(folder, object, to) : number;
}

static int move_file(const char *folder, const char *name, const char *to)
{
    CHIMERA_FREE char *source = chimera_path_join(folder, name);
    CHIMERA_FREE char *target = chimera_path_join(to, name);
    struct stat status;
    if (!source || !target)
        return ENOMEM;
    if (lstat(source, &status) < 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return 0;
    if (rename(source, target) == 0)
        return 0;
    if (errno != EXDEV)
        return errno;
    return chimera_file_copy(source, target, status.st_mode & 0755, NULL) == CHIMERA_OK ? 0 : EIO;
}

static int remove_file(const char *folder, const char *name, const char *to)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    (void)to;
    return !path ? ENOMEM : unlink(path) < 0 && errno != ENOENT ? errno : 0;
}

int chimera_cache_put_plugin(struct chimera_cache *cache, const char *from, const char *stem,
                             char **ret_path, struct chimera_error *err)
{
    if (strlen(stem) > NAME_MAX_BYTES || strchr(stem, '/'))
        return chimera_fail(err, CHIMERA_EINVAL, "%s cannot be a plugin's name", stem);
    int number = for_plugin_files(from, stem, move_file, cache->plugins);
    if (number != 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot put %s into the cache %s: %s", stem,
                            cache->plugins, strerror(number));
    char *path = chimera_cache_find_plugin(cache, stem);
    if (!path)
        return chimera_fail(err, CHIMERA_EIO, "cannot put %s into the cache %s: it is not whole",
                            stem, cache->plugins);
    chimera_cache_trim(cache);
    *ret_path = path;
    return CHIMERA_OK;
}

void chimera_cache_drop_plugin(struct chimera_cache *cache, const char *stem)
{
    for_plugin_files(cache->plugins, stem, remove_file, NULL);
}

/* --- Scratch folders --- */

int chimera_cache_scratch(struct chimera_cache *cache, char **ret_folder, struct chimera_error *err)
{
    char *folder = chimera_path_join(cache->scratch, "build-XXXXXX");
    if (!folder)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot make a scratch folder: out of memory");
    if (!mkdtemp(folder)) {
        int code = chimera_fail(err, CHIMERA_EIO, "cannot make %s: %s", folder, strerror(errno));
        free(folder);
        return code;
    }
    *ret_folder = folder;
    return CHIMERA_OK;
}

static void remove_stale_scratch(const struct chimera_cache *cache)
{
    DIR *stream = opendir(cache->scratch);
    if (!stream)
        return;
    for (struct dirent *entry; (entry = readdir(stream));) {
        struct stat status;
        if (strncmp(entry->d_name, "build-", 6) != 0 ||
            fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
            status.st_mtime + DAY_SECONDS > time(NULL))
            continue;
        CHIMERA_FREE char *path = chimera_path_join(cache->scratch, entry->d_name);
        if (path)
            chimera_folder_remove(path, NULL);
    }
    closedir(stream);
}

/* --- Trimming --- */

struct entry { /* an object, or all files of a plugin */
    char stem[NAME_MAX_BYTES + 1];
    bool is_plugin;
    uint64_t bytes;
    struct timespec used; /* of its youngest file */
};

struct entries {
    struct entry *entry; /* owned */
    size_t count, room;
};

static bool is_younger(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static int compare_stems(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    return a->is_plugin != b->is_plugin ? a->is_plugin - b->is_plugin : strcmp(a->stem, b->stem);
}

static int compare_ages(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    return is_younger(a->used, b->used) - is_younger(b->used, a->used);
}

static struct entry *add_entry(struct entries *entries)
{
    if (entries->count == entries->room) {
        size_t room = entries->room ? 2 * entries->room : 256;
        if (room > ENTRIES_MAX)
            return NULL;
        struct entry *grown = reallocarray(entries->entry, room, sizeof(*grown));
        if (!grown)
            return NULL;
        entries->entry = grown;
        entries->room = room;
    }
    return &entries->entry[entries->count++];
}

static void list_folder(const char *folder, bool is_plugin, struct entries *entries)
{
    DIR *stream = opendir(folder);
    if (!stream)
        return;
    for (struct dirent *found; (found = readdir(stream));) {
        struct stat status;
        size_t size = is_plugin ? strcspn(found->d_name, ".") : strlen(found->d_name);
        if (fstatat(dirfd(stream), found->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(status.st_mode) || size == 0 || size > NAME_MAX_BYTES)
            continue;
        struct entry *entry = add_entry(entries);
        if (!entry)
            break;
        memcpy(entry->stem, found->d_name, size);
        entry->stem[size] = '\0';
        entry->is_plugin = is_plugin;
        entry->bytes = (uint64_t)status.st_blocks * 512; /* images are sparse */
        entry->used = status.st_mtim;
    }
    closedir(stream);
}

/* Makes one entry of the files of each plugin; returns the bytes of all. */
static uint64_t merge(struct entries *entries)
{
    uint64_t total = 0;
    size_t kept = 0;
    if (entries->count > 0)
        qsort(entries->entry, entries->count, sizeof(*entries->entry), compare_stems);
    for (size_t i = 0; i < entries->count; i++) {
        struct entry *now = &entries->entry[i], *last = kept > 0 ? &entries->entry[kept - 1] : NULL;
        total += now->bytes;
        if (!last || compare_stems(last, now) != 0) {
            entries->entry[kept++] = *now;
            continue;
        }
        last->bytes += now->bytes;
        if (is_younger(now->used, last->used))
            last->used = now->used;
    }
    entries->count = kept;
    return total;
}

void chimera_cache_trim(struct chimera_cache *cache)
{
    struct entries entries = {0};
    remove_stale_scratch(cache);
    list_folder(cache->objects, false, &entries);
    list_folder(cache->plugins, true, &entries);
    uint64_t total = merge(&entries);
    uint64_t goal = cache->limit / 100 * TRIM_TO_PERCENT;
    if (total <= cache->limit)
        goal = total;
    else
        qsort(entries.entry, entries.count, sizeof(*entries.entry), compare_ages);
    for (size_t i = 0; i < entries.count && total > goal; i++) {
        const struct entry *entry = &entries.entry[i];
        if (entry->is_plugin)
            chimera_cache_drop_plugin(cache, entry->stem);
        else
            remove_file(cache->objects, entry->stem, NULL);
        total -= entry->bytes;
    }
    free(entries.entry);
}
