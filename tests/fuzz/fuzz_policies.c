/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as policies.yml; what is accepted is whole. */
#include <stdlib.h>

#include "runtime/source/policies.c"
#include "runtime/source/policies_read.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_policy(const struct policies *policies, const struct policy_spec *policy)
{
    struct json_object *settings = NULL;
    if (!policy->module || !policy->capabilities || !policy->resources || !policy->settings ||
        strchr(policy->name, '/') ||
        (policy->group != NO_GROUP && policy->group >= policies->group_count))
        abort();
    if (chimera_json_parse(chimera_slice_of(policy->settings), &settings, NULL) < 0 ||
        !json_object_is_type(settings, json_type_object))
        abort();
    json_object_put(settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policies policies;
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    struct chimera_slice text = {size ? (const char *)data : "", size};
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    int code = policies_parse(text, "p.yml", POLICIES_LIMITS_COUNT, &policies, &err);
    if ((code < 0 && !err.text[0]) || details.failed ||
        (details.size && details.data[details.size - 1] != '\n'))
        abort();
    chimera_buffer_free(&details);
    if (code < 0)
        return 0;
    for (size_t i = 0; i < policies.policy_count; i++)
        check_policy(&policies, &policies.policy[i]);
    for (size_t i = 0; i < policies.group_count; i++) {
        const struct group_spec *group = &policies.group[i];
        if (!group->expression || !group->message || group->first > policies.policy_count ||
            group->count > policies.policy_count - group->first)
            abort();
        for (size_t k = 0; k < group->count; k++)
            if (policies.policy[group->first + k].group != i)
                abort();
    }
    policies_done(&policies);
    return 0;
}
