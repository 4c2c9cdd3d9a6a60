/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/syntax/parse.h"
#include "runtime/rego/builtins/graphql/syntax/parser.h"

/* The list ends with its parent; required, but a field may have none. */
static struct chimera_gql_list parse_selections(struct chimera_gql_parser *parser);

/* "..." and what is spread: a fragment by its name, or one that is written here. */
static void parse_spread(struct chimera_gql_parser *parser, struct chimera_gql_selection *selection)
{
    selection->comments = chimera_gql_expect(parser, CHIMERA_GQL_TOKEN_SPREAD);
    bool is_on = chimera_gql_is_word(parser, "on");
    selection->place = chimera_gql_here(parser);
    if (chimera_gql_is_next(parser, CHIMERA_GQL_TOKEN_NAME) && !is_on) {
        selection->kind = CHIMERA_GQL_SPREAD;
        selection->name = chimera_gql_parse_name(parser);
        selection->directives = chimera_gql_parse_directives(parser, false);
        return;
    }
    selection->kind = CHIMERA_GQL_INLINE;
    if (is_on) {
        chimera_gql_next(parser);
        selection->type_condition = chimera_gql_parse_name(parser);
    }
    selection->directives = chimera_gql_parse_directives(parser, false);
    selection->selections = parse_selections(parser);
}

static struct chimera_gql_selection *parse_selection(struct chimera_gql_parser *parser)
{
    struct chimera_gql_selection *selection = chimera_gql_take(parser->work, sizeof(*selection));
    if (chimera_gql_is_next(parser, CHIMERA_GQL_TOKEN_SPREAD)) {
        parse_spread(parser, selection);
        return selection;
    }
    selection->place = chimera_gql_here(parser);
    selection->comments = parser->comments;
    selection->name = selection->alias = chimera_gql_parse_name(parser);
    if (chimera_gql_skip(parser, CHIMERA_GQL_TOKEN_COLON))
        selection->name = chimera_gql_parse_name(parser);
    selection->arguments = chimera_gql_parse_arguments(parser, false);
    selection->directives = chimera_gql_parse_directives(parser, false);
    if (chimera_gql_is_next(parser, CHIMERA_GQL_TOKEN_BRACE_L))
        selection->selections = parse_selections(parser);
    return selection;
}

static struct chimera_gql_list parse_selections(struct chimera_gql_parser *parser)
{
    struct chimera_gql_list list = {NULL, 0, 0};
    chimera_gql_expect(parser, CHIMERA_GQL_TOKEN_BRACE_L);
    if (!chimera_gql_enter(parser->work))
        return list;
    while (chimera_gql_more(parser, list.count, CHIMERA_GQL_TOKEN_BRACE_R))
        chimera_gql_push(parser->work, &list, parse_selection(parser));
    parser->work->depth--;
    return list;
}

static struct chimera_gql_variable *parse_variable(struct chimera_gql_parser *parser)
{
    struct chimera_gql_variable *variable = chimera_gql_take(parser->work, sizeof(*variable));
    struct chimera_gql_description description = chimera_gql_parse_description(parser);
    variable->description = description.text;
    variable->place = chimera_gql_here(parser);
    variable->comments = chimera_gql_join(parser, description.comments);
    chimera_gql_expect(parser, CHIMERA_GQL_TOKEN_DOLLAR);
    variable->name = chimera_gql_parse_name(parser);
    chimera_gql_expect(parser, CHIMERA_GQL_TOKEN_COLON);
    variable->type = chimera_gql_parse_type(parser);
    if (chimera_gql_skip(parser, CHIMERA_GQL_TOKEN_EQUALS))
        variable->default_value = chimera_gql_parse_value(parser, true);
    variable->directives = chimera_gql_parse_directives(parser, false);
    return variable;
}

static struct chimera_gql_list parse_variables(struct chimera_gql_parser *parser)
{
    struct chimera_gql_list list = {NULL, 0, 0};
    if (chimera_gql_skip(parser, CHIMERA_GQL_TOKEN_PAREN_L)) {
        while (chimera_gql_more(parser, list.count, CHIMERA_GQL_TOKEN_PAREN_R))
            chimera_gql_push(parser->work, &list, parse_variable(parser));
    }
    return list;
}

static struct chimera_gql_operation *parse_operation(struct chimera_gql_parser *parser,
                                                     struct chimera_gql_description description)
{
    struct chimera_gql_operation *operation = chimera_gql_take(parser->work, sizeof(*operation));
    operation->place = chimera_gql_here(parser);
    if (chimera_gql_is_next(parser, CHIMERA_GQL_TOKEN_BRACE_L)) {
        if (description.is_there) /* the shorthand takes none */
            chimera_gql_unexpected(parser, parser->previous);
        operation->operation = CHIMERA_SLICE("query");
        operation->selections = parse_selections(parser);
        return operation;
    }
    operation->description = description.text;
    operation->comments = chimera_gql_join(parser, description.comments);
    operation->operation = chimera_gql_parse_operation_name(parser);
    if (chimera_gql_is_next(parser, CHIMERA_GQL_TOKEN_NAME))
        operation->name = chimera_gql_next(parser).text;
    operation->variables = parse_variables(parser);
    operation->directives = chimera_gql_parse_directives(parser, false);
    operation->selections = parse_selections(parser);
    return operation;
}

static struct chimera_gql_fragment *parse_fragment(struct chimera_gql_parser *parser,
                                                   struct chimera_gql_description description)
{
    struct chimera_gql_fragment *fragment = chimera_gql_take(parser->work, sizeof(*fragment));
    fragment->description = description.text;
    fragment->place = chimera_gql_here(parser);
    fragment->comments = chimera_gql_join(parser, description.comments);
    chimera_gql_expect_word(parser, "fragment");
    if (chimera_gql_is_word(parser, "on"))
        chimera_gql_unexpected_next(parser);
    fragment->name = chimera_gql_parse_name(parser);
    fragment->variables = parse_variables(parser);
    chimera_gql_expect_word(parser, "on");
    fragment->type_condition = chimera_gql_parse_name(parser);
    fragment->directives = chimera_gql_parse_directives(parser, false);
    fragment->selections = parse_selections(parser);
    return fragment;
}

static void parse_definition(struct chimera_gql_parser *parser, struct chimera_gql_query *query)
{
    struct chimera_gql_description description = chimera_gql_parse_description(parser);
    struct chimera_gql_token token = chimera_gql_peek(parser);
    bool is_name = token.kind == CHIMERA_GQL_TOKEN_NAME;
    if (is_name && chimera_slice_is(token.text, "fragment"))
        chimera_gql_push(parser->work, &query->fragments, parse_fragment(parser, description));
    else if (token.kind == CHIMERA_GQL_TOKEN_BRACE_L ||
             (is_name &&
              (chimera_slice_is(token.text, "query") || chimera_slice_is(token.text, "mutation") ||
               chimera_slice_is(token.text, "subscription"))))
        chimera_gql_push(parser->work, &query->operations, parse_operation(parser, description));
    else
        chimera_gql_unexpected_next(parser);
}

struct chimera_gql_query *chimera_gql_parse_query(struct chimera_gql_work *work,
                                                  struct chimera_slice text)
{
    struct chimera_gql_parser parser;
    struct chimera_gql_query *query = chimera_gql_take(work, sizeof(*query));
    chimera_gql_parser_open(&parser, work, text, false);
    while (!chimera_gql_is_next(&parser, CHIMERA_GQL_TOKEN_EOF) && work->code == CHIMERA_OK)
        parse_definition(&parser, query);
    chimera_gql_parser_close(&parser);
    return query;
}
