/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/profile/flame_graph.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/text/printable.h"

#define WIDTH 1200.0 /* of the root's box */
#define MARGIN 10.0
#define ROW 17 /* from a box to the one on it */
#define BOX 16
#define HEAD 56    /* above the boxes, for title and figures */
#define FOOT 34    /* below them */
#define LEAST 0.2  /* narrower ones cannot be seen */
#define LETTER 6.6 /* of 11 pixels' monospace */
#define LEAST_TEXT 30.0
#define DEEPEST 1024 /* rows */

/* --- Text --- */

static void write_character(struct chimera_slice shown, struct chimera_buffer *out)
{
    static const struct {
        char character;
        const char *text;
    } entities[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}};
    for (size_t i = 0; shown.size == 1 && i < sizeof(entities) / sizeof(entities[0]); i++)
        if (shown.data[0] == entities[i].character) {
            chimera_buffer_text(out, entities[i].text);
            return;
        }
    chimera_buffer_append(out, shown);
}

/* Not more than `most` characters, of which the last is "…" where some are left out. */
static void write_text(struct chimera_slice text, size_t most, struct chimera_buffer *out)
{
    for (size_t count = 0; text.size > 0 && !out->failed; count++) {
        char room[CHIMERA_PRINTABLE_SIZE];
        struct chimera_slice shown;
        size_t taken = chimera_printable_next(text, CHIMERA_PRINTABLE_SHOWN, room, &shown);
        bool is_last = taken == text.size;
        if (count + 1 >= most && !is_last) {
            chimera_buffer_text(out, "…");
            return;
        }
        write_character(shown, out);
        text = (struct chimera_slice){text.data + taken, text.size - taken};
    }
}

/* "1,234,567" */
static void write_number(uint64_t number, struct chimera_buffer *out)
{
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    for (int i = 0; i < size; i++) {
        chimera_buffer_byte(out, (uint8_t)digits[i]);
        if ((size - i) % 3 == 1 && i + 1 < size)
            chimera_buffer_byte(out, ',');
    }
}

/* --- Boxes --- */

struct box { /* where a frame's is; 0 wide: it is not drawn */
    double x, width;
    uint32_t row;
};

/* A name has one colour in every picture, of those that a fire has. */
static void write_colour(const char *name, struct chimera_buffer *out)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    chimera_buffer_print(out, "hsl(%u,%u%%,%u%%)", 8 + hash % 44, 70 + (hash >> 8) % 25,
                         60 + (hash >> 16) % 12);
}

static double share_of(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

static uint32_t place_boxes(const struct stacks *stacks, struct box *boxes)
{
    const uint64_t whole = stacks->frame[stacks->root].total;
    uint32_t rows = 1;
    for (uint32_t i = 0; i < stacks->count; i++) { /* callers first */
        const struct box *own = &boxes[stacks->order[i]];
        double x = own->x;
        if (own->row + 1 > rows && own->width > 0)
            rows = own->row + 1;
        for (uint32_t at = stacks->frame[stacks->order[i]].first;
             at != STACKS_NONE && own->width > 0 && own->row + 1 < DEEPEST;
             at = stacks->frame[at].next) {
            double width = WIDTH * share_of(stacks->frame[at].total, whole);
            boxes[at] = (struct box){x, width >= LEAST ? width : 0, own->row + 1};
            x += width;
        }
    }
    return rows;
}

static void write_box(const struct stacks *stacks, uint32_t number, const struct box *box,
                      uint32_t rows, struct chimera_buffer *out)
{
    const struct stacks_frame *frame = &stacks->frame[number];
    const uint64_t whole = stacks->frame[stacks->root].total;
    const bool is_root = number == stacks->root;
    struct chimera_slice name = chimera_slice_of(is_root ? "all" : frame->name);
    unsigned y = HEAD + (rows - 1 - box->row) * ROW;
    chimera_buffer_text(out, "<g><title>");
    write_text(name, SIZE_MAX, out);
    chimera_buffer_text(out, ": ");
    write_number(frame->total, out);
    chimera_buffer_print(out, " instructions, %.2f %%; ", 100 * share_of(frame->total, whole));
    write_number(frame->self, out);
    chimera_buffer_print(
        out, " its own</title><rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" fill=\"",
        box->x, y, box->width, BOX);
    if (is_root)
        chimera_buffer_text(out, "#d8d8d8");
    else
        write_colour(frame->name, out);
    chimera_buffer_text(out, "\"/>");
    if (box->width >= LEAST_TEXT) {
        chimera_buffer_print(out, "<text x=\"%.2f\" y=\"%u\">", box->x + 3, y + 12);
        write_text(name, (size_t)((box->width - 6) / LETTER), out);
        chimera_buffer_text(out, "</text>");
    }
    chimera_buffer_text(out, "</g>\n");
}

/* --- The picture --- */

static void write_head(const struct stacks *stacks, struct chimera_slice title, uint32_t rows,
                       struct chimera_buffer *out)
{
    unsigned width = (unsigned)(WIDTH + 2 * MARGIN), height = HEAD + rows * ROW + FOOT;
    chimera_buffer_print(out,
                         "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                         "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
                         "viewBox=\"0 0 %u %u\" role=\"img\">\n<title>",
                         width, height, width, height);
    write_text(title, 200, out);
    chimera_buffer_text(
        out, "</title>\n<style>text{font:11px monospace;fill:#111}.t{font:bold 15px sans-serif}"
             ".s{font:12px sans-serif;fill:#444}rect{stroke:#fff;stroke-width:.5}"
             "g:hover rect{stroke:#000;stroke-width:1}</style>\n"
             "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    chimera_buffer_print(out, "<text class=\"t\" x=\"%g\" y=\"24\">", MARGIN);
    write_text(title, 130, out);
    chimera_buffer_print(out, "</text>\n<text class=\"s\" x=\"%g\" y=\"43\">", MARGIN);
    write_number(stacks->frame[stacks->root].total, out);
    chimera_buffer_text(out, " WebAssembly instructions; a box is as wide as its function and all "
                             "that it calls have run</text>\n");
}

static void write_foot(const struct stacks *stacks, uint32_t rows, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "<text class=\"s\" x=\"%g\" y=\"%u\">", MARGIN,
                         HEAD + rows * ROW + 20);
    if (stacks->is_cut)
        chimera_buffer_print(out,
                             "Calls that are more than %u deep, or in more than %u different "
                             "places, are shown as part of their callers. ",
                             CHIMERA_PROFILE_DEPTH_MAX, CHIMERA_PROFILE_NODES_MAX);
    chimera_buffer_text(out, "The order is that of the first calls, from left to right.</text>\n");
}

void flame_graph_write(const struct stacks *stacks, struct chimera_slice title,
                       struct chimera_buffer *out)
{
    struct box *boxes = calloc((size_t)stacks->count + 1, sizeof(*boxes));
    if (!boxes) {
        out->failed = CHIMERA_ENOMEM;
        return;
    }
    boxes[stacks->root] = (struct box){MARGIN, WIDTH, 0};
    uint32_t rows = place_boxes(stacks, boxes);
    write_head(stacks, title, rows, out);
    for (uint32_t i = 0; i < stacks->count && !out->failed; i++)
        if (boxes[stacks->order[i]].width > 0)
            write_box(stacks, stacks->order[i], &boxes[stacks->order[i]], rows, out);
    write_foot(stacks, rows, out);
    chimera_buffer_text(out, "</svg>\n");
    free(boxes);
}
