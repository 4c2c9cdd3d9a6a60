/* SPDX-License-Identifier: Apache-2.0 */
/* A schema's keywords, read into rules. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "runtime/json/tree.h"
#include "runtime/rego/builtins/schema/rules_internal.h"
#include "runtime/rego/builtins/uri/reference.h"

#define CHOSEN_BYTES 1000

struct chimera_pending { /* a reference whose schema is still to be read */
    struct chimera_pending *next;
    struct chimera_rule *rule;
    struct json_object *node;
};

int chimera_schema_no_memory(struct chimera_schema *schema)
{
    return chimera_rego_no_memory(schema->call);
}

int chimera_schema_fail(struct chimera_schema *schema, const char *format, ...)
{
    char text[CHOSEN_BYTES];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    return chimera_fail(schema->call->err, CHIMERA_EINVAL, "%s", text);
}

/* --- Schemas in schemas --- */

static int read_rule(struct chimera_rules_reader *reader, struct json_object *node,
                     struct chimera_rule *rule);

static int new_rule(struct chimera_rules_reader *reader, const char *key, int draft,
                    struct chimera_rule **ret_rule)
{
    struct chimera_rule *rule = chimera_region_take(&reader->schema->region, sizeof(*rule));
    if (!rule)
        return chimera_schema_no_memory(reader->schema);
    rule->key = key;
    rule->draft = draft;
    *ret_rule = rule;
    return CHIMERA_OK;
}

static int append_rule(struct chimera_rules_reader *reader, const char *key, int draft,
                       struct chimera_rules *list)
{
    struct chimera_rule *rule;
    int code = new_rule(reader, key, draft, &rule);
    if (code < 0)
        return code;
    *(list->last ? &list->last->next : &list->first) = rule;
    list->last = rule;
    return CHIMERA_OK;
}

static bool is_schema(struct json_object *node)
{
    return json_object_is_type(node, json_type_object) ||
           json_object_is_type(node, json_type_boolean);
}

/* A schema more at the end of the list, under a key that lives as long as the document. */
static int append_schema(struct chimera_rules_reader *reader, const struct chimera_rule *up,
                         const char *key, struct json_object *node, struct chimera_rules *list)
{
    int code = append_rule(reader, key, up->draft, list);
    return code < 0 ? code : read_rule(reader, node, list->last);
}

/* A schema each for the members of an object, in the order of their keys. */
static int append_members(struct chimera_rules_reader *reader, const struct chimera_rule *up,
                          struct json_object *object, struct chimera_rules *list)
{
    int code = CHIMERA_OK;
    if (chimera_rego_order_members(object, reader->schema->call->account) < 0)
        return chimera_schema_no_memory(reader->schema);
    for (const struct lh_entry *entry = json_object_get_object(object)->head;
         entry && code == CHIMERA_OK; entry = entry->next)
        code = append_schema(reader, up, (const char *)lh_entry_k(entry),
                             (struct json_object *)lh_entry_v(entry), list);
    return code;
}

/* In the place of the keyword, whatever it is. */
static int read_schema(struct chimera_rules_reader *reader, const struct chimera_keyword *keyword,
                       struct json_object *value, struct chimera_rule *rule)
{
    struct chimera_rule *below;
    int code = new_rule(reader, keyword->key, rule->draft, &below);
    if (code < 0)
        return code;
    *CHIMERA_KEYWORD_PLACE(struct chimera_rule *, rule, keyword) = below;
    return read_rule(reader, value, below);
}

static int read_one(struct chimera_rules_reader *reader, const struct chimera_keyword *keyword,
                    struct json_object *value, struct chimera_rule *rule)
{
    if (is_schema(value))
        return read_schema(reader, keyword, value, rule);
    return strcmp(keyword->key, "propertyNames") == 0
               ? chimera_rules_fail_type(reader, "Valid Schema", "patternProperties")
               : chimera_rules_fail_must(reader, keyword->key, "an object");
}

static int read_list(struct chimera_rules_reader *reader, const struct chimera_keyword *keyword,
                     struct json_object *value, struct chimera_rule *rule)
{
    int code = CHIMERA_OK;
    struct chimera_rules *list = CHIMERA_KEYWORD_PLACE(struct chimera_rules, rule, keyword);
    if (!json_object_is_type(value, json_type_array))
        return chimera_rules_fail_must(reader, keyword->key, "an array");
    for (size_t i = 0; i < json_object_array_length(value) && code == CHIMERA_OK; i++)
        code = append_schema(reader, rule, keyword->key, json_object_array_get_idx(value, i), list);
    return code;
}

