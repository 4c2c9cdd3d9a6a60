/* SPDX-License-Identifier: Apache-2.0 */
/* zone_store.h - time zones kept in memory, for a process that gives up opening files.
 *
 * A builtin reads a zone's file when it is asked for that zone. A server's worker cannot do that
 * any more: it reads all of them before, if a policy may ask for any.
 */
#ifndef CHIMERA_REGO_BUILTINS_TIME_ZONE_STORE_H
#define CHIMERA_REGO_BUILTINS_TIME_ZONE_STORE_H

#include <stdbool.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define CHIMERA_ZONE_FOLDER "/usr/share/zoneinfo"

/* Says that a policy uses the builtin of this name, which may need zones. */
void chimera_zones_note(const char *builtin);

/* Reads all zones of the system, if a policy may need them; a system without any is fine. Once, and
 * before other threads look for zones. What is read stays until the process ends. */
int chimera_zones_keep(struct chimera_error *err);

/* Whether the files are out of reach, because what there is was read. */
bool chimera_zones_are_kept(void);

/* The bytes of a kept zone; false when there is none of that name. */
bool chimera_zones_find(struct chimera_slice name, struct chimera_slice *ret_bytes);

#endif
