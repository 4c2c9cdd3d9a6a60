/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/request/object.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "toolchain/command/author/scaffold/admission_request.h"
#include "toolchain/command/author/scaffold/resource_kinds.h"

#define NAME_MAX_BYTES 300

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value = chimera_json_member(object, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* As almost all kinds have it, lower case. */
static void guess_plural(const char *kind, char *to, size_t room)
{
    char base[NAME_MAX_BYTES];
    snprintf(base, sizeof(base), "%s", kind);
    for (char *at = base; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    bool has_hiss = ends_with(base, "s") || ends_with(base, "x") || ends_with(base, "ch");
    if (ends_with(base, "y") && !ends_with(base, "ay") && !ends_with(base, "ey"))
        snprintf(to, room, "%.*sies", (int)strlen(base) - 1, base);
    else
        snprintf(to, room, "%s%s", base, has_hiss ? "es" : "s");
}

static int find_version(struct json_object *object, const char *file, bool *ret_is_assumed,
                        struct chimera_error *err)
{
    struct resource_kind known;
    char version[NAME_MAX_BYTES];
    const char *kind = text_of(object, "kind");
    *ret_is_assumed = !text_of(object, "apiVersion");
    if (!*ret_is_assumed)
        return CHIMERA_OK;
    if (!resource_kind_of_name(kind, &known))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s: a %.100s without `apiVersion`, and the kind is not known here",
                            file, kind);
    snprintf(version, sizeof(version), "%s%s%s", known.group, *known.group ? "/" : "",
             known.version);
    json_object_object_add(object, "apiVersion", json_object_new_string(version));
    return CHIMERA_OK;
}

static void put_name(struct json_object *request, struct chimera_buffer *out)
{
    const char *name = text_of(request, "name"), *name_space = text_of(request, "namespace");
    chimera_buffer_print(
        out, "%.200s %s%s%s", text_of(chimera_json_member(request, "object"), "kind"),
        name_space ? name_space : "", name_space ? "/" : "", name ? name : "without a name");
}

static void put_notes(struct json_object *request, const char *file, bool is_assumed, bool is_known,
                      struct object_notes *notes)
{
    struct json_object *object = chimera_json_member(request, "object");
    notes->count++;
    chimera_buffer_reset(&notes->last);
    chimera_buffer_print(&notes->last, "%s: a ", file);
    put_name(request, &notes->last);
    if (is_assumed) {
        chimera_buffer_print(&notes->odd, "%s: ", file);
        put_name(request, &notes->odd);
        chimera_buffer_print(&notes->odd, ": its apiVersion is taken to be %s\n",
                             text_of(object, "apiVersion"));
    }
    if (!is_known) {
        chimera_buffer_print(&notes->odd, "%s: ", file);
        put_name(request, &notes->odd);
        chimera_buffer_print(&notes->odd, ": its resource is taken to be %s\n",
                             text_of(chimera_json_member(request, "resource"), "resource"));
    }
}

int object_request(struct json_object *object, const char *file, struct json_object **ret_request,
                   struct object_notes *notes, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *catalog = NULL;
    char plural[NAME_MAX_BYTES + 4];
    bool is_assumed = false, is_known = false;
    struct chimera_error why = {0};
    int code = find_version(object, file, &is_assumed, err);
    if (code < 0)
        return code;
    catalog = admission_catalog();
    guess_plural(text_of(object, "kind"), plural, sizeof(plural));
    code = admission_request_make(object, catalog, plural, ret_request, &is_known, &why);
    if (code < 0)
        return chimera_fail(err, code, "%s: %.700s", file, why.text);
    put_notes(*ret_request, file, is_assumed, is_known, notes);
    return CHIMERA_OK;
}

void object_of_list(struct json_object *list, struct json_object *item)
{
    const char *kind = text_of(list, "kind"), *version = text_of(list, "apiVersion");
    if (!json_object_is_type(item, json_type_object) || strcmp(kind, "List") == 0)
        return;
    if (!text_of(item, "kind"))
        json_object_object_add(item, "kind",
                               json_object_new_string_len(kind, (int)strlen(kind) - 4));
    if (!text_of(item, "apiVersion") && version)
        json_object_object_add(item, "apiVersion", json_object_new_string(version));
}
