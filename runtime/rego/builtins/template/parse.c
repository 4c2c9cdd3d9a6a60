/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/template/functions.h"
#include "runtime/rego/builtins/template/lexer.h"
#include "runtime/rego/builtins/template/template.h"

#define LOOKED_AHEAD 3

struct variable {
    struct variable *before;
    struct chimera_slice name;
};

struct parser {
    const struct chimera_rego_call *call;
    struct chimera_region *region;
    struct chimera_lexer lexer;
    struct chimera_token ahead[LOOKED_AHEAD]; /* the next one is last */
    unsigned ahead_count;
    struct chimera_template *templates;
    struct variable *variables; /* that can be seen here */
    unsigned ranges, level;
    int code; /* sticks */
};

/* Where a list goes on. */
struct tail {
    struct chimera_template_node **at;
};

enum end { END_ALL, END_END, END_ELSE }; /* what a list ends with */

static int fail(struct parser *parser, const struct chimera_token *token, const char *what)
{
    struct chimera_slice whole = parser->lexer.whole, shown = token->text;
    unsigned line = 1;
    for (size_t i = 0; i < token->at && i < whole.size; i++)
        line += whole.data[i] == '\n';
    if (parser->code == CHIMERA_OK && token->kind == CHIMERA_TOKEN_ERROR)
        parser->code = chimera_fail(parser->call->err, CHIMERA_EINVAL, "template: template:%u: %s",
                                    line, shown.data);
    else if (parser->code == CHIMERA_OK && shown.size > 0 && shown.size < 100)
        parser->code =
            chimera_fail(parser->call->err, CHIMERA_EINVAL, "template: template:%u: \"%.*s\": %s",
                         line, (int)shown.size, shown.data, what);
    else if (parser->code == CHIMERA_OK)
        parser->code = chimera_fail(parser->call->err, CHIMERA_EINVAL, "template: template:%u: %s",
                                    line, what);
    return parser->code;
}

static void *take(struct parser *parser, size_t size)
{
    void *taken = parser->code < 0 ? NULL : chimera_region_take(parser->region, size);
    if (!taken && parser->code == CHIMERA_OK)
        parser->code = chimera_rego_no_memory(parser->call);
    return taken;
}

/* --- Tokens --- */

static struct chimera_token next(struct parser *parser)
{
    if (parser->ahead_count)
        return parser->ahead[--parser->ahead_count];
    return chimera_lexer_next(&parser->lexer);
}

static void give_back(struct parser *parser, struct chimera_token token)
{
    parser->ahead[parser->ahead_count++] = token;
}

static struct chimera_token peek(struct parser *parser)
{
    struct chimera_token token = next(parser);
    give_back(parser, token);
    return token;
}

static struct chimera_token next_word(struct parser *parser)
{
    struct chimera_token token;
    do
        token = next(parser);
    while (token.kind == CHIMERA_TOKEN_SPACE);
    return token;
}

static struct chimera_token peek_word(struct parser *parser)
{
    struct chimera_token token = next_word(parser);
    give_back(parser, token);
    return token;
}

static bool is_keyword(const struct chimera_token *token, const char *word)
{
    return token->kind == CHIMERA_TOKEN_KEYWORD && chimera_slice_is(token->text, word);
}

static void expect_close(struct parser *parser)
{
    struct chimera_token token = next_word(parser);
    if (token.kind != CHIMERA_TOKEN_CLOSE)
        fail(parser, &token, "the end of the action was expected");
}

static bool enter(struct parser *parser)
{
    if (parser->code == CHIMERA_OK)
        parser->code = chimera_rego_spend(parser->call, 16);
    if (parser->code == CHIMERA_OK && parser->level == CHIMERA_TEMPLATE_LEVELS)
        parser->code =
            chimera_fail(parser->call->err, CHIMERA_ELIMIT, "the template is nested too deeply");
    parser->level++;
    return parser->code == CHIMERA_OK;
}

/* --- Operands --- */

static struct chimera_template_pipe *parse_pipe(struct parser *parser, const char *context,
                                                enum chimera_token_kind end);

static void declare(struct parser *parser, struct chimera_slice name)
{
    struct variable *variable = take(parser, sizeof(*variable));
    if (!variable)
        return;
    *variable = (struct variable){.before = parser->variables, .name = name};
    parser->variables = variable;
}

