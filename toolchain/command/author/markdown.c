/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/markdown.h"

#include <stdlib.h>

#include "runtime/base/error.h"
#include "toolchain/command/author/inspect_table.h"

#define COLUMNS_MAX 32
#define INDENT_MAX 3 /* deeper items are code */
#define RULE "―"
#define BULLET "•"
#define QUOTE "▐"

enum kind { PARAGRAPH, HEADER, ITEM, QUOTED, CODE, FENCE, ROW };

struct line {
    enum kind kind;
    unsigned depth;            /* of an item */
    struct chimera_slice text; /* behind what says its kind; of a row all of it */
};

struct document {
    struct chimera_slice rest; /* lines that are still to come */
    size_t width;
    bool is_fenced;
    struct chimera_buffer plain; /* a line without its marks; used again */
    struct chimera_buffer *out;
};

/* --- Lines --- */

static size_t spaces_before(struct chimera_slice text)
{
    size_t size = 0;
    while (size < text.size && text.data[size] == ' ')
        size++;
    return size;
}

static struct line classify(struct chimera_slice text)
{
    size_t indent = spaces_before(text), level = 0;
    while (level < text.size && text.data[level] == '#')
        level++;
    if (chimera_slice_starts(text, "|"))
        return (struct line){.kind = ROW, .text = text};
    if (indent >= 4 || chimera_slice_starts(text, "\t"))
        return (struct line){.kind = CODE, .text = chimera_slice_behind(text, indent >= 4 ? 4 : 1)};
    if (chimera_slice_starts(chimera_slice_behind(text, indent), "* "))
        return (struct line){.kind = ITEM,
                             .depth = (unsigned)indent,
                             .text = chimera_slice_behind(text, indent + 2)};
    if (chimera_slice_is(text, ">") || chimera_slice_starts(text, "> "))
        return (struct line){.kind = QUOTED,
                             .text = chimera_slice_behind(text, text.size < 2 ? 1 : 2)};
    if (chimera_slice_starts(text, "```"))
        return (struct line){.kind = FENCE};
    if (level > 0 && level <= 8 && level < text.size && text.data[level] == ' ')
        return (struct line){.kind = HEADER, .text = chimera_slice_behind(text, level + 1)};
    return (struct line){.kind = PARAGRAPH, .text = text};
}

/* The next line that is shown; false at the end. Fences are not. */
static bool next_line(struct document *document, struct line *ret_line)
{
    while (document->rest.size > 0) {
        struct chimera_slice *rest = &document->rest;
        const char *end = memchr(rest->data, '\n', rest->size);
        struct chimera_slice text = {rest->data, end ? (size_t)(end - rest->data) : rest->size};
        *rest = chimera_slice_behind(*rest, text.size + (end != NULL));
        bool is_fence = chimera_slice_starts(text, "```");
        if (is_fence)
            document->is_fenced = !document->is_fenced;
        if (is_fence)
            continue;
        *ret_line =
            document->is_fenced ? (struct line){.kind = CODE, .text = text} : classify(text);
        return true;
    }
    return false;
}

/* --- Marks within a line --- */

struct marks {
    bool is_code, is_italic, is_struck;
};

/* How many bytes of a mark the text begins with; 0: it is text. */
static size_t mark_size(struct chimera_slice text, struct marks *marks)
{
    if (text.data[0] == '`') {
        marks->is_code = !marks->is_code;
        return 1;
    }
    if (marks->is_code)
        return 0;
    if (chimera_slice_starts(text, "**"))
        return 2;
    if (chimera_slice_starts(text, "~~")) {
        marks->is_struck = !marks->is_struck;
        return 2;
    }
    if (text.data[0] != '*' || (text.size == 1 && !marks->is_italic))
        return 0;
    marks->is_italic = !marks->is_italic;
    return 1;
}

static void strip_marks(struct chimera_slice text, struct chimera_buffer *out)
{
    struct marks marks = {0};
    while (text.size > 0 && !out->failed) {
        bool is_escaped = !marks.is_code && text.data[0] == '\\' && text.size > 1 &&
                          strchr("*~|`\\", text.data[1]) != NULL;
        size_t size = is_escaped ? 0 : mark_size(text, &marks);
        if (size == 0) {
            text = chimera_slice_behind(text, is_escaped);
            chimera_buffer_byte(out, (uint8_t)text.data[0]);
        }
        text = chimera_slice_behind(text, size ? size : 1);
    }
}

/* --- Wrapped text --- */

