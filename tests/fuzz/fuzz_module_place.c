/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as the name of a module: what has a place lies in the store, under a name that cannot
 * mislead, and its URI leads to the same place. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/source/module_place.h"

#define STORE "/store"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
    if (strncmp(path, STORE "/", strlen(STORE "/")) != 0 || strstr(path, "//") ||
        strstr(path, "/../") || strstr(path, "/./") || path[strlen(path) - 1] == '/')
        abort();
    const char *last = strrchr(path, '/') + 1;
    if (strcmp(last, "..") == 0 || strcmp(last, ".") == 0)
        abort();
    for (; *path; path++)
        if (*path <= ' ' || *path >= 0x7F)
            abort();
}

static void check_stored(const struct chimera_module_place *place)
{
    struct chimera_module_place again;
    check_path(place->path);
    if (chimera_module_locate(place->uri, STORE, &again, NULL) < 0 || again.is_local ||
        strcmp(again.path, place->path) != 0 || strcmp(again.uri, place->uri) != 0)
        abort();
    chimera_module_place_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup(size ? (const char *)data : "", size);
    struct chimera_module_place place;
    struct chimera_error err = {0};
    if (text && chimera_module_locate(text, STORE, &place, &err) == 0) {
        if (!place.is_local)
            check_stored(&place);
        chimera_module_place_done(&place);
    } else if (text && !err.text[0]) {
        abort();
    }
    free(text);
    return 0;
}
