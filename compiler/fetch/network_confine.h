/* SPDX-License-Identifier: Apache-2.0 */
/* network_confine.h - what a process that speaks to registries is kept from. */
#ifndef CHIMERA_COMPILER_FETCH_NETWORK_CONFINE_H
#define CHIMERA_COMPILER_FETCH_NETWORK_CONFINE_H

#include "runtime/base/error.h"

/* For this process, for good, while it has one thread: it writes in `writable` (NULL: nowhere),
 * reads what names and certificates need, connects, and runs nothing. */
int network_confine(const char *writable, struct chimera_error *err);

#endif
