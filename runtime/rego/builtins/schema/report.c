/* SPDX-License-Identifier: Apache-2.0 */
/* Flaws in the library's words. */
#include <inttypes.h>

#include "runtime/rego/builtins/schema/schema_internal.h"
#include "runtime/rego/builtins/schema/schema_number.h"
#include "runtime/rego/go_json.h"

/* What stands for the words in braces: {field}, {name}, and what else the rule says. */
static const struct {
    const char *type, *text;
} words[] = {
    [CHIMERA_FLAW_FALSE] = {"false", "False always fails validation"},
    [CHIMERA_FLAW_REQUIRED] = {"required", "{name} is required"},
    [CHIMERA_FLAW_TYPE] = {"invalid_type", "Invalid type. Expected: {types}, given: {name}"},
    [CHIMERA_FLAW_ANY_OF] = {"number_any_of", "Must validate at least one schema (anyOf)"},
    [CHIMERA_FLAW_ONE_OF] = {"number_one_of", "Must validate one and only one schema (oneOf)"},
    [CHIMERA_FLAW_ALL_OF] = {"number_all_of", "Must validate all the schemas (allOf)"},
    [CHIMERA_FLAW_NOT] = {"number_not", "Must not validate the schema (not)"},
    [CHIMERA_FLAW_DEPENDENCY] = {"missing_dependency", "Has a dependency on {name}"},
    [CHIMERA_FLAW_CONSTANT] = {"const", "{field} does not match: {constant}"},
    [CHIMERA_FLAW_CHOICE] = {"enum", "{field} must be one of the following: {choices}"},
    [CHIMERA_FLAW_MORE_ITEMS] = {"array_no_additional_items",
                                 "No additional items allowed on array"},
    [CHIMERA_FLAW_MIN_ITEMS] = {"array_min_items", "Array must have at least {min_items} items"},
    [CHIMERA_FLAW_MAX_ITEMS] = {"array_max_items", "Array must have at most {max_items} items"},
    [CHIMERA_FLAW_UNIQUE] = {"unique", "array items[{first},{second}] must be unique"},
    [CHIMERA_FLAW_CONTAINS] = {"contains", "At least one of the items must match"},
    [CHIMERA_FLAW_MIN_MEMBERS] = {"array_min_properties",
                                  "Must have at least {min_members} properties"},
    [CHIMERA_FLAW_MAX_MEMBERS] = {"array_max_properties",
                                  "Must have at most {max_members} properties"},
    [CHIMERA_FLAW_MORE_MEMBERS] = {"additional_property_not_allowed",
                                   "Additional property {name} is not allowed"},
    [CHIMERA_FLAW_MEMBER_NAME] = {"invalid_property_name",
                                  "Property name of \"{name}\" does not match"},
    [CHIMERA_FLAW_MIN_LENGTH] = {"string_gte",
                                 "String length must be greater than or equal to {min_length}"},
    [CHIMERA_FLAW_MAX_LENGTH] = {"string_lte",
                                 "String length must be less than or equal to {max_length}"},
    [CHIMERA_FLAW_PATTERN] = {"pattern", "Does not match pattern '{pattern}'"},
    [CHIMERA_FLAW_FORMAT] = {"format", "Does not match format '{format}'"},
    [CHIMERA_FLAW_MULTIPLE] = {"multiple_of", "Must be a multiple of {multiple_of}"},
    [CHIMERA_FLAW_MINIMUM] = {"number_gte", "Must be greater than or equal to {minimum}"},
    [CHIMERA_FLAW_ABOVE] = {"number_gt", "Must be greater than {above}"},
    [CHIMERA_FLAW_MAXIMUM] = {"number_lte", "Must be less than or equal to {maximum}"},
    [CHIMERA_FLAW_BELOW] = {"number_lt", "Must be less than {below}"},
    [CHIMERA_FLAW_THEN] = {"condition_then", "Must validate \"then\" as \"if\" was valid"},
    [CHIMERA_FLAW_ELSE] = {"condition_else", "Must validate \"else\" as \"if\" was not valid"},
};

/* As deep as documents can be, so the recursion is bounded. */
static void put_way(const struct chimera_way *way, struct chimera_buffer *out)
{
    if (way->up) {
        put_way(way->up, out);
        chimera_buffer_byte(out, '.');
    }
    if (way->key)
        chimera_rego_key_text(way->key, out);
    else
        chimera_buffer_print(out, "%zu", way->index);
}

static void put_field(const struct chimera_flaw *flaw, struct chimera_buffer *out)
{
    if (flaw->way)
        put_way(flaw->way, out);
    else
        chimera_buffer_text(out, "(Root)");
}

static void put_types(const struct chimera_rule *rule, struct chimera_buffer *out)
{
    bool is_list = rule->type_count > 1;
    for (unsigned i = 0; i < rule->type_count; i++)
        chimera_buffer_print(out, "%s%s",
                             !is_list ? ""
                             : i      ? ","
                                      : "[",
                             chimera_schema_type_names[rule->types[i]]);
    if (is_list)
        chimera_buffer_byte(out, ']');
}

