/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/verdict/lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/text/terminal.h"

#define AROUND 3
#define TABLE_MAX ((size_t)4 << 20) /* pairs of lines that are compared, at most */

struct text {
    struct chimera_slice *line; /* owned */
    size_t count;
};

/* What becomes of a line: it is kept, goes or comes. */
enum becoming { KEPT, GONE, NEW };

struct change {
    enum becoming kind;
    struct chimera_slice line;
};

struct changes {
    struct change *list; /* owned; room for all lines of both */
    size_t count;
};

static void split(struct chimera_slice bytes, struct text *ret_text)
{
    size_t most = 1;
    for (size_t i = 0; i < bytes.size; i++)
        most += bytes.data[i] == '\n';
    *ret_text = (struct text){.line = calloc(most, sizeof(*ret_text->line))};
    while (ret_text->line && bytes.size > 0) {
        const char *end = memchr(bytes.data, '\n', bytes.size);
        size_t size = end ? (size_t)(end - bytes.data) : bytes.size;
        ret_text->line[ret_text->count++] = (struct chimera_slice){bytes.data, size};
        size += end ? 1 : 0;
        bytes = (struct chimera_slice){bytes.data + size, bytes.size - size};
    }
}

static void note(struct changes *changes, enum becoming kind, struct chimera_slice line)
{
    changes->list[changes->count++] = (struct change){kind, line};
}

/* The longest row of lines that both have, by the table of all pairs: length[a][b] is that of what
 * begins at lines a and b. */
static void compare(const struct text *from, const struct text *to, size_t first, size_t last,
                    struct changes *changes)
{
    size_t rows = from->count - last - first, columns = to->count - last - first,
           width = columns + 1;
    bool is_small = rows < TABLE_MAX / width;
    uint32_t *length = is_small ? calloc((rows + 1) * width, sizeof(*length)) : NULL;
    for (size_t a = length ? rows : 0; a-- > 0;)
        for (size_t b = columns; b-- > 0;) {
            uint32_t below = length[(a + 1) * width + b], right = length[a * width + b + 1];
            bool is_same = chimera_slice_equal(from->line[first + a], to->line[first + b]);
            length[a * width + b] = is_same         ? length[(a + 1) * width + b + 1] + 1
                                    : below > right ? below
                                                    : right;
        }
    size_t a = 0, b = 0;
    while (a < rows || b < columns) {
        if (length && a < rows && b < columns &&
            chimera_slice_equal(from->line[first + a], to->line[first + b])) {
            note(changes, KEPT, from->line[first + a]);
            a++;
            b++;
        } else if (a < rows && (!length || b == columns ||
                                length[(a + 1) * width + b] >= length[a * width + b + 1])) {
            note(changes, GONE, from->line[first + a++]);
        } else {
            note(changes, NEW, to->line[first + b++]);
        }
    }
    free(length);
}

/* Most lines are the same at both ends. */
static void find(const struct text *from, const struct text *to, struct changes *changes)
{
    size_t least = from->count < to->count ? from->count : to->count, first = 0, last = 0;
    while (first < least && chimera_slice_equal(from->line[first], to->line[first]))
        first++;
    while (last < least - first &&
           chimera_slice_equal(from->line[from->count - 1 - last], to->line[to->count - 1 - last]))
        last++;
    for (size_t i = 0; i < first; i++)
        note(changes, KEPT, from->line[i]);
    compare(from, to, first, last, changes);
    for (size_t i = from->count - last; i < from->count; i++)
        note(changes, KEPT, from->line[i]);
}

static bool is_near(const struct changes *changes, size_t at)
{
    size_t first = at > AROUND ? at - AROUND : 0;
    for (size_t i = first; i < changes->count && i <= at + AROUND; i++)
        if (changes->list[i].kind != KEPT)
            return true;
    return false;
}

static void show(const struct changes *changes, struct chimera_buffer *out)
{
    static const char *const marks[] = {"  ", "- ", "+ "};
    const char *const colours[] = {"", chimera_colour(STDOUT_FILENO, CHIMERA_COLOUR_BAD),
                                   chimera_colour(STDOUT_FILENO, CHIMERA_COLOUR_GOOD)};
    bool is_left_out = false;
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->list[i];
        bool is_shown = is_near(changes, i);
        if (is_shown) {
            chimera_buffer_print(out, "%s%s", colours[change->kind], marks[change->kind]);
            chimera_buffer_append(out, change->line);
            chimera_buffer_print(out, "%s\n",
                                 change->kind == KEPT ? "" : chimera_colour_end(STDOUT_FILENO));
        } else if (!is_left_out) {
            chimera_buffer_text(out, "  …\n");
        }
        is_left_out = !is_shown;
    }
}

void lines_differ(struct chimera_slice from, struct chimera_slice to, struct chimera_buffer *out)
{
    struct text before, after;
    split(from, &before);
    split(to, &after);
    struct changes changes = {.list =
                                  calloc(before.count + after.count + 1, sizeof(*changes.list))};
    if (before.line && after.line && changes.list) {
        find(&before, &after, &changes);
        show(&changes, out);
    } else if (!out->failed) {
        out->failed = CHIMERA_ENOMEM;
    }
    free(changes.list);
    free(before.line);
    free(after.line);
}
