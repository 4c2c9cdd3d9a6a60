/* SPDX-License-Identifier: Apache-2.0 */
/* builder.h - has the `chimera` program fetch the modules and build the plugins that policies.yml
 * asks for.
 *
 * The server itself holds no compiler: building happens in a child, in the cache that the command
 * shares. Waits for it, so the supervisor runs it in a process of its own: build_child.h.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_BUILDER_H
#define CHIMERA_SERVER_SUPERVISOR_BUILDER_H

#include "runtime/base/error.h"
#include "runtime/source/policies.h"
#include "server/config/config.h"
#include "server/config/plugins.h"

struct builder_input { /* what to build; borrowed */
    const struct config *config;
    const struct policies *policies;
    bool is_full; /* the full tier; else what is there soonest */
    /* One a policy: what serves now, whose modules these shall be: nothing is asked for again.
     * NULL: what the registries say now. */
    const struct built_plugin *served;
    uint8_t *progress; /* an enum build_progress for each policy, BUILD_WAITS; written as it goes */
};

/* Fills one element for each policy, in their order; a module that cannot be built is told in it,
 * and the others are built all the same, so that one start tells all that is wrong. On success the
 * caller ends *ret_plugins with built_plugins_free(). */
int builder_run(const struct builder_input *input, struct built_plugin **ret_plugins,
                struct chimera_error *err);

#endif
