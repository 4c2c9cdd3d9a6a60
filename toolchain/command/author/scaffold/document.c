/* SPDX-License-Identifier: Apache-2.0 */
/* document.c - the parts that documents are put together from. */
#include "toolchain/command/author/scaffold/scaffold.h"

#include <stdio.h>

#include "runtime/json/tree.h"
#include "toolchain/command/commands.h"

void scaffold_put_text(struct json_object *object, const char *key, const char *text)
{
    if (text)
        json_object_object_add(object, key, json_object_new_string(text));
}

void scaffold_share(struct json_object *object, const char *key, struct json_object *value)
{
    if (value)
        json_object_object_add(object, key, json_object_get(value));
}

struct json_object *scaffold_policy(const char *kind)
{
    struct json_object *policy = json_object_new_object();
    scaffold_put_text(policy, "apiVersion", "policies.kubewarden.io/v1");
    scaffold_put_text(policy, "kind", kind);
    return policy;
}

struct json_object *scaffold_rules(struct json_object *rules)
{
    static const char *const fields[] = {"apiGroups", "apiVersions", "resources", "operations"};
    struct json_object *out = json_object_new_array();
    for (size_t i = 0; rules && i < json_object_array_length(rules); i++) {
        struct json_object *from = json_object_array_get_idx(rules, i);
        struct json_object *rule = json_object_new_object();
        for (size_t j = 0; j < sizeof(fields) / sizeof(*fields); j++) {
            struct json_object *list = chimera_json_member(from, fields[j]);
            json_object_object_add(rule, fields[j],
                                   list ? json_object_get(list) : json_object_new_array());
        }
        json_object_array_add(out, rule);
    }
    return out;
}

int scaffold_print_schema(struct json_object *schema)
{
    const char *shown = json_object_to_json_string_ext(
        schema, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (!shown)
        return say_error("%s", chimera_code_text(CHIMERA_ENOMEM));
    puts(shown);
    return EXIT_GOOD;
}
