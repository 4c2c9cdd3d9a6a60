/* SPDX-License-Identifier: Apache-2.0 */
/* tracing.h - the host call tracing/log: a guest's line in the log. Every policy may make it. */
#ifndef CHIMERA_CAPABILITY_TRACING_H
#define CHIMERA_CAPABILITY_TRACING_H

#include "runtime/base/account.h"
#include "runtime/capability/grant.h"

/* What is no log entry is logged as such. `account` bears it and has back then what was taken; it
 * may be NULL. */
void chimera_tracing_log(const struct chimera_grants *grants, struct chimera_slice payload,
                         struct chimera_account *account);

#endif
