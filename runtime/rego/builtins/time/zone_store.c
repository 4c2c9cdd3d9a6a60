/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/time/zone_store.h"

#include <fts.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/base/buffer.h"
#include "runtime/base/file.h"

#define ZONES_MAX 4096
#define BYTES_MAX ((size_t)16 << 20)

struct zone {
    char *name;         /* owned */
    size_t start, size; /* in the bytes below */
    dev_t device;       /* zones have many names for one file */
    ino_t inode;
};

static struct {
    atomic_bool is_wanted;
    bool is_kept;
    struct zone *zone; /* sorted by name */
    size_t count;
    struct chimera_buffer bytes;
} store;

void chimera_zones_note(const char *builtin)
{
    if (strncmp(builtin, "time.", 5) == 0 && strcmp(builtin, "time.now_ns") != 0)
        atomic_store(&store.is_wanted, true);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct zone *)a)->name, ((const struct zone *)b)->name);
}

static const struct zone *find_file(const struct stat *status)
{
    for (size_t i = 0; i < store.count; i++)
        if (store.zone[i].inode == status->st_ino && store.zone[i].device == status->st_dev)
            return &store.zone[i];
    return NULL;
}

/* What is no zone (tables, leap seconds) is passed over. */
static void keep_file(const char *path, const struct stat *status)
{
    const struct zone *same = find_file(status);
    struct zone zone = {.name = strdup(path + strlen(CHIMERA_ZONE_FOLDER "/")),
                        .start = same ? same->start : store.bytes.size,
                        .size = same ? same->size : 0,
                        .device = status->st_dev,
                        .inode = status->st_ino};
    bool is_zone = zone.name != NULL;
    if (is_zone && !same) {
        is_zone = chimera_file_read(path, &store.bytes, NULL) == CHIMERA_OK;
        zone.size = store.bytes.size - zone.start;
        is_zone = is_zone && zone.size > 4 && memcmp(store.bytes.data + zone.start, "TZif", 4) == 0;
    }
    if (is_zone) {
        store.zone[store.count++] = zone;
    } else {
        store.bytes.size = zone.start;
        free(zone.name);
    }
}

int chimera_zones_keep(struct chimera_error *err)
{
    static char folder[] = CHIMERA_ZONE_FOLDER;
    if (store.is_kept || !atomic_load(&store.is_wanted))
        return CHIMERA_OK;
    store.zone = calloc(ZONES_MAX, sizeof(*store.zone));
    if (!store.zone)
        return chimera_fail_memory(err);
    chimera_buffer_init(&store.bytes, BYTES_MAX);
    FTS *tree = fts_open((char *const[]){folder, NULL}, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    if (tree) {
        for (FTSENT *entry = fts_read(tree); entry; entry = fts_read(tree)) {
            /* Folders that hold all zones a second and a third time, with other leap seconds. */
            if (entry->fts_info == FTS_D && entry->fts_level == 1 &&
                (strcmp(entry->fts_name, "posix") == 0 || strcmp(entry->fts_name, "right") == 0))
                fts_set(tree, entry, FTS_SKIP);
            else if (entry->fts_info == FTS_F && store.count < ZONES_MAX)
                keep_file(entry->fts_path, entry->fts_statp);
        }
        fts_close(tree);
    }
    qsort(store.zone, store.count, sizeof(*store.zone), compare_names);
    store.is_kept = true;
    return CHIMERA_OK;
}

bool chimera_zones_are_kept(void)
{
    return store.is_kept;
}

bool chimera_zones_find(struct chimera_slice name, struct chimera_slice *ret_bytes)
{
    size_t low = 0, high = store.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct zone *zone = &store.zone[middle];
        size_t size = strlen(zone->name);
        int order = memcmp(zone->name, name.data, size < name.size ? size : name.size);
        order = order ? order : (size > name.size) - (size < name.size);
        if (order == 0) {
            *ret_bytes = (struct chimera_slice){store.bytes.data + zone->start, zone->size};
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
