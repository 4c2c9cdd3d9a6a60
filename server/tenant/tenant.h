/* SPDX-License-Identifier: Apache-2.0 */
/* tenant.h - the process that evaluates the policies of one tenant (config/tenant_plan.h).
 *
 * Forked by the supervisor, like a worker; it loads its policies, locks down as a worker does, and
 * answers each lane of its worker on a channel and a thread of its own. It ends when the worker
 * does.
 */
#ifndef CHIMERA_SERVER_TENANT_TENANT_H
#define CHIMERA_SERVER_TENANT_TENANT_H

#include <stdatomic.h>

#include "server/config/config.h"
#include "server/config/plugins.h"
#include "server/config/tenant_plan.h"

/* In memory that tenant, worker and supervisor share: odd while the tenant answers. The tenant
 * makes it odd when it is ready, the supervisor even again when the tenant is gone, so each life
 * has a number of its own. A tenant can lie with it about itself only. */
typedef _Atomic uint32_t tenant_life;

struct tenant_start { /* all borrowed */
    const struct config *config;
    const struct policies *policies;
    const struct built_plugin *plugins;
    const struct tenant_plan *plan;
    size_t tenant;
    unsigned lanes;
    const int *fds; /* one a lane */
    tenant_life *life;
    int supply_fd; /* lines to the broker come from there; -1: no host calls */
};

/* The exit code. */
int tenant_run(const struct tenant_start *start);

#endif
