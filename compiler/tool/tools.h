/* SPDX-License-Identifier: Apache-2.0 */
/* tools.h - the programs that the build calls: wasm2c, clang, ld.lld, llvm-objdump; and tcc.
 *
 * Found once per process: $CHIMERA_WASM2C, $CHIMERA_CLANG, $CHIMERA_LLD, $CHIMERA_OBJDUMP and
 * $CHIMERA_TCC first, then beside clang (so that the linker is of the same release), then on PATH.
 * The full tier needs all but tcc; the quick tier wasm2c and tcc. What releases they are of is
 * learnt for a tier when that is wanted: clang and lld take longer to say it than all the rest of
 * a small build. One thread.
 */
#ifndef CHIMERA_COMPILER_TOOL_TOOLS_H
#define CHIMERA_COMPILER_TOOL_TOOLS_H

#include <stdbool.h>

#include "compiler/tool/version.h"
#include "plugins/policy/plugin.h"
#include "runtime/base/error.h"

#define CHIMERA_IDENTITY_MAX 224
#define CHIMERA_LAUNCHER_VARIABLE "CHIMERA_COMPILER_LAUNCHER"
#define CHIMERA_LAUNCHER_WORDS 8

struct chimera_tools {
    char *wasm2c, *clang, *lld, *objdump, *tcc; /* absolute paths; owned; NULL: not there */
    char *launcher[CHIMERA_LAUNCHER_WORDS + 1]; /* ends with NULL; owned as each; empty: none */
    char wabt_version[CHIMERA_TOOL_VERSION_MAX], clang_version[CHIMERA_TOOL_VERSION_MAX];
    char lld_version[CHIMERA_TOOL_VERSION_MAX], tcc_version[CHIMERA_TOOL_VERSION_MAX];
    unsigned wabt_minor; /* the 32 of 1.0.32; from 33 on the generated names are others */
    /* All that decides the bytes of a plugin made from given WebAssembly (native/identity.h). Empty
     * until that is asked for. */
    char identity[CHIMERA_IDENTITY_MAX], quick_identity[CHIMERA_IDENTITY_MAX];
};

/* One error names everything that is missing, with the Debian packages, when no tier can be built.
 */
int chimera_tools_find(struct chimera_tools *ret_tools, struct chimera_error *err);

/* `words` are a program and its first arguments, separated by semicolons. */
int chimera_tools_launch(struct chimera_tools *tools, const char *words, struct chimera_error *err);

/* Fills the versions of what a tier is built with, all of which must be there, and refuses what is
 * too old. `folder` is where what the tools say of themselves is remembered (version.h), or NULL.
 */
int chimera_tools_learn(struct chimera_tools *tools, enum chimera_tier tier, const char *folder,
                        struct chimera_error *err);

/* Whether all is there that this tier is built with; the error says what is not. */
bool chimera_tools_has(const struct chimera_tools *tools, enum chimera_tier tier);
int chimera_tools_need(const struct chimera_tools *tools, enum chimera_tier tier,
                       struct chimera_error *err);

void chimera_tools_done(struct chimera_tools *tools);

#endif
