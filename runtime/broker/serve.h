/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - the broker: a process that answers the host calls of others, by providers that it
 * loads. It has sockets, and no policy; who has policies has no sockets.
 */
#ifndef CHIMERA_BROKER_SERVE_H
#define CHIMERA_BROKER_SERVE_H

#include <stdbool.h>

#include <json-c/json.h>

#include "runtime/base/error.h"
#include "runtime/broker/tally.h"

struct chimera_broker_input {
    int control;  /* to the parent: lines come from there, and what it shall run goes there */
    int versions; /* memory file of CHIMERA_VERSION_COUNT numbers */
    struct json_object *settings;      /* provider.h */
    const char *const *plugin_folders; /* where providers are looked for, in this order; ends with
                                          NULL */
    const char *const *readable;       /* files and folders that providers read; ends with NULL */
    struct chimera_tally *tally;       /* for what is counted; NULL: nobody looks */
    bool must_confine; /* rather no broker than one that the kernel cannot confine */
};

/* Runs in a process of its own until the parent's end of `control` is closed, or SIGTERM comes. The
 * exit code. */
int chimera_broker_serve(const struct chimera_broker_input *input);

#endif
