/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/syntax/parse.h"
#include "runtime/rego/builtins/graphql/syntax/parser.h"

/* --- Fields, arguments, values of an enum --- */

enum field_place { IN_TYPE, IN_INPUT, IN_ARGUMENTS };

/* An empty description is none, and then its comments are lost. */
static struct chimera_gql_description parse_inner_description(struct chimera_gql_parser *parser)
{
    struct chimera_gql_description description = chimera_gql_parse_description(parser);
    if (description.text.size == 0)
        description = (struct chimera_gql_description){0};
    return description;
}

static struct chimera_gql_list parse_fields(struct chimera_gql_parser *parser,
                                            enum field_place place);

static struct chimera_gql_field_definition *parse_field(struct chimera_gql_parser *parser,
                                                        enum field_place place)
{
    struct chimera_gql_field_definition *field = chimera_gql_take(parser->work, sizeof(*field));
    struct chimera_gql_description description = parse_inner_description(parser);
    field->before = description.comments;
    field->description = description.text;
    field->place = chimera_gql_here(parser);
    field->after = parser->comments;
    field->name = chimera_gql_parse_name(parser);
    if (place == IN_TYPE)
        field->arguments = parse_fields(parser, IN_ARGUMENTS);
    chimera_gql_expect(parser, CHIMERA_GQL_TOKEN_COLON);
    field->type = chimera_gql_parse_type(parser);
    if (place != IN_TYPE && chimera_gql_skip(parser, CHIMERA_GQL_TOKEN_EQUALS))
        field->default_value = chimera_gql_parse_value(parser, true);
    field->directives = chimera_gql_parse_directives(parser, true);
    return field;
}

/* With their brackets; none when there is no opening one. A field's arguments have none, so this
 * is two levels deep at most. */
static struct chimera_gql_list parse_fields(struct chimera_gql_parser *parser,
                                            enum field_place place)
{
    bool is_round = place == IN_ARGUMENTS;
    struct chimera_gql_list list = {NULL, 0, 0};
    parser->end = NULL;
    if (!chimera_gql_skip(parser, is_round ? CHIMERA_GQL_TOKEN_PAREN_L : CHIMERA_GQL_TOKEN_BRACE_L))
        return list;
    while (chimera_gql_more(parser, list.count,
                            is_round ? CHIMERA_GQL_TOKEN_PAREN_R : CHIMERA_GQL_TOKEN_BRACE_R))
        chimera_gql_push(parser->work, &list, parse_field(parser, place));
    return list;
}

static struct chimera_gql_list parse_enum_values(struct chimera_gql_parser *parser)
{
    struct chimera_gql_list list = {NULL, 0, 0};
    parser->end = NULL;
    if (!chimera_gql_skip(parser, CHIMERA_GQL_TOKEN_BRACE_L))
        return list;
    while (chimera_gql_more(parser, list.count, CHIMERA_GQL_TOKEN_BRACE_R)) {
        struct chimera_gql_enum_value *value = chimera_gql_take(parser->work, sizeof(*value));
        struct chimera_gql_description description = parse_inner_description(parser);
        value->before = description.comments;
        value->description = description.text;
        value->place = chimera_gql_here(parser);
        value->after = parser->comments;
        value->name = chimera_gql_parse_name(parser);
        value->directives = chimera_gql_parse_directives(parser, true);
        chimera_gql_push(parser->work, &list, value);
    }
    return list;
}

/* --- Types --- */

/* Is it one of those that a directive may stand at? */
static void check_location(struct chimera_gql_parser *parser, const struct chimera_gql_name *name)
{
    static const char *const locations[] = {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
        "SCHEMA",
        "SCALAR",
        "OBJECT",
        "FIELD_DEFINITION",
        "ARGUMENT_DEFINITION",
        "INTERFACE",
        "UNION",
        "ENUM",
        "ENUM_VALUE",
        "INPUT_OBJECT",
        "INPUT_FIELD_DEFINITION",
        "DIRECTIVE_DEFINITION",
    };
    for (size_t i = 0; i < sizeof(locations) / sizeof(locations[0]); i++) {
        if (chimera_slice_is(name->name, locations[i]))
            return;
    }
    chimera_gql_unexpected(
        parser, (struct chimera_gql_token){CHIMERA_GQL_TOKEN_NAME, name->name, name->place});
}

