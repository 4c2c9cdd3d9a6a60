/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/libraries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "toolchain/command/image/elf_needs.h"

#define FILE_MAX ((size_t)512 << 20)
#define DEPTH_MAX 32 /* libraries that need each other's libraries; they come round at once */
#define PATH_SIZE 4096
#define LIBC "libc.so.6"

/* glibc's own, as Debian and as others have them; those with a link in the way come last. */
static const char *const folders_amd64[] = {"usr/lib/x86_64-linux-gnu",
                                            "lib/x86_64-linux-gnu",
                                            "usr/lib64",
                                            "lib64",
                                            "usr/lib",
                                            "lib",
                                            "usr/local/lib",
                                            NULL};
static const char *const folders_arm64[] = {"usr/lib/aarch64-linux-gnu",
                                            "lib/aarch64-linux-gnu",
                                            "usr/lib64",
                                            "lib64",
                                            "usr/lib",
                                            "lib",
                                            "usr/local/lib",
                                            NULL};

static const char *const *folders_of(const struct image_libraries *libraries)
{
    return strcmp(libraries->architecture, "arm64") == 0 ? folders_arm64 : folders_amd64;
}

static int read_needs(const char *path, struct chimera_buffer *bytes, struct elf_needs *needs,
                      struct chimera_error *err)
{
    chimera_buffer_init(bytes, FILE_MAX);
    int code = chimera_file_read(path, bytes, err);
    return code < 0 ? code : elf_needs_read(chimera_buffer_slice(bytes), path, needs, err);
}

static int check_architecture(const struct image_libraries *libraries, const char *path,
                              const char *architecture, struct chimera_error *err)
{
    if (libraries->architecture && strcmp(libraries->architecture, architecture) != 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s is for %s, and the server for %s: an image has one architecture",
                            path, architecture, libraries->architecture);
    return CHIMERA_OK;
}

int image_libraries_check(const struct image_libraries *libraries, const char *path,
                          struct chimera_error *err)
{
    struct chimera_buffer bytes;
    struct elf_needs needs;
    int code = read_needs(path, &bytes, &needs, err);
    if (code == CHIMERA_OK)
        code = check_architecture(libraries, path, needs.architecture, err);
    chimera_buffer_free(&bytes);
    return code;
}

/* --- Where one is --- */

static bool is_file(char ret_path[PATH_SIZE], int size)
{
    return size > 0 && size < PATH_SIZE && access(ret_path, R_OK) == 0;
}

static bool find_in_system(const struct image_libraries *libraries, const char *name,
                           char ret_path[PATH_SIZE], const char **ret_folder)
{
    for (const char *const *folder = folders_of(libraries); *folder; folder++) {
        *ret_folder = *folder;
        if (is_file(ret_path,
                    snprintf(ret_path, PATH_SIZE, "%s/%s/%s", libraries->root, *folder, name)))
            return true;
    }
    return false;
}

/* In what the file says itself: folders with colons between them, of which $ORIGIN is its own. */
static bool find_in_search(const char *search, const char *from, const char *name,
                           char ret_path[PATH_SIZE])
{
    static const char origin[] = "$ORIGIN";
    const char *slash = strrchr(from, '/');
    while (search && *search) {
        int size = (int)strcspn(search, ":");
        bool is_own = strncmp(search, origin, sizeof(origin) - 1) == 0;
        int skipped = is_own ? (int)sizeof(origin) - 1 : 0;
        if (is_own && slash &&
            is_file(ret_path, snprintf(ret_path, PATH_SIZE, "%.*s%.*s/%s", (int)(slash - from),
                                       from, size - skipped, search + skipped, name)))
            return true;
        if (*search == '/' &&
            is_file(ret_path, snprintf(ret_path, PATH_SIZE, "%.*s/%s", size, search, name)))
            return true;
        search += size + (search[size] == ':');
    }
    return false;
}

