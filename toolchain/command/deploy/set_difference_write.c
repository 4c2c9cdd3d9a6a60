/* SPDX-License-Identifier: Apache-2.0 */
/* set_difference_write.c - the difference of two bundles for people's eyes. */
#include "toolchain/command/deploy/set_difference.h"

#include <string.h>

#include "runtime/json/tree.h"
#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"

#define VALUE_MAX ((size_t)16 << 20)
#define DIGEST_SHOWN (sizeof("sha256:") - 1 + 12) /* enough to tell two apart */

struct shown {
    struct chimera_buffer *out;
    int fd;
};

static void put_sign(const struct shown *shown, const char *sign, enum chimera_colour colour)
{
    chimera_buffer_print(shown->out, "%s%s%s ", chimera_colour(shown->fd, colour), sign,
                         chimera_colour_end(shown->fd));
}

static void put_text(const struct shown *shown, const char *text)
{
    chimera_printable_append(chimera_slice_of(text), NULL, shown->out);
}

static bool is_digest(struct json_object *value)
{
    return json_object_is_type(value, json_type_string) &&
           strncmp(json_object_get_string(value), "sha256:", strlen("sha256:")) == 0 &&
           (size_t)json_object_get_string_len(value) > DIGEST_SHOWN;
}

static void put_value(const struct shown *shown, struct json_object *value)
{
    struct chimera_buffer text;
    if (is_digest(value)) {
        chimera_buffer_append(shown->out,
                              (struct chimera_slice){json_object_get_string(value), DIGEST_SHOWN});
        return;
    }
    chimera_buffer_init(&text, VALUE_MAX);
    chimera_json_write_ordered(value, 0, &text);
    chimera_printable_document(chimera_buffer_slice(&text), CHIMERA_PRINTABLE_JSON, shown->out);
    if (text.failed)
        shown->out->failed = text.failed;
    chimera_buffer_free(&text);
}

static bool has_item(struct json_object *list, struct json_object *item)
{
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (json_object_equal(json_object_array_get_idx(list, i), item))
            return true;
    return false;
}

/* Those of `list` that `other` has not; how many. */
static size_t put_items(const struct shown *shown, const char *sign, enum chimera_colour colour,
                        struct json_object *list, struct json_object *other)
{
    size_t count = 0;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (has_item(other, item))
            continue;
        chimera_buffer_text(shown->out, "\n        ");
        put_sign(shown, sign, colour);
        put_value(shown, item);
        count++;
    }
    return count;
}

static void put_change(const struct shown *shown, struct json_object *change)
{
    struct json_object *from = NULL, *to = NULL;
    bool is_from = json_object_object_get_ex(change, "from", &from);
    bool is_to = json_object_object_get_ex(change, "to", &to);
    chimera_buffer_text(shown->out, "    ");
    put_text(shown, json_object_get_string(chimera_json_member(change, "key")));
    chimera_buffer_text(shown->out, ":");
    bool are_lists =
        json_object_is_type(from, json_type_array) && json_object_is_type(to, json_type_array);
    size_t items = are_lists ? put_items(shown, "-", CHIMERA_COLOUR_BAD, from, to) : 0;
    items += are_lists ? put_items(shown, "+", CHIMERA_COLOUR_GOOD, to, from) : 0;
    if (items == 0) { /* not lists, or the same in another order */
        chimera_buffer_text(shown->out, " ");
        is_from ? put_value(shown, from) : (void)chimera_buffer_text(shown->out, "(none)");
        chimera_buffer_text(shown->out, " → ");
        is_to ? put_value(shown, to) : (void)chimera_buffer_text(shown->out, "(none)");
    }
    struct json_object *words = chimera_json_member(change, "words");
    if (words) {
        chimera_buffer_text(shown->out, "\n        ");
        put_text(shown, json_object_get_string(words));
    }
    chimera_buffer_byte(shown->out, '\n');
}

static void put_policies(const struct shown *shown, const char *sign, enum chimera_colour colour,
                         struct json_object *list)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *policy = json_object_array_get_idx(list, i);
        struct json_object *changes = chimera_json_member(policy, "changes");
        struct json_object *module = chimera_json_member(policy, "module");
        put_sign(shown, sign, colour);
        put_text(shown, json_object_get_string(chimera_json_member(policy, "id")));
        if (module) {
            chimera_buffer_text(shown->out, "  ");
            put_value(shown, module);
        }
        chimera_buffer_byte(shown->out, '\n');
        for (size_t j = 0; changes && j < json_object_array_length(changes); j++)
            put_change(shown, json_object_array_get_idx(changes, j));
    }
}

void set_difference_write(struct json_object *difference, int fd, struct chimera_buffer *out)
{
    const struct shown shown = {.out = out, .fd = fd};
    put_policies(&shown, "-", CHIMERA_COLOUR_BAD, chimera_json_member(difference, "removed"));
    put_policies(&shown, "+", CHIMERA_COLOUR_GOOD, chimera_json_member(difference, "added"));
    put_policies(&shown, "~", CHIMERA_COLOUR_NOTE, chimera_json_member(difference, "changed"));
}
