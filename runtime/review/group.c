/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/review/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/review/expression.h"

#define PREFIX CHIMERA_GROUP_FAILURE

struct chimera_group {
    struct chimera_group_spec spec;
    char *failure; /* owned; NULL: the expression is good */
    struct expression expression;
};

struct asked {                     /* what a member said; NULL: not that */
    struct chimera_cause *denial;  /* the last time that it was asked; of a failure, too */
    struct chimera_cause *failure; /* any time */
};

/* One evaluation of a group. */
struct round {
    const struct chimera_group *group;
    const struct chimera_group_input *input;
    struct asked *asked;          /* by member */
    struct chimera_slice failure; /* why the run ended early */
};

static int find_member(const void *context, struct chimera_slice name)
{
    const struct chimera_group_spec *spec = context;
    for (size_t i = 0; i < spec->count; i++)
        if (chimera_slice_is(name, spec->members[i]))
            return (int)i;
    return -1;
}

int chimera_group_new(const struct chimera_group_spec *spec, struct chimera_group **ret_group,
                      struct chimera_error *err)
{
    struct chimera_group *group = calloc(1, sizeof(*group));
    struct chimera_error why = {0};
    if (!group)
        return chimera_fail_memory(err);
    group->spec = *spec;
    int code = expression_compile(chimera_slice_of(spec->expression), find_member, &group->spec,
                                  &group->expression, &why);
    if (code < 0 && asprintf(&group->failure, PREFIX "%s", why.text) < 0) {
        group->failure = NULL;
        chimera_group_free(group);
        return chimera_fail_memory(err);
    }
    *ret_group = group;
    return CHIMERA_OK;
}

void chimera_group_free(struct chimera_group *group)
{
    if (!group)
        return;
    free(group->failure);
    free(group);
}

const char *chimera_group_failure(const struct chimera_group *group)
{
    return group->failure;
}

static int fail_round(struct round *round, size_t member, const char *why)
{
    const struct chimera_group_spec *spec = &round->group->spec;
    round->failure = chimera_arena_print(round->input->arena, PREFIX "error invoking %s/%s: %s",
                                         spec->name, spec->members[member], why);
    return CHIMERA_EGUEST;
}

/* What the answer is to the expression; what else there is to say becomes a cause. */
static int judge_member(struct round *round, size_t member, const struct chimera_response *response)
{
    struct asked *asked = &round->asked[member];
    struct chimera_slice message = {NULL, 0};
    asked->denial = NULL;
    if (response->allowed && !response->patch.data && !response->is_failure)
        return EXPRESSION_YES;
    if (response->patch.data)
        message = CHIMERA_SLICE("mutation is not allowed inside of policy group");
    else if (response->has_status)
        message = response->status.message;
    struct chimera_arena *arena = round->input->arena;
    struct chimera_cause *cause = chimera_arena_take(arena, sizeof(*cause));
    if (cause)
        *cause = (struct chimera_cause){
            .message = message,
            .field =
                chimera_arena_print(arena, "spec.policies.%s", round->group->spec.members[member])};
    asked->denial = cause;
    if (!asked->denial)
        return fail_round(round, member, chimera_code_text(CHIMERA_ELIMIT));
    if (!response->is_failure)
        return EXPRESSION_NO;
    asked->failure = asked->denial;
    return EXPRESSION_UNKNOWN;
}

static int call_member(void *context, uint32_t member)
{
    struct round *round = context;
    struct chimera_response response = {0};
    const char *why = NULL;
    int code = round->input->ask(round->input->context, member, &response, &why);
    if (code < 0)
        return fail_round(round, member, why ? why : chimera_code_text(code));
    return judge_member(round, member, &response);
}

/* The group's own message, and a cause for each member that was asked and said no. Where the
 * verdict is unknown, those that failed are the reason, also when they did better when asked again.
 */
static struct chimera_response reject_request(const struct round *round, bool is_unknown)
{
    const struct chimera_group_spec *spec = &round->group->spec;
    struct chimera_response response =
        chimera_response_reject(round->input->request->uid, chimera_slice_of(spec->message));
    struct chimera_cause **tail = &response.status.causes;
    response.status.has_details = true;
    for (size_t i = 0; i < spec->count; i++) {
        struct chimera_cause *cause = round->asked[i].denial;
        if (is_unknown && round->asked[i].failure)
            cause = round->asked[i].failure;
        if (cause) {
            *tail = cause;
            tail = &cause->next;
        }
    }
    return response;
}

static int run_expression(struct round *round)
{
    const struct chimera_group *group = round->group;
    size_t size = (group->spec.count + 1) * sizeof(struct asked);
    round->failure = CHIMERA_SLICE(PREFIX "a limit was reached");
    round->asked = chimera_arena_take(round->input->arena, size);
    if (!round->asked)
        return CHIMERA_ELIMIT;
    memset(round->asked, 0, size);
    return expression_run(&group->expression, call_member, round);
}

void chimera_group_evaluate(const struct chimera_group *group,
                            const struct chimera_group_input *input,
                            struct chimera_response *ret_response)
{
    const struct chimera_request *request = input->request;
    struct round round = {.group = group, .input = input};
    if (group->failure) {
        *ret_response =
            chimera_response_reject_code(request->uid, chimera_slice_of(group->failure), 500);
        return;
    }
    int verdict = run_expression(&round);
    if (verdict < 0)
        *ret_response = chimera_response_reject_code(request->uid, round.failure, 500);
    else if (verdict == EXPRESSION_YES)
        *ret_response = (struct chimera_response){.uid = request->uid, .allowed = true};
    else
        *ret_response = reject_request(&round, verdict == EXPRESSION_UNKNOWN);
}