static int find(const struct image_libraries *libraries, const struct elf_needs *needs,
                const char *from, const char *name, char ret_path[PATH_SIZE],
                struct chimera_error *err)
{
    const char *folder = NULL;
    if (find_in_search(needs->search, from, name, ret_path) ||
        find_in_system(libraries, name, ret_path, &folder))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EIO,
                        "%s needs the library %s, which is in none of the system's folders: "
                        "install the package that has it, for the image needs it, too",
                        from, name);
}

/* --- All of them --- */

static int add_loader(struct image_libraries *libraries, const struct elf_needs *needs,
                      struct chimera_error *err)
{
    char path[PATH_SIZE];
    if (!needs->interpreter)
        return CHIMERA_OK;
    if (*needs->interpreter != '/' ||
        !is_file(path, snprintf(path, sizeof(path), "%s%s", libraries->root, needs->interpreter)))
        return chimera_fail(err, CHIMERA_EIO, "the dynamic loader %s is not here",
                            needs->interpreter);
    return image_tree_add_file(libraries->tree, needs->interpreter + 1, path, 0755, err);
}

/* Of glibc's folders the one that this system uses. */
static int find_folder(struct image_libraries *libraries, struct chimera_error *err)
{
    char path[PATH_SIZE];
    const char *folder = NULL;
    if (libraries->folder[0])
        return CHIMERA_OK;
    if (!find_in_system(libraries, LIBC, path, &folder))
        return chimera_fail(err, CHIMERA_EIO,
                            "this system has no " LIBC " for %s: an image is made where its "
                            "server runs",
                            libraries->architecture);
    snprintf(libraries->folder, sizeof(libraries->folder), "%s", folder);
    return CHIMERA_OK;
}

static int add_needs(struct image_libraries *libraries, const char *path, unsigned depth,
                     struct chimera_error *err);

/* The loader is at its own path, and is known to itself by its name. */
static bool is_loader(const struct image_libraries *libraries, const char *name)
{
    for (size_t i = 0; i < libraries->tree->count; i++) {
        const char *slash = strrchr(libraries->tree->entry[i].path, '/');
        if (slash && strcmp(slash + 1, name) == 0 && strncmp(name, "ld-linux", 8) == 0)
            return true;
    }
    return false;
}

static int add_library(struct image_libraries *libraries, const struct elf_needs *needs,
                       const char *from, size_t at, unsigned depth, struct chimera_error *err)
{
    char path[PATH_SIZE], place[PATH_SIZE];
    const char *name = needs->name[at];
    if (is_loader(libraries, name))
        return CHIMERA_OK;
    int size = snprintf(place, sizeof(place), "%s/%s", libraries->folder, name);
    if (size < 0 || (size_t)size >= sizeof(place))
        return chimera_fail(err, CHIMERA_ELIMIT, "%s needs a library with a name that is too long",
                            from);
    if (image_tree_find(libraries->tree, place)) /* one of a name, as in the loader */
        return CHIMERA_OK;
    int code = find(libraries, needs, from, name, path, err);
    if (code == CHIMERA_OK)
        code = image_tree_add_file(libraries->tree, place, path, 0644, err);
    return code < 0 ? code : add_needs(libraries, path, depth + 1, err);
}

static int add_needs(struct image_libraries *libraries, const char *path, unsigned depth,
                     struct chimera_error *err)
{
    struct chimera_buffer bytes;
    struct elf_needs needs = {0};
    if (depth > DEPTH_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "%s: libraries need each other without an end",
                            path);
    int code = read_needs(path, &bytes, &needs, err);
    if (code == CHIMERA_OK)
        code = check_architecture(libraries, path, needs.architecture, err);
    if (code == CHIMERA_OK && !libraries->architecture)
        libraries->architecture = needs.architecture;
    if (code == CHIMERA_OK)
        code = find_folder(libraries, err);
    if (code == CHIMERA_OK)
        code = add_loader(libraries, &needs, err);
    for (size_t i = 0; code == CHIMERA_OK && i < needs.count; i++)
        code = add_library(libraries, &needs, path, i, depth, err);
    chimera_buffer_free(&bytes);
    return code;
}

int image_libraries_add(struct image_libraries *libraries, const char *path,
                        struct chimera_error *err)
{
    return add_needs(libraries, path, 0, err);
}
