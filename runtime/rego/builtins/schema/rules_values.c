/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords whose values are no schemas. */
#include "runtime/rego/builtins/schema/rules_internal.h"
#include "runtime/rego/builtins/schema/schema_number.h"

const char *const chimera_schema_type_names[CHIMERA_SCHEMA_TYPES] = {
    "array", "boolean", "integer", "number", "null", "object", "string"};

int chimera_rules_fail_type(struct chimera_rules_reader *reader, const char *expected,
                            const char *given)
{
    return chimera_schema_fail(reader->schema, "Invalid type. Expected: %s, given: %s", expected,
                               given);
}

int chimera_rules_fail_must(struct chimera_rules_reader *reader, const char *key, const char *what)
{
    return chimera_schema_fail(reader->schema, "%s must be of %s", key, what);
}

static bool is_number(struct json_object *value)
{
    return json_object_is_type(value, json_type_int) ||
           json_object_is_type(value, json_type_double);
}

int chimera_keyword_text(struct chimera_rules_reader *reader, const struct chimera_keyword *keyword,
                         struct json_object *value, struct chimera_rule *rule)
{
    (void)rule;
    return json_object_is_type(value, json_type_string)
               ? CHIMERA_OK
               : chimera_rules_fail_type(reader, "string", keyword->key);
}

static int add_type(struct chimera_rules_reader *reader, struct json_object *value,
                    struct chimera_rule *rule)
{
    struct chimera_slice name = chimera_rego_string(value);
    unsigned type = 0;
    while (type < CHIMERA_SCHEMA_TYPES && !chimera_slice_is(name, chimera_schema_type_names[type]))
        type++;
    if (type == CHIMERA_SCHEMA_TYPES)
        return chimera_schema_fail(reader->schema,
                                   "has a primitive type that is NOT VALID -- given: /%s/ Expected "
                                   "valid values are:[array boolean integer number null object "
                                   "string]",
                                   name.data);
    for (unsigned i = 0; i < rule->type_count; i++) {
        if (rule->types[i] == type)
            return chimera_schema_fail(reader->schema, "%s type is duplicated", name.data);
    }
    rule->types[rule->type_count++] = type;
    return CHIMERA_OK;
}

int chimera_keyword_type(struct chimera_rules_reader *reader, const struct chimera_keyword *keyword,
                         struct json_object *value, struct chimera_rule *rule)
{
    bool is_list = json_object_is_type(value, json_type_array);
    size_t count = is_list ? json_object_array_length(value) : 1;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        struct json_object *name = is_list ? json_object_array_get_idx(value, i) : value;
        code = json_object_is_type(name, json_type_string)
                   ? add_type(reader, name, rule)
                   : chimera_rules_fail_type(reader, keyword->key, "string/Array Of Strings");
    }
    return code;
}

/* --- Numbers --- */

int chimera_keyword_multiple(struct chimera_rules_reader *reader,
                             const struct chimera_keyword *keyword, struct json_object *value,
                             struct chimera_rule *rule)
{
    struct chimera_schema_number number;
    if (!is_number(value))
        return chimera_rules_fail_type(reader, "Number", keyword->key);
    chimera_schema_number_read(value, &number);
    if (number.decimal.is_negative || number.decimal.digits == 0)
        return chimera_schema_fail(reader->schema, "%s must be strictly greater than 0",
                                   keyword->key);
    rule->multiple_of = value;
    return CHIMERA_OK;
}

int chimera_keyword_number(struct chimera_rules_reader *reader,
                           const struct chimera_keyword *keyword, struct json_object *value,
                           struct chimera_rule *rule)
{
    if (!is_number(value))
        return chimera_rules_fail_must(reader, keyword->key, "a Number");
    *CHIMERA_KEYWORD_PLACE(struct json_object *, rule, keyword) = value;
    return CHIMERA_OK;
}

