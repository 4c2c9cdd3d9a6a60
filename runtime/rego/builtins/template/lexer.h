/* SPDX-License-Identifier: Apache-2.0 */
/* lexer.h - a template cut into texts and the words of its actions, as Go's text/template/parse
 * cuts it. Private to this folder.
 */
#ifndef CHIMERA_REGO_BUILTINS_TEMPLATE_LEXER_H
#define CHIMERA_REGO_BUILTINS_TEMPLATE_LEXER_H

#include "runtime/base/slice.h"

enum chimera_token_kind {
    CHIMERA_TOKEN_ERROR, /* `text` says why */
    CHIMERA_TOKEN_END,
    CHIMERA_TOKEN_TEXT,
    CHIMERA_TOKEN_OPEN, /* {{ */
    CHIMERA_TOKEN_CLOSE,
    CHIMERA_TOKEN_SPACE,
    CHIMERA_TOKEN_ASSIGN,
    CHIMERA_TOKEN_DECLARE,
    CHIMERA_TOKEN_PIPE,
    CHIMERA_TOKEN_COMMA,
    CHIMERA_TOKEN_MARK, /* another mark, which nothing takes */
    CHIMERA_TOKEN_OPEN_PAREN,
    CHIMERA_TOKEN_CLOSE_PAREN,
    CHIMERA_TOKEN_STRING,
    CHIMERA_TOKEN_RAW_STRING,
    CHIMERA_TOKEN_CHARACTER,
    CHIMERA_TOKEN_NUMBER,
    CHIMERA_TOKEN_VARIABLE, /* with its '$' */
    CHIMERA_TOKEN_FIELD,    /* with its '.' */
    CHIMERA_TOKEN_DOT,
    CHIMERA_TOKEN_NAME,
    CHIMERA_TOKEN_BOOL,
    CHIMERA_TOKEN_NIL,
    CHIMERA_TOKEN_KEYWORD,
};

struct chimera_token {
    enum chimera_token_kind kind;
    struct chimera_slice text; /* as it stands */
    size_t at;                 /* where it begins */
};

struct chimera_lexer {
    struct chimera_slice whole;
    size_t at;
    unsigned parens;
    bool is_inside; /* of an action */
};

static inline void chimera_lexer_init(struct chimera_lexer *lexer, struct chimera_slice text)
{
    *lexer = (struct chimera_lexer){.whole = text};
}

/* An error or the end is all that comes from then on. */
struct chimera_token chimera_lexer_next(struct chimera_lexer *lexer);

#endif
