/* SPDX-License-Identifier: Apache-2.0 */
/* link.h - objects to a plugin's .so: one exported symbol, no libraries, stripped, reproducible. */
#ifndef CHIMERA_COMPILER_NATIVE_LINK_H
#define CHIMERA_COMPILER_NATIVE_LINK_H

#include <stddef.h>

#include "compiler/native/part.h"
#include "compiler/tool/tools.h"

struct chimera_link_job { /* all borrowed */
    const struct chimera_tools *tools;
    enum chimera_tier tier;
    const char *folder; /* scratch: scripts and map go there, and the linker works in one of its own
                         * in it */
    const struct chimera_part *parts; /* compiled; their objects are linked in this order */
    size_t count;
    const char *output; /* relative to `folder`, or absolute; on the same file system */
};

int chimera_link(const struct chimera_link_job *job, struct chimera_error *err);

#endif
