/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_table.h - two columns of text, as `inspect` shows them: what may not be shown is escaped,
 * a value of several lines goes on in its column. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_INSPECT_TABLE_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_INSPECT_TABLE_H

#include "runtime/base/buffer.h"

struct inspect_row {
    const char *name;  /* borrowed */
    const char *value; /* borrowed; "" for a title */
};

struct inspect_table {       /* zeroed to begin with */
    struct inspect_row *row; /* owned */
    size_t count, capacity;
    int failed; /* CHIMERA_ENOMEM sticks */
};

void inspect_table_add(struct inspect_table *table, const char *name, const char *value);

/* Appends the rows to `out`, and ends the table. */
void inspect_table_print(struct inspect_table *table, struct chimera_buffer *out);

/* Characters of a text, as they are counted by eye. */
size_t inspect_width(struct chimera_slice text);
void inspect_fill(struct chimera_buffer *out, size_t used, size_t width);

#endif
