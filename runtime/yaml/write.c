/* SPDX-License-Identifier: Apache-2.0 */
#include <yaml.h>

#include "runtime/json/node.h"
#include "runtime/json/tree.h"
#include "runtime/text/printable.h"
#include "runtime/yaml/scalar.h"
#include "runtime/yaml/yaml.h"

/* Trees come from our own parsers, which stop at 128; this is a backstop for the walk below. */
#define DEPTH_MAX 160

struct level { /* a collection that is being written */
    struct json_object *node;
    struct lh_entry *entry; /* of an object: the next member */
    size_t index;           /* of an array: the next element */
};

struct writer {
    yaml_emitter_t emitter;
    struct chimera_buffer *out;
    struct level levels[DEPTH_MAX];
    size_t depth;
    uint64_t scratch;   /* taken for the emitter and its copies of texts */
    bool is_for_people; /* what may not be shown is escaped, which needs double quotes */
    bool is_for_all;    /* readers of YAML 1.1 */
};

/* libyaml looks at a text several times before it writes any of it; so long for a byte. */
#define ANALYSIS_NS 20
#define ANALYSIS_AT_ONCE ((size_t)64 << 10) /* of less nobody asks whether there is time */
#define EVENT_UNITS 64
#define SCRATCH_BYTES ((size_t)96 << 10)

static bool take_scratch(struct writer *writer, uint64_t bytes)
{
    if (chimera_account_take(writer->out->account, bytes) < 0)
        return false;
    writer->scratch += bytes;
    return true;
}

/* A text that is longer than what may be written is not worth the look. */
static bool may_write(struct writer *writer, struct chimera_slice text)
{
    struct chimera_buffer *out = writer->out;
    if (!out->failed && text.size > out->limit - out->size)
        out->failed = CHIMERA_ELIMIT;
    if (out->failed || chimera_account_spend(out->account, EVENT_UNITS + text.size / 4) < 0)
        return false;
    if (text.size > ANALYSIS_AT_ONCE &&
        chimera_account_has_time(out->account, text.size * ANALYSIS_NS) < 0)
        return false;
    return take_scratch(writer, chimera_account_heap(text.size + 1));
}

static int append(void *to, unsigned char *bytes, size_t size)
{
    return chimera_buffer_append(to, (struct chimera_slice){(const char *)bytes, size}) ==
           CHIMERA_OK;
}

/* Takes the event; false when the emitter failed. */
static bool emit(struct writer *writer, int made, yaml_event_t *event)
{
    return made && yaml_emitter_emit(&writer->emitter, event);
}

static bool emit_scalar(struct writer *writer, struct chimera_slice text, yaml_scalar_style_t style)
{
    yaml_event_t event;
    if (!may_write(writer, text))
        return false;
    /* libyaml wants unsigned bytes through a pointer that it does not write to; it copies them. */
    union {
        const char *text;
        yaml_char_t *bytes;
    } value = {.text = text.size ? text.data : ""};
    int made =
        yaml_scalar_event_initialize(&event, NULL, NULL, value.bytes, (int)text.size, 1, 1, style);
    return emit(writer, made, &event);
}

/* Quotes where a plain scalar would read back as something else, a literal block for several lines,
 * double quotes where something must be escaped (also what libyaml would write as it is and that is
 * not to be shown so), else what libyaml thinks best. */
static bool emit_string(struct writer *writer, struct chimera_slice text)
{
    yaml_scalar_style_t style = YAML_ANY_SCALAR_STYLE;
    char room[CHIMERA_PRINTABLE_SIZE];
    bool has_hidden = false;
    for (size_t at = 0; at < text.size;) {
        struct chimera_slice shown, rest = {text.data + at, text.size - at};
        at += chimera_printable_next(rest, CHIMERA_PRINTABLE_YAML, room, &shown);
        if (shown.data == room && rest.data[0] != '\n') {
            has_hidden = true;
            break;
        }
    }
    if (writer->is_for_people && has_hidden)
        style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    else if (text.size && memchr(text.data, '\n', text.size))
        style = YAML_LITERAL_SCALAR_STYLE;
    else if (chimera_scalar_resolve(text).kind != CHIMERA_SCALAR_STRING ||
             chimera_scalar_looks_octal(text) ||
             (writer->is_for_all && chimera_scalar_is_older(text)))
        style = YAML_SINGLE_QUOTED_SCALAR_STYLE;
    return emit_scalar(writer, text, style);
}

static bool emit_number(struct writer *writer, struct json_object *number)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, 64);
    chimera_json_write(number, &text);
    bool done =
        !text.failed && emit_scalar(writer, chimera_buffer_slice(&text), YAML_PLAIN_SCALAR_STYLE);
    chimera_buffer_free(&text);
    return done;
}

