/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/columns.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/text/printable.h"

#define CELL_MAX ((size_t)1 << 20)
#define BETWEEN 2 /* blanks */
#define PLAIN "\033[0m"

static char *escape(const char *text)
{
    struct chimera_buffer shown;
    chimera_buffer_init(&shown, CELL_MAX);
    chimera_printable_append(chimera_slice_of(text), NULL, &shown);
    chimera_buffer_byte(&shown, '\0');
    if (!shown.failed)
        return shown.data;
    chimera_buffer_free(&shown);
    return NULL;
}

void columns_add(struct columns *columns, const char *text, const char *colour)
{
    if (columns->count == columns->capacity) {
        size_t capacity = columns->capacity ? 2 * columns->capacity : 64;
        struct columns_cell *grown = reallocarray(columns->cell, capacity, sizeof(*columns->cell));
        if (!grown) {
            columns->failed = CHIMERA_ENOMEM;
            return;
        }
        columns->cell = grown;
        columns->capacity = capacity;
    }
    char *shown = escape(text ? text : "");
    if (!shown)
        columns->failed = CHIMERA_ENOMEM;
    else
        columns->cell[columns->count++] = (struct columns_cell){shown, colour};
}

void columns_add_row(struct columns *columns, const char *const *texts)
{
    for (size_t i = 0; i < columns->width; i++)
        columns_add(columns, texts[i], "");
}

/* Characters, as they are counted by eye. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void write_cell(const struct columns *columns, size_t at, size_t widest,
                       struct chimera_buffer *out)
{
    const struct columns_cell *cell = &columns->cell[at];
    bool is_last = at % columns->width + 1 == columns->width;
    chimera_buffer_print(out, "%s%s%s", cell->colour, cell->text, *cell->colour ? PLAIN : "");
    for (size_t i = width_of(cell->text); i < widest + BETWEEN && !is_last; i++)
        chimera_buffer_byte(out, ' ');
    if (!is_last)
        return;
    while (out->size > 0 && out->data[out->size - 1] == ' ') /* behind an empty cell */
        out->size--;
    chimera_buffer_byte(out, '\n');
}

void columns_write(struct columns *columns, struct chimera_buffer *out)
{
    size_t widest[COLUMNS_MAX] = {0};
    for (size_t i = 0; i < columns->count; i++) {
        size_t width = width_of(columns->cell[i].text);
        if (width > widest[i % columns->width])
            widest[i % columns->width] = width;
    }
    for (size_t i = 0; i < columns->count && !columns->failed; i++)
        write_cell(columns, i, widest[i % columns->width], out);
    if (columns->failed && !out->failed)
        out->failed = columns->failed;
    for (size_t i = 0; i < columns->count; i++)
        free(columns->cell[i].text);
    free(columns->cell);
    *columns = (struct columns){.width = columns->width};
}
