/* SPDX-License-Identifier: Apache-2.0 */
/* expression.h - the boolean expression of a policy group (policy-server.md §3.4).
 *
 * Literals true and false, calls name(), !, == and !=, && and ||, parentheses, comments; and of
 * what else the reference takes, comparisons, whole numbers, &, | and ^ (docs/decisions/008).
 * Compiled once into a short program; running it calls members from left to right, and only those
 * that are needed.
 *
 * The logic has three values. A member that failed has said neither yes nor no: what it would have
 * said is unknown, and so is all that depends on it.
 */
#ifndef CHIMERA_REVIEW_EXPRESSION_H
#define CHIMERA_REVIEW_EXPRESSION_H

#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define EXPRESSION_STEPS_MAX 1024

enum expression_verdict { EXPRESSION_NO, EXPRESSION_YES, EXPRESSION_UNKNOWN };

enum expression_comparison {
    EXPRESSION_LESS_EQUAL,
    EXPRESSION_GREATER_EQUAL,
    EXPRESSION_LESS,
    EXPRESSION_GREATER,
    EXPRESSION_EQUAL,
    EXPRESSION_DIFFERENT,
};

enum expression_operation {
    EXPRESSION_PUSH, /* the argument, a verdict */
    EXPRESSION_CALL, /* the member of that index; pushes its verdict */
    EXPRESSION_NOT,
    EXPRESSION_COMPARE, /* two verdicts, by an expression_comparison; no is less than yes */
    EXPRESSION_SETTLE,  /* the top becomes the argument, unless it is unknown */
    EXPRESSION_AND,
    EXPRESSION_OR,
    EXPRESSION_SKIP_IF_YES, /* goes to the step, if the top is yes; it stays there */
    EXPRESSION_SKIP_IF_NO,
};

struct expression_step {
    enum expression_operation operation;
    uint32_t argument;
};

struct expression {
    struct expression_step step[EXPRESSION_STEPS_MAX];
    uint32_t count;
};

/* The index of a member, or negative when there is none. */
typedef int expression_resolver(const void *context, struct chimera_slice name);

/* err->text says what is wrong and where, in Rhai's manner. */
int expression_compile(struct chimera_slice text, expression_resolver *resolve, const void *context,
                       struct expression *ret_expression, struct chimera_error *err);

/* Calls a member: its verdict, or a negative code, which ends the run and is its result. */
typedef int expression_caller(void *context, uint32_t member);

/* A verdict, or what `call` failed with. */
int expression_run(const struct expression *expression, expression_caller *call, void *context);

#endif