/* The beginning of `text` that is as wide as `width`, in whole characters. */
static struct chimera_slice cut(struct chimera_slice text, size_t width)
{
    size_t size = 0;
    for (; size < text.size; size++) {
        bool is_begin = ((unsigned char)text.data[size] & 0xC0) != 0x80;
        if (is_begin && width-- == 0)
            break;
    }
    return (struct chimera_slice){text.data, size};
}

static struct chimera_slice next_token(struct chimera_slice text, size_t width)
{
    size_t size = spaces_before(text);
    if (size == 0)
        while (size < text.size && text.data[size] != ' ')
            size++;
    return cut((struct chimera_slice){text.data, size}, width);
}

/* `indent` columns are taken at the beginning; the lines behind the first begin with `again`. */
static void put_wrapped(struct document *document, struct chimera_slice text, size_t indent,
                        const char *again)
{
    struct chimera_buffer *out = document->out;
    size_t column = indent, begin = inspect_width(chimera_slice_of(again));
    bool fits = indent + inspect_width(text) <= document->width;
    while (text.size > 0 && !out->failed) {
        struct chimera_slice token = fits ? text : next_token(text, document->width - indent);
        size_t width = inspect_width(token);
        bool is_blank = token.data[0] == ' ';
        text = chimera_slice_behind(text, token.size);
        if (!fits && column + width > document->width) {
            if (is_blank)
                continue;
            chimera_buffer_print(out, "\n%s", again);
            column = begin;
        }
        chimera_buffer_append(out, token);
        column += width;
    }
    chimera_buffer_byte(out, '\n');
}

static void put_text(struct document *document, const struct line *line)
{
    static const char indents[] = "     "; /* of an item, the deepest there is */
    struct chimera_buffer *plain = &document->plain;
    chimera_buffer_reset(plain);
    strip_marks(line->text, plain);
    struct chimera_slice text = chimera_buffer_slice(plain);
    bool is_rule = text.size >= 3;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '-') {
            is_rule = false;
            break;
        }
    if (line->kind == PARAGRAPH && is_rule) {
        for (size_t i = 0; i < document->width; i++)
            chimera_buffer_text(document->out, RULE);
        chimera_buffer_byte(document->out, '\n');
        return;
    }
    if (line->kind == ITEM) {
        inspect_fill(document->out, 0, line->depth);
        chimera_buffer_text(document->out, BULLET " ");
        put_wrapped(document, text, line->depth + 2, &indents[INDENT_MAX - line->depth]);
    } else if (line->kind == QUOTED) {
        chimera_buffer_text(document->out, QUOTE " ");
        put_wrapped(document, text, 2, QUOTE " ");
    } else {
        put_wrapped(document, text, 0, "");
    }
}

/* --- Blocks of code --- */

/* It and the lines behind it, all as wide as the widest. */
static void put_code(struct document *document, struct line *line)
{
    struct document ahead = *document;
    struct line next = *line;
    size_t widest = 0;
    do {
        size_t width = inspect_width(next.text);
        widest = width > widest ? width : widest;
    } while (next_line(&ahead, &next) && next.kind == CODE);
    for (;;) {
        struct document before = *document;
        chimera_buffer_append(document->out, line->text);
        inspect_fill(document->out, inspect_width(line->text), widest);
        chimera_buffer_byte(document->out, '\n');
        if (!next_line(document, line) || document->out->failed)
            return;
        if (line->kind != CODE) {
            document->rest = before.rest;
            document->is_fenced = before.is_fenced;
            return;
        }
    }
}

/* --- Tables --- */

enum side { CENTERED, LEFT, RIGHT };

struct table {
    size_t width[COLUMNS_MAX];
    enum side side[COLUMNS_MAX]; /* as the last rule said */
    size_t columns;
};

/* A cell's text up to the bar that ends it, and goes on behind that; false at the end. */
static bool next_cell(struct chimera_slice *row, struct chimera_slice *ret_cell)
{
    size_t size = 0;
    bool is_code = false;
    if (row->size == 0)
        return false;
    for (; size < row->size && (is_code || row->data[size] != '|'); size++) {
        is_code ^= row->data[size] == '`';
        if (row->data[size] == '\\' && size + 1 < row->size && !is_code)
            size++;
    }
    size = size < row->size ? size : row->size;
    *ret_cell = chimera_slice_trim((struct chimera_slice){row->data, size});
    *row = chimera_slice_behind(*row, size + (size < row->size));
    return true;
}

