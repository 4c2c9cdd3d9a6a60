/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/syntax/parser.h"

#include "runtime/rego/builtins/graphql/syntax/message.h"
#include "runtime/rego/quote.h"

void chimera_gql_parser_open(struct chimera_gql_parser *parser, struct chimera_gql_work *work,
                             struct chimera_slice text, bool is_prelude)
{
    *parser = (struct chimera_gql_parser){.work = work};
    chimera_gql_lexer_open(&parser->lexer, work, text, is_prelude);
}

void chimera_gql_parser_close(struct chimera_gql_parser *parser)
{
    chimera_buffer_free(&parser->lexer.string);
}

/* --- Tokens --- */

static void take_comments(struct chimera_gql_parser *parser)
{
    if (parser->is_in_comments || parser->work->code)
        return;
    parser->is_in_comments = true;
    struct chimera_gql_comments *group = chimera_gql_take(parser->work, sizeof(*group));
    while (chimera_gql_is_next(parser, CHIMERA_GQL_TOKEN_COMMENT) && !parser->work->code) {
        struct chimera_gql_comment *comment = chimera_gql_take(parser->work, sizeof(*comment));
        comment->text = chimera_gql_next(parser).text;
        chimera_gql_push(parser->work, &group->list, comment);
    }
    parser->comments = group;
    parser->is_in_comments = false;
}

struct chimera_gql_token chimera_gql_peek(struct chimera_gql_parser *parser)
{
    if (parser->work->code)
        return parser->previous;
    if (!parser->has_next) {
        parser->next = chimera_gql_read_token(&parser->lexer);
        parser->has_next = true;
        if (parser->next.kind == CHIMERA_GQL_TOKEN_COMMENT)
            take_comments(parser); /* looks at one token after the other, until it is none */
    }
    return parser->next;
}

struct chimera_gql_token chimera_gql_next(struct chimera_gql_parser *parser)
{
    chimera_gql_peek(parser);
    if (parser->work->code)
        return parser->previous;
    parser->has_next = false;
    parser->comments = NULL;
    parser->previous = parser->next;
    if (parser->previous.kind == CHIMERA_GQL_TOKEN_INVALID)
        chimera_gql_unexpected(parser, parser->previous);
    return parser->previous;
}

bool chimera_gql_is_next(struct chimera_gql_parser *parser, enum chimera_gql_token_kind kind)
{
    return chimera_gql_peek(parser).kind == kind;
}

bool chimera_gql_is_word(struct chimera_gql_parser *parser, const char *word)
{
    return chimera_slice_is(chimera_gql_peek(parser).text, word);
}

bool chimera_gql_skip(struct chimera_gql_parser *parser, enum chimera_gql_token_kind kind)
{
    if (parser->work->code || !chimera_gql_is_next(parser, kind))
        return false;
    chimera_gql_next(parser);
    return true;
}

/* --- Complaints --- */

/* The kind, and the text of what has one. */
static struct chimera_slice show(struct chimera_gql_parser *parser, struct chimera_gql_token token)
{
    struct chimera_buffer out;
    chimera_gql_message_open(&out);
    chimera_buffer_append(&out, chimera_gql_token_text(token.kind));
    if (token.text.size) {
        chimera_buffer_byte(&out, ' ');
        chimera_rego_quote(token.text, false, &out);
    }
    return chimera_gql_message_keep(parser->work, &out);
}

void chimera_gql_unexpected(struct chimera_gql_parser *parser, struct chimera_gql_token token)
{
    chimera_gql_complain_of_text(parser->work, token.place, "Unexpected %", show(parser, token));
}

void chimera_gql_unexpected_next(struct chimera_gql_parser *parser)
{
    chimera_gql_unexpected(parser, chimera_gql_peek(parser));
}

struct chimera_gql_comments *chimera_gql_expect(struct chimera_gql_parser *parser,
                                                enum chimera_gql_token_kind kind)
{
    struct chimera_gql_token token = chimera_gql_peek(parser);
    struct chimera_gql_comments *comments = parser->comments;
    if (token.kind == kind)
        chimera_gql_next(parser);
    else
        chimera_gql_complain_of_text(parser->work, token.place, "Expected %, found %",
                                     chimera_gql_token_text(kind),
                                     chimera_gql_token_text(token.kind));
    return comments;
}