static int read_definitions(struct chimera_rules_reader *reader,
                            const struct chimera_keyword *keyword, struct json_object *value,
                            struct chimera_rule *rule)
{
    struct chimera_rules unused = {0};
    bool is_good = json_object_is_type(value, json_type_object);
    for (const struct lh_entry *entry = is_good ? json_object_get_object(value)->head : NULL;
         entry && is_good; entry = entry->next)
        is_good = is_schema((struct json_object *)lh_entry_v(entry));
    return is_good ? append_members(reader, rule, value, &unused)
                   : chimera_rules_fail_type(reader, "Array Of Schemas", keyword->key);
}

static int read_properties(struct chimera_rules_reader *reader,
                           const struct chimera_keyword *keyword, struct json_object *value,
                           struct chimera_rule *rule)
{
    (void)keyword;
    if (!json_object_is_type(value, json_type_object))
        return chimera_rules_fail_must(reader, "Properties", "type object");
    rule->properties = value;
    return append_members(reader, rule, value, &rule->property_rules);
}

static int read_pattern_properties(struct chimera_rules_reader *reader,
                                   const struct chimera_keyword *keyword, struct json_object *value,
                                   struct chimera_rule *rule)
{
    if (!json_object_is_type(value, json_type_object))
        return chimera_rules_fail_type(reader, "Valid Schema", keyword->key);
    int code = append_members(reader, rule, value, &rule->pattern_rules);
    for (struct chimera_rule *below = rule->pattern_rules.first; below && code == CHIMERA_OK;
         below = below->next) {
        code = chimera_rules_pattern(reader, chimera_slice_of(below->key), &below->name_pattern);
        if (code == CHIMERA_EINVAL)
            code = chimera_schema_fail(reader->schema, "Invalid regex pattern '%s'", below->key);
    }
    return code;
}

/* false, true, or a schema for what the others do not name. */
static int read_more(struct chimera_rules_reader *reader, const struct chimera_keyword *keyword,
                     struct json_object *value, struct chimera_rule *rule)
{
    if (json_object_is_type(value, json_type_object))
        return read_schema(reader, keyword, value, rule);
    if (!json_object_is_type(value, json_type_boolean))
        return chimera_rules_fail_type(reader, "boolean/Valid Schema", keyword->key);
    bool is_items = keyword->at == offsetof(struct chimera_rule, more_items);
    *(is_items ? &rule->has_no_more_items : &rule->has_no_more_members) =
        !json_object_get_boolean(value);
    return CHIMERA_OK;
}

static bool is_list_of_texts(struct json_object *value)
{
    bool is_good = json_object_is_type(value, json_type_array);
    for (size_t i = 0; is_good && i < json_object_array_length(value); i++)
        is_good = json_object_is_type(json_object_array_get_idx(value, i), json_type_string);
    return is_good;
}

static int read_dependencies(struct chimera_rules_reader *reader,
                             const struct chimera_keyword *keyword, struct json_object *value,
                             struct chimera_rule *rule)
{
    int code = CHIMERA_OK;
    if (!json_object_is_type(value, json_type_object))
        return chimera_rules_fail_must(reader, keyword->key, "type object");
    if (chimera_rego_order_members(value, reader->schema->call->account) < 0)
        return chimera_schema_no_memory(reader->schema);
    for (const struct lh_entry *entry = json_object_get_object(value)->head;
         entry && code == CHIMERA_OK; entry = entry->next) {
        struct json_object *needed = (struct json_object *)lh_entry_v(entry);
        bool is_names = is_list_of_texts(needed);
        if (!is_names && !is_schema(needed))
            return chimera_rules_fail_must(reader, "Dependency", "type Schema Or Array Of Strings");
        code =
            append_rule(reader, (const char *)lh_entry_k(entry), rule->draft, &rule->dependencies);
        if (code == CHIMERA_OK && is_names)
            rule->dependencies.last->names = needed;
        else if (code == CHIMERA_OK)
            code = read_rule(reader, needed, rule->dependencies.last);
    }
    return code;
}

/* A schema for all, or one for each by its place. */
static int read_items(struct chimera_rules_reader *reader, const struct chimera_keyword *keyword,
                      struct json_object *value, struct chimera_rule *rule)
{
    rule->is_for_all_items = is_schema(value);
    if (rule->is_for_all_items)
        return append_schema(reader, rule, keyword->key, value, &rule->items);
    bool is_good = json_object_is_type(value, json_type_array);
    int code = CHIMERA_OK;
    for (size_t i = 0; is_good && i < json_object_array_length(value) && code == CHIMERA_OK; i++) {
        is_good = is_schema(json_object_array_get_idx(value, i));
        if (is_good)
            code = append_schema(reader, rule, keyword->key, json_object_array_get_idx(value, i),
                                 &rule->items);
    }
    return is_good ? code
                   : chimera_rules_fail_type(reader, "Valid Schema/Array Of Schemas", keyword->key);
}

