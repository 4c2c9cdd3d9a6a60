/* SPDX-License-Identifier: Apache-2.0 */
/* What was used longest ago goes when the limit is passed, and what killed builds left behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "compiler/cache/cache_internal.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define ENTRIES_MAX ((size_t)1 << 20) /* looked at in one trim */
#define LOCKED_SECONDS ((time_t)10)
#define DAY_SECONDS ((time_t)24 * 60 * 60)
#define TRIM_TO_PERCENT 90 /* so that not every build has to trim */

/* The lock is that of chimera_cache_scratch(): nobody has it, or nobody can. */
static bool is_abandoned(int folder, const char *name)
{
    struct stat status;
    CHIMERA_CLOSE int fd =
        openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0)
        return false;
    time_t age = time(NULL) - status.st_mtime;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return age > LOCKED_SECONDS; /* it is made first and locked then */
    return errno != EWOULDBLOCK && age > DAY_SECONDS;
}

void chimera_cache_sweep(const struct chimera_cache *cache)
{
    DIR *stream = opendir(cache->scratch);
    if (!stream)
        return;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (strncmp(entry->d_name, "build-", 6) != 0 || !is_abandoned(dirfd(stream), entry->d_name))
            continue;
        CHIMERA_FREE char *path = chimera_path_join(cache->scratch, entry->d_name);
        if (path)
            chimera_folder_remove(path, NULL);
    }
    closedir(stream);
}

static bool is_younger(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static int compare_stems(const void *left, const void *right)
{
    const struct chimera_cache_entry *a = left, *b = right;
    return a->is_plugin != b->is_plugin ? a->is_plugin - b->is_plugin : strcmp(a->stem, b->stem);
}

static int compare_ages(const void *left, const void *right)
{
    const struct chimera_cache_entry *a = left, *b = right;
    return is_younger(a->used, b->used) - is_younger(b->used, a->used);
}

static struct chimera_cache_entry *add_entry(struct chimera_cache_entries *entries)
{
    if (entries->count == entries->room) {
        size_t room = entries->room ? 2 * entries->room : 256;
        if (room > ENTRIES_MAX)
            return NULL;
        struct chimera_cache_entry *grown = reallocarray(entries->entry, room, sizeof(*grown));
        if (!grown)
            return NULL;
        entries->entry = grown;
        entries->room = room;
    }
    return &entries->entry[entries->count++];
}

static void list_folder(const char *folder, bool is_plugin, struct chimera_cache_entries *entries)
{
    DIR *stream = opendir(folder);
    if (!stream)
        return;
    for (struct dirent *found; (found = readdir(stream));) {
        struct stat status;
        size_t size = is_plugin ? strcspn(found->d_name, ".") : strlen(found->d_name);
        if (fstatat(dirfd(stream), found->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(status.st_mode) || size == 0 || size > CACHE_NAME_MAX)
            continue;
        struct chimera_cache_entry *entry = add_entry(entries);
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

/* Makes one entry of the files of each plugin. */
static void merge_plugins(struct chimera_cache_entries *entries)
{
    size_t kept = 0;
    if (entries->count > 0)
        qsort(entries->entry, entries->count, sizeof(*entries->entry), compare_stems);
    for (size_t i = 0; i < entries->count; i++) {
        struct chimera_cache_entry *now = &entries->entry[i],
                                   *last = kept > 0 ? &entries->entry[kept - 1] : NULL;
        entries->bytes += now->bytes;
        if (!last || compare_stems(last, now) != 0) {
            entries->entry[kept++] = *now;
            continue;
        }
        last->bytes += now->bytes;
        if (is_younger(now->used, last->used))
            last->used = now->used;
    }
    entries->count = kept;
}

void chimera_cache_list(const struct chimera_cache *cache,
                        struct chimera_cache_entries *ret_entries)
{
    *ret_entries = (struct chimera_cache_entries){0};
    list_folder(cache->objects, false, ret_entries);
    list_folder(cache->plugins, true, ret_entries);
    merge_plugins(ret_entries);
    if (ret_entries->count > 0)
        qsort(ret_entries->entry, ret_entries->count, sizeof(*ret_entries->entry), compare_ages);
}

void chimera_cache_drop(struct chimera_cache *cache, const struct chimera_cache_entry *entry)
{
    if (entry->is_plugin) {
        chimera_cache_drop_plugin(cache, entry->stem);
        return;
    }
    CHIMERA_FREE char *path = chimera_path_join(cache->objects, entry->stem);
    if (path)
        unlink(path);
}

void chimera_cache_trim(struct chimera_cache *cache)
{
    struct chimera_cache_entries entries;
    chimera_cache_sweep(cache);
    chimera_cache_list(cache, &entries);
    uint64_t total = entries.bytes, goal = cache->limit / 100 * TRIM_TO_PERCENT;
    if (total <= cache->limit)
        goal = total;
    for (size_t i = 0; i < entries.count && total > goal; i++) {
        chimera_cache_drop(cache, &entries.entry[i]);
        total -= entries.entry[i].bytes;
    }
    free(entries.entry);
}