struct chimera_gql_comments *chimera_gql_expect_word(struct chimera_gql_parser *parser,
                                                     const char *word)
{
    struct chimera_gql_token token = chimera_gql_peek(parser);
    struct chimera_gql_comments *comments = parser->comments;
    if (token.kind == CHIMERA_GQL_TOKEN_NAME && chimera_slice_is(token.text, word))
        chimera_gql_next(parser);
    else
        chimera_gql_complain_of_text(parser->work, token.place, "Expected \"%\", found %",
                                     chimera_slice_of(word), show(parser, token));
    return comments;
}

bool chimera_gql_more(struct chimera_gql_parser *parser, uint32_t count,
                      enum chimera_gql_token_kind closing)
{
    struct chimera_gql_token token = chimera_gql_peek(parser);
    parser->end = NULL;
    if (parser->work->code)
        return false;
    if (token.kind != closing)
        return true;
    if (count == 0)
        chimera_gql_complain_of_text(parser->work, token.place,
                                     "expected at least one definition, found %",
                                     chimera_gql_token_text(token.kind));
    parser->end = parser->comments;
    chimera_gql_next(parser);
    return false;
}

/* --- Names, values, arguments --- */

struct chimera_slice chimera_gql_parse_name(struct chimera_gql_parser *parser)
{
    struct chimera_gql_token token = chimera_gql_peek(parser);
    chimera_gql_expect(parser, CHIMERA_GQL_TOKEN_NAME);
    return token.text;
}

struct chimera_gql_place chimera_gql_here(struct chimera_gql_parser *parser)
{
    return chimera_gql_peek(parser).place;
}

struct chimera_gql_description chimera_gql_parse_description(struct chimera_gql_parser *parser)
{
    struct chimera_gql_description description = {0};
    if (!chimera_gql_is_next(parser, CHIMERA_GQL_TOKEN_STRING) &&
        !chimera_gql_is_next(parser, CHIMERA_GQL_TOKEN_BLOCK_STRING))
        return description;
    description.is_there = true;
    description.comments = parser->comments;
    description.text = chimera_gql_next(parser).text;
    return description;
}

struct chimera_gql_comments *chimera_gql_join(struct chimera_gql_parser *parser,
                                              const struct chimera_gql_comments *before)
{
    if (!before)
        return parser->comments;
    struct chimera_gql_comments *both = chimera_gql_take(parser->work, sizeof(*both));
    chimera_gql_push_all(parser->work, &both->list, &before->list);
    if (parser->comments)
        chimera_gql_push_all(parser->work, &both->list, &parser->comments->list);
    return both;
}

static struct chimera_gql_argument *parse_argument(struct chimera_gql_parser *parser,
                                                   bool is_constant)
{
    struct chimera_gql_argument *argument = chimera_gql_take(parser->work, sizeof(*argument));
    argument->place = chimera_gql_here(parser);
    argument->comments = parser->comments;
    argument->name = chimera_gql_parse_name(parser);
    chimera_gql_expect(parser, CHIMERA_GQL_TOKEN_COLON);
    argument->value = chimera_gql_parse_value(parser, is_constant);
    return argument;
}

/* A list or an object, at its opening bracket. */
static void parse_children(struct chimera_gql_parser *parser, bool is_constant,
                           struct chimera_gql_value *value)
{
    bool is_list = value->kind == CHIMERA_GQL_LIST;
    if (!chimera_gql_enter(parser->work))
        return;
    value->comments = parser->comments;
    chimera_gql_next(parser);
    while (chimera_gql_more(parser, 1,
                            is_list ? CHIMERA_GQL_TOKEN_BRACKET_R : CHIMERA_GQL_TOKEN_BRACE_R)) {
        struct chimera_gql_argument *child;
        if (is_list) {
            child = chimera_gql_take(parser->work, sizeof(*child));
            child->value = chimera_gql_parse_value(parser, is_constant);
        } else {
            child = parse_argument(parser, is_constant);
        }
        chimera_gql_push(parser->work, &value->children, child);
    }
    parser->work->depth--;
}