/* Names with `separator` between them, and maybe before the first. */
static struct chimera_gql_list parse_names(struct chimera_gql_parser *parser,
                                           enum chimera_gql_token_kind separator,
                                           bool are_locations)
{
    struct chimera_gql_list list = {NULL, 0, 0};
    chimera_gql_skip(parser, separator);
    do {
        struct chimera_gql_name *name = chimera_gql_take(parser->work, sizeof(*name));
        name->place = chimera_gql_here(parser);
        name->name = chimera_gql_parse_name(parser);
        if (are_locations)
            check_location(parser, name);
        chimera_gql_push(parser->work, &list, name);
    } while (chimera_gql_skip(parser, separator));
    return list;
}

/* How a kind of type is written, and what it has. */
static const struct kind {
    const char *keyword, *kind;
    bool has_interfaces, has_fields, has_members, has_values;
    enum field_place place;
} kinds[] = {
    {.keyword = "scalar", .kind = "SCALAR"},
    {.keyword = "type", .kind = "OBJECT", .has_interfaces = true, .has_fields = true},
    {.keyword = "interface", .kind = "INTERFACE", .has_interfaces = true, .has_fields = true},
    {.keyword = "union", .kind = "UNION", .has_members = true},
    {.keyword = "enum", .kind = "ENUM", .has_values = true},
    {.keyword = "input", .kind = "INPUT_OBJECT", .has_fields = true, .place = IN_INPUT},
};

/* NULL when the next token is no keyword of a type's. */
static const struct kind *next_kind(struct chimera_gql_parser *parser)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (chimera_gql_is_word(parser, kinds[i].keyword))
            return &kinds[i];
    }
    return NULL;
}

/* At its keyword. What extends an input may have variables in its directives' arguments: a slip of
 * gqlparser's. */
static struct chimera_gql_definition *parse_type(struct chimera_gql_parser *parser,
                                                 const struct kind *kind, bool is_extension)
{
    struct chimera_gql_definition *type = chimera_gql_take(parser->work, sizeof(*type));
    type->after = chimera_gql_expect_word(parser, kind->keyword);
    type->place = chimera_gql_here(parser);
    type->kind = chimera_slice_of(kind->kind);
    type->is_built_in = parser->lexer.is_prelude;
    type->name = chimera_gql_parse_name(parser);
    if (kind->has_interfaces && chimera_gql_is_word(parser, "implements")) {
        chimera_gql_next(parser);
        type->interfaces = parse_names(parser, CHIMERA_GQL_TOKEN_AMP, false);
    }
    type->directives =
        chimera_gql_parse_directives(parser, !is_extension || kind->place != IN_INPUT);
    if (kind->has_fields)
        type->fields = parse_fields(parser, kind->place);
    if (kind->has_values)
        type->enum_values = parse_enum_values(parser);
    if (kind->has_fields || kind->has_values)
        type->end = parser->end;
    if (kind->has_members && chimera_gql_skip(parser, CHIMERA_GQL_TOKEN_EQUALS))
        type->types = parse_names(parser, CHIMERA_GQL_TOKEN_PIPE, false);
    return type;
}

static bool is_empty(const struct chimera_gql_definition *type)
{
    return type->interfaces.count + type->directives.count + type->fields.count +
               type->enum_values.count + type->types.count ==
           0;
}

/* --- The schema's own definition --- */

static struct chimera_gql_list parse_roots(struct chimera_gql_parser *parser)
{
    struct chimera_gql_list list = {NULL, 0, 0};
    parser->end = NULL;
    if (!chimera_gql_skip(parser, CHIMERA_GQL_TOKEN_BRACE_L))
        return list;
    while (chimera_gql_more(parser, list.count, CHIMERA_GQL_TOKEN_BRACE_R)) {
        struct chimera_gql_root *root = chimera_gql_take(parser->work, sizeof(*root));
        root->place = chimera_gql_here(parser);
        root->comments = parser->comments;
        root->operation = chimera_gql_parse_operation_name(parser);
        chimera_gql_expect(parser, CHIMERA_GQL_TOKEN_COLON);
        root->type = chimera_gql_parse_name(parser);
        chimera_gql_push(parser->work, &list, root);
    }
    return list;
}

static struct chimera_gql_schema_definition *
parse_schema_definition(struct chimera_gql_parser *parser)
{
    struct chimera_gql_schema_definition *schema = chimera_gql_take(parser->work, sizeof(*schema));
    schema->after = chimera_gql_expect_word(parser, "schema");
    schema->place = chimera_gql_here(parser);
    schema->directives = chimera_gql_parse_directives(parser, true);
    schema->roots = parse_roots(parser);
    schema->end = parser->end;
    return schema;
}

/* --- Directives --- */

