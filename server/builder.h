/* builder.h - has the `chimera` program build the plugins that policies.yml asks for.
 *
 * The server itself holds no compiler: building happens in a child, in the cache that the command
 * shares. Off the request path; used by the supervisor before it starts a worker.
 */
#ifndef CHIMERA_SERVER_BUILDER_H
#define CHIMERA_SERVER_BUILDER_H

#include "runtime/base/error.h"
#include "server/config.h"
#include "server/policies.h"

struct built_plugin { /* one of both is set; owned */
    char *path;       /* of the .so */
    char *failure;    /* why there is none */
};

/* Fills one element for each policy, in their order. A module that cannot be built fails the run
 * unless the configuration says to go on. CHILD_STOPPED (child.h) when `stop_fd` became readable
 * meanwhile. On success the caller ends *ret_plugins with builder_free(). */
int builder_run(const struct config *config, const struct policies *policies, int stop_fd,
                struct built_plugin **ret_plugins, struct chimera_error *err);
void builder_free(struct built_plugin *plugins, size_t count);

#endif
