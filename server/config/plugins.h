/* SPDX-License-Identifier: Apache-2.0 */
/* plugins.h - what becomes of the modules of policies.yml: how far a build is, and what came of it.
 */
#ifndef CHIMERA_SERVER_CONFIG_PLUGINS_H
#define CHIMERA_SERVER_CONFIG_PLUGINS_H

#include <stdbool.h>
#include <stddef.h>

struct built_plugin { /* one of both texts is set; owned */
    char *path;       /* of the .so */
    char *failure;    /* why there is none */
    bool is_quick;    /* of the quick tier */
};

/* How far a policy's module is; none while there is no build. */
enum build_progress { BUILD_NONE, BUILD_WAITS, BUILD_QUICK, BUILD_FULL, BUILD_FAILED };

/* Frees the texts and the list. Does nothing when there is no list. */
void built_plugins_free(struct built_plugin *plugins, size_t count);

#endif