static bool is_declared(const struct parser *parser, struct chimera_slice name)
{
    const struct variable *variable = parser->variables;
    while (variable && !chimera_slice_equal(variable->name, name)) {
        chimera_account_spend(parser->call->account, 2);
        variable = variable->before;
    }
    return variable != NULL;
}

/* NULL: nothing that begins one; or a failure. */
static struct chimera_template_operand *parse_term(struct parser *parser)
{
    struct chimera_token token = next_word(parser);
    struct chimera_template_operand *operand;
    const char *why = NULL;
    bool is_constant = token.kind == CHIMERA_TOKEN_STRING ||
                       token.kind == CHIMERA_TOKEN_RAW_STRING ||
                       token.kind == CHIMERA_TOKEN_CHARACTER ||
                       token.kind == CHIMERA_TOKEN_NUMBER || token.kind == CHIMERA_TOKEN_BOOL;
    bool is_term = is_constant || token.kind == CHIMERA_TOKEN_VARIABLE ||
                   token.kind == CHIMERA_TOKEN_NAME || token.kind == CHIMERA_TOKEN_FIELD ||
                   token.kind == CHIMERA_TOKEN_DOT || token.kind == CHIMERA_TOKEN_NIL ||
                   token.kind == CHIMERA_TOKEN_OPEN_PAREN;
    operand = is_term ? take(parser, sizeof(*operand)) : NULL;
    if (!operand || token.kind == CHIMERA_TOKEN_FIELD)
        give_back(parser, token);
    if (!operand)
        return NULL;
    operand->name = token.text;
    operand->kind = is_constant                              ? OPERAND_CONSTANT
                    : token.kind == CHIMERA_TOKEN_VARIABLE   ? OPERAND_VARIABLE
                    : token.kind == CHIMERA_TOKEN_NAME       ? OPERAND_FUNCTION
                    : token.kind == CHIMERA_TOKEN_NIL        ? OPERAND_NIL
                    : token.kind == CHIMERA_TOKEN_OPEN_PAREN ? OPERAND_PIPE
                                                             : OPERAND_DOT;
    if (is_constant &&
        chimera_template_constant(&token, parser->region, &operand->constant, &why) < 0)
        parser->code = why ? fail(parser, &token, why) : chimera_rego_no_memory(parser->call);
    if (operand->kind == OPERAND_FUNCTION && !chimera_function_find(token.text))
        fail(parser, &token, "function not defined");
    if (operand->kind == OPERAND_VARIABLE && !is_declared(parser, token.text))
        fail(parser, &token, "undefined variable");
    if (operand->kind == OPERAND_PIPE)
        operand->pipe = parse_pipe(parser, "parenthesized pipeline", CHIMERA_TOKEN_CLOSE_PAREN);
    return operand;
}

/* A term with the fields behind it; what begins with a field is one of the dot. */
static struct chimera_template_operand *parse_operand(struct parser *parser)
{
    struct chimera_template_operand *operand = parse_term(parser);
    struct chimera_template_field **end = operand ? &operand->fields : NULL;
    bool is_of_dot = operand && operand->kind == OPERAND_DOT && operand->name.size > 1;
    while (operand && parser->code == CHIMERA_OK && peek(parser).kind == CHIMERA_TOKEN_FIELD) {
        struct chimera_token token = next(parser);
        if (operand->kind == OPERAND_CONSTANT || (operand->kind == OPERAND_DOT && !is_of_dot))
            fail(parser, &token, "unexpected . after term");
        if (operand->kind == OPERAND_NIL)
            fail(parser, &token, "unexpected . after term");
        struct chimera_template_field *field = take(parser, sizeof(*field));
        if (field) {
            field->name = chimera_slice_behind(token.text, 1);
            *end = field;
            end = &field->next;
        }
    }
    return operand;
}

static struct chimera_template_command *parse_command(struct parser *parser)
{
    struct chimera_template_command *command = take(parser, sizeof(*command));
    struct chimera_template_operand **end = command ? &command->operands : NULL;
    while (command && parser->code == CHIMERA_OK) {
        struct chimera_template_operand *operand = parse_operand(parser);
        if (operand) {
            *end = operand;
            end = &operand->next;
        }
        struct chimera_token token = next(parser);
        if (token.kind == CHIMERA_TOKEN_SPACE)
            continue;
        if (token.kind == CHIMERA_TOKEN_CLOSE || token.kind == CHIMERA_TOKEN_CLOSE_PAREN)
            give_back(parser, token);
        else if (token.kind != CHIMERA_TOKEN_PIPE)
            fail(parser, &token, "unexpected in operand");
        if (!command->operands)
            fail(parser, &token, "empty command");
        break;
    }
    return command;
}

