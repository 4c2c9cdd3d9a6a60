/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/template/functions.h"
#include "runtime/rego/builtins/template/template.h"

/* Most calls have no more arguments; others have theirs in the region. */
#define ARGUMENTS_NEAR 4

struct variable {
    struct chimera_slice name;
    struct chimera_value value;
};

struct state {
    const struct chimera_rego_call *call;
    const struct chimera_template *templates;
    struct chimera_region *region;
    struct chimera_buffer *out;
    struct variable *variables; /* the last one counts, down to `base` */
    size_t count, base, room;
    unsigned level;
    enum { GO_ON, BREAK, CONTINUE } leaving; /* of the range that is played */
};

static int fail(struct state *state, const char *what, struct chimera_slice about, const char *more)
{
    return chimera_fail(state->call->err, CHIMERA_EINVAL, "template: template: %s%.*s%s", what,
                        about.size < 100 ? (int)about.size : 100, about.data ? about.data : "",
                        more);
}

static int enter(struct state *state)
{
    int code = chimera_rego_spend(state->call, 16);
    if (code == CHIMERA_OK && state->level == CHIMERA_TEMPLATE_LEVELS)
        return chimera_fail(state->call->err, CHIMERA_ELIMIT,
                            "exceeded maximum template depth (%d)", CHIMERA_TEMPLATE_LEVELS);
    state->level += code == CHIMERA_OK;
    return code;
}

/* --- Variables --- */

static int push(struct state *state, struct chimera_slice name, struct chimera_value value)
{
    if (state->count == state->room) {
        size_t room = state->room ? 2 * state->room : 16;
        struct variable *variables =
            chimera_region_take(state->region, room * sizeof(*state->variables));
        if (!variables)
            return chimera_rego_no_memory(state->call);
        if (state->count)
            memcpy(variables, state->variables, state->count * sizeof(*variables));
        state->variables = variables;
        state->room = room;
    }
    state->variables[state->count++] = (struct variable){name, value};
    return CHIMERA_OK;
}

static struct variable *find(const struct state *state, struct chimera_slice name)
{
    for (size_t i = state->count; i-- > state->base;) {
        if (chimera_slice_equal(state->variables[i].name, name))
            return &state->variables[i];
    }
    return NULL;
}

static int set(struct state *state, struct chimera_slice name, struct chimera_value value)
{
    struct variable *variable = find(state, name);
    chimera_account_spend(state->call->account, state->count);
    if (!variable)
        return fail(state, "undefined variable: ", name, "");
    variable->value = value;
    return CHIMERA_OK;
}

/* --- Values --- */

static int eval_pipe(struct state *state, const struct chimera_value *dot,
                     const struct chimera_template_pipe *pipe, struct chimera_value *ret_value);
static int eval_call(struct state *state, const struct chimera_value *dot,
                     const struct chimera_template_operand *function,
                     const struct chimera_value *last, struct chimera_value *ret_value);

/* .a.b of *value; `has_arguments`: more is given to the last one, which only methods take. */
static int eval_fields(struct state *state, const struct chimera_template_field *field,
                       bool has_arguments, struct chimera_value *value)
{
    for (; field; field = field->next) {
        struct json_object *found = NULL;
        if (value->kind == CHIMERA_VALUE_NONE)
            return CHIMERA_OK;
        if (value->kind == CHIMERA_VALUE_NULL)
            return fail(state, "nil pointer evaluating interface {}.", field->name, "");
        if (value->kind != CHIMERA_VALUE_MAP)
            return chimera_fail(state->call->err, CHIMERA_EINVAL,
                                "template: template: can't evaluate field %.*s in type %s",
                                field->name.size < 100 ? (int)field->name.size : 100,
                                field->name.data, chimera_value_type(value));
        if (has_arguments && !field->next)
            return fail(state, "", field->name, " is not a method but has arguments");
        struct chimera_slice key = chimera_region_copy(state->region, field->name);
        if (!key.data)
            return chimera_rego_no_memory(state->call);
        bool is_there = json_object_object_get_ex(value->node, key.data, &found);
        *value = is_there ? chimera_value_of(found, state->region) : (struct chimera_value){0};
    }
    return CHIMERA_OK;
}

