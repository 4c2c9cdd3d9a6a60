/* SPDX-License-Identifier: Apache-2.0 */
/* children.h - the tenants' processes of one worker, as the supervisor sees them: made before it,
 * started again when they crash, ended with it.
 */
#ifndef CHIMERA_SERVER_TENANT_CHILDREN_H
#define CHIMERA_SERVER_TENANT_CHILDREN_H

#include <sys/types.h>

#include "server/tenant/evaluator.h"
#include "server/tenant/tenant.h"

struct tenants; /* opaque */

/* Starts all; what is given must outlive them, since a tenant may be started again. With no tenant
 * to start, *ret_tenants is NULL, which all below take. */
int tenants_start(const struct config *config, const struct policies *policies,
                  const struct built_plugin *plugins, const struct tenant_plan *plan,
                  struct tenants **ret_tenants, struct chimera_error *err);

/* In the worker, once it is forked, and before it closes what is not its own: its ends, one a
 * tenant. False when memory ran out. */
bool tenants_open_links(struct tenants *tenants, struct tenant_link **ret_links);
/* In the supervisor, then. */
void tenants_close_links(struct tenants *tenants);

/* The descriptors in the links, for who closes all others. */
size_t tenants_list_links(const struct tenants *tenants, int *ret_fds, size_t room);

/* True when this was one of them; it is started again after a pause. */
bool tenants_reaped(struct tenants *tenants, pid_t pid, int status);

/* Starts what is due; when to be called again, INT64_MAX: never. */
int64_t tenants_pass_time(struct tenants *tenants, int64_t now_ms);

/* How many there are, and the process of each; 0: none at the moment. */
size_t tenants_count(const struct tenants *tenants);
pid_t tenants_pid(const struct tenants *tenants, size_t tenant);

/* Ends all, and waits for them. */
void tenants_stop(struct tenants *tenants);

#endif
