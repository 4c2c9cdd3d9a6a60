/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/evaluator.h"

int evaluator_ask(const struct evaluator *evaluator, struct counters_policy *counted,
                  const struct evaluator_input *input, struct chimera_response *ret_response)
{
    struct chimera_run_report cost = {0};
    struct counters_meter meter;
    counters_begin(counted, &meter);
    int code = evaluator->evaluate(evaluator, input, ret_response, &cost);
    counters_end(counted, &meter, code, ret_response, &cost);
    return code;
}
