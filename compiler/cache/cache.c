/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cache/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cache/cache_internal.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

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

/* Not synced: one that a power cut takes away, with all that is in it, is made again. */
static int make_folder(const char *parent, const char *name, char **ret_path,
                       struct chimera_error *err)
{
    *ret_path = chimera_path_join(parent, name);
    if (!*ret_path)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot open the cache: out of memory");
    struct stat status;
    if ((mkdir(*ret_path, CHIMERA_FOLDER_PRIVATE) < 0 && errno != EEXIST) ||
        stat(*ret_path, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot make %s: %s", *ret_path, strerror(errno));
    return S_ISDIR(status.st_mode)
               ? CHIMERA_OK
               : chimera_fail(err, CHIMERA_EIO, "cannot make %s: %s", *ret_path, strerror(ENOTDIR));
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

/* Nobody has named it on the command line, so a variable has, or can. */
static int name_variable(const char *folder, int code, struct chimera_error *err)
{
    const char *own = getenv("CHIMERA_CACHE_DIR"), *shared = getenv("XDG_CACHE_HOME");
    struct chimera_error why = {0};
    if (!err)
        return code;
    why = *err;
    if (own && *own)
        return chimera_fail(err, code, "CHIMERA_CACHE_DIR=%.300s: %.600s", own, why.text);
    return chimera_fail(err, code,
                        "%.600s: the cache is %.300s, by %s; CHIMERA_CACHE_DIR may name another "
                        "folder",
                        why.text, folder, shared && shared[0] == '/' ? "XDG_CACHE_HOME" : "HOME");
}

int chimera_cache_open(const char *folder, uint64_t limit, struct chimera_cache **ret_cache,
                       struct chimera_error *err)
{
    struct chimera_cache *cache = calloc(1, sizeof(*cache));
    if (!cache)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot open the cache: out of memory");
    cache->limit = limit;
    cache->scratch_lock = -1;
    int code = CHIMERA_OK;
    if (folder)
        cache->folder = strdup(folder);
    else
        code = chimera_cache_folder(&cache->folder, err);
    if (code == CHIMERA_OK && !cache->folder)
        code = chimera_fail(err, CHIMERA_ENOMEM, "cannot open the cache: out of memory");
    if (code == CHIMERA_OK)
        code = chimera_folder_make(cache->folder, CHIMERA_FOLDER_PRIVATE, err);
    if (code < 0 && !folder && cache->folder)
        code = name_variable(cache->folder, code, err);
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
    if (cache->scratch_lock >= 0)
        close(cache->scratch_lock);
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

/* --- Damage --- */

void cache_note_damage(struct chimera_cache *cache, const char *path, const char *what)
{
    if (cache->damage_count++ == 0)
        chimera_fail(&cache->damage, CHIMERA_EIO, "%s: %s", path, what);
}

bool chimera_cache_take_damage(struct chimera_cache *cache, struct chimera_error *ret_damage)
{
    if (cache->damage_count == 0)
        return false;
    if (cache->damage_count == 1)
        *ret_damage = cache->damage;
    else
        chimera_fail(ret_damage, cache->damage.code, "%.900s; and %zu more", cache->damage.text,
                     cache->damage_count - 1);
    cache->damage_count = 0;
    return true;
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
    /* Held as long as the process lives, so that what a killed one leaves can be told from what is
     * in use. Best effort: some file systems have no locks. */
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cache->scratch_lock >= 0)
        close(cache->scratch_lock);
    cache->scratch_lock = fd;
    if (fd >= 0)
        flock(fd, LOCK_EX | LOCK_NB);
    *ret_folder = folder;
    return CHIMERA_OK;
}