/* --- References --- */

/* Each is read once, later, so that chains of them need no stack. *ret_is_new: what else stands
 * beside it does not count, as in OPA. */
static int read_reference(struct chimera_rules_reader *reader, const char *reference,
                          struct chimera_rule *rule, bool *ret_is_new)
{
    struct chimera_schema *schema = reader->schema;
    struct chimera_place place;
    struct chimera_rule *found = NULL;
    *ret_is_new = !lh_table_lookup_ex(schema->references, reference, (void **)&found);
    rule->reference = found;
    if (!*ret_is_new)
        return CHIMERA_OK;
    int code = chimera_pool_find(schema, reference, &place);
    if (code == CHIMERA_OK && !is_schema(place.node))
        code = chimera_rules_fail_must(reader, "Valid Schema", "type object");
    if (code == CHIMERA_OK)
        code = new_rule(reader, "$ref", place.draft ? place.draft : rule->draft, &found);
    if (code < 0)
        return code;
    struct chimera_pending *pending = chimera_region_take(&schema->region, sizeof(*pending));
    if (!pending || chimera_account_take(schema->call->account, CHIMERA_POOL_ENTRY_BYTES) < 0 ||
        lh_table_insert(schema->references, reference, found) < 0)
        return chimera_schema_no_memory(schema);
    *pending = (struct chimera_pending){.rule = found, .node = place.node};
    *(reader->last ? &reader->last->next : &reader->first) = pending;
    reader->last = pending;
    rule->reference = found;
    return CHIMERA_OK;
}

/* `$ref`, or `id` by the name that the draft has for it: both must be references. In the region, as
 * they are written anew; .data is NULL when there is none. */
static int read_uri(struct chimera_rules_reader *reader, struct json_object *node, const char *key,
                    struct chimera_slice *ret_text)
{
    struct chimera_schema *schema = reader->schema;
    struct json_object *value;
    struct chimera_uri uri;
    struct chimera_buffer text;
    *ret_text = (struct chimera_slice){0};
    if (!json_object_object_get_ex(node, key, &value))
        return CHIMERA_OK;
    if (!json_object_is_type(value, json_type_string))
        return chimera_rules_fail_type(reader, "string", key);
    int code =
        chimera_uri_parse(chimera_rego_string(value), &schema->region, &uri, schema->call->err);
    if (code < 0)
        return code == CHIMERA_EINVAL ? code : chimera_schema_no_memory(schema);
    chimera_rego_buffer(schema->call, &text);
    chimera_uri_write(&uri, &text);
    *ret_text = chimera_region_copy(&schema->region, chimera_buffer_slice(&text));
    code = text.failed || !ret_text->data ? chimera_schema_no_memory(schema) : CHIMERA_OK;
    chimera_buffer_free(&text);
    return code;
}

/* --- A schema --- */

#define AT(field) offsetof(struct chimera_rule, field)

/* In the order in which they are looked at, which decides what is told of several faults. */
static const struct chimera_keyword keywords[] = {
    {"definitions", read_definitions, 0, 0},
    {"title", chimera_keyword_text, 0, 0},
    {"description", chimera_keyword_text, 0, 0},
    {"$ref", NULL, 0, 0},
    {"type", chimera_keyword_type, 0, 0},
    {"properties", read_properties, 0, 0},
    {"additionalProperties", read_more, AT(more_members), 0},
    {"patternProperties", read_pattern_properties, 0, 0},
    {"propertyNames", read_one, AT(member_names), 6},
    {"dependencies", read_dependencies, 0, 0},
    {"items", read_items, 0, 0},
    {"additionalItems", read_more, AT(more_items), 0},
    {"multipleOf", chimera_keyword_multiple, 0, 0},
    {"minimum", chimera_keyword_number, AT(minimum), 0},
    {"exclusiveMinimum", chimera_keyword_exclusive, AT(above), 0},
    {"maximum", chimera_keyword_number, AT(maximum), 0},
    {"exclusiveMaximum", chimera_keyword_exclusive, AT(below), 0},
    {"minLength", chimera_keyword_size, AT(min_length), 0},
    {"maxLength", chimera_keyword_size, AT(max_length), 0},
    {"pattern", chimera_keyword_pattern, 0, 0},
    {"format", chimera_keyword_format, 0, 0},
    {"minProperties", chimera_keyword_size, AT(min_members), 0},
    {"maxProperties", chimera_keyword_size, AT(max_members), 0},
    {"required", chimera_keyword_required, 0, 0},
    {"minItems", chimera_keyword_size, AT(min_items), 0},
    {"maxItems", chimera_keyword_size, AT(max_items), 0},
    {"uniqueItems", chimera_keyword_unique, 0, 0},
    {"contains", read_schema, AT(contains), 6},
    {"const", chimera_keyword_constant, 0, 6},
    {"enum", chimera_keyword_choices, 0, 0},
    {"oneOf", read_list, AT(one_of), 0},
    {"anyOf", read_list, AT(any_of), 0},
    {"allOf", read_list, AT(all_of), 0},
    {"not", read_one, AT(not), 0},
    {"if", read_one, AT(condition), 7},
    {"then", read_one, AT(then), 7},
    {"else", read_one, AT(otherwise), 7},
};

