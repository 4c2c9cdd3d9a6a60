/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/hex.h"
#include "runtime/source/module_place.h"
#include "runtime/source/user_folders.h"

#define POLICIES_MAX ((size_t)100000)
#define DEPTH_MAX 64 /* folders below the root */
#define URI_BYTES_MAX ((size_t)8192)

static const char *const SCHEMES[] = {"http", "https", "registry"};
#define SCHEME_COUNT (sizeof(SCHEMES) / sizeof(SCHEMES[0]))

char *chimera_store_default(void)
{
    return chimera_user_path(chimera_user_cache_folder(), "store");
}

/* --- Listing --- */

struct list {
    struct chimera_stored *stored; /* owned */
    size_t count, room;
    const char *root;
};

void chimera_stored_done(struct chimera_stored *stored)
{
    free(stored->uri);
    free(stored->path);
    *stored = (struct chimera_stored){0};
}

void chimera_store_list_done(struct chimera_stored *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        chimera_stored_done(&list[i]);
    free(list);
}

/* "SCHEME/HOST/PATH" as a URI; NULL when it is no policy's: it has to lead back to the file. */
static char *uri_of(const char *root, const char *path)
{
    const char *inside = path + strlen(root) + 1, *slash = strchr(inside, '/');
    char *uri = NULL;
    if (!slash || strlen(inside) > URI_BYTES_MAX ||
        asprintf(&uri, "%.*s://%s", (int)(slash - inside), inside, slash + 1) < 0)
        return NULL;
    struct chimera_module_place place = {0};
    bool is_its_own = chimera_module_locate(uri, root, &place, NULL) == CHIMERA_OK &&
                      strcmp(place.path, path) == 0;
    chimera_module_place_done(&place);
    if (is_its_own)
        return uri;
    free(uri);
    return NULL;
}

