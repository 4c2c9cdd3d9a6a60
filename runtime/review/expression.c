/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/review/expression.h"

#include <assert.h>
#include <stdio.h>

#include "runtime/text/utf8.h"

/* How deep the reference's parser goes, and so the recursion below. Each parenthesis is two levels,
 * each negation one, and so is each operator for what stands to the right of it: that is how Rhai
 * counts, and what is beyond its limit there is refused here. */
#define LEVEL_MAX 64
/* An operand waits for the right side of an operator that has a level of its own. */
#define STACK_MAX (LEVEL_MAX + 1)

/* Numbers are literals only, so that what is made of them is known at once and needs no steps. */
struct operand {
    size_t at;
    bool is_number;
    uint64_t number;
};

struct parser {
    struct chimera_slice text;
    size_t at;
    expression_resolver *resolve;
    const void *context;
    struct expression *out;
    struct chimera_error *err;
};

struct infix {
    const char *sign;
    unsigned binding; /* the greater, the tighter */
    enum expression_operation joins;
    enum expression_comparison how; /* if it is one */
    bool is_quick;                  /* asks its right side only if it must */
    enum expression_operation skips;
};

/* Of two that begin alike the longer one first. */
static const struct infix OPERATORS[] = {
    {"||", 1, EXPRESSION_OR, .is_quick = true, .skips = EXPRESSION_SKIP_IF_YES},
    {"|", 1, .joins = EXPRESSION_OR},
    {"^", 1, EXPRESSION_COMPARE, .how = EXPRESSION_DIFFERENT},
    {"&&", 2, EXPRESSION_AND, .is_quick = true, .skips = EXPRESSION_SKIP_IF_NO},
    {"&", 2, .joins = EXPRESSION_AND},
    {"==", 3, EXPRESSION_COMPARE, .how = EXPRESSION_EQUAL},
    {"!=", 3, EXPRESSION_COMPARE, .how = EXPRESSION_DIFFERENT},
    {"<=", 4, EXPRESSION_COMPARE, .how = EXPRESSION_LESS_EQUAL},
    {">=", 4, EXPRESSION_COMPARE, .how = EXPRESSION_GREATER_EQUAL},
    {"<", 4, EXPRESSION_COMPARE, .how = EXPRESSION_LESS},
    {">", 4, EXPRESSION_COMPARE, .how = EXPRESSION_GREATER},
};
#define COMPARES_FROM 3 /* the binding from which on operands may be numbers */

/* Rhai's keywords, the words that it reserves, and the functions of its own that stand before a
 * member of the same name. */
static const char *const RESERVED[] = {
    "as",       "async",     "await",      "break",     "call",  "case",    "catch",     "const",
    "continue", "curry",     "debug",      "default",   "do",    "else",    "eval",      "export",
    "Fn",       "fn",        "for",        "go",        "goto",  "if",      "import",    "in",
    "is",       "is_def_fn", "is_def_var", "is_shared", "let",   "loop",    "match",     "module",
    "new",      "nil",       "null",       "package",   "print", "private", "protected", "public",
    "return",   "shared",    "spawn",      "static",    "super", "switch",  "sync",      "this",
    "thread",   "throw",     "try",        "type_of",   "until", "use",     "var",       "void",
    "while",    "with",      "yield",
};

static int parse_expression(struct parser *parser, unsigned level, struct operand *ret_operand);
static int parse_operators(struct parser *parser, unsigned level, unsigned outer,
                           struct operand *ret_left);

/* --- Explanations --- */

/* Columns count characters: the bytes that follow the first one of a character do not count. */
static int explain(struct parser *parser, size_t at, const char *what, struct chimera_slice detail)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && i < parser->text.size; i++) {
        unsigned char byte = (unsigned char)parser->text.data[i];
        column = byte == '\n' ? 1 : column + ((byte & 0xC0) != 0x80);
        line += byte == '\n';
    }
    return chimera_fail(parser->err, CHIMERA_EINVAL, "%s%.*s (line %zu, position %zu)", what,
                        (int)detail.size, detail.data ? detail.data : "", line, column);
}

static int explain_here(struct parser *parser, const char *what)
{
    return explain(parser, parser->at, what, CHIMERA_SLICE(""));
}

/* The character that is next, as itself; one that is not ASCII also by its number, because some of
 * them look like others, or like nothing. */
