/* SPDX-License-Identifier: Apache-2.0 */
/* elf_audit.h - does a plugin's file hold what it may, and nothing else? */
#ifndef CHIMERA_PLUGIN_ELF_AUDIT_H
#define CHIMERA_PLUGIN_ELF_AUDIT_H

#include <stddef.h>
#include <sys/types.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/error.h"

/* The checks on the file alone, as the build runs them after the link (runtime-performance.md
 * §7.2). CHIMERA_MODE_NONE: it may import what any mode has. */
int chimera_elf_audit(const void *file, size_t size, const char *name, enum chimera_mode mode,
                      struct chimera_error *err);

/* The same of a file of this size. */
int chimera_elf_audit_fd(int fd, off_t size, const char *path, enum chimera_mode mode,
                         struct chimera_error *err);

#endif
