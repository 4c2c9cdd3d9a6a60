/* SPDX-License-Identifier: Apache-2.0 */
/* children.h - the jails of one worker, as the supervisor sees them: made before it, started
 * again when they crash, ended with it.
 */
#ifndef CHIMERA_SERVER_TENANT_CHILDREN_H
#define CHIMERA_SERVER_TENANT_CHILDREN_H

#include <sys/types.h>

#include "server/base/role.h"
#include "server/config/generation.h"
#include "server/tenant/evaluator.h"
#include "server/tenant/tenant.h"

struct jails; /* opaque */

/* Starts all; what is given must outlive them, since a jail may be started again. With no jail to
 * start, *ret_jails is NULL, which all below take. */
int jails_start(const struct config *config, const struct generation *generation,
                struct jails **ret_jails, struct chimera_error *err);

/* What a worker keeps and maps of them when it is forked: the descriptors in the links, and one
 * life a jail. */
size_t jails_list_links(const struct jails *jails, int *ret_fds, size_t room);
size_t jails_list_lives(struct jails *jails, struct role_mapping *ret_mappings, size_t room);
/* In the worker, then: its ends, one a jail. */
struct jail_link *jails_open_links(struct jails *jails);
/* In the supervisor, then. */
void jails_close_links(struct jails *jails);

/* True when this was one of them; it is started again after a pause. */
bool jails_reaped(struct jails *jails, pid_t pid, int status);

/* Starts what is due; when to be called again, INT64_MAX: never. */
int64_t jails_pass_time(struct jails *jails, int64_t now_ms);

/* How many there are, and the process of each; 0: none at the moment. */
size_t jails_count(const struct jails *jails);
pid_t jails_pid(const struct jails *jails, size_t jail);

/* Ends all, and waits for them. */
void jails_stop(struct jails *jails);

#endif
