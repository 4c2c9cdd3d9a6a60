/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_folder.c - the files of a bundle: are they there, all of them and no other, and may nobody
 * else change them? */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/bundle.h"
#include "runtime/plugin/names.h"
#include "runtime/text/printable.h"

#define POLICIES_MAX ((off_t)64 << 20)
#define NAMES_MAX                                                                               \
    ((off_t)CHIMERA_NAMES_HEAD + (off_t)CHIMERA_NAMES_COUNT_MAX * (off_t)CHIMERA_NAMES_RECORD + \
     (off_t)CHIMERA_NAMES_BYTES_MAX)
#define OTHERS_MAX ((size_t)300) /* bytes of names that are told */

struct place { /* an open folder */
    int fd;
    const char *folder; /* the bundle's, for messages */
};

/* --- Who may write --- */

/* Who may write the manifest, or put another in its place, decides what we run. */
static int check_owner(const struct stat *status, const char *path, struct chimera_error *err)
{
    if (status->st_uid != 0 && status->st_uid != geteuid())
        return chimera_fail(
            err, CHIMERA_EREFUSED,
            "%s belongs to user %u, who could change what is served: it must belong "
            "to root or to user %u, who runs this",
            path, (unsigned)status->st_uid, (unsigned)geteuid());
    if (status->st_mode & (S_IWGRP | S_IWOTH))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "others may write %s (mode %04o), and so change what is served: "
                            "chmod go-w it",
                            path, (unsigned)status->st_mode & 07777);
    return CHIMERA_OK;
}

int chimera_bundle_check_owners(const char *folder, struct chimera_error *err)
{
    static const char *const names[] = {"", CHIMERA_BUNDLE_MANIFEST, CHIMERA_BUNDLE_PLUGINS};
    int code = CHIMERA_OK;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && code == CHIMERA_OK; i++) {
        CHIMERA_FREE char *path = chimera_path_join(folder, names[i]);
        struct stat status;
        if (!path)
            return chimera_fail_memory(err);
        if (lstat(path, &status) == 0 && !S_ISLNK(status.st_mode)) /* else it is refused as such */
            code = check_owner(&status, path, err);
    }
    return code;
}

/* It is read at once, so that nobody can change it behind our back. */
static int read_manifest(int folder_fd, const char *path, struct chimera_buffer *text,
                         struct chimera_error *err)
{
    struct stat status;
    CHIMERA_CLOSE int fd =
        openat(folder_fd, CHIMERA_BUNDLE_MANIFEST, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the bundle's %s: %s", path,
                            errno == ELOOP ? "it is a link" : strerror(errno));
    if (!S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EREFUSED, "%s is not a regular file", path);
    int code = check_owner(&status, path, err);
    return code < 0 ? code : chimera_fd_read(fd, path, text, err);
}

/* --- Files that must be there --- */

static int fail_to_read(const struct place *place, const char *name, struct chimera_error *err)
{
    if (errno != EACCES && errno != EPERM)
        return chimera_fail(err, CHIMERA_EIO, "the bundle %s lacks a file: %s: %s", place->folder,
                            name, strerror(errno));
    return chimera_fail(err, CHIMERA_EIO,
                        "%s in the bundle %s may not be read by this user: make the bundle again, "
                        "or run `chmod -R a+rX` on it",
                        name, place->folder);
}

