/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "runtime/json/number.h"
#include "runtime/rego/builtins/graphql/rules/rules.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

/* --- Variables --- */

void chimera_gql_no_undefined_variables(struct chimera_gql_walk *walk,
                                        struct chimera_gql_value *value)
{
    if (!walk->operation || value->kind != CHIMERA_GQL_VARIABLE || value->variable)
        return;
    if (walk->operation->name.size)
        chimera_gql_report(walk, value->place, "Variable \"$%\" is not defined by operation \"%\".",
                           value->raw, walk->operation->name);
    else
        chimera_gql_report(walk, value->place, "Variable \"$%\" is not defined.", value->raw);
}

/* What has a default, there or here, may be null. */
void chimera_gql_variable_is_allowed(struct chimera_gql_walk *walk, struct chimera_gql_value *value)
{
    const struct chimera_gql_variable *variable = value->variable;
    if (value->kind != CHIMERA_GQL_VARIABLE || !value->expected || !variable || !walk->operation)
        return;
    struct chimera_gql_type wanted = *value->expected;
    bool has_default = variable->default_value && variable->default_value->kind != CHIMERA_GQL_NULL;
    if (has_default || value->expects_default)
        wanted.is_non_null = false;
    if (!chimera_gql_is_compatible(variable->type, &wanted))
        chimera_gql_report(walk, value->place,
                           "Variable \"$%\" of type \"%\" used in position expecting type \"%\".",
                           value->raw, chimera_gql_type_text(walk->work, variable->type),
                           chimera_gql_type_text(walk->work, value->expected));
}

void chimera_gql_one_of_is_not_null(struct chimera_gql_walk *walk, struct chimera_gql_value *value)
{
    if (value->kind != CHIMERA_GQL_OBJECT || !value->definition ||
        !chimera_gql_find(walk->work, &value->definition->directives, CHIMERA_SLICE("oneOf")))
        return;
    for (uint32_t i = 0; i < value->children.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_argument *child = value->children.items[i];
        const struct chimera_gql_variable *variable = child->value->variable;
        if (child->value->kind != CHIMERA_GQL_VARIABLE || !variable || variable->type->is_non_null)
            continue;
        chimera_gql_report(walk, variable->place.line ? variable->place : child->value->place,
                           "Variable \"$%\" is of type \"%\" but must be non-nullable to be used "
                           "for OneOf Input Object \"%\".",
                           child->value->raw, chimera_gql_type_text(walk->work, variable->type),
                           value->definition->name);
    }
}

/* --- Objects --- */

void chimera_gql_unique_input_fields(struct chimera_gql_walk *walk, struct chimera_gql_value *value)
{
    struct chimera_gql_table seen = {NULL, 0, 0};
    if (value->kind != CHIMERA_GQL_OBJECT || value->children.count < 2)
        return;
    for (uint32_t i = 0; i < value->children.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_argument *child = value->children.items[i];
        if (chimera_gql_seen(walk->work, &seen, child->name))
            chimera_gql_report(walk, child->place, "There can be only one input field named \"%\".",
                               child->name);
    }
}

static void check_required_fields(struct chimera_gql_walk *walk,
                                  const struct chimera_gql_value *value)
{
    const struct chimera_gql_definition *type = value->definition;
    for (uint32_t i = 0; i < type->fields.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_field_definition *field = type->fields.items[i];
        if (field->type->is_non_null && !field->default_value &&
            !chimera_gql_find(walk->work, &value->children, field->name))
            chimera_gql_report(walk, value->place,
                               "Field \"%.%\" of required type \"%\" was not provided.", type->name,
                               field->name, chimera_gql_type_text(walk->work, field->type));
    }
}

/* Which field is named is gqlparser's choice: always the first. */
static void check_one_of(struct chimera_gql_walk *walk, const struct chimera_gql_value *value)
{
    const struct chimera_gql_definition *type = value->definition;
    for (uint32_t i = 0; i < type->directives.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_directive *directive = type->directives.items[i];
        if (!chimera_slice_is(directive->name, "oneOf"))
            continue;
        if (value->children.count != 1) {
            chimera_gql_report(walk, value->place,
                               "OneOf Input Object \"%\" must specify exactly one key.",
                               type->name);
            continue;
        }
        const struct chimera_gql_argument *child = value->children.items[0];
        const struct chimera_slice *first = type->fields.count ? type->fields.items[0] : NULL;
        if (child->value->kind == CHIMERA_GQL_NULL && first)
            chimera_gql_report(walk, child->value->place, "Field \"%.%\" must be non-null.",
                               type->name, *first);
    }
}

