/* SPDX-License-Identifier: Apache-2.0 */
/* plugins.h - what becomes of the modules of policies.yml: how far a build is, and what came of it.
 */
#ifndef CHIMERA_SERVER_CONFIG_PLUGINS_H
#define CHIMERA_SERVER_CONFIG_PLUGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module_origin { /* of a module that was fetched; texts owned, NULL where there is none */
    char *digest;      /* of its manifest: "sha256:…" */
    char *signers;     /* who signed it, for people: a line each */
    char *module;      /* of the module itself, when it was verified: "sha256:…" */
    int64_t fetched_s; /* when it was last asked for, since 1970; 0: never */
};
void module_origin_done(struct module_origin *origin);
/* False when memory ran out; then there is nothing to end. */
bool module_origin_copy(const struct module_origin *origin, struct module_origin *ret_copy);

struct built_plugin { /* one of both texts is set; owned */
    char *path;       /* of the .so */
    char *failure;    /* why there is none */
    bool is_quick;    /* of the quick tier */
    bool has_module;  /* the module was had, and verified if it must be */
    struct module_origin origin;
};

/* How far a policy's module is; none while there is no build. */
enum build_progress {
    BUILD_NONE,
    BUILD_FETCHES,
    BUILD_WAITS,
    BUILD_QUICK,
    BUILD_FULL,
    BUILD_FAILED
};

/* Frees the texts and the list. Does nothing when there is no list. */
void built_plugins_free(struct built_plugin *plugins, size_t count);

#endif