/* Digests hold the contents; a link would make the bundle depend on what is outside of it. */
static int check_file(const struct place *place, const char *name, struct chimera_error *err)
{
    struct stat status;
    if (fstatat(place->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_to_read(place, name, err);
    if (!S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s in the bundle %s is a link or no file at all: make the bundle "
                            "again, or copy it whole",
                            name, place->folder);
    bool is_readable =
        status.st_mode & S_IROTH || faccessat(place->fd, name, R_OK, AT_EACCESS) == 0;
    return is_readable ? CHIMERA_OK : fail_to_read(place, name, err);
}

/* Of a file that check_file() has seen. */
static int check_digest(const struct place *place, const char *name, off_t limit,
                        const struct chimera_digest *wanted, struct chimera_error *err)
{
    struct stat status;
    struct chimera_digest digest;
    CHIMERA_CLOSE int fd = openat(place->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0)
        return fail_to_read(place, name, err);
    if (status.st_size > limit)
        return chimera_fail(err, CHIMERA_ELIMIT, "%s in the bundle %s is larger than %lld bytes",
                            name, place->folder, (long long)limit);
    int code = chimera_digest_of_part(fd, 0, status.st_size, &digest, err);
    if (code == CHIMERA_OK && memcmp(&digest, wanted, sizeof(digest)) != 0)
        code = chimera_fail(err, CHIMERA_EREFUSED,
                            "%s in the bundle %s is not the file that the bundle was made with: "
                            "the digests differ; make the bundle again",
                            name, place->folder);
    return code;
}

/* --- Beside the manifest --- */

static int check_documents(const struct place *place, const struct chimera_bundle *bundle,
                           struct chimera_error *err)
{
    const struct {
        const char *name;
        off_t limit;
        const struct chimera_digest *digest;
    } documents[] = {
        {CHIMERA_BUNDLE_POLICIES, POLICIES_MAX, &bundle->policies},
        {CHIMERA_BUNDLE_SBOM, (off_t)CHIMERA_BUNDLE_DOCUMENT_MAX, &bundle->sbom},
        {CHIMERA_BUNDLE_PROVENANCE, (off_t)CHIMERA_BUNDLE_DOCUMENT_MAX, &bundle->provenance},
    };
    int code = CHIMERA_OK;
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]) && code == CHIMERA_OK; i++) {
        code = check_file(place, documents[i].name, err);
        if (code == CHIMERA_OK)
            code = check_digest(place, documents[i].name, documents[i].limit, documents[i].digest,
                                err);
    }
    return code;
}

bool chimera_bundle_has_name(const char *name)
{
    static const char *const own[] = {".",
                                      "..",
                                      CHIMERA_BUNDLE_MANIFEST,
                                      CHIMERA_BUNDLE_SIGNATURE,
                                      CHIMERA_BUNDLE_POLICIES,
                                      CHIMERA_BUNDLE_SBOM,
                                      CHIMERA_BUNDLE_PROVENANCE,
                                      CHIMERA_BUNDLE_PLUGINS};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return false;
}

/* A stream of its own, whatever has been read of the descriptor. NULL: errno says why. */
static DIR *open_list(const struct place *place)
{
    int fd = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && !stream)
        close(fd);
    return stream;
}

static int fail_to_list(const struct place *place, struct chimera_error *err)
{
    return errno == ENOMEM ? chimera_fail_memory(err) : chimera_fail_errno(err, place->folder);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One line, of as many names as it has room for. Mounts and volumes have names of their own, so
 * these are told, not refused. */
static int say_others(char **names, size_t count, const char *folder, char **ret_line)
{
    struct chimera_buffer text;
    size_t told = 0;
    qsort(names, count, sizeof(*names), compare_names);
    chimera_buffer_init(&text, OTHERS_MAX + (size_t)8 * 4096);
    chimera_buffer_print(&text,
                         "the bundle %s has beside its own files what is no part of it: ", folder);
    size_t start = text.size;
    while (told < count && text.size - start < OTHERS_MAX) {
        chimera_buffer_text(&text, told > 0 ? ", " : "");
        chimera_printable_append(chimera_slice_of(names[told++]), NULL, &text);
    }
    if (told < count)
        chimera_buffer_print(&text, " and %zu more", count - told);
    chimera_buffer_byte(&text, '\0');
    int code = text.failed;
    *ret_line = code < 0 ? NULL : text.data; /* handed over */
    if (code < 0)
        chimera_buffer_free(&text);
    return code;
}

static int find_others(const struct place *place, char **ret_line, struct chimera_error *err)
{
    char **names = NULL;
    size_t count = 0;
    int code = CHIMERA_OK;
    DIR *stream = open_list(place);
    if (!stream)
        return fail_to_list(place, err);
    for (struct dirent *entry; code == CHIMERA_OK && (entry = readdir(stream));) {
        if (chimera_bundle_has_name(entry->d_name))
            continue;
        char **more = (char **)reallocarray((void *)names, count + 1, sizeof(*names));
        if (!more || !((names = more)[count] = strdup(entry->d_name)))
            code = CHIMERA_ENOMEM;
        else
            count++;
    }
    closedir(stream);
    if (code == CHIMERA_OK && count > 0)
        code = say_others(names, count, place->folder, ret_line);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free((void *)names);
    return code < 0 ? chimera_fail(err, code, "%s: %s", place->folder, chimera_code_text(code))
                    : CHIMERA_OK;
}

/* --- Below plugins/ --- */

static int check_known(const struct place *place, const struct chimera_bundle *bundle,
                       struct chimera_error *err)
{
    DIR *stream = open_list(place);
    int code = stream ? CHIMERA_OK : fail_to_list(place, err);
    for (struct dirent *entry; code == CHIMERA_OK && (entry = readdir(stream));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            chimera_bundle_find_file(bundle, name))
            continue;
        code = chimera_fail(err, CHIMERA_EREFUSED,
                            CHIMERA_BUNDLE_PLUGINS "/%s in the bundle %s is no part of it: remove "
                                                   "it, or make the bundle again",
                            name, place->folder);
    }
    if (stream)
        closedir(stream);
    return code;
}

