/* tools.h - the programs that the build calls: wasm2c, clang, ld.lld, llvm-objdump.
 *
 * Found once per process: $CHIMERA_WASM2C, $CHIMERA_CLANG, $CHIMERA_LLD and $CHIMERA_OBJDUMP first,
 * then beside clang (so that the linker is of the same release), then on PATH. Immutable
 * afterwards.
 */
#ifndef CHIMERA_COMPILER_TOOLS_H
#define CHIMERA_COMPILER_TOOLS_H

#include "runtime/base/digest.h"
#include "runtime/base/error.h"

struct chimera_tools {
    char *wasm2c, *clang, *lld, *objdump; /* absolute paths; owned */
    char wabt_version[24], clang_version[24], lld_version[24];
    unsigned wabt_minor; /* the 32 of 1.0.32; from 33 on the generated names are others */
    /* "chimera-0.1.0 abi-1 wabt-1.0.32 clang-19.1.7 lld-19.1.7 O1 x86-64 recipe-0123456789ab": all
     * that decides the bytes of a plugin made from given WebAssembly. The recipe covers the flags
     * and what chimera_tools_identify() was given. Empty until then. */
    char identity[160];
};

/* One error names everything that is missing, with the Debian packages. */
int chimera_tools_find(struct chimera_tools *ret_tools, struct chimera_error *err);

/* Fills `identity`. `prelude` is the digest of the sources that go into every plugin. */
int chimera_tools_identify(struct chimera_tools *tools, const struct chimera_digest *prelude,
                           struct chimera_error *err);

/* WASMDIGEST-IDENTITYDIGEST, 64 and 16 digits: the STEM of a plugin's file names. */
#define CHIMERA_STEM_MAX (64 + 1 + 16 + 1)
int chimera_tools_stem(const struct chimera_tools *tools, const struct chimera_digest *wasm,
                       char ret_stem[CHIMERA_STEM_MAX]);

void chimera_tools_done(struct chimera_tools *tools);

#endif
