/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/evaluator.h"

static int evaluate(const struct asked_policy *asked, const struct evaluator_input *input,
                    struct chimera_response *ret_response)
{
    struct chimera_run_report cost = {0};
    struct counters_meter meter;
    counters_begin(asked->counted, &meter);
    int code = asked->evaluator->evaluate(asked->evaluator, input, ret_response, &cost);
    counters_end(asked->counted, &meter, code, ret_response, &cost);
    return code;
}

int evaluator_ask(const struct asked_policy *asked, const struct evaluator_input *input,
                  struct chimera_response *ret_response)
{
    struct chimera_request seen;
    struct evaluator_input own = *input;
    if (!asked->omits_managed_fields)
        return evaluate(asked, input, ret_response);
    if (!chimera_request_omit_managed_fields(input->request, input->arena, &seen))
        return CHIMERA_ELIMIT;
    own.request = &seen;
    return evaluate(asked, &own, ret_response);
}