static void check_object(struct chimera_gql_walk *walk, const struct chimera_gql_value *value)
{
    check_required_fields(walk, value);
    check_one_of(walk, value);
    for (uint32_t i = 0; i < value->children.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_argument *child = value->children.items[i];
        if (!chimera_gql_find(walk->work, &value->definition->fields, child->name))
            chimera_gql_report(
                walk, child->place, "Field \"%\" is not defined by type \"%\".%", child->name,
                value->definition->name,
                chimera_gql_suggest(walk, "Did you mean", child->name, &value->definition->fields));
    }
}

/* --- Values --- */

/* What an integer's text fits into; an AST may hold any text. */
enum fit { FIT_NOTHING, FIT_32_BITS, FIT_64_BITS, FIT_NO_BITS };

static enum fit fit_of(struct chimera_slice text)
{
    bool is_negative = text.size && text.data[0] == '-', is_too_large = false;
    size_t first = text.size && (is_negative || text.data[0] == '+');
    uint64_t number = 0;
    if (text.size == first)
        return FIT_NOTHING;
    for (size_t i = first; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return FIT_NOTHING;
        is_too_large = is_too_large || number > UINT64_MAX / 10 - 1;
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (is_too_large || number > (uint64_t)INT64_MAX + is_negative)
        return FIT_NO_BITS;
    return number > (uint64_t)INT32_MAX + is_negative ? FIT_64_BITS : FIT_32_BITS;
}

static size_t digits_from(struct chimera_slice text, size_t at)
{
    size_t end = at;
    while (end < text.size && text.data[end] >= '0' && text.data[end] <= '9')
        end++;
    return end - at;
}

/* A number as Go reads them, with or without digits on either side of its point, that is finite. */
static bool is_finite(struct chimera_slice text)
{
    size_t at = text.size && (text.data[0] == '-' || text.data[0] == '+');
    struct chimera_slice number = at && text.data[0] == '+' ? chimera_slice_behind(text, 1) : text;
    size_t whole = digits_from(text, at), part = 0;
    at += whole;
    if (at < text.size && text.data[at] == '.') {
        part = digits_from(text, at + 1);
        at += 1 + part;
    }
    if (at < text.size && (text.data[at] | 0x20) == 'e') {
        at++;
        if (at < text.size && (text.data[at] == '-' || text.data[at] == '+'))
            at++;
        size_t exponent = digits_from(text, at);
        whole = exponent ? whole : 0;
        part = exponent ? part : 0;
        at += exponent;
    }
    if (at != text.size || whole + part == 0)
        return false;
    struct chimera_number value = chimera_number_read(number);
    return value.kind != CHIMERA_NUMBER_F64 || isfinite(value.f64);
}

/* Can Go make a value of it? Of a variable: of its default. */
static bool is_readable(struct chimera_gql_walk *walk, const struct chimera_gql_value *value)
{
    bool is_good = true;
    if (value->kind == CHIMERA_GQL_BOOLEAN)
        return chimera_slice_is(value->raw, "true") || chimera_slice_is(value->raw, "false");
    if (value->kind == CHIMERA_GQL_FLOAT)
        return is_finite(value->raw);
    if (value->kind == CHIMERA_GQL_INT)
        return fit_of(value->raw) == FIT_32_BITS || fit_of(value->raw) == FIT_64_BITS;
    if (!chimera_gql_enter(walk->work))
        return true;
    if (value->kind == CHIMERA_GQL_VARIABLE && value->variable && value->variable->default_value)
        is_good = is_readable(walk, value->variable->default_value);
    bool has_values = value->kind == CHIMERA_GQL_LIST || value->kind == CHIMERA_GQL_OBJECT;
    for (uint32_t i = 0;
         has_values && i < value->children.count && is_good && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_argument *child = value->children.items[i];
        is_good = is_readable(walk, child->value);
    }
    walk->work->depth--;
    return is_good;
}

static void report_type(struct chimera_gql_walk *walk, const struct chimera_gql_value *value)
{
    static const struct {
        const char *type, *message;
    } known[] = {
        {"Int", "Int cannot represent non-integer value: %"},
        {"Int!", "Int cannot represent non-integer value: %"},
        {"String", "String cannot represent a non string value: %"},
        {"String!", "String cannot represent a non string value: %"},
        {"[String]", "String cannot represent a non string value: %"},
        {"Boolean", "Boolean cannot represent a non boolean value: %"},
        {"Boolean!", "Boolean cannot represent a non boolean value: %"},
        {"Float", "Float cannot represent non numeric value: %"},
        {"Float!", "Float cannot represent non numeric value: %"},
        {"ID", "ID cannot represent a non-string and non-integer value: %"},
        {"ID!", "ID cannot represent a non-string and non-integer value: %"},
    };
    struct chimera_slice type = chimera_gql_type_text(walk->work, value->expected);
    struct chimera_slice text = chimera_gql_value_text(walk->work, value);
    bool is_int = chimera_slice_is(type, "Int") || chimera_slice_is(type, "Int!");
    if (is_int && fit_of(value->raw) > FIT_32_BITS) {
        chimera_gql_report(walk, value->place,
                           "Int cannot represent non 32-bit signed integer value: %", text);
        return;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (chimera_slice_is(type, known[i].type)) {
            chimera_gql_report(walk, value->place, known[i].message, text);
            return;
        }
    }
    chimera_gql_report(walk, value->place,
                       chimera_slice_is(value->definition->kind, "ENUM")
                           ? "Enum \"%\" cannot represent non-enum value: %."
                           : "Expected value of type \"%\", found %.",
                       type, text);
}

/* Is it one of the names, of which the last is NULL? */
static bool is_one_of(const struct chimera_gql_definition *type, const char *const *names)
{
    for (; *names; names++) {
        if (chimera_slice_is(type->name, *names))
            return true;
    }
    return false;
}

static void check_enum_string(struct chimera_gql_walk *walk, const struct chimera_gql_value *value)
{
    chimera_gql_report(walk, value->place, "Enum \"%\" cannot represent non-enum value: %.%",
                       chimera_gql_type_text(walk->work, value->expected),
                       chimera_gql_value_text(walk->work, value),
                       chimera_gql_suggest(walk, "Did you mean the enum value", value->raw,
                                           &value->definition->enum_values));
}

static void check_enum_name(struct chimera_gql_walk *walk, const struct chimera_gql_value *value)
{
    if (!chimera_slice_is(value->definition->kind, "ENUM"))
        report_type(walk, value);
    else if (!chimera_gql_find(walk->work, &value->definition->enum_values, value->raw))
        chimera_gql_report(walk, value->place, "Value \"%\" does not exist in \"%\" enum.%",
                           value->raw, chimera_gql_type_text(walk->work, value->expected),
                           chimera_gql_suggest(walk, "Did you mean the enum value", value->raw,
                                               &value->definition->enum_values));
}

void chimera_gql_values_of_correct_type(struct chimera_gql_walk *walk,
                                        struct chimera_gql_value *value)
{
    static const char *const scalars[] = {"Int", "Float", "String", "Boolean", "ID", NULL};
    /* By kinds of values: the scalars that may be written so. Of the others more is asked. */
    static const char *const written[CHIMERA_GQL_OBJECT + 1][4] = {
        [CHIMERA_GQL_INT] = {"Int", "Float", "ID"}, [CHIMERA_GQL_FLOAT] = {"Float"},
        [CHIMERA_GQL_STRING] = {"String", "ID"},    [CHIMERA_GQL_BLOCK] = {"String", "ID"},
        [CHIMERA_GQL_BOOLEAN] = {"Boolean"},
    };
    const struct chimera_gql_definition *type = value->definition;
    bool is_string = value->kind == CHIMERA_GQL_STRING || value->kind == CHIMERA_GQL_BLOCK;
    if (!type || !value->expected)
        return;
    if (value->kind == CHIMERA_GQL_NULL && value->expected->is_non_null)
        chimera_gql_report(walk, value->place, "Expected value of type \"%\", found %.",
                           chimera_gql_type_text(walk->work, value->expected),
                           chimera_gql_value_text(walk->work, value));
    if (chimera_slice_is(type->kind, "SCALAR") && !is_one_of(type, scalars))
        return; /* a scalar of the schema's own may be anything */
    if (!is_readable(walk, value))
        report_type(walk, value);
    bool is_right = true;
    if (is_string && chimera_slice_is(type->kind, "ENUM"))
        check_enum_string(walk, value);
    else if (value->kind == CHIMERA_GQL_ENUM)
        check_enum_name(walk, value);
    else if (value->kind == CHIMERA_GQL_OBJECT)
        check_object(walk, value);
    else if (value->kind == CHIMERA_GQL_LIST)
        is_right = value->expected->elem != NULL;
    else if (written[value->kind][0])
        is_right = is_one_of(type, written[value->kind]);
    if (!is_right)
        report_type(walk, value);
}
