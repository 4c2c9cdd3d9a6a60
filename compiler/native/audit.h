/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - proof after the link that a plugin holds what it may and nothing else.
 *
 * The ELF checks of the loader, and: for the full tier a disassembly of all its code in search of
 * instructions that generated C cannot contain; for the quick tier our own sweep (audit_quick.h),
 * which knows every instruction that may be there.
 */
#ifndef CHIMERA_COMPILER_NATIVE_AUDIT_H
#define CHIMERA_COMPILER_NATIVE_AUDIT_H

#include "compiler/tool/tools.h"

/* CHIMERA_EREFUSED with the finding; CHIMERA_ELIMIT for a frame of the quick tier that is too
 * large. */
int chimera_audit(const struct chimera_tools *tools, enum chimera_tier tier, const char *path,
                  struct chimera_error *err);

#endif
