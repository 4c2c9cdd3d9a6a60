#include "server/expression.h"

#include <string.h>

#define DEPTH_MAX 64 /* of parentheses and negations, and so of the recursion below */
#define STACK_MAX (2 * DEPTH_MAX + 8)

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
            const char *from = parser->text.data + parser->at + 2;
            const char *end = memmem(from, parser->text.size - parser->at - 2, "*/", 2);
            parser->at = end ? (size_t)(end - parser->text.data) + 2 : parser->text.size;
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

static int refuse_types(struct parser *parser, size_t at, const char *sign)
{
    return explain(parser, at, "A number on one side only, or none where one is wanted: ",
                   chimera_slice_of(sign));
}

/* Puts the outcome of a comparison of two numbers in their place. */
static int fold(struct parser *parser, bool outcome, struct operand *ret_operand)
{
    *ret_operand = (struct operand){false, 0};
    return emit(parser, EXPRESSION_PUSH, outcome);
}

static int parse_order(struct parser *parser, struct operand *ret_operand)
{
    static const char *const SIGNS[] = {"<=", ">=", "<", ">"};
    int code = parse_unary(parser, ret_operand);
    for (size_t i = 0; i < 4 && code == CHIMERA_OK; i++) {
        struct operand right, left = *ret_operand;
        if (!take(parser, SIGNS[i]))
            continue;
        size_t at = parser->at - strlen(SIGNS[i]);
        code = parse_unary(parser, &right);
        if (code < 0)
            return code;
        if (!left.is_number || !right.is_number)
            return refuse_types(parser, at, SIGNS[i]);
        bool is_less = i % 2 == 0, has_equal = i < 2;
        bool outcome = is_less ? left.number < right.number : left.number > right.number;
        return fold(parser, outcome || (has_equal && left.number == right.number), ret_operand);
    }
    return code;
}

static int parse_equality(struct parser *parser, struct operand *ret_operand)
{
    int code = parse_order(parser, ret_operand);
    while (code == CHIMERA_OK) {
        struct operand right, left = *ret_operand;
        bool is_equal = take(parser, "==");
        if (!is_equal && !take(parser, "!="))
            break;
        size_t at = parser->at - 2;
        code = parse_order(parser, &right);
        if (code < 0)
            return code;
        if (left.is_number != right.is_number)
            return refuse_types(parser, at, is_equal ? "==" : "!=");
        if (left.is_number)
            code = fold(parser, (left.number == right.number) == is_equal, ret_operand);
        else
            code = emit(parser, is_equal ? EXPRESSION_EQUAL : EXPRESSION_DIFFERENT, 0);
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

/* One level of && or ||: behind each operand but the last a step that skips the rest. */
static int parse_chain(struct parser *parser, const char *sign, enum expression_operation skip,
                       int (*parse_operand)(struct parser *, struct operand *),
                       struct operand *ret_operand)
{
    size_t start = parser->at;
    int code = parse_operand(parser, ret_operand);
    while (code == CHIMERA_OK && take(parser, sign)) {
        uint32_t place = parser->out->count;
        code = refuse_number(parser, ret_operand, start);
        if (code == CHIMERA_OK)
            code = emit(parser, skip, 0);
        if (code == CHIMERA_OK)
            code = emit(parser, EXPRESSION_DROP, 0);
        start = parser->at;
        if (code == CHIMERA_OK)
            code = parse_operand(parser, ret_operand);
        if (code == CHIMERA_OK)
            code = refuse_number(parser, ret_operand, start);
        if (code == CHIMERA_OK)
            parser->out->step[place].argument = parser->out->count;
    }
    return code;
}

static int parse_and(struct parser *parser, struct operand *ret_operand)
{
    return parse_chain(parser, "&&", EXPRESSION_SKIP_IF_FALSE, parse_equality, ret_operand);
}

static int parse_or(struct parser *parser, struct operand *ret_operand)
{
    return parse_chain(parser, "||", EXPRESSION_SKIP_IF_TRUE, parse_and, ret_operand);
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
    int stack[STACK_MAX]; /* two operands at most are open at each depth */
    size_t top = 0;
    uint32_t at = 0;
    while (at < expression->count) {
        struct expression_step step = expression->step[at++];
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