/* Of a token that is a value, or begins one; -1: of any other. */
static int kind_of_value(struct chimera_gql_token token, bool is_constant)
{
    static const int8_t kinds[] = {
        [CHIMERA_GQL_TOKEN_COMMENT] = 0,
        [CHIMERA_GQL_TOKEN_INT] = CHIMERA_GQL_INT,
        [CHIMERA_GQL_TOKEN_FLOAT] = CHIMERA_GQL_FLOAT,
        [CHIMERA_GQL_TOKEN_STRING] = CHIMERA_GQL_STRING,
        [CHIMERA_GQL_TOKEN_BLOCK_STRING] = CHIMERA_GQL_BLOCK,
        [CHIMERA_GQL_TOKEN_NAME] = CHIMERA_GQL_ENUM,
        [CHIMERA_GQL_TOKEN_BRACKET_L] = CHIMERA_GQL_LIST,
        [CHIMERA_GQL_TOKEN_BRACE_L] = CHIMERA_GQL_OBJECT,
    };
    if (token.kind == CHIMERA_GQL_TOKEN_DOLLAR && !is_constant)
        return CHIMERA_GQL_VARIABLE;
    if (token.kind == CHIMERA_GQL_TOKEN_NAME && chimera_slice_is(token.text, "null"))
        return CHIMERA_GQL_NULL;
    if (token.kind == CHIMERA_GQL_TOKEN_NAME &&
        (chimera_slice_is(token.text, "true") || chimera_slice_is(token.text, "false")))
        return CHIMERA_GQL_BOOLEAN;
    return kinds[token.kind] ? kinds[token.kind] : -1;
}

struct chimera_gql_value *chimera_gql_parse_value(struct chimera_gql_parser *parser,
                                                  bool is_constant)
{
    struct chimera_gql_token token = chimera_gql_peek(parser);
    struct chimera_gql_value *value = chimera_gql_take(parser->work, sizeof(*value));
    int kind = kind_of_value(token, is_constant);
    value->kind = kind;
    value->place = token.place;
    if (kind < 0) {
        chimera_gql_unexpected_next(parser);
    } else if (kind == CHIMERA_GQL_LIST || kind == CHIMERA_GQL_OBJECT) {
        parse_children(parser, is_constant, value);
    } else if (kind == CHIMERA_GQL_VARIABLE) {
        chimera_gql_next(parser);
        value->raw = chimera_gql_parse_name(parser);
    } else {
        value->raw = token.text;
        chimera_gql_next(parser);
    }
    return value;
}

struct chimera_gql_list chimera_gql_parse_arguments(struct chimera_gql_parser *parser,
                                                    bool is_constant)
{
    struct chimera_gql_list list = {NULL, 0, 0};
    if (chimera_gql_skip(parser, CHIMERA_GQL_TOKEN_PAREN_L)) {
        while (chimera_gql_more(parser, list.count, CHIMERA_GQL_TOKEN_PAREN_R))
            chimera_gql_push(parser->work, &list, parse_argument(parser, is_constant));
    }
    return list;
}

struct chimera_gql_list chimera_gql_parse_directives(struct chimera_gql_parser *parser,
                                                     bool is_constant)
{
    struct chimera_gql_list list = {NULL, 0, 0};
    while (chimera_gql_skip(parser, CHIMERA_GQL_TOKEN_AT)) {
        struct chimera_gql_directive *directive =
            chimera_gql_take(parser->work, sizeof(*directive));
        directive->place = chimera_gql_here(parser);
        directive->name = chimera_gql_parse_name(parser);
        directive->arguments = chimera_gql_parse_arguments(parser, is_constant);
        chimera_gql_push(parser->work, &list, directive);
    }
    return list;
}

struct chimera_gql_type *chimera_gql_parse_type(struct chimera_gql_parser *parser)
{
    struct chimera_gql_type *type = chimera_gql_take(parser->work, sizeof(*type));
    bool is_list = chimera_gql_skip(parser, CHIMERA_GQL_TOKEN_BRACKET_L);
    if (is_list && !chimera_gql_enter(parser->work))
        return type;
    type->place = chimera_gql_here(parser);
    if (is_list) {
        type->elem = chimera_gql_parse_type(parser);
        chimera_gql_expect(parser, CHIMERA_GQL_TOKEN_BRACKET_R);
        parser->work->depth--;
    } else {
        type->name = chimera_gql_parse_name(parser);
    }
    type->is_non_null = chimera_gql_skip(parser, CHIMERA_GQL_TOKEN_BANG);
    return type;
}

struct chimera_slice chimera_gql_parse_operation_name(struct chimera_gql_parser *parser)
{
    static const char *const names[] = {"query", "mutation", "subscription"};
    struct chimera_gql_token token = chimera_gql_next(parser);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (chimera_slice_is(token.text, names[i]))
            return chimera_slice_of(names[i]);
    }
    chimera_gql_unexpected(parser, token);
    return token.text;
}
