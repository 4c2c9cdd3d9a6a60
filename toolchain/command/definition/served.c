/* SPDX-License-Identifier: Apache-2.0 */
/* served.c - definitions of what a server is given: a policies.yml, or a bundle with its plugins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/source/policies.h"
#include "runtime/source/policies_bundle.h"
#include "toolchain/command/definition/definition.h"

#define LIMIT_SECONDS_MAX 3600

/* Of a list that ends with NULL; owned by the caller. NULL: there was no memory. */
static char **copy_texts(char *const *texts)
{
    size_t count = 0;
    while (texts[count])
        count++;
    char **copy = calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = strdup(texts[i]);
        if (!copy[i]) {
            definition_resources_free(copy);
            return NULL;
        }
    }
    return copy;
}

/* What has no scheme is in a registry. */
static char *name_module(const struct policy_spec *policy)
{
    char *name = NULL;
    if (policy->plugin)
        return strdup(policy->plugin);
    const char *module = policy_spec_location(policy);
    if (asprintf(&name, "%s%s", strstr(module, "://") ? "" : "registry://", module) < 0)
        return NULL;
    return name;
}

static int take_member(const struct policy_spec *policy, struct definition *definition,
                       struct chimera_error *err)
{
    struct definition_member *member = &definition->member[definition->count++];
    uint64_t seconds = policy->has_limit ? policy->limit_seconds : 0;
    *member = (struct definition_member){
        .name = strdup(policy->group == NO_GROUP ? "" : policy->name),
        .module = name_module(policy),
        .is_locked = policy->plugin,
        .lock = policy->lock,
        .settings = strdup(policy->settings),
        .resources = policy->resources[0] ? copy_texts(policy->resources) : NULL,
        .capabilities = copy_texts(policy->capabilities),
        .limit_ms = (uint32_t)(seconds < LIMIT_SECONDS_MAX ? seconds : LIMIT_SECONDS_MAX) * 1000};
    return member->name && member->module && member->settings && member->capabilities &&
                   !member->resources == !policy->resources[0]
               ? CHIMERA_OK
               : chimera_fail_memory(err);
}

static int make(const char *id, const char *message, const char *expression, size_t members,
                struct definition *definition, struct chimera_error *err)
{
    *definition = (struct definition){.id = strdup(id),
                                      .message = message ? strdup(message) : NULL,
                                      .expression = expression ? strdup(expression) : NULL,
                                      .member = calloc(members + 1, sizeof(*definition->member))};
    return definition->id && definition->member && !message == !definition->message &&
                   !expression == !definition->expression
               ? CHIMERA_OK
               : chimera_fail_memory(err);
}

static int take_policy(const struct policy_spec *policy, struct definition *definition,
                       struct chimera_error *err)
{
    int code = make(policy->id, policy->message, NULL, 1, definition, err);
    definition->mode = policy->mode;
    definition->allowed_to_mutate = policy->allowed_to_mutate;
    return code == CHIMERA_OK ? take_member(policy, definition, err) : code;
}

static int take_group(const struct policies *policies, const struct group_spec *group,
                      struct definition *definition, struct chimera_error *err)
{
    int code = make(group->name, group->message, group->expression, group->count, definition, err);
    definition->mode = group->mode;
    for (size_t i = 0; i < group->count && code == CHIMERA_OK; i++)
        code = take_member(&policies->policy[group->first + i], definition, err);
    return code;
}

static int take_all(const struct policies *policies, const char *path,
                    struct definitions *definitions, struct chimera_error *err)
{
    size_t most = policies->policy_count + policies->group_count;
    int code = CHIMERA_OK;
    definitions->are_set = true;
    definitions->list = calloc(most + 1, sizeof(*definitions->list));
    if (!definitions->list)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < policies->policy_count && code == CHIMERA_OK; i++)
        if (policies->policy[i].group == NO_GROUP)
            code = take_policy(&policies->policy[i], &definitions->list[definitions->count++], err);
    for (size_t i = 0; i < policies->group_count && code == CHIMERA_OK; i++)
        code = take_group(policies, &policies->group[i], &definitions->list[definitions->count++],
                          err);
    if (code == CHIMERA_OK && definitions->count == 0)
        code = chimera_fail(err, CHIMERA_EINVAL, "%s: there is no policy in it", path);
    return code;
}

static int hand_over(struct policies *policies, const char *path,
                     struct definitions *ret_definitions, struct chimera_error *err)
{
    struct definitions definitions = {0};
    int code = take_all(policies, path, &definitions, err);
    policies_done(policies);
    if (code < 0)
        definitions_done(&definitions);
    else
        *ret_definitions = definitions;
    return code;
}

int definitions_read_policies(const char *path, struct definitions *ret_definitions,
                              struct chimera_error *err)
{
    struct policies policies = {0};
    int code = policies_read(path, POLICIES_LIMITS_COUNT, &policies, err);
    return code < 0 ? code : hand_over(&policies, path, ret_definitions, err);
}

int definitions_read_bundle(const char *folder, struct definitions *ret_definitions,
                            struct chimera_error *err)
{
    struct chimera_bundle bundle = {0};
    struct policies policies = {0};
    int code = policies_open_bundle(folder, &bundle, &policies, err);
    if (code < 0)
        return code;
    chimera_bundle_done(&bundle);
    return hand_over(&policies, folder, ret_definitions, err);
}
