/* SPDX-License-Identifier: Apache-2.0 */
/* parser.h - what the parsers of queries and schemas share. Private to this folder. */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_PARSER_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_PARSER_H

#include "runtime/rego/builtins/graphql/syntax/lexer.h"

struct chimera_gql_parser {
    struct chimera_gql_work *work;
    struct chimera_gql_lexer lexer;
    struct chimera_gql_token next, previous; /* next: while `has_next` */
    bool has_next, is_in_comments;
    struct chimera_gql_comments *comments; /* those before the next token, once it is looked at */
    struct chimera_gql_comments *end;      /* those before the last closing bracket */
};

struct chimera_gql_description {
    struct chimera_slice text;
    bool is_there; /* it may be empty */
    struct chimera_gql_comments *comments;
};

void chimera_gql_parser_open(struct chimera_gql_parser *parser, struct chimera_gql_work *work,
                             struct chimera_slice text, bool is_prelude);
void chimera_gql_parser_close(struct chimera_gql_parser *parser);

/* --- Tokens. Once the work has failed the last one comes again and again. --- */

struct chimera_gql_token chimera_gql_peek(struct chimera_gql_parser *parser);
struct chimera_gql_token chimera_gql_next(struct chimera_gql_parser *parser);
bool chimera_gql_is_next(struct chimera_gql_parser *parser, enum chimera_gql_token_kind kind);
/* Is it this text, in whatever kind of token? */
bool chimera_gql_is_word(struct chimera_gql_parser *parser, const char *word);
bool chimera_gql_skip(struct chimera_gql_parser *parser, enum chimera_gql_token_kind kind);

/* These two return the comments before it. */
struct chimera_gql_comments *chimera_gql_expect(struct chimera_gql_parser *parser,
                                                enum chimera_gql_token_kind kind);
struct chimera_gql_comments *chimera_gql_expect_word(struct chimera_gql_parser *parser,
                                                     const char *word);

void chimera_gql_unexpected(struct chimera_gql_parser *parser, struct chimera_gql_token token);
void chimera_gql_unexpected_next(struct chimera_gql_parser *parser);

/* Between brackets, behind the opening one: is there one more, besides the `count` that were? If
 * not, takes the closing one, and complains when there were none. */
bool chimera_gql_more(struct chimera_gql_parser *parser, uint32_t count,
                      enum chimera_gql_token_kind closing);

/* --- What both kinds of documents have --- */

struct chimera_slice chimera_gql_parse_name(struct chimera_gql_parser *parser);
struct chimera_gql_place chimera_gql_here(struct chimera_gql_parser *parser);
struct chimera_gql_description chimera_gql_parse_description(struct chimera_gql_parser *parser);
/* `before`, those of a description, and then those before the next token; either may be none. */
struct chimera_gql_comments *chimera_gql_join(struct chimera_gql_parser *parser,
                                              const struct chimera_gql_comments *before);
/* `is_constant`: without variables. */
struct chimera_gql_value *chimera_gql_parse_value(struct chimera_gql_parser *parser,
                                                  bool is_constant);
struct chimera_gql_list chimera_gql_parse_arguments(struct chimera_gql_parser *parser,
                                                    bool is_constant);
struct chimera_gql_list chimera_gql_parse_directives(struct chimera_gql_parser *parser,
                                                     bool is_constant);
struct chimera_gql_type *chimera_gql_parse_type(struct chimera_gql_parser *parser);
/* "query", "mutation" or "subscription" */
struct chimera_slice chimera_gql_parse_operation_name(struct chimera_gql_parser *parser);

#endif
