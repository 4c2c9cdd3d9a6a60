/* SPDX-License-Identifier: Apache-2.0 */
/* network_confine.h - what a process that speaks to registries is kept from. */
#ifndef CHIMERA_COMPILER_FETCH_NETWORK_CONFINE_H
#define CHIMERA_COMPILER_FETCH_NETWORK_CONFINE_H

#include "compiler/fetch/network_child.h"

/* For this process, for good, while it has one thread: it uses the folder, reads what names and
 * certificates need, connects, and runs nothing. */
int network_confine(struct chimera_network_folder folder, struct chimera_error *err);

#endif
