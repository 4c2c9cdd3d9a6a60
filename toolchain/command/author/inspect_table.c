/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/inspect_table.h"

#include <stdlib.h>

#include "runtime/base/error.h"
#include "runtime/text/printable.h"

#define TEXT_MAX ((size_t)64 << 20)

void inspect_table_add(struct inspect_table *table, const char *name, const char *value)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? 2 * table->capacity : 32;
        struct inspect_row *grown = reallocarray(table->row, capacity, sizeof(*grown));
        if (!grown) {
            table->failed = CHIMERA_ENOMEM;
            return;
        }
        table->row = grown;
        table->capacity = capacity;
    }
    table->row[table->count++] = (struct inspect_row){name, value};
}

void inspect_fill(struct chimera_buffer *out, size_t used, size_t width)
{
    for (; used < width; used++)
        chimera_buffer_byte(out, ' ');
}

/* Characters, not bytes: columns are counted by eye. */
size_t inspect_width(struct chimera_slice text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.size; i++)
        width += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return width;
}

/* What is shown of a text of the policy's; its width. */
static size_t print_text(struct chimera_slice text, struct chimera_buffer *out)
{
    size_t start = out->size;
    chimera_printable_append(text, NULL, out);
    return out->failed
               ? 0
               : inspect_width((struct chimera_slice){out->data + start, out->size - start});
}

static void print_row(const struct inspect_row *row, size_t width, struct chimera_buffer *out)
{
    const char *name = row->name, *value = row->value;
    for (;;) {
        size_t line = strcspn(value, "\n");
        inspect_fill(out, print_text(chimera_slice_of(name), out), width + 1);
        print_text((struct chimera_slice){value, line}, out);
        chimera_buffer_text(out, " \n");
        if (value[line] == '\0' || value[line + 1] == '\0')
            return;
        value += line + 1;
        name = "";
    }
}

void inspect_table_print(struct inspect_table *table, struct chimera_buffer *out)
{
    size_t widest = 0;
    for (size_t i = 0; i < table->count; i++) {
        struct chimera_buffer shown;
        chimera_buffer_init(&shown, TEXT_MAX);
        size_t width = print_text(chimera_slice_of(table->row[i].name), &shown);
        chimera_buffer_free(&shown);
        widest = width > widest ? width : widest;
    }
    for (size_t i = 0; i < table->count && !out->failed; i++)
        print_row(&table->row[i], widest, out);
    if (table->failed && !out->failed)
        out->failed = table->failed;
    free(table->row);
    *table = (struct inspect_table){0};
}
