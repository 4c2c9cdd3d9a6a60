/* SPDX-License-Identifier: Apache-2.0 */
/* metadata_check.c - what metadata must hold besides its types, as the reference and Kubernetes
 * check it (cli-and-distribution.md §6.3). */
#include <stdarg.h>
#include <stdio.h>

#include "runtime/policy/metadata_internal.h"

struct check {
    struct chimera_error *err;
    const char *list; /* `rules` or `contextAwareResources` */
    const char *field;
    size_t index;
};

static const char *text_at(struct json_object *list, size_t index)
{
    return json_object_get_string(json_object_array_get_idx(list, index));
}

__attribute__((format(printf, 2, 3))) static int refuse(const struct check *check,
                                                        const char *format, ...)
{
    char what[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return chimera_fail(check->err, CHIMERA_EINVAL, "%s[%zu].%s: %s", check->list, check->index,
                        check->field, what);
}

static bool has_text(struct json_object *list, const char *text)
{
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (strcmp(text_at(list, i), text) == 0)
            return true;
    return false;
}

static int check_asterisk(const struct check *check, struct json_object *list)
{
    if (json_object_array_length(list) > 1 && has_text(list, "*"))
        return refuse(check, "No other elements can be defined when '*' is used");
    return CHIMERA_OK;
}

/* What a wildcard before, for the subresources of this resource or for the resources of this
 * subresource, has in it already. */
static int check_subresource(const struct check *check, struct json_object *list, size_t at)
{
    const char *resource = text_at(list, at), *slash = strchr(resource, '/');
    for (size_t i = 0; i < at; i++) {
        const char *before = text_at(list, i), *cut = strchr(before, '/');
        if (!cut)
            continue;
        bool is_same_resource = cut - before == slash - resource &&
                                strncmp(before, resource, (size_t)(slash - resource)) == 0;
        if (is_same_resource && strcmp(cut, "/*") == 0)
            return refuse(check, "if '%.200s' is present, must not specify %.200s", before,
                          resource);
        if (strncmp(before, "*/", 2) == 0 && strcmp(cut, slash) == 0)
            return refuse(check, "if '%.200s' is present, must not specify %.200s", before,
                          resource);
    }
    return CHIMERA_OK;
}

/* Of those without a slash the last decides whether there is one besides `*`, as in Kubernetes. */
static int check_resources(const struct check *check, struct json_object *list)
{
    bool has_plain = false;
    int code = CHIMERA_OK;
    for (size_t i = 0; code == 0 && i < json_object_array_length(list); i++) {
        const char *resource = text_at(list, i);
        if (!*resource)
            return refuse(check, "empty resource is not allowed");
        if (!strchr(resource, '/'))
            has_plain = strcmp(resource, "*") != 0;
        else
            code = check_subresource(check, list, i);
    }
    if (code < 0)
        return code;
    if (json_object_array_length(list) > 1 && has_text(list, "*/*"))
        return refuse(check, "if '*/*' is present, must not specify other resources");
    if (has_plain && has_text(list, "*"))
        return refuse(check,
                      "if '*' is present, must not specify other resources without subresources");
    return CHIMERA_OK;
}

static int check_rule(struct check *check, struct json_object *rule)
{
    int code = CHIMERA_OK;
    for (unsigned i = 0; code == 0 && i < rule_shape.count; i++) {
        check->field = rule_shape.field[i].name.data;
        struct json_object *list = chimera_json_member(rule, check->field);
        bool are_resources = strcmp(check->field, "resources") == 0;
        if (json_object_array_length(list) == 0)
            return refuse(check, "the list must not be empty");
        code = are_resources ? check_resources(check, list) : check_asterisk(check, list);
    }
    return code;
}

static int check_resource(struct check *check, struct json_object *resource)
{
    static const char *const fields[] = {"apiVersion", "kind"};
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        check->field = fields[i];
        if (json_object_get_string_len(chimera_json_member(resource, fields[i])) == 0)
            return refuse(check, "the text must not be empty");
    }
    return CHIMERA_OK;
}

static int check_each(const struct chimera_metadata *metadata, const char *name,
                      int (*check_one)(struct check *check, struct json_object *one),
                      struct chimera_error *err)
{
    struct check check = {.err = err, .list = name};
    struct json_object *list = chimera_json_member(metadata->tree, name);
    int code = CHIMERA_OK;
    for (; code == 0 && check.index < json_object_array_length(list); check.index++)
        code = check_one(&check, json_object_array_get_idx(list, check.index));
    return code;
}

int chimera_metadata_check(const struct chimera_metadata *metadata, struct chimera_error *err)
{
    if (metadata->protocol == CHIMERA_PROTOCOL_NONE)
        return chimera_fail(err, CHIMERA_EINVAL, "protocolVersion: it is not there");
    int code = check_each(metadata, "rules", check_rule, err);
    if (code == 0)
        code = check_each(metadata, "contextAwareResources", check_resource, err);
    if (code == 0 && metadata->mode == CHIMERA_MODE_WAPC &&
        metadata->protocol == CHIMERA_PROTOCOL_UNKNOWN)
        code = chimera_fail(err, CHIMERA_EINVAL, "Must specify a valid protocol version");
    return code;
}