static int explain_character(struct parser *parser, const char *what)
{
    char shown[32];
    struct chimera_slice rest = {parser->text.data + parser->at, parser->text.size - parser->at};
    size_t size = chimera_utf8_character(rest);
    unsigned char byte = (unsigned char)*rest.data;
    unsigned point = byte & (0x7FU >> size);
    for (size_t i = 1; i < size; i++)
        point = point << 6 | ((unsigned char)rest.data[i] & 0x3F);
    if (size > 1)
        snprintf(shown, sizeof(shown), "%.*s (U+%04X)", (int)size, rest.data, point);
    else if (byte > ' ' && byte < 0x7F)
        snprintf(shown, sizeof(shown), "%c", byte);
    else
        snprintf(shown, sizeof(shown), "\\x%02X", byte);
    return explain(parser, parser->at, what, chimera_slice_of(shown));
}

static int emit(struct parser *parser, enum expression_operation operation, uint32_t argument)
{
    struct expression *out = parser->out;
    if (out->count == EXPRESSION_STEPS_MAX)
        return explain_here(parser, "Expression is too long");
    out->step[out->count++] = (struct expression_step){operation, argument};
    return CHIMERA_OK;
}

static int deepen(struct parser *parser, unsigned *level)
{
    if (*level == LEVEL_MAX)
        return explain_here(parser, "Expression exceeds maximum complexity: shorten its chains of "
                                    "operators, or nest it less");
    ++*level;
    return CHIMERA_OK;
}

/* --- White space, comments, names --- */

static bool starts(const struct parser *parser, const char *sign)
{
    struct chimera_slice rest = {parser->text.data + parser->at, parser->text.size - parser->at};
    return chimera_slice_starts(rest, sign);
}

/* White space and both kinds of comments. */
static void skip_blank(struct parser *parser)
{
    while (parser->at < parser->text.size) {
        char c = parser->text.data[parser->at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
            parser->at++;
        } else if (starts(parser, "//")) {
            /* A carriage return alone ends it, too: who overlooks that reads less than the
             * reference does. */
            while (parser->at < parser->text.size && !starts(parser, "\n") && !starts(parser, "\r"))
                parser->at++;
        } else if (starts(parser, "/*")) {
            /* Comments nest. One that is open at the end is what the text ends with. */
            unsigned depth = 0;
            do {
                bool opens = starts(parser, "/*"), closes = starts(parser, "*/");
                depth += opens;
                depth -= closes;
                parser->at += opens || closes ? 2 : 1;
            } while (depth > 0 && parser->at < parser->text.size);
        } else {
            return;
        }
    }
}

