/* SPDX-License-Identifier: Apache-2.0 */
/* host_broker.h - host calls of the policies that a command runs: answered by a broker, as in the
 * server, so that what speaks to registries and clusters is never the process that runs policies.
 *
 * One in the process. One thread.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_RUNNING_HOST_BROKER_H
#define CHIMERA_TOOLCHAIN_COMMAND_RUNNING_HOST_BROKER_H

#include "runtime/capability/source.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/policy_module.h"

/* Who answers, once there is a broker. */
struct chimera_capability_source *host_broker_source(void);

/* Can this module make host calls? */
bool host_broker_is_wanted(const struct policy_module *module);

/* Starts it, unless it runs; before policies do. */
int host_broker_start(const struct fetch_flags *flags, struct chimera_error *err);
/* Ends it. Does nothing when there is none. */
void host_broker_end(void);

#endif
