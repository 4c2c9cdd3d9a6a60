#include "server/expression.h"

#include <assert.h>
#include <string.h>

#define DEPTH_MAX 64 /* of parentheses and negations, and so of the recursion below */
/* At each depth an operand may wait for the right side of |, of &, of == and of <. */
#define STACK_MAX (4 * (DEPTH_MAX + 1) + 1)

/* Numbers are literals only, so that what is made of them is known at once and needs no steps. */
struct operand {
    bool is_number;
    uint64_t number;
};

struct parser {
    struct chimera_slice text;
    size_t at;
    unsigned depth;
    expression_resolver *resolve;
    const void *context;
    struct expression *out;
    struct chimera_error *err;
};

static int parse_or(struct parser *parser, struct operand *ret_operand);

static int explain(struct parser *parser, size_t at, const char *what, struct chimera_slice detail)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && i < parser->text.size; i++) {
        column = parser->text.data[i] == '\n' ? 1 : column + 1;
        line += parser->text.data[i] == '\n';
    }
    return chimera_fail(parser->err, CHIMERA_EINVAL, "%s%.*s (line %zu, position %zu)", what,
                        (int)detail.size, detail.data ? detail.data : "", line, column);
}

static int explain_here(struct parser *parser, const char *what)
{
    return explain(parser, parser->at, what, CHIMERA_SLICE(""));
}

static int emit(struct parser *parser, enum expression_operation operation, uint32_t argument)
{
    struct expression *out = parser->out;
    if (out->count == EXPRESSION_STEPS_MAX)
        return explain_here(parser, "Expression is too long");
    out->step[out->count++] = (struct expression_step){operation, argument};
    return CHIMERA_OK;
}

static bool starts(const struct parser *parser, const char *sign)
{
    struct chimera_slice rest = {parser->text.data + parser->at, parser->text.size - parser->at};
    return chimera_slice_starts(rest, sign);
}

/* Comments nest. One that is open at the end is what the text ends with. */
static void skip_comment(struct parser *parser)
{
    unsigned depth = 0;
    do {
        bool opens = starts(parser, "/*"), closes = starts(parser, "*/");
        depth += opens;
        depth -= closes;
        parser->at += opens || closes ? 2 : 1;
    } while (depth > 0 && parser->at < parser->text.size);
}

/* White space and both kinds of comments. */
static void skip_blank(struct parser *parser)
{
    while (parser->at < parser->text.size) {
        char c = parser->text.data[parser->at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            parser->at++;
        } else if (starts(parser, "//")) {
            while (parser->at < parser->text.size && parser->text.data[parser->at] != '\n')
                parser->at++;
        } else if (starts(parser, "/*")) {
            skip_comment(parser);
        } else {
            return;
        }
    }
}

