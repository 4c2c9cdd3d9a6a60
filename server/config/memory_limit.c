/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/memory_limit.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

#define NO_LIMIT SIZE_MAX
/* Version 1 writes a number near 2^63 where there is no limit. */
#define LIMIT_MAX ((size_t)1 << 60)

static size_t read_limit(const char *folder, const char *name)
{
    char path[PATH_MAX + 64], line[64] = "";
    int size = snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHIMERA_FCLOSE FILE *file = size < (int)sizeof(path) ? fopen(path, "re") : NULL;
    if (!file || !fgets(line, sizeof(line), file))
        return NO_LIMIT;
    /* "max" is no number. */
    const char *text = line;
    size_t number = 0;
    if (*text < '0' || *text > '9')
        return NO_LIMIT;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (number > LIMIT_MAX)
            return NO_LIMIT;
        number = number * 10 + (size_t)(*text - '0');
    }
    return number > LIMIT_MAX ? NO_LIMIT : number;
}

/* The cgroup's own and all above it, up to where they are mounted. A container sees its own at the
 * mount, and a path that does not exist there when it has no name space of cgroups. */
static size_t least_limit(const char *mount, const char *path, const char *name)
{
    char folder[PATH_MAX];
    size_t least = read_limit(mount, name);
    int size = snprintf(folder, sizeof(folder), "%s%s", mount, path);
    if (size < 0 || size >= (int)sizeof(folder))
        return least;
    while (strlen(folder) > strlen(mount)) {
        size_t limit = read_limit(folder, name);
        least = limit < least ? limit : least;
        *strrchr(folder, '/') = '\0';
    }
    return least;
}

/* Names separated by commas, up to a colon. */
static bool has_controller(const char *controllers, const char *name)
{
    for (;;) {
        size_t size = strcspn(controllers, ",:");
        if (size == strlen(name) && memcmp(controllers, name, size) == 0)
            return true;
        if (controllers[size] != ',')
            return false;
        controllers += size + 1;
    }
}

/* A line "NUMBER:CONTROLLERS:PATH"; version 2 has number 0 and no controllers. */
static size_t limit_of_line(const char *root, char *line)
{
    char mount[PATH_MAX];
    line[strcspn(line, "\n")] = '\0';
    const char *controllers = strchr(line, ':');
    const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path)
        return NO_LIMIT;
    bool is_second = controllers + 1 == path;
    if (!is_second && !has_controller(controllers + 1, "memory"))
        return NO_LIMIT;
    int size =
        snprintf(mount, sizeof(mount), "%s/sys/fs/cgroup%s", root, is_second ? "" : "/memory");
    if (size < 0 || size >= (int)sizeof(mount))
        return NO_LIMIT;
    return least_limit(mount, path + 1, is_second ? "memory.max" : "memory.limit_in_bytes");
}

bool memory_limit_of_cgroup(const char *root, size_t *ret_bytes)
{
    char path[PATH_MAX], line[PATH_MAX];
    size_t least = NO_LIMIT;
    snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
    CHIMERA_FCLOSE FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        size_t limit = limit_of_line(root, line);
        least = limit < least ? limit : least;
    }
    if (least == NO_LIMIT)
        return false;
    *ret_bytes = least;
    return true;
}

size_t memory_limit_of_machine(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (size_t)pages * (size_t)size : LIMIT_MAX;
}