static int read_keywords(struct chimera_rules_reader *reader, struct json_object *node,
                         struct chimera_rule *rule)
{
    struct chimera_slice reference;
    bool is_new = false;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]) && code == CHIMERA_OK && !is_new;
         i++) {
        struct json_object *value;
        if (!keywords[i].read) {
            code = read_uri(reader, node, keywords[i].key, &reference);
            if (code == CHIMERA_OK && reference.data)
                code = read_reference(reader, reference.data, rule, &is_new);
        } else if (rule->draft >= keywords[i].since &&
                   json_object_object_get_ex(node, keywords[i].key, &value)) {
            code = keywords[i].read(reader, &keywords[i], value, rule);
        }
    }
    return code;
}

/* As deep as documents can be, so the recursion is bounded. */
static int read_rule(struct chimera_rules_reader *reader, struct json_object *node,
                     struct chimera_rule *rule)
{
    struct chimera_slice unused;
    struct json_object *found;
    int code = chimera_rego_spend(reader->schema->call, 64);
    if (code < 0)
        return code;
    if (rule->draft > 4 && json_object_is_type(node, json_type_boolean)) {
        rule->decided = json_object_get_boolean(node) ? DECIDED_TRUE : DECIDED_FALSE;
        return CHIMERA_OK;
    }
    if (!json_object_is_type(node, json_type_object))
        return chimera_schema_fail(reader->schema, "Expected: Valid Schema, given: Invalid JSON");
    bool is_old = rule->draft == 4 || (rule->draft == CHIMERA_DRAFT_HYBRID &&
                                       json_object_object_get_ex(node, "id", &found));
    code = read_uri(reader, node, is_old ? "id" : "$id", &unused);
    return code < 0 ? code : read_keywords(reader, node, rule);
}

int chimera_schema_open(const struct chimera_rego_call *call, struct json_object *document,
                        struct chimera_schema *ret_schema)
{
    struct chimera_schema *schema = ret_schema;
    struct chimera_rules_reader reader = {.schema = schema};
    int draft;
    *schema = (struct chimera_schema){.call = call,
                                      .documents = chimera_node_array(call->account),
                                      .pool = lh_kchar_table_new(16, NULL),
                                      .references = lh_kchar_table_new(16, NULL)};
    chimera_region_init(&schema->region, call->account);
    if (!schema->documents || !schema->pool || !schema->references) {
        json_object_put(document);
        return chimera_schema_no_memory(schema);
    }
    int code = chimera_pool_add(schema, CHIMERA_SLICE(""), document, &draft);
    if (code == CHIMERA_OK)
        code = new_rule(&reader, "", draft ? draft : CHIMERA_DRAFT_HYBRID, &schema->root);
    if (code == CHIMERA_OK)
        code = read_rule(&reader, document, schema->root);
    for (; reader.first && code == CHIMERA_OK; reader.first = reader.first->next)
        code = read_rule(&reader, reader.first->node, reader.first->rule);
    return code;
}

void chimera_schema_close(struct chimera_schema *schema)
{
    for (struct chimera_pattern *pattern = schema->patterns; pattern; pattern = pattern->next)
        chimera_regexp_free(pattern->regexp);
    if (schema->pool)
        lh_table_free(schema->pool);
    if (schema->references)
        lh_table_free(schema->references);
    json_object_put(schema->documents);
    chimera_region_free(&schema->region);
}
