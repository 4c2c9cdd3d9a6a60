/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - which releases the tools are of: asked once, and remembered while their files
 * stay the same.
 *
 * Asking costs a process each, a third of the time of a policy that runs from the cache. The memo
 * is a small text file, FOLDER/tools; a line holds when the tool's path leads to the same device,
 * inode, size and time of change. A memo that is not ours alone, or not as it was written, counts
 * as missing.
 */
#ifndef CHIMERA_COMPILER_TOOL_VERSION_H
#define CHIMERA_COMPILER_TOOL_VERSION_H

#include <stddef.h>

#include "runtime/base/error.h"

#define CHIMERA_TOOL_VERSION_MAX 24

struct tool_probe {
    const char *path;   /* NULL: nothing to do */
    const char *flag;   /* that makes it tell its version */
    const char *before; /* what stands before the number; "" for the beginning */
    char version[CHIMERA_TOOL_VERSION_MAX]; /* digits and dots; empty when it told none */
};

/* Fills `version` of all. `folder` is that of the cache, or NULL: ask all, keep nothing. */
int tool_versions(struct tool_probe *probes, size_t count, const char *folder,
                  struct chimera_error *err);

#endif
