/* SPDX-License-Identifier: Apache-2.0 */
/* taken.h - a plugin that a trusted builder has left beside a policy in its registry, in place of
 * one that is compiled here.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_OPERATE_TAKEN_H
#define CHIMERA_TOOLCHAIN_COMMAND_OPERATE_TAKEN_H

#include "compiler/build.h"

struct taken_wanted {       /* borrowed */
    const char *plugin;     /* STEM.so, with its files beside it */
    const char *output;     /* copied to plugins/ in it; NULL: it stays where it is */
    enum chimera_mode mode; /* CHIMERA_MODE_NONE: any */
    enum chimera_tier tier; /* CHIMERA_TIER_ANY: any */
};

/* Fails when it is another than is wanted. The caller ends *ret_built. */
int taken_plugin(const struct taken_wanted *wanted, struct chimera_built *ret_built,
                 struct chimera_error *err);

#endif
