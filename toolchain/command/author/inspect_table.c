/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/inspect_table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"

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

/* A head, over rows whose names end with a colon; in bold where standard output has colours. */
static bool print_head(const struct inspect_row *row, size_t width, struct chimera_buffer *out)
{
    size_t size = strlen(row->name);
    if (size == 0 || *row->value || row->name[size - 1] == ':' ||
        !chimera_colours_are_on(STDOUT_FILENO))
        return false;
    chimera_buffer_text(out, chimera_colour(STDOUT_FILENO, CHIMERA_COLOUR_BOLD));
    size_t used = print_text(chimera_slice_of(row->name), out);
    chimera_buffer_text(out, chimera_colour_end(STDOUT_FILENO));
    inspect_fill(out, used, width + 1);
    chimera_buffer_text(out, " \n");
    return true;
}

static void print_row(const struct inspect_row *row, size_t width, struct chimera_buffer *out)
{
    const char *name = row->name, *value = row->value;
    if (print_head(row, width, out))
        return;
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