/* A bound of its own since draft 6; in draft 4 it says how the other one is meant. */
int chimera_keyword_exclusive(struct chimera_rules_reader *reader,
                              const struct chimera_keyword *keyword, struct json_object *value,
                              struct chimera_rule *rule)
{
    struct json_object **bound = CHIMERA_KEYWORD_PLACE(struct json_object *, rule, keyword);
    bool is_low = bound == &rule->above;
    struct json_object **other = is_low ? &rule->minimum : &rule->maximum;
    bool is_old = rule->draft == 4 || rule->draft == CHIMERA_DRAFT_HYBRID;
    if (is_old && json_object_is_type(value, json_type_boolean)) {
        if (!*other)
            return chimera_schema_fail(reader->schema, "%s cannot be used without %s", keyword->key,
                                       is_low ? "minimum" : "maximum");
        if (json_object_get_boolean(value)) {
            *bound = *other;
            *other = NULL;
        }
        return CHIMERA_OK;
    }
    if (rule->draft == 4 || !is_number(value))
        return chimera_rules_fail_type(reader,
                                       rule->draft == 4 ? "boolean"
                                       : is_old         ? "boolean/number"
                                                        : "number",
                                       keyword->key);
    *bound = value;
    return CHIMERA_OK;
}

/* Only what is written without point and exponent. */
int chimera_keyword_size(struct chimera_rules_reader *reader, const struct chimera_keyword *keyword,
                         struct json_object *value, struct chimera_rule *rule)
{
    struct chimera_bound *bound = CHIMERA_KEYWORD_PLACE(struct chimera_bound, rule, keyword);
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    bool is_zero = json_object_is_type(value, json_type_double) &&
                   chimera_slice_is(chimera_rego_number_text(value, scratch), "-0");
    if (!json_object_is_type(value, json_type_int) && !is_zero)
        return chimera_rules_fail_must(reader, keyword->key, "an integer");
    *bound =
        (struct chimera_bound){.is_set = true, .value = is_zero ? 0 : json_object_get_int64(value)};
    if (bound->value < 0)
        return chimera_schema_fail(reader->schema, "%s must be greater than or equal to 0",
                                   keyword->key);
    bool is_most = bound == &rule->max_length || bound == &rule->max_members;
    const struct chimera_bound *least =
        bound == &rule->max_length ? &rule->min_length : &rule->min_members;
    if (is_most && least->is_set && least->value > bound->value)
        return chimera_schema_fail(reader->schema, "min%s cannot be greater than %s",
                                   keyword->key + 3, keyword->key);
    return CHIMERA_OK;
}

/* --- Texts --- */

int chimera_rules_pattern(struct chimera_rules_reader *reader, struct chimera_slice text,
                          struct chimera_pattern **ret_pattern)
{
    struct chimera_schema *schema = reader->schema;
    struct chimera_pattern *pattern = chimera_region_take(&schema->region, sizeof(*pattern));
    if (!pattern)
        return chimera_schema_no_memory(schema);
    int code = chimera_regexp_new(text, schema->call->account, &pattern->regexp, schema->call->err);
    if (code < 0)
        return code;
    pattern->text = text;
    pattern->next = schema->patterns;
    schema->patterns = pattern;
    *ret_pattern = pattern;
    return CHIMERA_OK;
}

int chimera_keyword_pattern(struct chimera_rules_reader *reader,
                            const struct chimera_keyword *keyword, struct json_object *value,
                            struct chimera_rule *rule)
{
    int code = chimera_keyword_text(reader, keyword, value, rule);
    if (code < 0)
        return code;
    code = chimera_rules_pattern(reader, chimera_rego_string(value), &rule->pattern);
    return code == CHIMERA_EINVAL
               ? chimera_schema_fail(reader->schema, "%s must be a valid regex", keyword->key)
               : code;
}

int chimera_keyword_format(struct chimera_rules_reader *reader,
                           const struct chimera_keyword *keyword, struct json_object *value,
                           struct chimera_rule *rule)
{
    int code = chimera_keyword_text(reader, keyword, value, rule);
    if (code == CHIMERA_OK)
        rule->format = chimera_rego_string(value);
    return code;
}

