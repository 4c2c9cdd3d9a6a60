/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/evaluator.h"

static int evaluate(const struct asked_policy *asked, const struct evaluator_input *input,
                    struct chimera_response *ret_response, struct chimera_run_report *ret_cost)
{
    struct counters_meter meter;
    counters_begin(asked->counted, &meter);
    int code = asked->evaluator->evaluate(asked->evaluator, input, ret_response, ret_cost);
    counters_end(asked->counted, &meter, code, ret_response, ret_cost);
    return code;
}

/* The request as the policy sees it. */
static int evaluate_seen(const struct asked_policy *asked, const struct evaluator_input *input,
                         struct chimera_response *ret_response, struct chimera_run_report *ret_cost)
{
    struct chimera_request seen;
    struct evaluator_input own = *input;
    if (!asked->omits_managed_fields)
        return evaluate(asked, input, ret_response, ret_cost);
    if (!chimera_request_omit_managed_fields(input->request, input->arena, &seen))
        return CHIMERA_ELIMIT;
    own.request = &seen;
    return evaluate(asked, &own, ret_response, ret_cost);
}

int evaluator_ask(const struct asked_policy *asked, const struct evaluator_input *input,
                  struct chimera_response *ret_response)
{
    struct chimera_run_report cost = {0};
    enum reuse_answer answer =
        reuse_find(asked->reused, input->question, input->request, input->arena, ret_response);
    if (answer == REUSE_HIT)
        return CHIMERA_OK;
    int code = evaluate_seen(asked, input, ret_response, &cost);
    if (answer != REUSE_OFF && code == CHIMERA_OK)
        reuse_learn(asked->reused, answer, input->question, input->request, ret_response, &cost);
    return code;
}