/* "$a, $b :=", or nothing of that. */
static void parse_variables(struct parser *parser, const char *context,
                            struct chimera_template_pipe *pipe)
{
    bool is_more = true;
    while (is_more && parser->code == CHIMERA_OK &&
           peek_word(parser).kind == CHIMERA_TOKEN_VARIABLE) {
        struct chimera_token variable = next_word(parser), behind = peek(parser);
        struct chimera_token mark = peek_word(parser);
        bool is_last = mark.kind == CHIMERA_TOKEN_ASSIGN || mark.kind == CHIMERA_TOKEN_DECLARE;
        if (!is_last && mark.kind != CHIMERA_TOKEN_COMMA) {
            if (behind.kind == CHIMERA_TOKEN_SPACE)
                give_back(parser, behind);
            give_back(parser, variable);
            return;
        }
        next_word(parser);
        if (pipe->variable_count == 2 || (!is_last && pipe->variable_count == 1) ||
            (!is_last && strcmp(context, "range") != 0)) {
            fail(parser, &mark, "too many declarations");
            return;
        }
        pipe->variables[pipe->variable_count++] = variable.text;
        pipe->is_assigned = mark.kind == CHIMERA_TOKEN_ASSIGN;
        declare(parser, variable.text);
        is_more = !is_last;
        enum chimera_token_kind kind = is_last ? mark.kind : peek_word(parser).kind;
        if (!is_last && kind != CHIMERA_TOKEN_VARIABLE && kind != CHIMERA_TOKEN_CLOSE &&
            kind != CHIMERA_TOKEN_CLOSE_PAREN)
            fail(parser, &mark, "range can only initialize variables");
    }
}

static void check_stages(struct parser *parser, const struct chimera_template_pipe *pipe,
                         const struct chimera_token *end)
{
    if (!pipe->commands) {
        fail(parser, end, "missing value");
        return;
    }
    for (const struct chimera_template_command *command = pipe->commands->next; command;
         command = command->next) {
        const struct chimera_template_operand *first = command->operands;
        if (!first->fields && (first->kind == OPERAND_NIL || first->kind == OPERAND_DOT ||
                               first->kind == OPERAND_CONSTANT))
            fail(parser, end, "non executable command in pipeline");
    }
}

static struct chimera_template_pipe *parse_pipe(struct parser *parser, const char *context,
                                                enum chimera_token_kind end)
{
    struct chimera_template_pipe *pipe = take(parser, sizeof(*pipe));
    struct chimera_template_command **at = pipe ? &pipe->commands : NULL;
    if (!pipe || !enter(parser))
        return NULL;
    parse_variables(parser, context, pipe);
    while (parser->code == CHIMERA_OK) {
        struct chimera_token token = next_word(parser);
        if (token.kind == end) {
            check_stages(parser, pipe, &token);
            break;
        }
        bool is_operand =
            token.kind == CHIMERA_TOKEN_OPEN_PAREN ||
            (token.kind >= CHIMERA_TOKEN_STRING && token.kind < CHIMERA_TOKEN_KEYWORD);
        if (!is_operand) {
            fail(parser, &token, "unexpected in command");
            break;
        }
        give_back(parser, token);
        *at = parse_command(parser);
        if (*at)
            at = &(*at)->next;
    }
    parser->level--;
    return pipe;
}

/* --- Nodes --- */

static enum end parse_list(struct parser *parser, struct chimera_template_node **list,
                           struct chimera_token *ret_end);

static struct chimera_template_node *new_node(struct parser *parser, struct tail *tail,
                                              enum chimera_template_kind kind)
{
    struct chimera_template_node *node = take(parser, sizeof(*node));
    if (!node)
        return NULL;
    node->kind = kind;
    *tail->at = node;
    tail->at = &node->next;
    return node;
}

/* The body of if, with or range, and what is behind else. "else if" is a node in it, read in this
 * loop, so that chains of them need no stack. */
