#include "server/expression.h"

#include <string.h>

#define DEPTH_MAX 64 /* of parentheses and negations, and so of the recursion below */
#define STACK_MAX (2 * DEPTH_MAX + 8)

struct parser {
    struct chimera_slice text;
    size_t at;
    unsigned depth;
    expression_resolver *resolve;
    const void *context;
    struct expression *out;
    struct chimera_error *err;
};

static int parse_or(struct parser *parser);

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

static int parse_primary(struct parser *parser)
{
    if (take(parser, "(")) {
        int code = parse_or(parser);
        if (code == CHIMERA_OK && !take(parser, ")"))
            code = explain_here(parser, "Expecting ')' to close a parenthesis");
        return code;
    }
    if (parser->at >= parser->text.size)
        return explain_here(parser, "Script is incomplete");
    char c = parser->text.data[parser->at];
    if (!is_name_byte(c) || (c >= '0' && c <= '9'))
        return explain(parser, parser->at, "Expecting a boolean expression, found ",
                       (struct chimera_slice){parser->text.data + parser->at, 1});
    return parse_name(parser);
}

static int parse_unary(struct parser *parser)
{
    unsigned negations = 0;
    skip_blank(parser);
    while (starts(parser, "!") && !starts(parser, "!=")) {
        parser->at++;
        negations++;
        skip_blank(parser);
    }
    if (parser->depth == DEPTH_MAX)
        return explain_here(parser, "Expression exceeds maximum complexity");
    parser->depth++;
    int code = parse_primary(parser);
    parser->depth--;
    return code == CHIMERA_OK && negations % 2 ? emit(parser, EXPRESSION_NOT, 0) : code;
}

static int parse_equality(struct parser *parser)
{
    int code = parse_unary(parser);
    while (code == CHIMERA_OK) {
        enum expression_operation operation = EXPRESSION_EQUAL;
        if (!take(parser, "==")) {
            if (!take(parser, "!="))
                break;
            operation = EXPRESSION_DIFFERENT;
        }
        code = parse_unary(parser);
        if (code == CHIMERA_OK)
            code = emit(parser, operation, 0);
    }
    return code;
}

/* One level of && or ||: behind each operand but the last a step that skips the rest. */
static int parse_chain(struct parser *parser, const char *sign, enum expression_operation skip,
                       int (*parse_operand)(struct parser *))
{
    int code = parse_operand(parser);
    while (code == CHIMERA_OK && take(parser, sign)) {
        uint32_t place = parser->out->count;
        code = emit(parser, skip, 0);
        if (code == CHIMERA_OK)
            code = emit(parser, EXPRESSION_DROP, 0);
        if (code == CHIMERA_OK)
            code = parse_operand(parser);
        if (code == CHIMERA_OK)
            parser->out->step[place].argument = parser->out->count;
    }
    return code;
}

static int parse_and(struct parser *parser)
{
    return parse_chain(parser, "&&", EXPRESSION_SKIP_IF_FALSE, parse_equality);
}

static int parse_or(struct parser *parser)
{
    return parse_chain(parser, "||", EXPRESSION_SKIP_IF_TRUE, parse_and);
}

int expression_compile(struct chimera_slice text, expression_resolver *resolve, const void *context,
                       struct expression *ret_expression, struct chimera_error *err)
{
    struct parser parser = {
        .text = text, .resolve = resolve, .context = context, .out = ret_expression, .err = err};
    ret_expression->count = 0;
    int code = parse_or(&parser);
    skip_blank(&parser);
    if (code == CHIMERA_OK && parser.at < text.size)
        code = explain(&parser, parser.at, "Unexpected ",
                       (struct chimera_slice){text.data + parser.at, 1});
    return code;
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