/* --- Lists --- */

/* Which of them is one of those before it; `count` when they all differ. */
static int find_twice(struct chimera_rules_reader *reader, const struct chimera_slice *texts,
                      size_t count, size_t *ret_index)
{
    struct lh_table *seen = lh_kchar_table_new(16, NULL);
    int code = seen ? CHIMERA_OK : CHIMERA_ENOMEM;
    size_t i = 0;
    while (i < count && code == CHIMERA_OK && !lh_table_lookup_entry(seen, texts[i].data)) {
        code = lh_table_insert(seen, texts[i].data, NULL) < 0 ? CHIMERA_ENOMEM : CHIMERA_OK;
        if (code == CHIMERA_OK)
            code = chimera_account_take(reader->schema->call->account, CHIMERA_POOL_ENTRY_BYTES);
        i += code == CHIMERA_OK;
    }
    if (seen)
        lh_table_free(seen);
    chimera_account_give_back(reader->schema->call->account, i * CHIMERA_POOL_ENTRY_BYTES);
    *ret_index = i;
    return code < 0 ? chimera_schema_no_memory(reader->schema) : CHIMERA_OK;
}

/* The list's elements as texts, which must be different. */
static int read_texts(struct chimera_rules_reader *reader, const struct chimera_keyword *keyword,
                      struct json_object *value, struct chimera_slice **ret_texts)
{
    bool is_names = strcmp(keyword->key, "required") == 0;
    if (!json_object_is_type(value, json_type_array))
        return chimera_rules_fail_must(reader, keyword->key, "an array");
    size_t count = json_object_array_length(value), twice;
    struct chimera_slice *texts =
        chimera_region_take(&reader->schema->region, (count + 1) * sizeof(*texts));
    int code = texts ? CHIMERA_OK : chimera_schema_no_memory(reader->schema);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        struct json_object *one = json_object_array_get_idx(value, i);
        if (is_names && !json_object_is_type(one, json_type_string))
            code = chimera_rules_fail_type(reader, "string", keyword->key);
        else
            code = chimera_schema_text(reader->schema, one, &texts[i]);
    }
    if (code == CHIMERA_OK)
        code = find_twice(reader, texts, count, &twice);
    if (code == CHIMERA_OK && twice < count)
        code = chimera_schema_fail(reader->schema, "%s items must be unique", keyword->key);
    if (code == CHIMERA_OK)
        *ret_texts = texts;
    return code;
}

int chimera_keyword_required(struct chimera_rules_reader *reader,
                             const struct chimera_keyword *keyword, struct json_object *value,
                             struct chimera_rule *rule)
{
    struct chimera_slice *unused;
    rule->required = value;
    return read_texts(reader, keyword, value, &unused);
}

int chimera_keyword_choices(struct chimera_rules_reader *reader,
                            const struct chimera_keyword *keyword, struct json_object *value,
                            struct chimera_rule *rule)
{
    int code = read_texts(reader, keyword, value, &rule->choices);
    rule->has_choices = true;
    if (code == CHIMERA_OK)
        rule->choice_count = json_object_array_length(value);
    return code;
}

int chimera_keyword_constant(struct chimera_rules_reader *reader,
                             const struct chimera_keyword *keyword, struct json_object *value,
                             struct chimera_rule *rule)
{
    (void)keyword;
    rule->has_constant = true;
    return chimera_schema_text(reader->schema, value, &rule->constant);
}

int chimera_keyword_unique(struct chimera_rules_reader *reader,
                           const struct chimera_keyword *keyword, struct json_object *value,
                           struct chimera_rule *rule)
{
    if (!json_object_is_type(value, json_type_boolean))
        return chimera_rules_fail_must(reader, keyword->key, "a boolean");
    rule->has_unique_items = json_object_get_boolean(value);
    return CHIMERA_OK;
}
