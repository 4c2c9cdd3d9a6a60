/* SPDX-License-Identifier: Apache-2.0 */
/* children.h - the tenants' processes of one worker, as the supervisor sees them: made before it,
 * started again when they crash, ended with it.
 */
#ifndef CHIMERA_SERVER_TENANT_CHILDREN_H
#define CHIMERA_SERVER_TENANT_CHILDREN_H

#include <sys/types.h>

#include "server/base/role.h"
#include "server/config/generation.h"
#include "server/tenant/evaluator.h"
#include "server/tenant/tenant.h"

struct tenants; /* opaque */
struct broker;  /* capability/broker.h */

/* Starts all; what is given must outlive them, since a tenant may be started again. With no tenant
 * to start, *ret_tenants is NULL, which all below take. */
int tenants_start(const struct config *config, const struct generation *generation,
                  struct broker *broker, struct tenants **ret_tenants, struct chimera_error *err);

/* What a worker keeps and maps of them when it is forked: the descriptors in the links, and one
 * life a tenant. */
size_t tenants_list_links(const struct tenants *tenants, int *ret_fds, size_t room);
size_t tenants_list_lives(struct tenants *tenants, struct role_mapping *ret_mappings, size_t room);
/* In the worker, then: its ends, one a tenant. */
struct tenant_link *tenants_open_links(struct tenants *tenants);
/* In the supervisor, then. */
void tenants_close_links(struct tenants *tenants);

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