static bool open_collection(struct writer *writer, struct json_object *node, bool is_map)
{
    if (writer->depth == DEPTH_MAX || chimera_account_spend(writer->out->account, EVENT_UNITS) < 0)
        return false;
    struct level level = {.node = node};
    if (is_map)
        level.entry = json_object_get_object(node)->head;
    writer->levels[writer->depth++] = level;
    yaml_event_t event;
    int made =
        is_map
            ? yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_ANY_MAPPING_STYLE)
            : yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_ANY_SEQUENCE_STYLE);
    return emit(writer, made, &event);
}

static bool close_collection(struct writer *writer, bool is_map)
{
    writer->depth--;
    yaml_event_t event;
    int made = is_map ? yaml_mapping_end_event_initialize(&event)
                      : yaml_sequence_end_event_initialize(&event);
    return emit(writer, made, &event);
}

static bool emit_value(struct writer *writer, struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_object:
        return open_collection(writer, value, true);
    case json_type_array:
        return open_collection(writer, value, false);
    case json_type_string:
        return emit_string(writer,
                           (struct chimera_slice){json_object_get_string(value),
                                                  (size_t)json_object_get_string_len(value)});
    case json_type_boolean:
        return emit_scalar(writer,
                           chimera_slice_of(json_object_get_boolean(value) ? "true" : "false"),
                           YAML_PLAIN_SCALAR_STYLE);
    case json_type_null:
        return emit_scalar(writer, CHIMERA_SLICE("null"), YAML_PLAIN_SCALAR_STYLE);
    default:
        return emit_number(writer, value);
    }
}

/* One member, element or end of the collection on top. */
static bool emit_next(struct writer *writer)
{
    struct level *top = &writer->levels[writer->depth - 1];
    if (json_object_is_type(top->node, json_type_array)) {
        if (top->index == json_object_array_length(top->node))
            return close_collection(writer, false);
        return emit_value(writer, json_object_array_get_idx(top->node, top->index++));
    }
    struct lh_entry *entry = top->entry;
    if (!entry)
        return close_collection(writer, true);
    top->entry = entry->next;
    return emit_string(writer, chimera_slice_of((const char *)lh_entry_k(entry))) &&
           emit_value(writer, (struct json_object *)lh_entry_v(entry));
}

static bool write_all(struct writer *writer, struct json_object *tree)
{
    if (!take_scratch(writer, SCRATCH_BYTES) || !yaml_emitter_initialize(&writer->emitter))
        return false;
    yaml_emitter_set_unicode(&writer->emitter, 1);
    yaml_emitter_set_width(&writer->emitter, -1);
    yaml_emitter_set_output(&writer->emitter, append, writer->out);
    yaml_event_t event;
    if (!emit(writer, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), &event) ||
        !emit(writer, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1), &event) ||
        !emit_value(writer, tree))
        return false;
    while (writer->depth > 0) {
        if (!emit_next(writer))
            return false;
    }
    return emit(writer, yaml_document_end_event_initialize(&event, 1), &event) &&
           emit(writer, yaml_stream_end_event_initialize(&event), &event);
}

static void write_document(struct json_object *tree, bool is_for_people, bool is_for_all,
                           struct chimera_buffer *out)
{
    struct writer *writer = calloc(1, sizeof(*writer));
    if (!writer) {
        out->failed = CHIMERA_ENOMEM;
        return;
    }
    writer->out = out;
    writer->is_for_people = is_for_people;
    writer->is_for_all = is_for_all;
    if (!write_all(writer, tree) && !out->failed)
        out->failed = chimera_node_failure(out->account);
    /* libyaml ends the document with "..." when any literal block in it kept its last line ends, to
     * be on the safe side; the reference does not, and no parser needs it. */
    static const char mark[] = "\n...\n";
    const size_t size = sizeof(mark) - 1;
    if (out->size >= size && !memcmp(out->data + out->size - size, mark, size))
        out->size -= size - 1;
    yaml_emitter_delete(&writer->emitter);
    chimera_account_give_back(out->account, writer->scratch);
    free(writer);
}

void chimera_yaml_write(struct json_object *tree, struct chimera_buffer *out)
{
    write_document(tree, false, false, out);
}

static void show_document(struct json_object *tree, bool is_for_all, struct chimera_buffer *out)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, out->limit);
    write_document(tree, true, is_for_all, &text);
    if (!text.failed)
        chimera_printable_document(chimera_buffer_slice(&text), CHIMERA_PRINTABLE_YAML, out);
    else if (!out->failed)
        out->failed = text.failed;
    chimera_buffer_free(&text);
}

void chimera_yaml_show(struct json_object *tree, struct chimera_buffer *out)
{
    show_document(tree, false, out);
}

void chimera_yaml_publish(struct json_object *tree, bool is_for_people, struct chimera_buffer *out)
{
    if (is_for_people)
        show_document(tree, true, out);
    else
        write_document(tree, false, true, out);
}
