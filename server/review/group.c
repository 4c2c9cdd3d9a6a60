/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/group.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "server/review/expression.h"
#include "server/telemetry/span.h"

#define PREFIX "error evaluating policy group expression: "

struct group {
    const struct group_spec *spec; /* borrowed */
    char *failure;                 /* owned; NULL: the expression is good */
    struct expression expression;
    size_t count;
    struct group_member *member; /* owned */
};

struct asked {                     /* what a member said; NULL: not that */
    struct chimera_cause *denial;  /* the last time that it was asked; of a failure, too */
    struct chimera_cause *failure; /* any time */
};

/* One evaluation of a group. */
struct round {
    const struct group *group;
    struct evaluator_input input; /* of the member that is asked next */
    int64_t until_ms;
    struct asked *asked;          /* by member */
    struct chimera_slice failure; /* why the run ended early */
};

static int find_member(const void *context, struct chimera_slice name)
{
    const struct group *group = context;
    for (size_t i = 0; i < group->count; i++)
        if (chimera_slice_is(name, group->member[i].name))
            return (int)i;
    return -1;
}

int group_new(const struct group_spec *spec, struct group_member *members, struct group **ret_group,
              struct chimera_error *err)
{
    struct group *group = calloc(1, sizeof(*group));
    struct chimera_error why = {0};
    if (!group) {
        free(members);
        return chimera_fail_memory(err);
    }
    *group = (struct group){.spec = spec, .count = spec->count, .member = members};
    int code = expression_compile(chimera_slice_of(spec->expression), find_member, group,
                                  &group->expression, &why);
    if (code < 0 && asprintf(&group->failure, PREFIX "%s", why.text) < 0) {
        group->failure = NULL;
        group_free(group);
        return chimera_fail_memory(err);
    }
    *ret_group = group;
    return CHIMERA_OK;
}

void group_free(struct group *group)
{
    if (!group)
        return;
    free(group->member);
    free(group->failure);
    free(group);
}

const char *group_failure(const struct group *group)
{
    return group->failure;
}

static int fail_round(struct round *round, const struct group_member *member, const char *why)
{
    round->failure = chimera_arena_print(round->input.arena, PREFIX "error invoking %s/%s: %s",
                                         round->group->spec->name, member->name, why);
    return CHIMERA_EGUEST;
}

/* What the answer is to the expression; what else there is to say becomes a cause. */
static int judge_member(struct round *round, uint32_t index,
                        const struct chimera_response *response)
{
    const struct group_member *member = &round->group->member[index];
    struct asked *asked = &round->asked[index];
    struct chimera_slice message = {NULL, 0};
    asked->denial = NULL;
    if (response->allowed && !response->patch.data && !response->is_failure)
        return EXPRESSION_YES;
    if (response->patch.data)
        message = CHIMERA_SLICE("mutation is not allowed inside of policy group");
    else if (response->has_status)
        message = response->status.message;
    asked->denial = chimera_arena_take(round->input.arena, sizeof(*asked->denial));
    if (!asked->denial)
        return fail_round(round, member, chimera_code_text(CHIMERA_ELIMIT));
    *asked->denial = (struct chimera_cause){
        .message = message,
        .field = chimera_arena_print(round->input.arena, "spec.policies.%s", member->name)};
    if (!response->is_failure)
        return EXPRESSION_NO;
    asked->failure = asked->denial;
    return EXPRESSION_UNKNOWN;
}

static int call_member(void *context, uint32_t index)
{
    struct round *round = context;
    const struct group_member *member = &round->group->member[index];
    struct chimera_response response = {0};
    struct span_policy span;
    if (!member->evaluator)
        return fail_round(round, member, member->failure);
    span_begin_policy(&span, chimera_slice_of(member->name), (struct chimera_slice){NULL, 0});
    round->input.limit_ms = chimera_clock_left_ms(round->until_ms);
    int code = evaluator_ask(member->evaluator, member->counted, &round->input, &response);
    span_end(&span.span);
    if (code < 0)
        return fail_round(round, member, chimera_code_text(code));
    return judge_member(round, index, &response);
}

/* The group's own message, and a cause for each member that was asked and said no. Where the
 * verdict is unknown, those that failed are the reason, also when they did better when asked again.
 */
static struct chimera_response reject_request(const struct round *round, bool is_unknown)
{
    const struct group *group = round->group;
    struct chimera_response response =
        chimera_response_reject(round->input.request->uid, chimera_slice_of(group->spec->message));
    struct chimera_cause **tail = &response.status.causes;
    response.status.has_details = true;
    for (size_t i = 0; i < group->count; i++) {
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
    const struct group *group = round->group;
    size_t size = (group->count + 1) * sizeof(struct asked);
    round->failure = CHIMERA_SLICE(PREFIX "a limit was reached");
    round->asked = chimera_arena_take(round->input.arena, size);
    if (!round->asked)
        return CHIMERA_ELIMIT;
    memset(round->asked, 0, size);
    return expression_run(&group->expression, call_member, round);
}

void group_evaluate(const struct group *group, const struct evaluator_input *input,
                    int64_t until_ms, struct chimera_response *ret_response)
{
    const struct chimera_request *request = input->request;
    struct round round = {.group = group, .input = *input, .until_ms = until_ms};
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