static int check_plugin(const struct place *place, const struct chimera_bundle_plugin *plugin,
                        struct chimera_error *err)
{
    char name[CHIMERA_BUNDLE_STEM_MAX + 16];
    int code = CHIMERA_OK;
    for (size_t i = 0; i < CHIMERA_BUNDLE_PARTS && code == CHIMERA_OK; i++) {
        if (!plugin->file[i].is_there)
            continue;
        snprintf(name, sizeof(name), "%s.%s", plugin->stem, chimera_bundle_suffixes[i]);
        code = check_file(place, name, err);
        if (code == CHIMERA_OK && i == CHIMERA_BUNDLE_PART_NAMES) /* the loader reads the others */
            code = check_digest(place, name, NAMES_MAX, &plugin->file[i].digest, err);
    }
    return code;
}

static int check_plugins(const struct place *place, const struct chimera_bundle *bundle,
                         struct chimera_error *err)
{
    struct stat status;
    CHIMERA_FREE char *path = chimera_path_join(place->folder, CHIMERA_BUNDLE_PLUGINS);
    CHIMERA_CLOSE int fd =
        openat(place->fd, CHIMERA_BUNDLE_PLUGINS, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (!path)
        return chimera_fail_memory(err);
    if (fd < 0 && errno == ENOENT && bundle->count == 0)
        return CHIMERA_OK;
    if (fd < 0 && (errno == EACCES || errno == EPERM))
        return fail_to_read(place, CHIMERA_BUNDLE_PLUGINS, err);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "the bundle %s has no folder " CHIMERA_BUNDLE_PLUGINS ": %s",
                            place->folder, strerror(errno));
    const struct place plugins = {fd, place->folder};
    int code = check_owner(&status, path, err);
    if (code == CHIMERA_OK)
        code = check_known(&plugins, bundle, err);
    for (size_t i = 0; i < bundle->count && code == CHIMERA_OK; i++)
        code = check_plugin(&plugins, &bundle->plugin[i], err);
    return code;
}

/* --- All of it --- */

static int read_and_parse(const struct place *place, struct chimera_bundle *bundle,
                          struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(place->folder, CHIMERA_BUNDLE_MANIFEST);
    struct chimera_buffer text;
    if (!path)
        return chimera_fail_memory(err);
    chimera_buffer_init(&text, CHIMERA_BUNDLE_MANIFEST_MAX);
    int code = read_manifest(place->fd, path, &text, err);
    if (code == CHIMERA_OK)
        code = chimera_bundle_parse(chimera_buffer_slice(&text), path, bundle, err);
    if (code == CHIMERA_OK && chimera_digest_of(chimera_buffer_slice(&text), &bundle->self) < 0)
        code = chimera_fail_memory(err); /* it needs nothing else */
    chimera_buffer_free(&text);
    return code;
}

int chimera_bundle_read(const char *folder, struct chimera_bundle *ret_bundle,
                        struct chimera_error *err)
{
    struct stat status;
    struct chimera_bundle bundle = {0};
    CHIMERA_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the bundle %s: %s%s", folder,
                            strerror(errno),
                            errno == ENOTDIR ? "; an archive of one is unpacked first" : "");
    const struct place place = {fd, folder};
    int code = read_and_parse(&place, &bundle, err);
    if (code == CHIMERA_OK)
        code = check_owner(&status, folder, err);
    if (code == CHIMERA_OK)
        code = check_documents(&place, &bundle, err);
    if (code == CHIMERA_OK)
        code = check_plugins(&place, &bundle, err);
    if (code == CHIMERA_OK)
        code = find_others(&place, &bundle.others, err);
    if (code < 0)
        chimera_bundle_done(&bundle);
    else
        *ret_bundle = bundle; /* handed over */
    return code;
}
