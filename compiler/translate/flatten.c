/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/translate/flatten.h"

#include <stdlib.h>

#include "runtime/base/error.h"

/* Clang's limit counts the parentheses of the innermost expression, too. */
#define BRACES_MAX 200u
/* Of large bodies; three quarters of one are blanks when it nests some 40 deep on average. */
#define LARGE ((size_t)1 << 20)

enum opened { OPENED_OTHER, OPENED_IF, OPENED_ELSE }; /* the first: a switch, or a plain brace */

struct opened_brace {
    enum opened kind;
    uint32_t number; /* of its labels */
};

struct flatten {
    struct chimera_buffer *out;
    struct opened_brace *braces; /* owned */
    uint32_t depth, capacity, numbers;
};

static bool is_opening(struct chimera_slice line)
{
    return line.size > 0 && line.data[line.size - 1] == '{';
}

static bool is_closing(struct chimera_slice line)
{
    return line.size > 0 && line.data[0] == '}';
}

void chimera_flatten_count(struct flatten_depth *depth, struct chimera_slice line)
{
    size_t size = line.size;
    line = chimera_slice_trim(line);
    depth->blanks += size - line.size;
    if (is_closing(line) && depth->now > 0)
        depth->now--;
    if (is_opening(line) && ++depth->now > depth->most)
        depth->most = depth->now;
}

bool chimera_flatten_pays(const struct flatten_depth *depth, size_t size)
{
    return depth->most > BRACES_MAX || (size > LARGE && depth->blanks > size / 4 * 3);
}

/* "if (w2c_i0) {": what is between the parentheses, a variable. */
static bool read_condition(struct chimera_slice line, struct chimera_slice *ret_name)
{
    static const char head[] = "if (", tail[] = ") {";
    size_t before = sizeof(head) - 1, after = sizeof(tail) - 1;
    if (line.size <= before + after || memcmp(line.data, head, before) != 0 ||
        memcmp(line.data + line.size - after, tail, after) != 0)
        return false;
    *ret_name = (struct chimera_slice){line.data + before, line.size - before - after};
    return !memchr(ret_name->data, '(', ret_name->size);
}

static bool push_brace(struct flatten *flatten, enum opened kind)
{
    if (flatten->depth == flatten->capacity) {
        uint32_t capacity = flatten->capacity ? 2 * flatten->capacity : 1024;
        struct opened_brace *braces = reallocarray(flatten->braces, capacity, sizeof(*braces));
        if (!braces)
            return false;
        flatten->braces = braces;
        flatten->capacity = capacity;
    }
    flatten->braces[flatten->depth++] = (struct opened_brace){kind, flatten->numbers++};
    return true;
}

static int open_brace(struct flatten *flatten, struct chimera_slice line)
{
    struct chimera_slice name;
    bool is_if = read_condition(line, &name);
    if (!push_brace(flatten, is_if ? OPENED_IF : OPENED_OTHER))
        return CHIMERA_ENOMEM;
    if (!is_if) {
        chimera_buffer_append(flatten->out, line);
        return chimera_buffer_byte(flatten->out, '\n');
    }
    chimera_buffer_text(flatten->out, "if (!");
    chimera_buffer_append(flatten->out, name);
    return chimera_buffer_print(flatten->out, ") goto chimera_else%u;\n",
                                flatten->braces[flatten->depth - 1].number);
}

static int close_brace(struct flatten *flatten)
{
    if (flatten->depth == 0)
        return CHIMERA_ETOOL;
    const struct opened_brace *brace = &flatten->braces[--flatten->depth];
    if (brace->kind == OPENED_OTHER)
        return chimera_buffer_text(flatten->out, "}\n");
    return chimera_buffer_print(flatten->out, "chimera_%s%u:;\n",
                                brace->kind == OPENED_IF ? "else" : "end", brace->number);
}

static int flatten_line(struct flatten *flatten, struct chimera_slice line)
{
    if (chimera_slice_is(line, "} else {")) {
        struct opened_brace *brace = flatten->depth ? &flatten->braces[flatten->depth - 1] : NULL;
        if (!brace || brace->kind != OPENED_IF)
            return CHIMERA_ETOOL;
        brace->kind = OPENED_ELSE;
        return chimera_buffer_print(flatten->out, "goto chimera_end%u;\nchimera_else%u:;\n",
                                    brace->number, brace->number);
    }
    if (chimera_slice_is(line, "}"))
        return close_brace(flatten);
    if (is_closing(line))
        return CHIMERA_ETOOL;
    if (is_opening(line))
        return open_brace(flatten, line);
    chimera_buffer_append(flatten->out, line);
    return chimera_buffer_byte(flatten->out, '\n');
}

int chimera_flatten(struct chimera_slice body, struct chimera_buffer *out)
{
    struct flatten flatten = {.out = out};
    int code = CHIMERA_OK;
    while (body.size > 0 && code == CHIMERA_OK) {
        const char *end = memchr(body.data, '\n', body.size);
        size_t size = end ? (size_t)(end - body.data) : body.size;
        code = flatten_line(&flatten, chimera_slice_trim((struct chimera_slice){body.data, size}));
        size += end != NULL;
        body = (struct chimera_slice){body.data + size, body.size - size};
    }
    free(flatten.braces);
    if (code == CHIMERA_OK && flatten.depth > 0)
        code = CHIMERA_ETOOL;
    return code < 0 ? code : out->failed;
}