static bool take(struct parser *parser, const char *sign)
{
    skip_blank(parser);
    if (!starts(parser, sign))
        return false;
    parser->at += strlen(sign);
    return true;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct chimera_slice take_name(struct parser *parser)
{
    size_t start = parser->at;
    while (parser->at < parser->text.size && is_name_byte(parser->text.data[parser->at]))
        parser->at++;
    return (struct chimera_slice){parser->text.data + start, parser->at - start};
}

static int parse_name(struct parser *parser)
{
    size_t start = parser->at;
    struct chimera_slice name = take_name(parser);
    if (chimera_slice_is(name, "true") || chimera_slice_is(name, "false"))
        return emit(parser, EXPRESSION_PUSH, name.size == 4);
    if (!take(parser, "("))
        return explain(parser, start, "Variable not found: ", name);
    if (!take(parser, ")"))
        return explain_here(parser, "Expecting ')' behind a call without arguments");
    int member = parser->resolve(parser->context, name);
    if (member < 0)
        return explain(parser, start, "Function not found: ", name);
    return emit(parser, EXPRESSION_CALL, (uint32_t)member);
}

static int parse_number(struct parser *parser, struct operand *ret_operand)
{
    struct operand operand = {.is_number = true};
    size_t start = parser->at;
    struct chimera_slice text = take_name(parser);
    for (size_t i = 0; i < text.size; i++) {
        uint64_t digit = (uint64_t)(unsigned char)text.data[i] - '0';
        if (digit > 9 || operand.number > (INT64_MAX - digit) / 10)
            return explain(parser, start, "Not a whole number: ", text);
        operand.number = operand.number * 10 + digit;
    }
    *ret_operand = operand;
    return CHIMERA_OK;
}

static int parse_primary(struct parser *parser, struct operand *ret_operand)
{
    if (take(parser, "(")) {
        int code = parse_or(parser, ret_operand);
        if (code == CHIMERA_OK && !take(parser, ")"))
            code = explain_here(parser, "Expecting ')' to close a parenthesis");
        return code;
    }
    if (parser->at >= parser->text.size)
        return explain_here(parser, "Script is incomplete");
    char c = parser->text.data[parser->at];
    if (c >= '0' && c <= '9')
        return parse_number(parser, ret_operand);
    if (!is_name_byte(c))
        return explain(parser, parser->at, "Expecting a boolean expression, found ",
                       (struct chimera_slice){parser->text.data + parser->at, 1});
    *ret_operand = (struct operand){false, 0};
    return parse_name(parser);
}

static int parse_unary(struct parser *parser, struct operand *ret_operand)
{
    unsigned negations = 0;
    skip_blank(parser);
    size_t start = parser->at;
    while (starts(parser, "!") && !starts(parser, "!=")) {
        parser->at++;
        negations++;
        skip_blank(parser);
    }
    if (parser->depth == DEPTH_MAX)
        return explain_here(parser, "Expression exceeds maximum complexity");
    parser->depth++;
    int code = parse_primary(parser, ret_operand);
    parser->depth--;
    if (code == CHIMERA_OK && negations && ret_operand->is_number)
        code = explain(parser, start, "Function not found: ", CHIMERA_SLICE("! (i64)"));
    return code == CHIMERA_OK && negations % 2 ? emit(parser, EXPRESSION_NOT, 0) : code;
}

/* Puts a value that is known in the place of what was compared: numbers have no steps. */
static int fold(struct parser *parser, bool outcome, struct operand *ret_operand)
{
    *ret_operand = (struct operand){false, 0};
    return emit(parser, EXPRESSION_PUSH, outcome);
}

enum comparison { LESS_EQUAL, GREATER_EQUAL, LESS, GREATER, EQUAL, DIFFERENT };

static bool compare_numbers(enum comparison how, uint64_t left, uint64_t right)
{
    switch (how) {
    case LESS_EQUAL:
        return left <= right;
    case GREATER_EQUAL:
        return left >= right;
    case LESS:
        return left < right;
    case GREATER:
        return left > right;
    case EQUAL:
        return left == right;
    case DIFFERENT:
        break;
    }
    return left != right;
}

/* Of two booleans, false being the lesser one: a > b is a && !b. */
static int compare_booleans(struct parser *parser, enum comparison how)
{
    bool is_inverse = how == LESS || how == LESS_EQUAL;
    bool has_equal = how == GREATER_EQUAL || how == LESS;
    if (how == EQUAL || how == DIFFERENT)
        return emit(parser, how == EQUAL ? EXPRESSION_EQUAL : EXPRESSION_DIFFERENT, 0);
    int code = emit(parser, EXPRESSION_NOT, 0);
    if (code == CHIMERA_OK)
        code = emit(parser, has_equal ? EXPRESSION_OR : EXPRESSION_AND, 0);
    return code == CHIMERA_OK && is_inverse ? emit(parser, EXPRESSION_NOT, 0) : code;
}

/* A number and a boolean are different, and neither is the greater one. */
static int compare(struct parser *parser, enum comparison how, const struct operand *right,
                   struct operand *ret_operand)
{
    struct operand left = *ret_operand;
    if (left.is_number && right->is_number)
        return fold(parser, compare_numbers(how, left.number, right->number), ret_operand);
    if (!left.is_number && !right->is_number)
        return compare_booleans(parser, how);
    int code = emit(parser, EXPRESSION_DROP, 0);
    return code < 0 ? code : fold(parser, how == DIFFERENT, ret_operand);
}

/* The first sign that is there, or `last`. */
static enum comparison take_sign(struct parser *parser, enum comparison first, enum comparison last)
{
    static const char *const SIGNS[] = {"<=", ">=", "<", ">", "==", "!="};
    enum comparison how = first;
    while (how != last && !take(parser, SIGNS[how]))
        how++;
    return how;
}

static int parse_order(struct parser *parser, struct operand *ret_operand)
{
    int code = parse_unary(parser, ret_operand);
    while (code == CHIMERA_OK) {
        struct operand right;
        enum comparison how = take_sign(parser, LESS_EQUAL, EQUAL);
        if (how == EQUAL)
            break;
        code = parse_unary(parser, &right);
        if (code == CHIMERA_OK)
            code = compare(parser, how, &right, ret_operand);
    }
    return code;
}

static int parse_equality(struct parser *parser, struct operand *ret_operand)
{
    int code = parse_order(parser, ret_operand);
    while (code == CHIMERA_OK) {
        struct operand right;
        enum comparison how = take_sign(parser, EQUAL, DIFFERENT + 1);
        if (how > DIFFERENT)
            break;
        code = parse_order(parser, &right);
        if (code == CHIMERA_OK)
            code = compare(parser, how, &right, ret_operand);
    }
    return code;
}

static int refuse_number(struct parser *parser, const struct operand *operand, size_t at)
{
    return operand->is_number
               ? explain(parser, at, "Expecting a boolean expression, found a number",
                         CHIMERA_SLICE(""))
               : CHIMERA_OK;
}

struct level {                       /* of operators that bind alike */
    const char *quick;               /* asks its right side only if it must */
    enum expression_operation skips; /* its right side */
    const char *eager[2];            /* ask both sides; or NULL */
    enum expression_operation joins[2];
    int (*parse_operand)(struct parser *, struct operand *);
};

/* The operator that is there, or NULL; with *ret_joins of an eager one. */
static const char *take_operator(struct parser *parser, const struct level *level,
                                 enum expression_operation *ret_joins)
{
    if (take(parser, level->quick))
        return level->quick;
    for (size_t i = 0; i < 2 && level->eager[i]; i++) {
        *ret_joins = level->joins[i];
        if (take(parser, level->eager[i]))
            return level->eager[i];
    }
    return NULL;
}

/* Behind each operand of a quick operator stands a step that skips the next one. */
static int parse_level(struct parser *parser, const struct level *level,
                       struct operand *ret_operand)
{
    enum expression_operation joins = EXPRESSION_DROP;
    const char *taken;
    size_t start = parser->at;
    int code = level->parse_operand(parser, ret_operand);
    while (code == CHIMERA_OK && (taken = take_operator(parser, level, &joins))) {
        uint32_t place = parser->out->count;
        bool is_quick = taken == level->quick;
        code = refuse_number(parser, ret_operand, start);
        if (code == CHIMERA_OK && is_quick)
            code = emit(parser, level->skips, 0);
        if (code == CHIMERA_OK && is_quick)
            code = emit(parser, EXPRESSION_DROP, 0);
        start = parser->at;
        if (code == CHIMERA_OK)
            code = level->parse_operand(parser, ret_operand);
        if (code == CHIMERA_OK)
            code = refuse_number(parser, ret_operand, start);
        if (code == CHIMERA_OK && !is_quick)
            code = emit(parser, joins, 0);
        else if (code == CHIMERA_OK)
            parser->out->step[place].argument = parser->out->count;
    }
    return code;
}

static int parse_and(struct parser *parser, struct operand *ret_operand)
{
    static const struct level AND = {
        "&&", EXPRESSION_SKIP_IF_FALSE, {"&", NULL}, {EXPRESSION_AND}, parse_equality};
    return parse_level(parser, &AND, ret_operand);
}

static int parse_or(struct parser *parser, struct operand *ret_operand)
{
    static const struct level OR = {"||",
                                    EXPRESSION_SKIP_IF_TRUE,
                                    {"|", "^"},
                                    {EXPRESSION_OR, EXPRESSION_DIFFERENT},
                                    parse_and};
    return parse_level(parser, &OR, ret_operand);
}

int expression_compile(struct chimera_slice text, expression_resolver *resolve, const void *context,
                       struct expression *ret_expression, struct chimera_error *err)
{
    struct parser parser = {
        .text = text, .resolve = resolve, .context = context, .out = ret_expression, .err = err};
    ret_expression->count = 0;
    struct operand operand = {false, 0};
    int code = parse_or(&parser, &operand);
    skip_blank(&parser);
    if (code == CHIMERA_OK && parser.at < text.size)
        code = explain(&parser, parser.at, "Unexpected ",
                       (struct chimera_slice){text.data + parser.at, 1});
    return code == CHIMERA_OK ? refuse_number(&parser, &operand, 0) : code;
}

int expression_run(const struct expression *expression, expression_caller *call, void *context)
{
    int stack[STACK_MAX];
    size_t top = 0;
    uint32_t at = 0;
    while (at < expression->count) {
        struct expression_step step = expression->step[at++];
        assert(top < STACK_MAX);
        switch (step.operation) {
        case EXPRESSION_PUSH:
            stack[top++] = (int)step.argument;
            break;
        case EXPRESSION_CALL:
            stack[top++] = call(context, step.argument);
            if (stack[top - 1] < 0)
                return stack[top - 1];
            break;
        case EXPRESSION_NOT:
            stack[top - 1] = !stack[top - 1];
            break;
        case EXPRESSION_EQUAL:
        case EXPRESSION_DIFFERENT:
            top--;
            stack[top - 1] = (stack[top - 1] == stack[top]) == (step.operation == EXPRESSION_EQUAL);
            break;
        case EXPRESSION_AND:
        case EXPRESSION_OR:
            top--;
            stack[top - 1] = step.operation == EXPRESSION_AND ? stack[top - 1] & stack[top]
                                                              : stack[top - 1] | stack[top];
            break;
        case EXPRESSION_SKIP_IF_TRUE:
        case EXPRESSION_SKIP_IF_FALSE:
            if (stack[top - 1] == (step.operation == EXPRESSION_SKIP_IF_TRUE))
                at = step.argument;
            break;
        case EXPRESSION_DROP:
            top--;
            break;
        }
    }
    return stack[0];
}