static void put_choices(const struct chimera_rule *rule, struct chimera_buffer *out)
{
    for (size_t i = 0; i < rule->choice_count && !out->failed; i++) {
        chimera_buffer_text(out, i ? ", " : "");
        chimera_buffer_append(out, rule->choices[i]);
    }
}

/* A word in braces that stands for a number or a text of the flaw's. */
static void put_other(const struct chimera_flaw *flaw, struct chimera_slice word,
                      struct chimera_buffer *out)
{
    const struct chimera_rule *rule = flaw->rule;
    const struct {
        const char *word;
        struct json_object *number;
        const struct chimera_bound *bound;
        struct chimera_slice text;
    } values[] = {
        {"multiple_of", rule->multiple_of, NULL, {0}},
        {"minimum", rule->minimum, NULL, {0}},
        {"above", rule->above, NULL, {0}},
        {"maximum", rule->maximum, NULL, {0}},
        {"below", rule->below, NULL, {0}},
        {"min_items", NULL, &rule->min_items, {0}},
        {"max_items", NULL, &rule->max_items, {0}},
        {"min_members", NULL, &rule->min_members, {0}},
        {"max_members", NULL, &rule->max_members, {0}},
        {"min_length", NULL, &rule->min_length, {0}},
        {"max_length", NULL, &rule->max_length, {0}},
        {"constant", NULL, NULL, rule->constant},
        {"format", NULL, NULL, rule->format},
        {"pattern", NULL, NULL, rule->pattern ? rule->pattern->text : rule->format},
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct chimera_schema_number number;
        if (!chimera_slice_is(word, values[i].word))
            continue;
        if (values[i].number) {
            chimera_schema_number_read(values[i].number, &number);
            chimera_schema_number_print(&number, out);
        } else if (values[i].bound) {
            chimera_buffer_print(out, "%" PRId64, values[i].bound->value);
        } else {
            chimera_buffer_append(out, values[i].text);
        }
    }
}

static void put_word(const struct chimera_flaw *flaw, struct chimera_slice word,
                     struct chimera_buffer *out)
{
    if (chimera_slice_is(word, "field"))
        put_field(flaw, out);
    else if (chimera_slice_is(word, "name"))
        chimera_rego_key_text(flaw->name, out);
    else if (chimera_slice_is(word, "types"))
        put_types(flaw->rule, out);
    else if (chimera_slice_is(word, "choices"))
        put_choices(flaw->rule, out);
    else if (chimera_slice_is(word, "first") || chimera_slice_is(word, "second"))
        chimera_buffer_print(out, "%zu", word.size == 5 ? flaw->first : flaw->second);
    else
        put_other(flaw, word, out);
}

static void put_description(const struct chimera_flaw *flaw, struct chimera_buffer *out)
{
    const char *at = words[flaw->kind].text;
    while (*at) {
        size_t plain = strcspn(at, "{"), word = at[plain] ? strcspn(at + plain, "}") : 0;
        chimera_buffer_append(out, (struct chimera_slice){at, plain});
        if (word)
            put_word(flaw, (struct chimera_slice){at + plain + 1, word - 1}, out);
        at += plain + word + (word > 0);
    }
}

static int put_flaw(struct chimera_schema *schema, const struct chimera_flaw *flaw,
                    struct json_object *list)
{
    const struct chimera_rego_call *call = schema->call;
    static const char *const keys[] = {"error", "type", "field", "desc"};
    struct json_object *object = chimera_node_object(call->account);
    int code = object ? CHIMERA_OK : chimera_rego_no_memory(call);
    for (size_t i = 0; i < 4 && code == CHIMERA_OK; i++) {
        struct chimera_buffer text;
        struct json_object *value = NULL;
        chimera_rego_buffer(call, &text);
        if (i == 1)
            chimera_buffer_text(&text, words[flaw->kind].type);
        if (i == 0 || i == 2)
            put_field(flaw, &text);
        if (i == 0)
            chimera_buffer_text(&text, ": ");
        if (i == 0 || i == 3)
            put_description(flaw, &text);
        code = chimera_rego_give_text(call, &text, &value);
        if (code == CHIMERA_OK && chimera_node_add(call->account, object, keys[i], value) < 0)
            code = chimera_rego_no_memory(call);
    }
    if (code == CHIMERA_OK)
        return chimera_rego_push(call, list, object);
    json_object_put(object);
    return code;
}

int chimera_schema_report(struct chimera_schema *schema, const struct chimera_flaws *flaws,
                          struct json_object **ret_list)
{
    struct json_object *list = chimera_node_array(schema->call->account);
    int code = list ? CHIMERA_OK : chimera_schema_no_memory(schema);
    for (const struct chimera_flaw *flaw = flaws->first; flaw && code == CHIMERA_OK;
         flaw = flaw->next)
        code = put_flaw(schema, flaw, list);
    return chimera_rego_finish(schema->call, code, list, ret_list);
}
