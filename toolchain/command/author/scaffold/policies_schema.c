/* SPDX-License-Identifier: Apache-2.0 */
/* policies_schema.c - `chimera scaffold policies-schema`: a JSON schema of policies.yml, made of
 * the table that the file is read by. */
#include "runtime/source/policies_keys.h"

#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "toolchain/command/author/scaffold/scaffold.h"
#include "toolchain/command/commands.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"
#define REFERENCE "#/$defs/"

static const struct owner {
    enum policies_owner owner;
    const char *name, *help;
} owners[] = {
    {POLICIES_OF_POLICY, "policy", "A policy, asked as /validate/ID"},
    {POLICIES_OF_GROUP, "group", "A policy group: policies joined by an expression"},
    {POLICIES_OF_MEMBER, "member", "A policy of a group"},
    {POLICIES_OF_RESOURCE, "resource", "A kind of Kubernetes objects"},
};
#define OWNERS (sizeof(owners) / sizeof(*owners))

static struct json_object *text(const char *value)
{
    return json_object_new_string(value);
}

static struct json_object *refer(const char *name)
{
    struct json_object *schema = json_object_new_object();
    char place[64];
    snprintf(place, sizeof(place), REFERENCE "%s", name);
    scaffold_put_text(schema, "$ref", place);
    return schema;
}

/* A name of an entry or a member: it becomes a part of a path. */
static struct json_object *names(void)
{
    struct json_object *schema = json_object_new_object();
    scaffold_put_text(schema, "pattern", "^[^/]+$");
    return schema;
}

static struct json_object *a_list_of(struct json_object *items)
{
    struct json_object *schema = json_object_new_object();
    scaffold_put_text(schema, "type", "array");
    json_object_object_add(schema, "items", items);
    return schema;
}

static struct json_object *a_map_of(struct json_object *values)
{
    struct json_object *schema = json_object_new_object();
    scaffold_put_text(schema, "type", "object");
    json_object_object_add(schema, "propertyNames", names());
    json_object_object_add(schema, "additionalProperties", values);
    return schema;
}

static struct json_object *of_type(const char *name)
{
    struct json_object *schema = json_object_new_object();
    scaffold_put_text(schema, "type", name);
    return schema;
}

static struct json_object *of_mode(void)
{
    struct json_object *schema = json_object_new_object(), *modes = json_object_new_array();
    json_object_array_add(modes, text("protect"));
    json_object_array_add(modes, text("monitor"));
    json_object_object_add(schema, "enum", modes);
    return schema;
}

static struct json_object *of_seconds(void)
{
    struct json_object *schema = of_type("integer");
    json_object_object_add(schema, "minimum", json_object_new_int(1));
    return schema;
}

static struct json_object *of_key(enum policies_key_type type)
{
    switch (type) {
    case POLICIES_TEXT:
        return of_type("string");
    case POLICIES_FLAG:
        return of_type("boolean");
    case POLICIES_MODE:
        return of_mode();
    case POLICIES_SECONDS:
        return of_seconds();
    case POLICIES_SETTINGS:
        return of_type("object");
    case POLICIES_PATTERNS:
        return a_list_of(of_type("string"));
    case POLICIES_RESOURCES:
        return a_list_of(refer("resource"));
    case POLICIES_MEMBERS:
        return a_map_of(refer("member"));
    case POLICIES_NOTE:
        break;
    }
    return json_object_new_object(); /* anything */
}

static struct json_object *describe_key(const struct policies_key *key, enum policies_owner owner)
{
    struct json_object *schema = of_key(key->type);
    struct json_object *type = chimera_json_member(schema, "type");
    if ((key->may_empty & owner) && type) {
        struct json_object *either = json_object_new_array();
        json_object_array_add(either, json_object_get(type));
        json_object_array_add(either, text("null"));
        json_object_object_add(schema, "type", either);
    }
    scaffold_put_text(schema, "description", key->help);
    if (key->preset)
        json_object_object_add(schema, "default",
                               key->type == POLICIES_MODE ? text(key->preset)
                                                          : json_tokener_parse(key->preset));
    return schema;
}

static struct json_object *describe_owner(const struct owner *owner)
{
    struct json_object *schema = of_type("object"), *required = json_object_new_array();
    struct json_object *properties = json_object_new_object();
    for (const struct policies_key *key = policies_keys; key->name; key++) {
        if (!(key->owners & owner->owner))
            continue;
        json_object_object_add(properties, key->name, describe_key(key, owner->owner));
        if (key->required & owner->owner)
            json_object_array_add(required, text(key->name));
    }
    scaffold_put_text(schema, "description", owner->help);
    json_object_object_add(schema, "properties", properties);
    json_object_object_add(schema, "required", required);
    json_object_object_add(schema, "additionalProperties", json_object_new_boolean(false));
    return schema;
}

/* An entry with `module` is a policy, whatever else it has. */
static struct json_object *describe_entry(void)
{
    struct json_object *schema = json_object_new_object(), *has_module = json_object_new_object();
    struct json_object *required = json_object_new_array();
    json_object_array_add(required, text("module"));
    json_object_object_add(has_module, "required", required);
    json_object_object_add(schema, "if", has_module);
    json_object_object_add(schema, "then", refer("policy"));
    json_object_object_add(schema, "else", refer("group"));
    return schema;
}

static struct json_object *describe_file(void)
{
    struct json_object *schema = json_object_new_object(), *parts = json_object_new_object();
    for (size_t i = 0; i < OWNERS; i++)
        json_object_object_add(parts, owners[i].name, describe_owner(&owners[i]));
    json_object_object_add(parts, "entry", describe_entry());
    scaffold_put_text(schema, "$schema", DIALECT);
    scaffold_put_text(schema, "title", "policies.yml");
    scaffold_put_text(schema, "description",
                      "Which policies a server of Kubewarden's policies serves: a map from ids to "
                      "policies and policy groups");
    scaffold_put_text(schema, "type", "object");
    json_object_object_add(schema, "propertyNames", names());
    json_object_object_add(schema, "additionalProperties", refer("entry"));
    json_object_object_add(schema, "$defs", parts);
    return schema;
}

static int run_policies_schema(const struct chimera_cli_options *options)
{
    (void)options;
    CHIMERA_JSON struct json_object *schema = describe_file();
    return scaffold_print_schema(schema);
}

const struct chimera_cli_command command_scaffold_policies_schema = {
    .name = "policies-schema",
    .parent = &command_scaffold,
    .about = "Print a JSON schema of policies.yml, for editors",
    .description =
        "Prints a JSON schema (draft 2020-12) of the file that a server reads its policies from. "
        "With it an editor completes the keys, shows what they mean, and marks what is wrong while "
        "it is written; `chimera check` finds the rest.",
    .run = run_policies_schema,
};
