/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/group.h"

#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/review/group.h"
#include "server/telemetry/span.h"

struct group {
    struct chimera_group *judge; /* owned */
    const char **names;          /* owned; of the members, for the judge */
    struct group_member *member; /* owned */
};

/* One evaluation of a group. */
struct round {
    const struct group *group;
    struct evaluator_input input; /* of the member that is asked next */
    int64_t until_ms;
};

static int make_judge(struct group *group, const struct group_spec *spec, struct chimera_error *err)
{
    group->names = calloc(spec->count + 1, sizeof(*group->names));
    if (!group->names)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < spec->count; i++)
        group->names[i] = group->member[i].name;
    const struct chimera_group_spec judge = {.name = spec->name,
                                             .expression = spec->expression,
                                             .message = spec->message,
                                             .members = group->names,
                                             .count = spec->count};
    return chimera_group_new(&judge, &group->judge, err);
}

int group_new(const struct group_spec *spec, struct group_member *members, struct group **ret_group,
              struct chimera_error *err)
{
    struct group *group = calloc(1, sizeof(*group));
    if (!group) {
        free(members);
        return chimera_fail_memory(err);
    }
    group->member = members;
    int code = make_judge(group, spec, err);
    if (code < 0)
        group_free(group);
    else
        *ret_group = group;
    return code;
}

void group_free(struct group *group)
{
    if (!group)
        return;
    chimera_group_free(group->judge);
    free(group->names);
    free(group->member);
    free(group);
}

const char *group_failure(const struct group *group)
{
    return chimera_group_failure(group->judge);
}

static int ask_member(void *context, size_t index, struct chimera_response *ret_response,
                      const char **ret_why)
{
    struct round *round = context;
    const struct group_member *member = &round->group->member[index];
    struct span_policy span;
    if (!member->asked.evaluator) {
        *ret_why = member->failure;
        return CHIMERA_EGUEST;
    }
    span_begin_policy(&span, chimera_slice_of(member->name), (struct chimera_slice){NULL, 0});
    round->input.limit_ms = chimera_clock_left_ms(round->until_ms);
    int code = evaluator_ask(&member->asked, &round->input, ret_response);
    span_end(&span.span);
    return code;
}

void group_evaluate(const struct group *group, const struct evaluator_input *input,
                    int64_t until_ms, struct chimera_response *ret_response)
{
    struct round round = {.group = group, .input = *input, .until_ms = until_ms};
    const struct chimera_group_input judge = {
        .request = input->request, .arena = input->arena, .ask = ask_member, .context = &round};
    chimera_group_evaluate(group->judge, &judge, ret_response);
}
