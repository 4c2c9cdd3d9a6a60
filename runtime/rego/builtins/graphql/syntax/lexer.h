/* SPDX-License-Identifier: Apache-2.0 */
/* lexer.h - a GraphQL text as tokens, with gqlparser's places: a token's column counts characters,
 * that of a string stands behind its quote.
 */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_LEXER_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_LEXER_H

#include "runtime/rego/builtins/graphql/syntax/ast.h"

#define CHIMERA_GQL_TOKEN_MAP(X)   \
    X(INVALID, "<Invalid>")        \
    X(EOF, "<EOF>")                \
    X(BANG, "!")                   \
    X(DOLLAR, "$")                 \
    X(AMP, "&")                    \
    X(PAREN_L, "(")                \
    X(PAREN_R, ")")                \
    X(SPREAD, "...")               \
    X(COLON, ":")                  \
    X(EQUALS, "=")                 \
    X(AT, "@")                     \
    X(BRACKET_L, "[")              \
    X(BRACKET_R, "]")              \
    X(BRACE_L, "{")                \
    X(BRACE_R, "}")                \
    X(PIPE, "|")                   \
    X(NAME, "Name")                \
    X(INT, "Int")                  \
    X(FLOAT, "Float")              \
    X(STRING, "String")            \
    X(BLOCK_STRING, "BlockString") \
    X(COMMENT, "Comment")

enum chimera_gql_token_kind {
#define X(name, text) CHIMERA_GQL_TOKEN_##name,
    CHIMERA_GQL_TOKEN_MAP(X)
#undef X
};

struct chimera_gql_token {
    enum chimera_gql_token_kind kind;
    struct chimera_slice text; /* a string's value; empty where the kind says it all */
    struct chimera_gql_place place;
};

struct chimera_gql_lexer {
    struct chimera_gql_work *work;
    struct chimera_slice input;
    bool is_prelude;
    size_t start, at;             /* of the token, in bytes */
    uint32_t start_runes, runes;  /* the same in characters */
    uint32_t line, line_runes;    /* where the line starts, in characters */
    struct chimera_buffer string; /* one that has to be decoded */
};

void chimera_gql_lexer_open(struct chimera_gql_lexer *lexer, struct chimera_gql_work *work,
                            struct chimera_slice input, bool is_prelude);

/* What is no token is one of the kind INVALID; the parser complains of it. */
struct chimera_gql_token chimera_gql_read_token(struct chimera_gql_lexer *lexer);

/* As messages have it. */
struct chimera_slice chimera_gql_token_text(enum chimera_gql_token_kind kind);

#endif
