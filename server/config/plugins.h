/* SPDX-License-Identifier: Apache-2.0 */
/* plugins.h - what was built for the policies, and how far the building is.
 *
 * Made by the builder (supervisor/builder.h) or read from a bundle; whoever loads policies or tells
 * of them needs no more of it than this.
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

/* How far a policy's module is. A byte of memory that processes share. */
enum build_progress { BUILD_NONE, BUILD_WAITS, BUILD_QUICK, BUILD_FULL, BUILD_FAILED };

/* A list with an element for each policy, and what the elements own. */
void built_plugins_free(struct built_plugin *plugins, size_t count);

#endif
