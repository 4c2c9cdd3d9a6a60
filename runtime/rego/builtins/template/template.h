/* SPDX-License-Identifier: Apache-2.0 */
/* template.h - Go's text/template as OPA has it: without functions of its own, and without methods,
 * because the values are JSON. Private to this folder.
 *
 * A text is read into nodes (parse.c), which are then played (execute.c). Both are recursive, so
 * depth is bounded: of nodes in each other, and of templates that call each other.
 */
#ifndef CHIMERA_REGO_BUILTINS_TEMPLATE_TEMPLATE_H
#define CHIMERA_REGO_BUILTINS_TEMPLATE_TEMPLATE_H

#include "runtime/rego/arguments.h"
#include "runtime/rego/builtins/template/value.h"
#include "runtime/rego/region.h"

/* A level takes some hundred bytes of the stack (CHIMERA_STACK_FOR_HOST). */
#define CHIMERA_TEMPLATE_LEVELS 150

struct chimera_template_pipe;

struct chimera_template_operand {
    struct chimera_template_operand *next; /* of a command */
    enum {
        OPERAND_NIL,
        OPERAND_DOT,
        OPERAND_CONSTANT,
        OPERAND_FUNCTION,
        OPERAND_VARIABLE,
        OPERAND_PIPE
    } kind;
    struct chimera_slice name; /* of a function or variable */
    struct chimera_value constant;
    struct chimera_template_pipe *pipe;
    struct chimera_template_field *fields; /* .a.b behind it */
};

struct chimera_template_field {
    struct chimera_template_field *next;
    struct chimera_slice name;
};

struct chimera_template_command {
    struct chimera_template_command *next;
    struct chimera_template_operand *operands; /* one at least */
};

struct chimera_template_pipe {
    struct chimera_slice variables[2]; /* that get its value */
    unsigned variable_count;
    bool is_assigned; /* they are there already */
    struct chimera_template_command *commands;
};

enum chimera_template_kind {
    NODE_TEXT,
    NODE_ACTION,
    NODE_IF,
    NODE_WITH,
    NODE_RANGE,
    NODE_CALL,
    NODE_BREAK,
    NODE_CONTINUE,
};

struct chimera_template_node {
    struct chimera_template_node *next;
    enum chimera_template_kind kind;
    struct chimera_slice text; /* or a template's name */
    struct chimera_template_pipe *pipe;
    struct chimera_template_node *body, *otherwise; /* lists */
    bool is_chained; /* `otherwise` is "else if" or "else with", in the same level */
};

struct chimera_template {
    struct chimera_template *next; /* of all in a text */
    struct chimera_slice name;
    struct chimera_template_node *nodes;
};

/* All in the region, whose texts and those of `text` they use. The main one, which OPA names
 * "template", and those that it defines are in *ret_templates. CHIMERA_EINVAL for what Go refuses.
 */
int chimera_template_parse(const struct chimera_rego_call *call, struct chimera_slice text,
                           struct chimera_region *region, struct chimera_template **ret_templates);

/* By its name; NULL: none. */
const struct chimera_template *chimera_template_find(const struct chimera_template *templates,
                                                     struct chimera_slice name);

/* Plays the main one for an object. */
int chimera_template_execute(const struct chimera_rego_call *call,
                             const struct chimera_template *templates, struct json_object *data,
                             struct chimera_region *region, struct chimera_buffer *out);

/* Constants (constant.c): what the token says, in the region. */
struct chimera_token;
int chimera_template_constant(const struct chimera_token *token, struct chimera_region *region,
                              struct chimera_value *ret_value, const char **ret_why);

#endif
