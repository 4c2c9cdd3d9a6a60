/* SPDX-License-Identifier: Apache-2.0 */
/* split.h - wasm2c's one C file cut into parts of like size.
 *
 * Only the bodies of the guest's functions are taken out of it: everything else is written by
 * glue.c. Its form is regular in every WABT from 1.0.32 on: a definition begins at column 0, ends
 * with "{", and its body ends with "}" at column 0 (runtime-performance.md §2.3). How a module is
 * cut depends on its functions' sizes alone, so equal input gives equal parts.
 */
#ifndef CHIMERA_COMPILER_TRANSLATE_SPLIT_H
#define CHIMERA_COMPILER_TRANSLATE_SPLIT_H

#include "compiler/wasm/module.h"
#include "plugins/policy/plugin.h"

/* A function whose C is larger than this is compiled alone and without optimisation: clang -O1
 * would need minutes and gigabytes for it (some 650 KB of WebAssembly in one function). */
#define CHIMERA_GIANT_BYTES ((size_t)16 << 20)
/* Likewise one with more branches, selects, variables and (counted twice) indirect calls, and lines
 * (counted as a sixteenth): up to two minutes at this number, and many at twice as many. */
#define CHIMERA_GIANT_STEPS ((size_t)20000)

#define CHIMERA_INDIRECT_CALLS_MAX \
    40000 /* in one function, for the full tier: 2.2 GB of clang's memory */

struct split_function {        /* of the text, which must stay */
    struct chimera_slice head; /* "u32 w2c_f5(w2c_pol* instance, u32 var_p0)" */
    struct chimera_slice body; /* from "{" to "}" */
    char *
        flat; /* what `body` is of instead, where its braces were nested too deep; owned, or NULL */
};

struct split {
    struct chimera_slice text;
    const char *prefix;               /* of a function's name: "w2c_f" or "w2c_pol_f" */
    struct split_function *functions; /* owned; by function index, empty for the imported */
    uint32_t function_count;
    bool profiles; /* parts say the index of each function */
};

/* What wasm2c's names of functions begin with; their index follows. */
const char *split_prefix(unsigned wabt_minor);

/* Finds all functions in wasm2c's output. `wabt_minor` as in tools.h. */
int split_read(struct chimera_slice text, unsigned wabt_minor, const struct chimera_module *module,
               struct split *ret_split, struct chimera_error *err);
void split_done(struct split *split);

struct split_part {
    char name[24]; /* "part-0007.c" */
    bool is_giant;
};

/* Writes FOLDER/part-0000.c, … *ret_parts is owned by the caller. For the quick tier the parts are
 * larger, none is a giant, and negations of numbers become calls of the prelude's. */
int split_write(const struct split *split, enum chimera_tier tier, const char *folder,
                struct split_part **ret_parts, size_t *ret_count, struct chimera_error *err);

#endif
