/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/tenant_plan.h"

#include <stdlib.h>

static int add_name(struct tenant_plan *plan, const struct policies *policies,
                    struct chimera_slice name, size_t tenant, struct chimera_error *err)
{
    bool is_found = false;
    for (size_t i = 0; i < policies->policy_count; i++) {
        /* The part of an id that is named on the command line: members go with their group. */
        const char *id = policies->policy[i].id;
        if (!chimera_slice_equal((struct chimera_slice){id, strcspn(id, "/")}, name))
            continue;
        if (plan->tenant_of[i] != NO_TENANT)
            return chimera_fail(err, CHIMERA_EINVAL, "--isolate: '%.*s' is named twice",
                                (int)name.size, name.data);
        plan->tenant_of[i] = tenant;
        is_found = true;
    }
    if (is_found)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL,
                        "--isolate: '%.*s' is no policy or policy group of policies.yml",
                        (int)name.size, name.data);
}

static int parse_list(struct tenant_plan *plan, const struct policies *policies, const char *text,
                      struct chimera_error *err)
{
    size_t tenant = 0;
    for (;;) {
        size_t size = strcspn(text, "+,");
        int code = add_name(plan, policies, (struct chimera_slice){text, size}, tenant, err);
        if (code < 0)
            return code;
        plan->tenant_count = tenant + 1;
        if (!text[size])
            return CHIMERA_OK;
        tenant += text[size] == ',';
        text += size + 1;
    }
}

int tenant_plan_parse(const char *text, const struct policies *policies,
                      struct tenant_plan *ret_plan, struct chimera_error *err)
{
    struct tenant_plan plan = {.tenant_of =
                                   calloc(policies->policy_count + 1, sizeof(*plan.tenant_of))};
    int code = CHIMERA_OK;
    if (!plan.tenant_of)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < policies->policy_count; i++)
        plan.tenant_of[i] = NO_TENANT;
    if (text && strcmp(text, "each") == 0) {
        for (size_t i = 0; i < policies->policy_count; i++) {
            bool is_next = i > 0 && policies->policy[i].group != NO_GROUP &&
                           policies->policy[i].group == policies->policy[i - 1].group;
            plan.tenant_of[i] = is_next ? plan.tenant_count - 1 : plan.tenant_count++;
        }
    } else if (text && *text) {
        code = parse_list(&plan, policies, text, err);
    }
    if (code == CHIMERA_OK && plan.tenant_count > TENANTS_MAX)
        code = chimera_fail(err, CHIMERA_ELIMIT, "--isolate: more than %d processes", TENANTS_MAX);
    if (code < 0)
        tenant_plan_done(&plan);
    else
        *ret_plan = plan;
    return code;
}

void tenant_plan_done(struct tenant_plan *plan)
{
    free(plan->tenant_of);
    *plan = (struct tenant_plan){0};
}