static void parse_control(struct parser *parser, struct chimera_template_node *node,
                          const char *word)
{
    struct variable *variables = parser->variables;
    struct chimera_token end;
    bool is_range = node && node->kind == NODE_RANGE, is_more = node != NULL;
    while (is_more && parser->code == CHIMERA_OK) {
        is_more = false;
        node->pipe = parse_pipe(parser, word, CHIMERA_TOKEN_CLOSE);
        parser->ranges += is_range;
        enum end how = parse_list(parser, &node->body, &end);
        parser->ranges -= is_range;
        if (how != END_ELSE)
            break;
        struct chimera_token token = next_word(parser);
        if (!is_range && is_keyword(&token, word)) {
            struct tail tail = {&node->otherwise};
            node->is_chained = is_more = true;
            node = new_node(parser, &tail, node->kind);
            is_more = node != NULL;
        } else if (token.kind != CHIMERA_TOKEN_CLOSE) {
            fail(parser, &token, "unexpected in else");
        } else if (parse_list(parser, &node->otherwise, &end) == END_ELSE) {
            fail(parser, &end, "expected end; found else");
        }
    }
    parser->variables = variables;
}

/* A quoted name. */
static struct chimera_slice parse_name(struct parser *parser)
{
    struct chimera_token token = next_word(parser);
    struct chimera_value name = {0};
    const char *why = "a template's name was expected";
    if ((token.kind != CHIMERA_TOKEN_STRING && token.kind != CHIMERA_TOKEN_RAW_STRING) ||
        chimera_template_constant(&token, parser->region, &name, &why) < 0)
        fail(parser, &token, why ? why : "out of memory");
    return name.text;
}

static bool is_blank(const struct chimera_template_node *nodes)
{
    bool is_empty = true;
    for (; nodes && is_empty; nodes = nodes->next)
        is_empty = nodes->kind == NODE_TEXT && chimera_slice_trim(nodes->text).size == 0;
    return is_empty;
}

const struct chimera_template *chimera_template_find(const struct chimera_template *templates,
                                                     struct chimera_slice name)
{
    while (templates && !chimera_slice_equal(templates->name, name))
        templates = templates->next;
    return templates;
}

/* Of two with a name one must be blank, and is forgotten. */
static void add_template(struct parser *parser, struct chimera_slice name,
                         struct chimera_template_node *nodes)
{
    const struct chimera_token nowhere = {.kind = CHIMERA_TOKEN_TEXT, .at = parser->lexer.at};
    struct chimera_template *known = parser->templates;
    while (known && !chimera_slice_equal(known->name, name)) {
        chimera_account_spend(parser->call->account, 2);
        known = known->next;
    }
    if (known && !is_blank(known->nodes)) {
        if (!is_blank(nodes))
            fail(parser, &nowhere, "multiple definition of a template");
        return;
    }
    if (!known) {
        known = take(parser, sizeof(*known));
        if (!known)
            return;
        known->name = name;
        known->next = parser->templates;
        parser->templates = known;
    }
    known->nodes = nodes;
}

/* What is between "define" or "block" and its end: it sees no variables. */
static void parse_definition(struct parser *parser, struct chimera_slice name)
{
    static const struct variable root = {.name = {"$", 1}};
    struct variable *variables = parser->variables;
    struct chimera_template_node *nodes = NULL;
    struct chimera_token end;
    unsigned ranges = parser->ranges;
    struct variable own = root;
    parser->variables = &own;
    parser->ranges = 0;
    if (parse_list(parser, &nodes, &end) == END_ELSE)
        fail(parser, &end, "unexpected else in a definition");
    parser->variables = variables;
    parser->ranges = ranges;
    if (parser->code == CHIMERA_OK)
        add_template(parser, name, nodes);
}

/* "template", or "block", which defines one where it is called. */
static void parse_call(struct parser *parser, struct chimera_template_node *node, bool is_block)
{
    if (!node)
        return;
    node->text = parse_name(parser);
    if (is_block || peek_word(parser).kind != CHIMERA_TOKEN_CLOSE)
        node->pipe = parse_pipe(parser, "template clause", CHIMERA_TOKEN_CLOSE);
    else
        expect_close(parser);
    if (is_block && parser->code == CHIMERA_OK)
        parse_definition(parser, node->text);
}

