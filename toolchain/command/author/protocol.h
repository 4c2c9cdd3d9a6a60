/* SPDX-License-Identifier: Apache-2.0 */
/* protocol.h - which version of waPC's protocol a policy speaks: the policy knows, so it is built
 * and asked. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_PROTOCOL_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_PROTOCOL_H

#include "runtime/base/error.h"
#include "runtime/policy/metadata.h"

/* Of the module at `path`. It is granted nothing, and has ten seconds. The plugin stays mapped
 * until the process ends, and stays in the cache. */
int protocol_ask(const char *path, enum chimera_protocol *ret_protocol, struct chimera_error *err);

#endif
