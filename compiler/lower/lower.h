/* SPDX-License-Identifier: Apache-2.0 */
/* lower.h - newer proposals rewritten into what wasm2c 1.0.32 takes (docs/decisions, "Lowering").
 *
 * Typed function references, tail calls, the compact form of the import section, and extended
 * constant expressions. The pass validates the function bodies itself, because a type that is
 * erased cannot be validated afterwards; messages give offsets of the original file. Function,
 * type, global and memory indices stay as they are, so names and traps still fit. Time and memory
 * are linear in the module's size.
 */
#ifndef CHIMERA_COMPILER_LOWER_LOWER_H
#define CHIMERA_COMPILER_LOWER_LOWER_H

#include "compiler/wasm/module.h"

struct lowered {
    char *bytes; /* the new module; owned */
    size_t size;
    /* Types that differ only in what was erased must stay different to an indirect call. For each
     * type the number that struct wasm_signature has as `id`; owned. */
    uint32_t *type_ids;
    uint32_t type_count;
    uint8_t *is_marked; /* by type, owned: its number at a call is in the global `marker` */
    uint32_t marker;    /* UINT32_MAX: none */
    uint32_t counter;   /* the global's index; likewise */
    unsigned features;  /* enum wasm_lowering that the module uses */
};

void lowered_done(struct lowered *lowered);

/* Of `source` only the file and its sections are looked at. With `counts` the new module counts the
 * instructions of the source (count/count.h), whether there is something to lower or not. On
 * failure nothing is to be freed. */
int chimera_lower(const struct chimera_module *source, bool counts, struct lowered *ret_lowered,
                  struct chimera_error *err);

#endif