static int read_digest(struct chimera_stored *stored, struct chimera_error *err)
{
    struct stat status;
    struct chimera_error why = {0};
    CHIMERA_CLOSE int fd = open(stored->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", stored->path, strerror(errno));
    stored->size = (uint64_t)status.st_size;
    int code = chimera_digest_of_fd(fd, &stored->digest, &why);
    return code < 0 ? chimera_fail(err, code, "%s: %s", stored->path, why.text) : CHIMERA_OK;
}

static int make_room(struct list *list, struct chimera_error *err)
{
    if (list->count < list->room)
        return CHIMERA_OK;
    if (list->count >= POLICIES_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "more than %zu policies are in %s", POLICIES_MAX,
                            list->root);
    size_t room = list->room ? 2 * list->room : 64;
    struct chimera_stored *grown = reallocarray(list->stored, room, sizeof(*grown));
    if (!grown)
        return chimera_fail_memory(err);
    list->stored = grown;
    list->room = room;
    return CHIMERA_OK;
}

/* One that another process has just removed is none. */
static int add(struct list *list, const char *path, struct chimera_error *err)
{
    int code = make_room(list, err);
    struct chimera_stored stored = {.uri = uri_of(list->root, path)};
    if (code < 0 || !stored.uri) {
        free(stored.uri);
        return code;
    }
    stored.path = strdup(path);
    code = stored.path ? read_digest(&stored, err) : chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        list->stored[list->count++] = stored;
    else
        chimera_stored_done(&stored);
    return code == CHIMERA_EIO && access(path, F_OK) < 0 && errno == ENOENT ? CHIMERA_OK : code;
}

/* A link to a file counts, as it does where a policy is looked for; one to a folder does not, as it
 * could lead round. */
static bool is_file(const FTSENT *entry)
{
    struct stat status;
    return entry->fts_info == FTS_F ||
           (entry->fts_info == FTS_SL && stat(entry->fts_accpath, &status) == 0 &&
            S_ISREG(status.st_mode));
}

static int walk(FTS *tree, struct list *list, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (FTSENT *entry; code == CHIMERA_OK && (entry = fts_read(tree));) {
        bool is_unreadable = entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR;
        if (is_unreadable && entry->fts_errno != ENOENT)
            code = chimera_fail(err, CHIMERA_EIO, "cannot read %s: %s", entry->fts_path,
                                strerror(entry->fts_errno));
        else if (is_file(entry))
            code = add(list, entry->fts_path, err);
        else if (entry->fts_info == FTS_D && entry->fts_level >= DEPTH_MAX)
            fts_set(tree, entry, FTS_SKIP);
    }
    return code;
}

/* A scheme that is not there has none. */
static int list_scheme(struct list *list, const char *scheme, struct chimera_error *err)
{
    CHIMERA_FREE char *folder = chimera_path_join(list->root, scheme);
    if (!folder)
        return chimera_fail_memory(err);
    char *const folders[] = {folder, NULL};
    FTS *tree = fts_open(folders, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!tree)
        return chimera_fail(err, CHIMERA_EIO, "cannot read %s: %s", folder, strerror(errno));
    int code = walk(tree, list, err);
    fts_close(tree);
    return code;
}

static int by_uri(const void *left, const void *right)
{
    const struct chimera_stored *a = left, *b = right;
    return strcmp(a->uri, b->uri);
}

int chimera_store_list(const char *root, struct chimera_stored **ret_list, size_t *ret_count,
                       struct chimera_error *err)
{
    struct list list = {.root = root};
    int code = CHIMERA_OK;
    for (size_t i = 0; i < SCHEME_COUNT && code == CHIMERA_OK; i++)
        code = list_scheme(&list, SCHEMES[i], err);
    if (code < 0) {
        chimera_store_list_done(list.stored, list.count);
        return code;
    }
    if (list.count > 0)
        qsort(list.stored, list.count, sizeof(*list.stored), by_uri);
    *ret_list = list.stored;
    *ret_count = list.count;
    return CHIMERA_OK;
}

/* --- One of them --- */

int chimera_store_find_prefix(const char *root, const char *prefix,
                              struct chimera_stored *ret_stored, struct chimera_error *err)
{
    struct chimera_stored *list = NULL, *found = NULL;
    size_t count = 0, matches = 0;
    /* Nothing is hashed for what can be no beginning of a digest. */
    size_t size = 0;
    while (prefix[size] && chimera_hex_value(prefix[size]) >= 0)
        size++;
    int code = size > 0 && size < CHIMERA_DIGEST_HEX && !prefix[size]
                   ? chimera_store_list(root, &list, &count, err)
                   : CHIMERA_OK;
    if (code < 0)
        return code;
    for (size_t i = 0; i < count; i++) {
        char hex[CHIMERA_DIGEST_HEX];
        chimera_digest_hex(&list[i].digest, hex);
        if (strncasecmp(hex, prefix, strlen(prefix)) != 0)
            continue;
        found = &list[i];
        matches++;
    }
    if (matches > 1)
        code = chimera_fail(err, CHIMERA_EINVAL, "multiple policies found with the same prefix: %s",
                            prefix);
    else if (found) {
        *ret_stored = *found;
        *found = (struct chimera_stored){0}; /* handed over */
    } else
        *ret_stored = (struct chimera_stored){0};
    chimera_store_list_done(list, count);
    return code;
}

char *chimera_store_signatures_path(const char *root, const char *path)
{
    char *signatures = NULL;
    return asprintf(&signatures, "%s/" CHIMERA_STORE_SIGNATURES "%s.json", root,
                    path + strlen(root) + 1) < 0
               ? NULL
               : signatures;
}

/* And the folders that are empty then; `path` is cut. */
static int remove_file(size_t root_size, char *path)
{
    if (unlink(path) < 0)
        return -1;
    chimera_file_sync_folder_of(path);
    for (char *slash; (slash = strrchr(path, '/')) && (size_t)(slash - path) > root_size;) {
        *slash = '\0';
        if (rmdir(path) < 0) /* not empty, most likely; the policy is gone in any case */
            break;
    }
    return 0;
}

/* A folder that is a link would lead elsewhere, where nothing is ours. */
static int check_inside(const char *root, const char *path, struct chimera_error *err)
{
    CHIMERA_FREE char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
    CHIMERA_FREE char *real = folder ? realpath(folder, NULL) : NULL;
    CHIMERA_FREE char *real_root = realpath(root, NULL);
    size_t size = real_root ? strlen(real_root) : 0;
    if (!real || !real_root)
        return chimera_fail(err, CHIMERA_EIO, "%s", strerror(errno));
    if (strncmp(real, real_root, size) == 0 && (real[size] == '/' || !real[size]))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EREFUSED, "a link leads out of the store, to %s", real);
}

int chimera_store_remove(const char *root, const char *path, struct chimera_error *err)
{
    size_t size = strlen(root);
    if (strncmp(path, root, size) != 0 || path[size] != '/')
        return chimera_fail(err, CHIMERA_EREFUSED, "%s is not in the store %s", path, root);
    int code = check_inside(root, path, err);
    if (code < 0)
        return code;
    CHIMERA_FREE char *part = strdup(path);
    CHIMERA_FREE char *signatures = chimera_store_signatures_path(root, path);
    if (!part || !signatures)
        return chimera_fail_memory(err);
    if (remove_file(size, part) < 0)
        return chimera_fail(err, CHIMERA_EIO, "%s", strerror(errno));
    if (remove_file(size, signatures) < 0 && errno != ENOENT && errno != ENOTDIR)
        return chimera_fail(err, CHIMERA_EIO, "its signatures: %s", strerror(errno));
    chimera_store_image_forget(root, path);
    return CHIMERA_OK;
}
