/* SPDX-License-Identifier: Apache-2.0 */
/* audit_quick.h - reads all code of a quick-tier plugin, and knows every instruction in it.
 *
 * tcc writes some hundred forms of instructions, none of which can reach the kernel, the segments
 * or the protection keys. So what is not among them is refused, where the full tier's audit looks
 * in a disassembly for what is forbidden: this says more and takes milliseconds, while llvm-objdump
 * takes seconds, because tcc's code is four times as large. All of the executable segment is read
 * from its beginning; every jump and call must lead to where an instruction begins; and no function
 * may make a frame larger than CHIMERA_FRAME_MAX.
 */
#ifndef CHIMERA_COMPILER_NATIVE_AUDIT_QUICK_H
#define CHIMERA_COMPILER_NATIVE_AUDIT_QUICK_H

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

/* `code` is the executable segment. CHIMERA_EREFUSED; CHIMERA_ELIMIT when a frame is too large. */
int chimera_sweep(struct chimera_slice code, const char *path, struct chimera_error *err);

#endif
