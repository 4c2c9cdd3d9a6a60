/* SPDX-License-Identifier: Apache-2.0 */
/* Objects, an entry each: the bytes, the key, the digest of both. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cache/cache_internal.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define OBJECT_MAX ((size_t)1 << 30)
#define NOTE "noted\n"

void cache_touch(const char *path)
{
    utimensat(AT_FDCWD, path, NULL, 0); /* best effort: an entry that seems old goes earlier */
}

static char *object_path(const struct chimera_cache *cache, const struct chimera_digest *key)
{
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(key, hex);
    return chimera_path_join(cache->objects, hex);
}

static bool is_sound(struct chimera_slice entry, const struct chimera_digest *key,
                     struct chimera_slice *ret_object)
{
    struct chimera_digest digest;
    if (entry.size <= 2 * CHIMERA_DIGEST_BYTES)
        return false;
    struct chimera_slice keyed = {entry.data, entry.size - CHIMERA_DIGEST_BYTES};
    *ret_object = (struct chimera_slice){entry.data, keyed.size - CHIMERA_DIGEST_BYTES};
    return memcmp(entry.data + ret_object->size, key->bytes, CHIMERA_DIGEST_BYTES) == 0 &&
           chimera_digest_of(keyed, &digest) == CHIMERA_OK &&
           memcmp(digest.bytes, entry.data + keyed.size, CHIMERA_DIGEST_BYTES) == 0;
}

/* An entry that is there and is not what was written is removed. `ret_object` is within `bytes`,
 * which is the caller's to free. */
static int read_entry(const char *entry, const struct chimera_digest *key,
                      struct chimera_buffer *bytes, struct chimera_slice *ret_object)
{
    chimera_buffer_init(bytes, OBJECT_MAX);
    if (chimera_file_read(entry, bytes, NULL) == CHIMERA_OK &&
        is_sound(chimera_buffer_slice(bytes), key, ret_object)) {
        cache_touch(entry);
        return CHIMERA_OK;
    }
    unlink(entry);
    return CHIMERA_EIO;
}

bool chimera_cache_get_object(struct chimera_cache *cache, const struct chimera_digest *key,
                              const char *path)
{
    CHIMERA_FREE char *entry = object_path(cache, key);
    struct chimera_buffer bytes;
    struct chimera_slice object;
    bool is_found = false;
    if (!entry || access(entry, F_OK) < 0)
        return false;
    if (read_entry(entry, key, &bytes, &object) == CHIMERA_OK)
        is_found = chimera_file_write_scratch(path, object, NULL) == CHIMERA_OK;
    else
        cache_note_damage(cache, entry, "it is not what was written");
    chimera_buffer_free(&bytes);
    return is_found;
}

static void put_entry(const char *entry, const struct chimera_digest *key,
                      struct chimera_buffer *bytes, bool is_synced)
{
    struct chimera_digest digest;
    if (chimera_buffer_append(bytes, chimera_digest_slice(key)) < 0 ||
        chimera_digest_of(chimera_buffer_slice(bytes), &digest) < 0 ||
        chimera_buffer_append(bytes, chimera_digest_slice(&digest)) < 0)
        return;
    if (is_synced)
        chimera_file_write(entry, chimera_buffer_slice(bytes), CHIMERA_FILE_PRIVATE, NULL);
    else
        chimera_file_write_unsynced(entry, chimera_buffer_slice(bytes), CHIMERA_FILE_PRIVATE, NULL);
}

void chimera_cache_put_object(struct chimera_cache *cache, const struct chimera_digest *key,
                              const char *path)
{
    CHIMERA_FREE char *entry = object_path(cache, key);
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, OBJECT_MAX);
    if (entry && chimera_file_read(path, &bytes, NULL) == CHIMERA_OK)
        put_entry(entry, key, &bytes, true);
    chimera_buffer_free(&bytes);
}

/* --- Notes: objects of one word --- */

bool chimera_cache_has_note(const struct chimera_cache *cache, const struct chimera_digest *key)
{
    CHIMERA_FREE char *entry = object_path(cache, key);
    struct chimera_buffer bytes;
    struct chimera_slice object;
    if (!entry || access(entry, F_OK) < 0)
        return false;
    bool is_noted =
        read_entry(entry, key, &bytes, &object) == CHIMERA_OK && chimera_slice_is(object, NOTE);
    chimera_buffer_free(&bytes);
    return is_noted;
}

void chimera_cache_put_note(struct chimera_cache *cache, const struct chimera_digest *key)
{
    CHIMERA_FREE char *entry = object_path(cache, key);
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, OBJECT_MAX);
    if (entry && chimera_buffer_text(&bytes, NOTE) == CHIMERA_OK)
        put_entry(entry, key, &bytes, false); /* what a power cut takes is found out again */
    chimera_buffer_free(&bytes);
}
