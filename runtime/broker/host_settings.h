/* SPDX-License-Identifier: Apache-2.0 */
/* host_settings.h - what the broker is started with: where its providers lie, their settings, and
 * the files that they read. For the server and the command alike.
 */
#ifndef CHIMERA_BROKER_HOST_SETTINGS_H
#define CHIMERA_BROKER_HOST_SETTINGS_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

#define CHIMERA_HOST_FOLDERS_MAX 4
#define CHIMERA_HOST_READABLE_MAX 16

struct chimera_host_sources { /* borrowed; NULL: none */
    const char *sources;      /* sources.yml */
    const char *sigstore_trust_config;
    const char *docker_config;    /* folder */
    const char *library_folder;   /* of an installation, from its root: lib/x86_64-linux-gnu */
    const char *installed_folder; /* where providers were meant to be installed */
    uint64_t cluster_memory;      /* bytes of the cluster's objects; 0: the provider's default */
};

struct chimera_host_settings {
    struct json_object *settings;                             /* owned; as provider.h has it */
    const char *plugin_folders[CHIMERA_HOST_FOLDERS_MAX + 1]; /* owned texts; ends with NULL */
    const char *readable[CHIMERA_HOST_READABLE_MAX + 1];      /* owned texts; ends with NULL */
};

/* Without a cluster "kubernetes" is null. */
int chimera_host_settings_read(const struct chimera_host_sources *sources,
                               struct chimera_host_settings *ret_settings,
                               struct chimera_error *err);
void chimera_host_settings_end(struct chimera_host_settings *settings);

/* For the broker's parent (parent_call.h): runs a program that the operator's files name, and no
 * other. The context is a struct chimera_host_sources. */
int chimera_host_settings_run(void *context, const char *what, struct chimera_slice argument,
                              struct chimera_buffer *answer, struct chimera_error *err);

#endif