/* Without what is given to it. */
static int eval_term(struct state *state, const struct chimera_value *dot,
                     const struct chimera_template_operand *operand,
                     struct chimera_value *ret_value)
{
    const struct variable *variable;
    *ret_value = (struct chimera_value){0};
    switch (operand->kind) {
    case OPERAND_NIL:
        return CHIMERA_OK;
    case OPERAND_DOT:
        *ret_value = *dot;
        return CHIMERA_OK;
    case OPERAND_CONSTANT:
        *ret_value = operand->constant;
        return CHIMERA_OK;
    case OPERAND_PIPE:
        return eval_pipe(state, dot, operand->pipe, ret_value);
    case OPERAND_FUNCTION: {
        struct chimera_template_operand alone = {.kind = OPERAND_FUNCTION, .name = operand->name};
        return eval_call(state, dot, &alone, NULL, ret_value);
    }
    case OPERAND_VARIABLE:
        break;
    }
    variable = find(state, operand->name);
    chimera_account_spend(state->call->account, state->count);
    if (!variable)
        return fail(state, "undefined variable: ", operand->name, "");
    *ret_value = variable->value;
    return CHIMERA_OK;
}

static int eval_operand(struct state *state, const struct chimera_value *dot,
                        const struct chimera_template_operand *operand,
                        struct chimera_value *ret_value)
{
    int code = eval_term(state, dot, operand, ret_value);
    return code < 0 ? code : eval_fields(state, operand->fields, false, ret_value);
}

/* The first argument that decides, or the last one. */
static int eval_logic(struct state *state, const struct chimera_value *dot,
                      const struct chimera_template_operand *function,
                      const struct chimera_value *last, struct chimera_value *ret_value)
{
    bool is_or = chimera_slice_is(function->name, "or");
    for (const struct chimera_template_operand *operand = function->next; operand;
         operand = operand->next) {
        int code = eval_operand(state, dot, operand, ret_value);
        if (code < 0 || chimera_value_is_true(ret_value) == is_or)
            return code;
    }
    if (last)
        *ret_value = *last;
    return CHIMERA_OK;
}

/* What is behind the function are its arguments, and then `last`, what a pipeline hands on. */
static int eval_call(struct state *state, const struct chimera_value *dot,
                     const struct chimera_template_operand *function,
                     const struct chimera_value *last, struct chimera_value *ret_value)
{
    const struct chimera_function *found = chimera_function_find(function->name);
    struct chimera_value near[ARGUMENTS_NEAR], *args = near;
    size_t count = last != NULL, i = 0;
    const struct chimera_template_operand *operand = function->next;
    for (; operand; operand = operand->next)
        count++;
    if (count < found->least || count > found->most)
        return fail(state, "wrong number of args for ", function->name, "");
    if (!found->play)
        return eval_logic(state, dot, function, last, ret_value);
    if (count > ARGUMENTS_NEAR)
        args = chimera_region_take(state->region, count * sizeof(*args));
    int code = args ? CHIMERA_OK : chimera_rego_no_memory(state->call);
    for (operand = function->next; operand && code == CHIMERA_OK; operand = operand->next)
        code = eval_operand(state, dot, operand, &args[i++]);
    if (code == CHIMERA_OK && last)
        args[i] = *last;
    const struct chimera_function_call call = {.call = state->call,
                                               .region = state->region,
                                               .name = found->name,
                                               .args = args,
                                               .count = count};
    return code < 0 ? code : found->play(&call, ret_value);
}

static int eval_command(struct state *state, const struct chimera_value *dot,
                        const struct chimera_template_command *command,
                        const struct chimera_value *last, struct chimera_value *ret_value)
{
    const struct chimera_template_operand *first = command->operands;
    bool has_arguments = first->next || last;
    if (first->kind == OPERAND_FUNCTION && !first->fields)
        return eval_call(state, dot, first, last, ret_value);
    if (has_arguments && !first->fields)
        return fail(state, "can't give argument to non-function ", first->name, "");
    if (first->kind == OPERAND_NIL)
        return fail(state, "nil is not a command", (struct chimera_slice){0}, "");
    int code = eval_term(state, dot, first, ret_value);
    return code < 0 ? code : eval_fields(state, first->fields, has_arguments, ret_value);
}