static bool take_token(struct parser *parser, const char *sign)
{
    skip_blank(parser);
    if (!starts(parser, sign))
        return false;
    parser->at += strlen(sign);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

static struct chimera_slice take_name(struct parser *parser)
{
    size_t start = parser->at;
    while (parser->at < parser->text.size && is_name_byte(parser->text.data[parser->at]))
        parser->at++;
    return (struct chimera_slice){parser->text.data + start, parser->at - start};
}

/* --- Operands --- */

static int parse_call(struct parser *parser, struct chimera_slice name, size_t start)
{
    for (size_t i = 0; i < sizeof(RESERVED) / sizeof(*RESERVED); i++)
        if (chimera_slice_is(name, RESERVED[i]))
            return explain(parser, start, "No member can be called by a reserved word: ", name);
    /* Whether a letter comes first, behind any underscores. */
    size_t at = 0;
    while (at < name.size && name.data[at] == '_')
        at++;
    if (!(at < name.size && !is_digit(name.data[at])))
        return explain(parser, start,
                       "No member can be called by a name without a letter first: ", name);
    if (parser->at < parser->text.size && parser->text.data[parser->at] & 0x80)
        return explain_character(parser, "A name has letters, digits and '_' only, found ");
    if (!take_token(parser, "("))
        return explain(parser, start, "Variable not found: ", name);
    if (!take_token(parser, ")"))
        return explain_here(parser, "Expecting ')' behind a call without arguments");
    int member = parser->resolve(parser->context, name);
    if (member < 0)
        return explain(parser, start, "Function not found: ", name);
    return emit(parser, EXPRESSION_CALL, (uint32_t)member);
}

static int parse_name(struct parser *parser)
{
    size_t start = parser->at;
    struct chimera_slice name = take_name(parser);
    if (chimera_slice_is(name, "true"))
        return emit(parser, EXPRESSION_PUSH, EXPRESSION_YES);
    if (chimera_slice_is(name, "false"))
        return emit(parser, EXPRESSION_PUSH, EXPRESSION_NO);
    return parse_call(parser, name, start);
}

static int parse_number(struct parser *parser, struct operand *operand)
{
    struct chimera_slice text = take_name(parser);
    operand->is_number = true;
    for (size_t i = 0; i < text.size; i++) {
        uint64_t digit = (uint64_t)(unsigned char)text.data[i] - '0';
        if (digit > 9 || operand->number > (INT64_MAX - digit) / 10)
            return explain(parser, operand->at, "Not a whole number: ", text);
        operand->number = operand->number * 10 + digit;
    }
    return CHIMERA_OK;
}

static int parse_primary(struct parser *parser, unsigned level, struct operand *ret_operand)
{
    if (take_token(parser, "(")) {
        int code = deepen(parser, &level);
        if (code == CHIMERA_OK)
            code = parse_expression(parser, level, ret_operand);
        if (code == CHIMERA_OK && !take_token(parser, ")"))
            code = explain_here(parser, "Expecting ')' to close a parenthesis");
        return code;
    }
    *ret_operand = (struct operand){.at = parser->at};
    if (parser->at >= parser->text.size)
        return explain_here(parser, "Script is incomplete");
    char c = parser->text.data[parser->at];
    if (is_digit(c))
        return parse_number(parser, ret_operand);
    if (!is_name_byte(c))
        return explain_character(parser, "Expecting a boolean expression, found ");
    return parse_name(parser);
}

static int parse_unary(struct parser *parser, unsigned level, struct operand *ret_operand)
{
    unsigned negations = 0;
    int code = CHIMERA_OK;
    skip_blank(parser);
    size_t start = parser->at;
    while (code == CHIMERA_OK && starts(parser, "!") && !starts(parser, "!=")) {
        parser->at++;
        negations++;
        skip_blank(parser);
        code = deepen(parser, &level);
    }
    if (code == CHIMERA_OK)
        code = parse_primary(parser, level, ret_operand);
    if (code == CHIMERA_OK && negations && ret_operand->is_number)
        code = explain(parser, start, "Function not found: ", CHIMERA_SLICE("! (i64)"));
    return code == CHIMERA_OK && negations % 2 ? emit(parser, EXPRESSION_NOT, 0) : code;
}

static int refuse_number(struct parser *parser, const struct operand *operand)
{
    return operand->is_number
               ? explain(parser, operand->at, "Expecting a boolean expression, found a number",
                         CHIMERA_SLICE(""))
               : CHIMERA_OK;
}

/* --- Operators --- */

static bool does_hold(enum expression_comparison how, uint64_t left, uint64_t right)
{
    switch (how) {
    case EXPRESSION_LESS_EQUAL:
        return left <= right;
    case EXPRESSION_GREATER_EQUAL:
        return left >= right;
    case EXPRESSION_LESS:
        return left < right;
    case EXPRESSION_GREATER:
        return left > right;
    case EXPRESSION_EQUAL:
        return left == right;
    case EXPRESSION_DIFFERENT:
        break;
    }
    return left != right;
}

/* Does what the operator does, once both sides are there. */
static int join(struct parser *parser, const struct infix *sign, const struct operand *right,
                struct operand *left)
{
    if (sign->binding >= COMPARES_FROM) {
        /* A number and a boolean are different, and neither is the greater one. */
        bool was_number = left->is_number;
        left->is_number = false;
        if (was_number && right->is_number)
            return emit(parser, EXPRESSION_PUSH, does_hold(sign->how, left->number, right->number));
        if (was_number || right->is_number)
            return emit(parser, EXPRESSION_SETTLE, sign->how == EXPRESSION_DIFFERENT);
        return emit(parser, EXPRESSION_COMPARE, sign->how);
    }
    int code = refuse_number(parser, right);
    return code == CHIMERA_OK ? emit(parser, sign->joins, sign->how) : code;
}

/* The operator that is next, not taken; or NULL. */
static const struct infix *find_operator(struct parser *parser)
{
    skip_blank(parser);
    for (size_t i = 0; i < sizeof(OPERATORS) / sizeof(*OPERATORS); i++)
        if (starts(parser, OPERATORS[i].sign))
            return &OPERATORS[i];
    return NULL;
}

/* What the operator applies to: all that binds tighter than it does. */
static int parse_right(struct parser *parser, unsigned level, const struct infix *sign,
                       struct operand *ret_right)
{
    int code = parse_unary(parser, level, ret_right);
    if (code < 0)
        return code;
    const struct infix *next = find_operator(parser);
    if (!next || next->binding <= sign->binding)
        return CHIMERA_OK;
    code = deepen(parser, &level);
    return code == CHIMERA_OK ? parse_operators(parser, level, sign->binding, ret_right) : code;
}

static int parse_operation(struct parser *parser, unsigned level, const struct infix *sign,
                           struct operand *left)
{
    struct operand right;
    uint32_t place = parser->out->count;
    int code = sign->binding < COMPARES_FROM ? refuse_number(parser, left) : CHIMERA_OK;
    parser->at += strlen(sign->sign);
    if (code == CHIMERA_OK && sign->is_quick)
        code = emit(parser, sign->skips, 0);
    if (code == CHIMERA_OK)
        code = parse_right(parser, level, sign, &right);
    if (code == CHIMERA_OK)
        code = join(parser, sign, &right, left);
    if (code == CHIMERA_OK && sign->is_quick)
        parser->out->step[place].argument = parser->out->count;
    return code;
}

/* All operators that bind tighter than `outer`, from the left; *ret_left is the operand before. */
static int parse_operators(struct parser *parser, unsigned level, unsigned outer,
                           struct operand *ret_left)
{
    const struct infix *sign;
    int code = CHIMERA_OK;
    while (code == CHIMERA_OK && (sign = find_operator(parser)) && sign->binding > outer) {
        code = parse_operation(parser, level, sign, ret_left);
        if (code == CHIMERA_OK)
            code = deepen(parser, &level);
    }
    return code;
}

static int parse_expression(struct parser *parser, unsigned level, struct operand *ret_operand)
{
    int code = deepen(parser, &level);
    if (code == CHIMERA_OK)
        code = parse_unary(parser, level, ret_operand);
    return code == CHIMERA_OK ? parse_operators(parser, level, 0, ret_operand) : code;
}

int expression_compile(struct chimera_slice text, expression_resolver *resolve, const void *context,
                       struct expression *ret_expression, struct chimera_error *err)
{
    struct parser parser = {
        .text = text, .resolve = resolve, .context = context, .out = ret_expression, .err = err};
    ret_expression->count = 0;
    struct operand operand;
    int code = parse_expression(&parser, 0, &operand);
    skip_blank(&parser);
    if (code == CHIMERA_OK && parser.at < text.size)
        code = explain_character(&parser, "Unexpected ");
    return code == CHIMERA_OK ? refuse_number(&parser, &operand) : code;
}

/* --- Running --- */

/* Whatever the unknown one is, `decisive` on the other side decides. */
static int combine(int left, int right, enum expression_verdict decisive)
{
    if (left == (int)decisive || right == (int)decisive)
        return (int)decisive;
    return left == EXPRESSION_UNKNOWN ? left : right;
}

static int compare_verdicts(enum expression_comparison how, int left, int right)
{
    if (left == EXPRESSION_UNKNOWN || right == EXPRESSION_UNKNOWN)
        return EXPRESSION_UNKNOWN;
    return does_hold(how, (uint64_t)left, (uint64_t)right);
}

/* Of the operations that only look at the stack; returns how many operands are on it then. */
static size_t apply(struct expression_step step, int *stack, size_t top)
{
    int *last = &stack[top - 1];
    switch (step.operation) {
    case EXPRESSION_NOT:
        *last = compare_verdicts(EXPRESSION_EQUAL, *last, EXPRESSION_NO);
        return top;
    case EXPRESSION_SETTLE:
        *last = *last == EXPRESSION_UNKNOWN ? *last : (int)step.argument;
        return top;
    case EXPRESSION_COMPARE:
        last[-1] = compare_verdicts((enum expression_comparison)step.argument, last[-1], *last);
        return top - 1;
    case EXPRESSION_AND:
        last[-1] = combine(last[-1], *last, EXPRESSION_NO);
        return top - 1;
    case EXPRESSION_OR:
        last[-1] = combine(last[-1], *last, EXPRESSION_YES);
        return top - 1;
    case EXPRESSION_PUSH:
    case EXPRESSION_CALL:
    case EXPRESSION_SKIP_IF_YES:
    case EXPRESSION_SKIP_IF_NO:
        break;
    }
    return top;
}

int expression_run(const struct expression *expression, expression_caller *call, void *context)
{
    int stack[STACK_MAX];
    size_t top = 0;
    uint32_t at = 0;
    while (at < expression->count) {
        struct expression_step step = expression->step[at++];
        assert(top < STACK_MAX);
        if (step.operation == EXPRESSION_PUSH) {
            stack[top++] = (int)step.argument;
        } else if (step.operation == EXPRESSION_CALL) {
            stack[top++] = call(context, step.argument);
            if (stack[top - 1] < 0)
                return stack[top - 1];
        } else if (step.operation == EXPRESSION_SKIP_IF_YES ||
                   step.operation == EXPRESSION_SKIP_IF_NO) {
            bool wants_yes = step.operation == EXPRESSION_SKIP_IF_YES;
            if (stack[top - 1] == (wants_yes ? EXPRESSION_YES : EXPRESSION_NO))
                at = step.argument;
        } else {
            top = apply(step, stack, top);
        }
    }
    return stack[0];
}
