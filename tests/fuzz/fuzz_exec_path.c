/* SPDX-License-Identifier: Apache-2.0 */
/* Any path of a program, in a folder with links that lead out of it: what is found lies below, and
 * what a call is given that walks no path is one name. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/wasi/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[PATH_MAX];
static struct chimera_wasi_entry folder = {.fd = -1, .type = WASI_FILETYPE_DIRECTORY};

static void remove_root(void)
{
    static const char *const names[] = {"a/b/f", "a/b/up", "a/b", "a", "out", "etc", "in", "loop"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlinkat(folder.fd, names[i], i == 2 || i == 3 ? AT_REMOVEDIR : 0);
    rmdir(root);
}

static void make_root(void)
{
    char template[] = "/tmp/chimera-fuzz-XXXXXX";
    if (!mkdtemp(template) || !realpath(template, root))
        abort();
    folder.fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_made =
        mkdirat(folder.fd, "a", 0700) == 0 && mkdirat(folder.fd, "a/b", 0700) == 0 &&
        mknodat(folder.fd, "a/b/f", S_IFREG | 0600, 0) == 0 &&
        symlinkat("../../..", folder.fd, "a/b/up") == 0 && symlinkat("..", folder.fd, "out") == 0 &&
        symlinkat("/etc", folder.fd, "etc") == 0 && symlinkat("a/b", folder.fd, "in") == 0 &&
        symlinkat("loop", folder.fd, "loop") == 0;
    if (!is_made)
        abort();
    atexit(remove_root);
}

static void check_is_below(int fd)
{
    char link[64], path[PATH_MAX + 1] = "";
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, PATH_MAX);
    size_t length = strlen(root);
    if (size < 0 || strncmp(path, root, length) != 0 ||
        (path[length] != '/' && path[length] != '\0'))
        abort();
}

/* Slashes may stand behind it. */
static void check_is_name(const char *name)
{
    size_t size = strcspn(name, "/");
    if (size == 0 || strspn(name + size, "/") != strlen(name + size) ||
        (size == 2 && memcmp(name, "..", 2) == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_wasi_path path = {.folder = &folder};
    struct chimera_wasi_place place;
    int fd;
    if (folder.fd < 0)
        make_root();
    if (size == 0 || size >= sizeof(path.text) || *data == '/' || memchr(data, '\0', size))
        return 0; /* refused before */
    memcpy(path.text, data, size);
    if (chimera_exec_path_open(&path, O_PATH, 0, &fd) == WASI_SUCCESS) {
        check_is_below(fd);
        close(fd);
    }
    if (chimera_exec_path_place(&path, &place) == WASI_SUCCESS) {
        check_is_below(place.folder);
        check_is_name(place.name);
        chimera_wasi_place_end(&place);
    }
    if (memcmp(path.text, data, size) != 0 || path.text[size] != '\0')
        abort();
    return 0;
}
