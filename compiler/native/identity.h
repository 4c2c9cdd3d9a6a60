/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h - what names a plugin's bytes: the tools, what they are told, and the module.
 *
 * "chimera-0.1.0 abi-2 wabt-1.0.32 clang-19.1.7 lld-19.1.7 O1 x86-64 flags-0123456789ab
 * sources-0123456789ab" is all that decides them for given WebAssembly: two digests have what tools
 * and linker's script say, and the prelude with what translation writes. The quick tier has
 * "tcc-0.9.27 quick" there, and no linker. runtime/plugin/toolchain.h tells how two differ.
 */
#ifndef CHIMERA_COMPILER_NATIVE_IDENTITY_H
#define CHIMERA_COMPILER_NATIVE_IDENTITY_H

#include "compiler/tool/tools.h"
#include "runtime/base/digest.h"

/* Fills the identity of a tier whose versions are known. `prelude` is the digest of the sources
 * that go into every plugin. */
int chimera_tools_identify(struct chimera_tools *tools, enum chimera_tier tier,
                           const struct chimera_digest *prelude, struct chimera_error *err);
/* Empty while it is not known. */
const char *chimera_tools_identity(const struct chimera_tools *tools, enum chimera_tier tier);

/* WASMDIGEST-IDENTITYDIGEST, 64 and 16 digits: the STEM of a plugin's file names. */
#define CHIMERA_STEM_MAX (64 + 1 + 16 + 1)
int chimera_tools_stem(const struct chimera_tools *tools, enum chimera_tier tier,
                       const struct chimera_digest *wasm, char ret_stem[CHIMERA_STEM_MAX]);

#endif
