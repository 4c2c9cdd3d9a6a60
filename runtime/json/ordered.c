/* SPDX-License-Identifier: Apache-2.0 */
/* ordered.c - JSON for files and people: members stay in the order in which they were put in. */
#include "runtime/json/tree.h"

/* Trees come from our own parsers, which stop at 128. */
#define DEPTH_MAX 160

struct ordered {
    struct chimera_buffer *out;
    unsigned indent, depth;
    bool is_first; /* in the collection that is open */
};

static void put_value(struct ordered *ordered, struct json_object *value);

static void put_line(const struct ordered *ordered)
{
    if (ordered->indent == 0)
        return;
    chimera_buffer_byte(ordered->out, '\n');
    for (unsigned i = 0; i < ordered->indent * ordered->depth; i++)
        chimera_buffer_byte(ordered->out, ' ');
}

static void open_collection(struct ordered *ordered, uint8_t bracket)
{
    chimera_buffer_byte(ordered->out, bracket);
    ordered->is_first = true;
    if (ordered->depth++ == DEPTH_MAX && !ordered->out->failed)
        ordered->out->failed = CHIMERA_ELIMIT;
}

static void begin_item(struct ordered *ordered)
{
    if (!ordered->is_first)
        chimera_buffer_byte(ordered->out, ',');
    put_line(ordered);
}

static void close_collection(struct ordered *ordered, uint8_t bracket, size_t count)
{
    ordered->depth--;
    if (count > 0)
        put_line(ordered);
    chimera_buffer_byte(ordered->out, bracket);
    ordered->is_first = false;
}

static void put_value(struct ordered *ordered, struct json_object *value)
{
    if (json_object_is_type(value, json_type_object)) {
        open_collection(ordered, '{');
        json_object_object_foreach(value, key, member)
        {
            if (ordered->out->failed)
                break;
            begin_item(ordered);
            chimera_json_write_string(chimera_slice_of(key), ordered->out);
            chimera_buffer_text(ordered->out, ordered->indent ? ": " : ":");
            put_value(ordered, member);
            ordered->is_first = false;
        }
        close_collection(ordered, '}', (size_t)json_object_object_length(value));
    } else if (json_object_is_type(value, json_type_array)) {
        size_t count = json_object_array_length(value);
        open_collection(ordered, '[');
        for (size_t i = 0; i < count && !ordered->out->failed; i++) {
            begin_item(ordered);
            put_value(ordered, json_object_array_get_idx(value, i));
            ordered->is_first = false;
        }
        close_collection(ordered, ']', count);
    } else
        chimera_json_write(value, ordered->out);
}

void chimera_json_write_ordered(struct json_object *tree, unsigned indent,
                                struct chimera_buffer *out)
{
    struct ordered ordered = {.out = out, .indent = indent};
    put_value(&ordered, tree);
}
