/* SPDX-License-Identifier: Apache-2.0 */
/* columns.h - rows of cells under titles, set in columns as wide as their widest cell. What may not
 * be shown is escaped (runtime/text/printable.h); the last column is as long as it is. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_COLUMNS_H
#define CHIMERA_TOOLCHAIN_COMMAND_COLUMNS_H

#include "runtime/base/buffer.h"

#define COLUMNS_MAX 8

struct columns_cell {
    char *text;         /* owned; escaped */
    const char *colour; /* static; "": none */
};

struct columns { /* zeroed to begin with, but for the first */
    size_t width;
    struct columns_cell *cell; /* owned; row by row */
    size_t count, capacity;
    int failed; /* CHIMERA_ENOMEM sticks */
};

/* The next cell; a row is done with its last one. `colour` is what begins one, as of
 * runtime/text/terminal.h, "" for none. */
void columns_add(struct columns *columns, const char *text, const char *colour);
/* A row of them; NULL is an empty cell. */
void columns_add_row(struct columns *columns, const char *const *texts);

/* Appends the rows to `out`, and ends them. */
void columns_write(struct columns *columns, struct chimera_buffer *out);

#endif