static int eval_pipe(struct state *state, const struct chimera_value *dot,
                     const struct chimera_template_pipe *pipe, struct chimera_value *ret_value)
{
    struct chimera_value value = {0};
    int code = enter(state);
    if (code < 0)
        return code;
    for (const struct chimera_template_command *command = pipe->commands;
         command && code == CHIMERA_OK; command = command->next) {
        struct chimera_value last = value;
        code = eval_command(state, dot, command, command == pipe->commands ? NULL : &last, &value);
        if (value.kind == CHIMERA_VALUE_NULL)
            value.kind = CHIMERA_VALUE_NONE;
    }
    for (unsigned i = 0; i < pipe->variable_count && code == CHIMERA_OK; i++)
        code = pipe->is_assigned ? set(state, pipe->variables[i], value)
                                 : push(state, pipe->variables[i], value);
    state->level--;
    *ret_value = value;
    return code;
}

/* --- Nodes --- */

static int play(struct state *state, const struct chimera_value *dot,
                const struct chimera_template_node *nodes);

static int play_if(struct state *state, const struct chimera_value *dot,
                   const struct chimera_template_node *node)
{
    size_t count = state->count;
    struct chimera_value value;
    int code = eval_pipe(state, dot, node->pipe, &value);
    while (code == CHIMERA_OK && !chimera_value_is_true(&value) && node->is_chained) {
        node = node->otherwise;
        code = eval_pipe(state, dot, node->pipe, &value);
    }
    if (code == CHIMERA_OK) {
        bool is_true = chimera_value_is_true(&value), is_with = node->kind == NODE_WITH;
        code =
            play(state, is_true && is_with ? &value : dot, is_true ? node->body : node->otherwise);
    }
    state->count = count;
    return code;
}

/* Plays the body once; `first` is the index or key, of which there may be none. */
static int play_round(struct state *state, const struct chimera_template_node *node,
                      struct chimera_value first, struct chimera_value element)
{
    const struct chimera_template_pipe *pipe = node->pipe;
    size_t count = state->count;
    int code = chimera_rego_spend(state->call, 8);
    for (unsigned i = 0; i < pipe->variable_count && code == CHIMERA_OK; i++) {
        struct chimera_value value = i + 1 < pipe->variable_count ? first : element;
        if (pipe->is_assigned)
            code = set(state, pipe->variables[i], value);
        else
            state->variables[count - pipe->variable_count + i].value = value;
    }
    if (code == CHIMERA_OK)
        code = play(state, &element, node->body);
    if (state->leaving == CONTINUE)
        state->leaving = GO_ON;
    state->count = count;
    return code < 0 ? code : state->leaving == BREAK;
}

static int play_integers(struct state *state, const struct chimera_template_node *node,
                         const struct chimera_value *most)
{
    int code = CHIMERA_OK;
    struct chimera_value value = {.kind = most->kind};
    if (node->pipe->variable_count > 1)
        return fail(state, "can't use a number to iterate over more than one variable",
                    (struct chimera_slice){0}, "");
    for (; value.integer < most->integer && code == CHIMERA_OK; value.integer++)
        code = play_round(state, node, (struct chimera_value){0}, value);
    return code;
}

static int play_elements(struct state *state, const struct chimera_template_node *node,
                         const struct chimera_value *list)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < list->count && code == CHIMERA_OK; i++) {
        const struct chimera_value index = {.kind = CHIMERA_VALUE_INT, .integer = (int64_t)i};
        code = play_round(state, node, index, chimera_value_element(list, i, state->region));
    }
    return code;
}

static int play_members(struct state *state, const struct chimera_template_node *node,
                        const struct chimera_value *map)
{
    int code = CHIMERA_OK;
    if (chimera_rego_order_members(map->node, state->call->account) < 0)
        return chimera_rego_no_memory(state->call);
    for (const struct lh_entry *entry = json_object_get_object(map->node)->head;
         entry && code == CHIMERA_OK; entry = entry->next) {
        const struct chimera_value key = {.kind = CHIMERA_VALUE_STRING,
                                          .text =
                                              chimera_slice_of((const char *)lh_entry_k(entry))};
        code = play_round(state, node, key,
                          chimera_value_of((struct json_object *)lh_entry_v(entry), state->region));
    }
    return code;
}

