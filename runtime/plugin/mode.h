/* SPDX-License-Identifier: Apache-2.0 */
/* mode.h - the names of execution modes and tiers. */
#ifndef CHIMERA_PLUGIN_MODE_H
#define CHIMERA_PLUGIN_MODE_H

#include "plugins/policy/plugin.h"

const char *chimera_mode_name(enum chimera_mode mode);
/* CHIMERA_MODE_NONE when the name is unknown. "kubewarden" is taken for "kubewarden-wapc". */
enum chimera_mode chimera_mode_parse(const char *name);
const char *chimera_tier_name(enum chimera_tier tier); /* "quick" or "full" */

#endif
