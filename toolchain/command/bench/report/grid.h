/* SPDX-License-Identifier: Apache-2.0 */
/* grid.h - rows of cells in a line's width: numbers at the right of their column, names cut
 * where there is no room for them. What may not be shown is escaped. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_GRID_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_GRID_H

#include "runtime/base/buffer.h"

#define GRID_COLUMNS_MAX 16

struct grid_cell {
    char *text;         /* owned; escaped */
    const char *colour; /* static; "": none */
};

struct grid { /* zeroed to begin with, but for the first lines */
    size_t columns;
    unsigned names; /* bits of the columns that are texts at the left, and may be cut */
    unsigned paths; /* of those: what is cut is their beginning */
    size_t line;    /* columns of the terminal */
    const char *colour_end, *ellipsis;
    struct grid_cell *cell; /* owned; row by row */
    size_t count, capacity;
    int failed; /* CHIMERA_ENOMEM sticks */
};

/* The next cell of the row. */
void grid_add(struct grid *grid, const char *text, const char *colour);
/* The same of what a buffer has, which is empty then. */
void grid_take(struct grid *grid, struct chimera_buffer *text, const char *colour);

/* Appends the rows to `out`, and ends them. */
void grid_write(struct grid *grid, struct chimera_buffer *out);

/* Characters, as they are counted by eye. */
size_t grid_width_of(const char *text);

#endif
