/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/yaml/document.h"

#include <stdarg.h>
#include <stdio.h>

#include "runtime/json/tree.h"
#include "runtime/text/nearest.h"

#define TEXT_MAX 1000
#define SHOWN_MAX 60 /* bytes of a text that was found */

bool chimera_document_read(struct chimera_document *document, struct chimera_slice text,
                           const struct chimera_yaml_options *options)
{
    *document = (struct chimera_document){.text = text};
    return chimera_yaml_check(text, options, &document->tree, &document->problems) == CHIMERA_OK;
}

void chimera_document_done(struct chimera_document *document)
{
    json_object_put(document->tree);
    chimera_problems_done(&document->problems);
    chimera_yaml_places_free(document->places);
    *document = (struct chimera_document){0};
}

/* --- The path --- */

static void enter(struct chimera_document *document, struct chimera_yaml_step step)
{
    if (document->depth < CHIMERA_DOCUMENT_LEVELS)
        document->path[document->depth] = step;
    document->depth++;
}

void chimera_document_enter(struct chimera_document *document, const char *key)
{
    enter(document, (struct chimera_yaml_step){.key = key});
}

void chimera_document_enter_index(struct chimera_document *document, size_t index)
{
    enter(document, (struct chimera_yaml_step){.index = index});
}

void chimera_document_leave(struct chimera_document *document)
{
    document->depth--;
}

static size_t levels(const struct chimera_document *document)
{
    return document->depth < CHIMERA_DOCUMENT_LEVELS ? document->depth : CHIMERA_DOCUMENT_LEVELS;
}

/* --- Problems --- */

__attribute__((format(printf, 3, 0))) static void
note(struct chimera_document *document, bool is_key, const char *format, va_list arguments)
{
    char where[TEXT_MAX], text[TEXT_MAX];
    size_t line, column;
    if (!document->places)
        document->places = chimera_yaml_places_new(document->text);
    chimera_yaml_places_find(document->places, document->path, levels(document), is_key, &line,
                             &column);
    size_t size = 0;
    where[0] = '\0';
    for (size_t i = 0; i < levels(document) && size < sizeof(where); i++) {
        const struct chimera_yaml_step *step = &document->path[i];
        size += (size_t)(step->key
                             ? snprintf(where + size, sizeof(where) - size, "%s%.200s",
                                        i ? "." : "", step->key)
                             : snprintf(where + size, sizeof(where) - size, "[%zu]", step->index));
    }
    vsnprintf(text, sizeof(text), format, arguments);
    chimera_problems_add(&document->problems, line, column, where, text);
}

void chimera_document_note(struct chimera_document *document, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(document, false, format, arguments);
    va_end(arguments);
}

void chimera_document_note_key(struct chimera_document *document, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(document, true, format, arguments);
    va_end(arguments);
}

/* Of a text the beginning, in whole characters. */
static void describe_text(const char *text, char *ret_text, size_t room)
{
    size_t size = strnlen(text, SHOWN_MAX + 1);
    bool is_cut = size > SHOWN_MAX;
    size -= is_cut;
    while (is_cut && size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    snprintf(ret_text, room, "\"%.*s%s\"", (int)size, text, is_cut ? "…" : "");
}

static void describe(struct json_object *value, char *ret_text, size_t room)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        snprintf(ret_text, room, "nothing");
        return;
    case json_type_object:
        snprintf(ret_text, room, "a map");
        return;
    case json_type_array:
        snprintf(ret_text, room, "a list");
        return;
    case json_type_boolean:
        snprintf(ret_text, room, "%s", json_object_get_string(value));
        return;
    case json_type_string:
        describe_text(json_object_get_string(value), ret_text, room);
        return;
    default:
        snprintf(ret_text, room, "the number %s", json_object_get_string(value));
    }
}

void chimera_document_expect(struct chimera_document *document, struct json_object *found,
                             const char *expected)
{
    char text[SHOWN_MAX + 40];
    describe(found, text, sizeof(text));
    chimera_document_note(document, "expected %s, found %s", expected, text);
}

/* --- Members --- */

/* A key of the map that may have been meant to be `wanted`, or NULL. */
static const char *find_like(struct json_object *object, const char *wanted)
{
    const char *const known[] = {wanted, NULL};
    struct json_object_iterator at = json_object_iter_begin(object),
                                end = json_object_iter_end(object);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        if (chimera_nearest(json_object_iter_peek_name(&at), known))
            return json_object_iter_peek_name(&at);
    return NULL;
}

bool chimera_document_member(struct chimera_document *document, struct json_object *object,
                             const char *key, const char *expected, struct json_object **ret_value)
{
    chimera_document_enter(document, key);
    if (json_object_object_get_ex(object, key, ret_value))
        return true;
    const char *like = expected ? find_like(object, key) : NULL;
    if (expected)
        chimera_document_note(document, "missing; expected %s%s%s%s", expected,
                              like ? "; is `" : "", like ? like : "", like ? "` meant?" : "");
    chimera_document_leave(document);
    return false;
}

bool chimera_document_is(struct chimera_document *document, struct json_object *value,
                         enum json_type type, const char *expected)
{
    if (json_object_is_type(value, type))
        return true;
    chimera_document_expect(document, value, expected);
    return false;
}

bool chimera_document_is_known(const char *key, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(*known, key) == 0)
            return true;
    return false;
}

void chimera_document_refuse_key(struct chimera_document *document, const char *key,
                                 const char *const *known, const char *what)
{
    const char *nearest = chimera_nearest(key, known);
    chimera_document_enter(document, key);
    chimera_document_note_key(document, "%s has no such key%s%s%s", what, nearest ? "; is `" : "",
                              nearest ? nearest : "", nearest ? "` meant?" : "");
    chimera_document_leave(document);
}

void chimera_document_refuse_others(struct chimera_document *document, struct json_object *object,
                                    const char *const *known, const char *what)
{
    struct json_object_iterator at = json_object_iter_begin(object),
                                end = json_object_iter_end(object);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        if (!chimera_document_is_known(json_object_iter_peek_name(&at), known))
            chimera_document_refuse_key(document, json_object_iter_peek_name(&at), known, what);
}
