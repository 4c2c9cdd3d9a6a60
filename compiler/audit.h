/* audit.h - proof after the link that a plugin holds what it may and nothing else.
 *
 * The ELF checks of the loader, and a disassembly of all its code in search of instructions that
 * generated C cannot contain (settled question 11).
 */
#ifndef CHIMERA_COMPILER_AUDIT_H
#define CHIMERA_COMPILER_AUDIT_H

#include "compiler/tools.h"

/* CHIMERA_EREFUSED with the finding. */
int chimera_audit(const struct chimera_tools *tools, const char *path, struct chimera_error *err);

#endif
