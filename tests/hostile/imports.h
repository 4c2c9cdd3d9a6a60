/* SPDX-License-Identifier: Apache-2.0 */
/* imports.h - for every import of plugins/policy/imports.h its worst arguments: the largest, the
 * most, those that overlap, those just outside. */
#ifndef CHIMERA_HOSTILE_IMPORTS_H
#define CHIMERA_HOSTILE_IMPORTS_H

#include <stddef.h>
#include <stdint.h>

/* The guest's linear memory, in bytes; its first half is text, its second half what `fill` says. */
#define HOSTILE_MEMORY ((uint32_t)8 << 20)
#define HOSTILE_HALF (HOSTILE_MEMORY / 2)
#define HOSTILE_ARGS_MAX 9

enum hostile_fill {
    HOSTILE_TEXT,  /* letters */
    HOSTILE_LINES, /* a line end at every other place */
    HOSTILE_ZEROS,
    HOSTILE_VECTORS, /* each (address, size) covers the whole first half */
    HOSTILE_EMPTY,   /* each covers nothing */
};

struct hostile_import {
    const char *name;
    enum hostile_fill fill;
    uint64_t args[HOSTILE_ARGS_MAX];
};

const struct hostile_import *hostile_imports(size_t *ret_count);

#endif