static void parse_break(struct parser *parser, struct chimera_template_node *node,
                        const struct chimera_token *word)
{
    expect_close(parser);
    if (node && parser->ranges == 0)
        fail(parser, word, "outside {{range}}");
}

/* Behind "{{". END_ALL: it was something to play. */
static enum end parse_action(struct parser *parser, struct tail *tail)
{
    struct chimera_token word = next_word(parser);
    static const struct {
        const char *word;
        enum chimera_template_kind kind;
    } controls[] = {{"if", NODE_IF}, {"with", NODE_WITH}, {"range", NODE_RANGE}};
    for (size_t i = 0; i < 3; i++) {
        if (is_keyword(&word, controls[i].word)) {
            parse_control(parser, new_node(parser, tail, controls[i].kind), controls[i].word);
            return END_ALL;
        }
    }
    bool is_block = is_keyword(&word, "block"), is_break = is_keyword(&word, "break");
    if (is_block || is_keyword(&word, "template")) {
        parse_call(parser, new_node(parser, tail, NODE_CALL), is_block);
    } else if (is_break || is_keyword(&word, "continue")) {
        parse_break(parser, new_node(parser, tail, is_break ? NODE_BREAK : NODE_CONTINUE), &word);
    } else if (is_keyword(&word, "end")) {
        expect_close(parser);
        return END_END;
    } else if (is_keyword(&word, "else")) {
        struct chimera_token behind = peek_word(parser);
        if (!is_keyword(&behind, "if") && !is_keyword(&behind, "with") &&
            behind.kind != CHIMERA_TOKEN_CLOSE)
            fail(parser, &behind, "unexpected in else");
        return END_ELSE;
    } else {
        give_back(parser, word);
        struct chimera_template_node *node = new_node(parser, tail, NODE_ACTION);
        if (node)
            node->pipe = parse_pipe(parser, "command", CHIMERA_TOKEN_CLOSE);
    }
    return END_ALL;
}

/* Nodes up to what ends them; a text's end does only at the top, where definitions stand, too. */
static enum end parse_nodes(struct parser *parser, struct chimera_template_node **list, bool is_top,
                            struct chimera_token *ret_end)
{
    struct tail tail = {list};
    enum end how = END_ALL;
    while (parser->code == CHIMERA_OK && how == END_ALL) {
        struct chimera_token token = next_word(parser);
        *ret_end = token;
        if (token.kind == CHIMERA_TOKEN_TEXT) {
            struct chimera_template_node *node = new_node(parser, &tail, NODE_TEXT);
            if (node)
                node->text = token.text;
        } else if (token.kind == CHIMERA_TOKEN_END && is_top) {
            break;
        } else if (token.kind != CHIMERA_TOKEN_OPEN) {
            fail(parser, &token,
                 token.kind == CHIMERA_TOKEN_END ? "unexpected EOF" : "unexpected in input");
        } else if (is_top) {
            struct chimera_token word = peek_word(parser);
            if (is_keyword(&word, "define")) {
                next_word(parser);
                struct chimera_slice name = parse_name(parser);
                expect_close(parser);
                parse_definition(parser, name);
            } else {
                how = parse_action(parser, &tail);
            }
        } else {
            how = parse_action(parser, &tail);
        }
    }
    return how;
}

static enum end parse_list(struct parser *parser, struct chimera_template_node **list,
                           struct chimera_token *ret_end)
{
    enum end how = END_ALL;
    *ret_end = (struct chimera_token){0};
    if (enter(parser))
        how = parse_nodes(parser, list, false, ret_end);
    parser->level--;
    return how;
}

int chimera_template_parse(const struct chimera_rego_call *call, struct chimera_slice text,
                           struct chimera_region *region, struct chimera_template **ret_templates)
{
    struct variable root = {.name = CHIMERA_SLICE("$")};
    struct parser parser = {.call = call, .region = region, .variables = &root};
    struct chimera_template_node *nodes = NULL;
    struct chimera_token end = {0};
    chimera_lexer_init(&parser.lexer, text);
    if (parse_nodes(&parser, &nodes, true, &end) != END_ALL)
        fail(&parser, &end, "unexpected end or else");
    if (parser.code == CHIMERA_OK)
        add_template(&parser, CHIMERA_SLICE("template"), nodes);
    *ret_templates = parser.templates;
    return parser.code;
}
