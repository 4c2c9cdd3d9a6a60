/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/verdict/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"
#include "toolchain/command/verdict/patched.h"

#define LABELS_MAX ((size_t)1 << 20)
#define COLOUR(name) chimera_colour(STDOUT_FILENO, CHIMERA_COLOUR_##name)

const char *verdict_object(const struct chimera_request *request)
{
    static char text[700];
    struct chimera_arena arena;
    struct chimera_request_labels labels = {0};
    struct chimera_slice space = request->name_space;
    if (request->is_raw)
        return "";
    chimera_arena_init(&arena, LABELS_MAX);
    chimera_request_label(request, &arena, &labels);
    const char *kind = labels.kind.data, *name = labels.name.data ? labels.name.data : "";
    snprintf(text, sizeof(text), "%.*s %.*s%s%.*s", (int)labels.kind.size, kind ? kind : "",
             (int)space.size, space.data ? space.data : "", space.size > 0 ? "/" : "",
             (int)labels.name.size, name);
    chimera_arena_free(&arena);
    return text;
}

/* "the message (403)" */
static char *show_message(const struct chimera_status *status)
{
    char *text = NULL, code[16] = "";
    const char *message = status->message.data ? status->message.data : "";
    if (status->has_code)
        snprintf(code, sizeof(code), "%s(%u)", *message ? " " : "", (unsigned)status->code);
    return asprintf(&text, "%.*s%s", (int)status->message.size, message, code) < 0 ? NULL : text;
}

static void add_row(const struct verdict *verdict, struct columns *columns)
{
    const struct chimera_response *response = verdict->response;
    CHIMERA_FREE char *message = response->has_status ? show_message(&response->status) : NULL;
    const char *word = !response->allowed     ? (response->is_failure ? "failed" : "rejected")
                       : response->patch.data ? "allowed, changed"
                                              : "allowed";
    columns_add(columns, verdict->name, "");
    columns_add(columns, verdict_object(verdict->request), "");
    columns_add(columns, verdict->policy, "");
    columns_add(columns, word, response->allowed ? COLOUR(GOOD) : COLOUR(BAD));
    columns_add(columns, message, "");
}

/* --- Details --- */

static void put_line(struct chimera_buffer *out, const char *before, struct chimera_slice text)
{
    chimera_buffer_print(out, "  %s: ", before);
    chimera_printable_append(text, "\n    ", out);
    chimera_buffer_byte(out, '\n');
}

static void put_causes(const struct chimera_status *status, struct chimera_buffer *out)
{
    for (const struct chimera_cause *cause = status->causes; cause; cause = cause->next) {
        chimera_buffer_text(out, "  ");
        if (cause->field.data)
            chimera_printable_append(cause->field, NULL, out);
        chimera_buffer_text(out, cause->field.data ? ": " : "");
        if (cause->message.data)
            chimera_printable_append(cause->message, "\n    ", out);
        chimera_buffer_byte(out, '\n');
    }
}

static void put_extras(const struct chimera_response *response, struct chimera_buffer *out)
{
    CHIMERA_JSON struct json_object *warnings = NULL;
    CHIMERA_JSON struct json_object *annotations = NULL;
    if (response->warnings.data)
        chimera_json_parse(response->warnings, &warnings, NULL);
    if (response->audit_annotations.data)
        chimera_json_parse(response->audit_annotations, &annotations, NULL);
    for (size_t i = 0; warnings && i < json_object_array_length(warnings); i++)
        put_line(out, "warning",
                 chimera_slice_of(json_object_get_string(json_object_array_get_idx(warnings, i))));
    if (!json_object_is_type(annotations, json_type_object))
        return;
    json_object_object_foreach(annotations, key, value)
    {
        chimera_buffer_text(out, "  audit annotation ");
        chimera_printable_append(chimera_slice_of(key), NULL, out);
        chimera_buffer_text(out, ": ");
        chimera_printable_append(chimera_slice_of(json_object_get_string(value)), NULL, out);
        chimera_buffer_byte(out, '\n');
    }
}

static void put_change(const struct verdict *verdict, struct chimera_buffer *out)
{
    CHIMERA_JSON struct json_object *patch = NULL;
    if (!verdict->response->patch.data)
        return;
    patch = patched_decode(verdict->response->patch);
    if (patched_write(verdict->request->object, patch, out))
        return;
    chimera_buffer_text(out, "  a patch that does not fit the object: ");
    chimera_json_write_ordered(patch, 0, out);
    chimera_buffer_byte(out, '\n');
}

void verdict_table_add(const struct verdict *verdict, struct columns *columns,
                       struct chimera_buffer *details)
{
    static const char *const titles[VERDICT_COLUMNS] = {"REQUEST", "OBJECT", "POLICY", "VERDICT",
                                                        "MESSAGE"};
    for (size_t i = 0; columns->count < columns->width; i++)
        columns_add(columns, titles[i], COLOUR(BOLD));
    add_row(verdict, columns);
    size_t head = details->size;
    chimera_buffer_byte(details, '\n');
    chimera_printable_append(chimera_slice_of(verdict->name), NULL, details);
    chimera_buffer_text(details, ", ");
    chimera_printable_append(chimera_slice_of(verdict->policy), NULL, details);
    chimera_buffer_text(details, ":\n");
    size_t body = details->size;
    if (verdict->response->has_status)
        put_causes(&verdict->response->status, details);
    put_extras(verdict->response, details);
    put_change(verdict, details);
    if (details->size == body) /* there is no more to say */
        details->size = head;
}
