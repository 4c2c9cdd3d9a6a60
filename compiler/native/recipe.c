/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/native/recipe.h"

#include <assert.h>
#include <stddef.h>

/* Every flag with what it is for; runtime-performance.md §2.3 and §7.2.
 *
 * -fno-strict-aliasing, -fwrapv: guests mean memory as bytes and integers that wrap.
 * -frounding-math, -ffp-contract=off: WebAssembly's floating point, bit for bit.
 * -fno-math-errno: sqrt, floor and their like become one instruction.
 * -fno-optimize-sibling-calls: a tail call would hide an endless recursion from the stack's guard.
 * -fstack-clash-protection: no frame may step over that guard.
 * -fno-jump-tables is left out: tables are indexed by a checked number.
 * -mno-red-zone is left out: signals run on their own stack.
 * -falign-functions=64, -falign-loops=32: -O1 aligns neither, and a Go policy's big switches
 * take up to 1.8 times as long where they fall badly.
 * -x86-cmov-converter-force-mem-operand=false: else LLVM (its issue 219814) moves a load
 * behind a condition although it is volatile, and a load outside of memory does not trap. In one
 * word, since distcc takes what begins with -x for a language.
 * -nostdlibinc: a part sees our prelude and clang's own stdint.h and stddef.h, and nothing of the
 * machine. */
static const char *const full_flags[] = {
    "-std=gnu17",
    "-fPIC",
    "-fvisibility=hidden",
    "-fno-asynchronous-unwind-tables",
    "-fno-unwind-tables",
    "-fno-optimize-sibling-calls",
    "-frounding-math",
    "-ffp-contract=off",
    "-fno-strict-aliasing",
    "-fno-math-errno",
    "-fwrapv",
    "-fno-delete-null-pointer-checks",
    "-fstack-clash-protection",
    "-fcf-protection=branch",
    "-fno-plt",
    "-fno-ident",
    "-fno-stack-protector",
    "-fno-common",
    "-fno-crash-diagnostics",
    "-fno-color-diagnostics",
    "-w",
    "-march=x86-64",
    "-mtune=generic",
    "--target=x86_64-linux-gnu",
    "-falign-functions=64",
    "-falign-loops=32",
    "-mllvm=-x86-cmov-converter-force-mem-operand=false",
    "-nostdlibinc",
    NULL,
};
static_assert(sizeof(full_flags) / sizeof(*full_flags) <= CHIMERA_COMPILE_FLAGS_MAX + 1,
              "the compiler's arguments have no room for its flags");

/* tcc's code is position independent as it is, and it knows none of the rest. Not even its own
 * headers are used. */
static const char *const quick_flags[] = {"-w", "-nostdinc", "-DCHIMERA_QUICK", NULL};
static_assert(sizeof(quick_flags) <= sizeof(full_flags), "likewise");

const char *const *chimera_compile_flags(enum chimera_tier tier)
{
    return tier == CHIMERA_TIER_QUICK ? quick_flags : full_flags;
}

/* Imports stay undefined (-z undefs): the audit, not the linker, knows which are allowed. No
 * library is given, so none is needed. Without a build id and with -s the bytes are those of the
 * objects alone. What relocation fills becomes read-only (relro, now); text is never written (-z
 * text). */
static const char *const link_flags[] = {
    "-shared",
    "-m",
    "elf_x86_64",
    "-z",
    "now",
    "-z",
    "relro",
    "-z",
    "noexecstack",
    "-z",
    "separate-code",
    "-z",
    "undefs",
    "-z",
    "text",
    "-Bsymbolic",
    "--hash-style=gnu",
    "--build-id=none",
    "--gc-sections",
    "-s",
    "--no-demangle",
    "-Map=" CHIMERA_LINK_MAP,
    "--version-script",
    CHIMERA_VERSION_SCRIPT,
    NULL,
};

const char *const *chimera_link_flags(void)
{
    return link_flags;
}

const char *chimera_link_version_script(void)
{
    return "{ global: " CHIMERA_PLUGIN_SYMBOL "; local: *; };\n";
}
