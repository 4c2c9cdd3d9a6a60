/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/report/grid.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/text/printable.h"

#define CELL_MAX ((size_t)64 << 10)
#define BETWEEN 2  /* blanks */
#define NAME_MIN 8 /* columns that a name keeps, however little room there is */

static char *escape(struct chimera_slice text)
{
    struct chimera_buffer shown;
    chimera_buffer_init(&shown, CELL_MAX);
    chimera_printable_append(text, NULL, &shown);
    chimera_buffer_byte(&shown, '\0');
    if (!shown.failed)
        return shown.data;
    chimera_buffer_free(&shown);
    return NULL;
}

static void add(struct grid *grid, struct chimera_slice text, const char *colour)
{
    if (grid->count == grid->capacity) {
        size_t capacity = grid->capacity ? 2 * grid->capacity : 128;
        struct grid_cell *grown = reallocarray(grid->cell, capacity, sizeof(*grid->cell));
        if (!grown) {
            grid->failed = CHIMERA_ENOMEM;
            return;
        }
        grid->cell = grown;
        grid->capacity = capacity;
    }
    if (text.size > CELL_MAX / 8) /* each may be escaped */
        text.size = CELL_MAX / 8;
    char *shown = escape(text);
    if (!shown)
        grid->failed = CHIMERA_ENOMEM;
    else
        grid->cell[grid->count++] = (struct grid_cell){shown, colour};
}

void grid_add(struct grid *grid, const char *text, const char *colour)
{
    add(grid, chimera_slice_of(text ? text : ""), colour);
}

void grid_take(struct grid *grid, struct chimera_buffer *text, const char *colour)
{
    add(grid, chimera_buffer_slice(text), colour);
    if (text->failed)
        grid->failed = CHIMERA_ENOMEM;
    chimera_buffer_reset(text);
}

size_t grid_width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* --- Widths --- */

static void find_widths(const struct grid *grid, size_t widest[GRID_COLUMNS_MAX])
{
    for (size_t i = 0; i < grid->count; i++) {
        size_t width = grid_width_of(grid->cell[i].text);
        if (width > widest[i % grid->columns])
            widest[i % grid->columns] = width;
    }
}

/* The widest name gives first, until the line fits or all are as narrow as they may be. */
static void fit(const struct grid *grid, size_t widest[GRID_COLUMNS_MAX])
{
    size_t sum = (grid->columns - 1) * BETWEEN;
    for (size_t i = 0; i < grid->columns; i++)
        sum += widest[i];
    for (; sum > grid->line; sum--) {
        size_t at = GRID_COLUMNS_MAX;
        for (size_t i = 0; i < grid->columns; i++)
            if ((grid->names & 1U << i) && widest[i] > NAME_MIN &&
                (at == GRID_COLUMNS_MAX || widest[i] > widest[at]))
                at = i;
        if (at == GRID_COLUMNS_MAX)
            return;
        widest[at]--;
    }
}

/* Where character `index` begins. */
static const char *character(const char *text, size_t index)
{
    for (; *text; text++)
        if (((unsigned char)*text & 0xC0) != 0x80 && index-- == 0)
            break;
    return text;
}

static void put_cut(const struct grid *grid, const struct grid_cell *cell, bool is_path,
                    size_t room, struct chimera_buffer *out)
{
    const char *text = cell->text;
    size_t width = grid_width_of(text), left = room - grid_width_of(grid->ellipsis);
    size_t behind = is_path ? left : left / 2, before = left - behind;
    chimera_buffer_append(out,
                          (struct chimera_slice){text, (size_t)(character(text, before) - text)});
    chimera_buffer_print(out, "%s%s", grid->ellipsis, character(text, width - behind));
}

static void write_cell(const struct grid *grid, size_t at, size_t room, struct chimera_buffer *out)
{
    const struct grid_cell *cell = &grid->cell[at];
    size_t column = at % grid->columns, width = grid_width_of(cell->text);
    bool is_name = grid->names & 1U << column, is_last = column + 1 == grid->columns;
    for (size_t i = width; i < room && !is_name; i++)
        chimera_buffer_byte(out, ' ');
    chimera_buffer_text(out, cell->colour);
    if (width > room)
        put_cut(grid, cell, grid->paths & 1U << column, room, out);
    else
        chimera_buffer_text(out, cell->text);
    chimera_buffer_text(out, *cell->colour ? grid->colour_end : "");
    for (size_t i = is_name && width < room ? width : room; i < room + BETWEEN && !is_last; i++)
        chimera_buffer_byte(out, ' ');
    if (!is_last)
        return;
    while (out->size > 0 && out->data[out->size - 1] == ' ') /* behind an empty cell */
        out->size--;
    chimera_buffer_byte(out, '\n');
}

void grid_write(struct grid *grid, struct chimera_buffer *out)
{
    size_t widest[GRID_COLUMNS_MAX] = {0};
    find_widths(grid, widest);
    fit(grid, widest);
    for (size_t i = 0; i < grid->count && !grid->failed; i++)
        write_cell(grid, i, widest[i % grid->columns], out);
    if (grid->failed && !out->failed)
        out->failed = grid->failed;
    for (size_t i = 0; i < grid->count; i++)
        free(grid->cell[i].text);
    free(grid->cell);
    grid->cell = NULL;
    grid->count = grid->capacity = 0;
}