static int play_range(struct state *state, const struct chimera_value *dot,
                      const struct chimera_template_node *node)
{
    size_t count = state->count;
    struct chimera_value value;
    int code = eval_pipe(state, dot, node->pipe, &value);
    if (code == CHIMERA_OK && value.kind == CHIMERA_VALUE_LIST && value.count > 0)
        code = play_elements(state, node, &value);
    else if (code == CHIMERA_OK && value.kind == CHIMERA_VALUE_MAP && value.count > 0)
        code = play_members(state, node, &value);
    else if (code == CHIMERA_OK &&
             (value.kind == CHIMERA_VALUE_INT || value.kind == CHIMERA_VALUE_BYTE) &&
             (value.integer > 0 || node->pipe->variable_count > 1))
        code = play_integers(state, node, &value);
    else if (code == CHIMERA_OK &&
             (value.kind == CHIMERA_VALUE_BOOL || value.kind == CHIMERA_VALUE_FLOAT ||
              chimera_value_is_text(&value)))
        code = fail(state, "range can't iterate over type ",
                    chimera_slice_of(chimera_value_type(&value)), "");
    else if (code == CHIMERA_OK)
        code = play(state, dot, node->otherwise);
    if (code == 1) { /* a break */
        state->leaving = GO_ON;
        code = CHIMERA_OK;
    }
    state->count = count;
    return code;
}

/* Another template sees its dot and no variables. */
static int play_call(struct state *state, const struct chimera_value *dot,
                     const struct chimera_template_node *node)
{
    const struct chimera_template *called = chimera_template_find(state->templates, node->text);
    struct chimera_value value = {0};
    size_t count, base = state->base;
    if (!called)
        return fail(state, "template \"", node->text, "\" not defined");
    int code = node->pipe ? eval_pipe(state, dot, node->pipe, &value) : CHIMERA_OK;
    count = state->count;
    state->base = count;
    if (code == CHIMERA_OK)
        code = push(state, CHIMERA_SLICE("$"), value);
    if (code == CHIMERA_OK)
        code = play(state, &value, called->nodes);
    state->count = count;
    state->base = base;
    return code;
}

static int play_action(struct state *state, const struct chimera_value *dot,
                       const struct chimera_template_node *node)
{
    struct chimera_value value;
    int code = eval_pipe(state, dot, node->pipe, &value);
    const struct chimera_function_call call = {
        .call = state->call, .region = state->region, .name = "print", .args = &value, .count = 1};
    if (code == CHIMERA_OK && node->pipe->variable_count == 0)
        chimera_function_write(&call, state->out);
    return code;
}

static int play_node(struct state *state, const struct chimera_value *dot,
                     const struct chimera_template_node *node)
{
    switch (node->kind) {
    case NODE_TEXT:
        chimera_buffer_append(state->out, node->text);
        return CHIMERA_OK;
    case NODE_ACTION:
        return play_action(state, dot, node);
    case NODE_IF:
    case NODE_WITH:
        return play_if(state, dot, node);
    case NODE_RANGE:
        return play_range(state, dot, node);
    case NODE_CALL:
        return play_call(state, dot, node);
    case NODE_BREAK:
    case NODE_CONTINUE:
        state->leaving = node->kind == NODE_BREAK ? BREAK : CONTINUE;
    }
    return CHIMERA_OK;
}

/* Ends early where a range is left, and when there is no room for more: who gives the text tells.
 */
static int play(struct state *state, const struct chimera_value *dot,
                const struct chimera_template_node *nodes)
{
    int code = enter(state);
    if (code < 0)
        return code;
    for (; nodes && code == CHIMERA_OK && state->leaving == GO_ON && !state->out->failed;
         nodes = nodes->next)
        code = play_node(state, dot, nodes);
    state->level--;
    return code < 0 ? code : chimera_rego_spend(state->call, 0);
}

int chimera_template_execute(const struct chimera_rego_call *call,
                             const struct chimera_template *templates, struct json_object *data,
                             struct chimera_region *region, struct chimera_buffer *out)
{
    struct state state = {.call = call, .templates = templates, .region = region, .out = out};
    const struct chimera_template *main =
        chimera_template_find(templates, CHIMERA_SLICE("template"));
    const struct chimera_value dot = chimera_value_of(data, region);
    int code = push(&state, CHIMERA_SLICE("$"), dot);
    return code < 0 || !main ? code : play(&state, &dot, main->nodes);
}