static struct chimera_gql_directive_definition *parse_directive(struct chimera_gql_parser *parser,
                                                                bool is_extension)
{
    struct chimera_gql_directive_definition *directive =
        chimera_gql_take(parser->work, sizeof(*directive));
    directive->after = chimera_gql_expect_word(parser, "directive");
    chimera_gql_expect(parser, CHIMERA_GQL_TOKEN_AT);
    directive->place = chimera_gql_here(parser);
    directive->name = chimera_gql_parse_name(parser);
    if (!is_extension)
        directive->arguments = parse_fields(parser, IN_ARGUMENTS);
    directive->directives = chimera_gql_parse_directives(parser, true);
    if (is_extension)
        return directive;
    if (chimera_gql_is_next(parser, CHIMERA_GQL_TOKEN_NAME) &&
        chimera_gql_is_word(parser, "repeatable")) {
        directive->is_repeatable = true;
        chimera_gql_next(parser);
    }
    chimera_gql_expect_word(parser, "on");
    directive->locations = parse_names(parser, CHIMERA_GQL_TOKEN_PIPE, true);
    return directive;
}

/* --- The document --- */

/* Behind "extend", with the comments before that. */
static void parse_extension(struct chimera_gql_parser *parser,
                            struct chimera_gql_schema_document *document)
{
    struct chimera_gql_comments *comments = chimera_gql_expect_word(parser, "extend");
    const struct kind *kind = next_kind(parser);
    bool adds_nothing = false;
    if (kind) {
        struct chimera_gql_definition *type = parse_type(parser, kind, true);
        type->after = comments;
        adds_nothing = is_empty(type);
        chimera_gql_push(parser->work, &document->extensions, type);
    } else if (chimera_gql_is_word(parser, "schema")) {
        struct chimera_gql_schema_definition *schema = parse_schema_definition(parser);
        schema->after = comments;
        adds_nothing = schema->directives.count + schema->roots.count == 0;
        chimera_gql_push(parser->work, &document->schema_extensions, schema);
    } else if (chimera_gql_is_word(parser, "directive")) {
        struct chimera_gql_directive_definition *directive = parse_directive(parser, true);
        directive->after = comments;
        adds_nothing = directive->directives.count == 0;
        chimera_gql_push(parser->work, &document->directive_extensions, directive);
    } else {
        adds_nothing = true;
    }
    if (adds_nothing)
        chimera_gql_unexpected_next(parser);
}

static void parse_definition(struct chimera_gql_parser *parser,
                             struct chimera_gql_schema_document *document)
{
    struct chimera_gql_description description = chimera_gql_parse_description(parser);
    const struct kind *kind = next_kind(parser);
    if (!chimera_gql_is_next(parser, CHIMERA_GQL_TOKEN_NAME)) {
        chimera_gql_unexpected_next(parser);
        return;
    }
    if (kind) {
        struct chimera_gql_definition *type = parse_type(parser, kind, false);
        type->description = description.text;
        type->before = description.comments;
        chimera_gql_push(parser->work, &document->definitions, type);
    } else if (chimera_gql_is_word(parser, "schema")) {
        struct chimera_gql_schema_definition *schema = parse_schema_definition(parser);
        schema->description = description.text;
        schema->before = description.comments;
        chimera_gql_push(parser->work, &document->schemas, schema);
    } else if (chimera_gql_is_word(parser, "directive")) {
        struct chimera_gql_directive_definition *directive = parse_directive(parser, false);
        directive->description = description.text;
        directive->before = description.comments;
        chimera_gql_push(parser->work, &document->directives, directive);
    } else if (chimera_gql_is_word(parser, "extend")) {
        if (description.text.size)
            chimera_gql_unexpected(parser, parser->previous);
        parse_extension(parser, document);
    } else {
        chimera_gql_unexpected_next(parser);
    }
}

static struct chimera_gql_schema_document *parse(struct chimera_gql_work *work,
                                                 struct chimera_slice text, bool is_prelude)
{
    struct chimera_gql_parser parser;
    struct chimera_gql_schema_document *document = chimera_gql_take(work, sizeof(*document));
    chimera_gql_parser_open(&parser, work, text, is_prelude);
    while (!chimera_gql_is_next(&parser, CHIMERA_GQL_TOKEN_EOF) && work->code == CHIMERA_OK)
        parse_definition(&parser, document);
    document->comments = parser.comments;
    chimera_gql_parser_close(&parser);
    return document;
}

struct chimera_gql_schema_document *chimera_gql_parse_schema(struct chimera_gql_work *work,
                                                             struct chimera_slice text)
{
    return parse(work, text, false);
}

struct chimera_gql_schema_document *chimera_gql_parse_prelude(struct chimera_gql_work *work,
                                                              struct chimera_slice text)
{
    return parse(work, text, true);
}
