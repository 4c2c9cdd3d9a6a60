/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plugin/mode.h"

#include <string.h>

struct mode_name {
    enum chimera_mode mode;
    const char *name;
};

static const struct mode_name mode_names[] = {
    {CHIMERA_MODE_NONE, "none"},       {CHIMERA_MODE_WAPC, "kubewarden-wapc"},
    {CHIMERA_MODE_WAPC, "kubewarden"}, {CHIMERA_MODE_WASI, "wasi"},
    {CHIMERA_MODE_OPA, "opa"},         {CHIMERA_MODE_GATEKEEPER, "gatekeeper"},
    {CHIMERA_MODE_CHIMERA, "chimera"},
};
#define MODE_NAMES (sizeof(mode_names) / sizeof(mode_names[0]))

const char *chimera_mode_name(enum chimera_mode mode)
{
    for (size_t i = 0; i < MODE_NAMES; i++) {
        if (mode_names[i].mode == mode)
            return mode_names[i].name;
    }
    return "unknown";
}

enum chimera_mode chimera_mode_parse(const char *name)
{
    for (size_t i = 0; i < MODE_NAMES; i++) {
        if (strcmp(mode_names[i].name, name) == 0)
            return mode_names[i].mode;
    }
    return CHIMERA_MODE_NONE;
}

const char *chimera_tier_name(enum chimera_tier tier)
{
    return tier == CHIMERA_TIER_QUICK ? "quick" : "full";
}