static bool read_side(struct chimera_slice cell, enum side *ret_side)
{
    bool has_left = cell.size > 0 && cell.data[0] == ':';
    bool has_right = cell.size > 1 && cell.data[cell.size - 1] == ':';
    for (size_t i = has_left; i + has_right < cell.size; i++)
        if (cell.data[i] != '-')
            return false;
    *ret_side = has_left && has_right ? CENTERED : has_right ? RIGHT : LEFT;
    return cell.size > 0;
}

/* Is it "|---|:-:|", and then what does it say? */
static bool read_rule(struct chimera_slice row, enum side ret_sides[COLUMNS_MAX])
{
    struct chimera_slice cell;
    size_t column = 0;
    row = chimera_slice_behind(row, 1);
    for (; next_cell(&row, &cell); column++)
        if (column == COLUMNS_MAX || !read_side(cell, &ret_sides[column]))
            return false;
    return column > 0;
}

static struct chimera_slice plain_cell(struct document *document, struct chimera_slice cell)
{
    chimera_buffer_reset(&document->plain);
    strip_marks(cell, &document->plain);
    return chimera_buffer_slice(&document->plain);
}

static void measure_row(struct document *document, struct chimera_slice row, struct table *table)
{
    struct chimera_slice cell;
    enum side sides[COLUMNS_MAX];
    bool is_rule_row = read_rule(row, sides);
    row = chimera_slice_behind(row, 1);
    for (size_t column = 0; column < COLUMNS_MAX && next_cell(&row, &cell); column++) {
        size_t width = is_rule_row ? 0 : inspect_width(plain_cell(document, cell));
        width = width < 3 ? 3 : width;
        if (table->width[column] < width)
            table->width[column] = width;
        if (table->columns <= column)
            table->columns = column + 1;
    }
}

static void put_cells(struct document *document, struct chimera_slice row,
                      const struct table *table)
{
    struct chimera_buffer *out = document->out;
    row = chimera_slice_behind(row, 1);
    for (size_t column = 0; column < table->columns; column++) {
        struct chimera_slice cell = {0};
        if (next_cell(&row, &cell))
            cell = plain_cell(document, cell);
        size_t free = table->width[column] - inspect_width(cell);
        size_t before = table->side[column] == RIGHT  ? free
                        : table->side[column] == LEFT ? 0
                                                      : free / 2;
        chimera_buffer_text(out, "│");
        inspect_fill(out, 0, before);
        chimera_buffer_append(out, cell);
        inspect_fill(out, before, free);
    }
    chimera_buffer_text(out, "│\n");
}

enum place { TOP, INSIDE, BOTTOM };

static void put_table_rule(struct document *document, const struct table *table, enum place place)
{
    static const char *const left[] = {"┌", "├", "└"}, *const cross[] = {"┬", "┼", "┴"};
    static const char *const right[] = {"┐", "┤", "┘"};
    chimera_buffer_text(document->out, left[place]);
    for (size_t column = 0; column < table->columns; column++) {
        chimera_buffer_text(document->out, column > 0 ? cross[place] : "");
        for (size_t i = 0; i < table->width[column]; i++)
            chimera_buffer_text(document->out, "─");
    }
    chimera_buffer_text(document->out, right[place]);
    chimera_buffer_byte(document->out, '\n');
}

/* It and the rows behind it. */
static void put_table(struct document *document, struct line *line)
{
    struct document ahead = *document;
    struct line next = *line;
    struct table table = {0};
    size_t count = 0;
    do {
        measure_row(&ahead, next.text, &table);
        count++;
    } while (next_line(&ahead, &next) && next.kind == ROW);
    document->plain = ahead.plain; /* it may have moved */
    for (size_t i = 0; i < count && !document->out->failed; i++) {
        enum place place = i == 0 ? TOP : i + 1 == count ? BOTTOM : INSIDE;
        enum side sides[COLUMNS_MAX] = {CENTERED};
        bool is_rule_row = read_rule(line->text, sides);
        if (is_rule_row) {
            memcpy(table.side, sides, sizeof(sides));
            put_table_rule(document, &table, place);
        } else {
            put_cells(document, line->text, &table);
        }
        if (i + 1 < count)
            next_line(document, line);
    }
}

void markdown_write(struct chimera_slice text, size_t width, struct chimera_buffer *out)
{
    struct document document = {.rest = text, .width = width, .out = out};
    struct line line;
    chimera_buffer_init(&document.plain, text.size + 1);
    while (!out->failed && next_line(&document, &line)) {
        if (line.kind == CODE)
            put_code(&document, &line);
        else if (line.kind == ROW)
            put_table(&document, &line);
        else
            put_text(&document, &line);
    }
    chimera_buffer_free(&document.plain);
}
