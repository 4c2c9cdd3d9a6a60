/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/policy_spec.h"

#include <stdlib.h>
#include <string.h>

static void free_texts(char **texts)
{
    for (char **text = texts; text && *text; text++)
        free(*text);
    free(texts);
}

void policies_drop_from(struct policies *policies, size_t first)
{
    while (policies->policy_count > first) {
        struct policy_spec *policy = &policies->policy[--policies->policy_count];
        free(policy->id);
        free(policy->module);
        free(policy->location);
        free(policy->meant);
        free(policy->settings);
        free(policy->message);
        free(policy->for_namespace);
        free(policy->plugin);
        free_texts(policy->capabilities);
        free_texts(policy->resources);
        chimera_policy_extras_done(&policy->extras);
    }
}

bool policy_spec_is_plugin(const struct policy_spec *policy, const char *path)
{
    size_t size = strlen(path);
    struct chimera_slice name = chimera_slice_trim(chimera_slice_of(policy_spec_location(policy)));
    return policy->plugin ||
           (chimera_slice_starts(name, "file:") && size > 3 && strcmp(path + size - 3, ".so") == 0);
}

void policies_done(struct policies *policies)
{
    policies_drop_from(policies, 0);
    for (size_t i = 0; i < policies->group_count; i++) {
        free(policies->group[i].name);
        free(policies->group[i].expression);
        free(policies->group[i].message);
        free(policies->group[i].for_namespace);
    }
    free(policies->policy);
    free(policies->group);
    free(policies->warnings);
    free(policies->bundle.folder);
    *policies = (struct policies){0};
}

static bool equal_texts(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool equal_lists(char *const *a, char *const *b)
{
    for (; *a && *b; a++, b++)
        if (strcmp(*a, *b) != 0)
            return false;
    return !*a && !*b;
}

unsigned policy_spec_changes(const struct policy_spec *a, const struct policy_spec *b)
{
    unsigned changes = 0;
    if (!equal_texts(a->module, b->module) || !equal_texts(a->location, b->location) ||
        !equal_texts(a->plugin, b->plugin) || memcmp(&a->lock, &b->lock, sizeof(a->lock)) != 0)
        changes |= POLICY_MODULE_CHANGED;
    if (!equal_texts(a->settings, b->settings))
        changes |= POLICY_SETTINGS_CHANGED;
    if (a->mode != b->mode || a->allowed_to_mutate != b->allowed_to_mutate ||
        !equal_texts(a->message, b->message) || a->has_limit != b->has_limit ||
        a->limit_seconds != b->limit_seconds || !equal_lists(a->capabilities, b->capabilities) ||
        !equal_lists(a->resources, b->resources) ||
        !chimera_policy_extras_equal(&a->extras, &b->extras))
        changes |= POLICY_RULES_CHANGED;
    return changes;
}

bool group_spec_changed(const struct group_spec *a, const struct group_spec *b)
{
    return !equal_texts(a->expression, b->expression) || !equal_texts(a->message, b->message) ||
           a->mode != b->mode;
}

static bool equal_policies(const struct policy_spec *a, const struct policy_spec *b)
{
    return equal_texts(a->id, b->id) && a->group == b->group && policy_spec_changes(a, b) == 0;
}

bool policies_equal(const struct policies *a, const struct policies *b)
{
    if (a->policy_count != b->policy_count || a->group_count != b->group_count ||
        memcmp(&a->bundle.signature, &b->bundle.signature, sizeof(a->bundle.signature)) != 0)
        return false;
    for (size_t i = 0; i < a->policy_count; i++)
        if (!equal_policies(&a->policy[i], &b->policy[i]))
            return false;
    for (size_t i = 0; i < a->group_count; i++) {
        const struct group_spec *one = &a->group[i], *other = &b->group[i];
        if (!equal_texts(one->name, other->name) || group_spec_changed(one, other) ||
            one->first != other->first || one->count != other->count)
            return false;
    }
    return true;
}
