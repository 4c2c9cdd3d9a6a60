/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/policies.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/source/policies_read.h"
#include "runtime/yaml/adapt.h"

#define FILE_MAX ((size_t)64 << 20)

/* Twice in an entry they make it unreadable for the reference, too; other keys do not. */
static const char *const SINGLE_KEYS[] = {
    "module",  "policyMode",         "allowedToMutate",  "settings", "contextAwareResources",
    "message", "timeoutEvalSeconds", "hostCapabilities", "policies", "expression",
    NULL};

const struct chimera_yaml_options policies_yaml = {
    .single_keys = SINGLE_KEYS, .string_keys_only = true, .empty_is_map = true};

static int fail_load(const char *path, int code, const char *why, struct chimera_error *err)
{
    return chimera_fail(err, code, "error while loading policies from \"%s\": %s", path, why);
}

static int read_file(const char *path, struct chimera_buffer *text, struct chimera_error *err)
{
    struct chimera_error why = {0};
    if (access(path, R_OK) != 0)
        chimera_fail(&why, CHIMERA_EIO, "%s (os error %d)", strerror(errno), errno);
    else if (chimera_file_read(path, text, &why) == CHIMERA_OK &&
             chimera_yaml_adapt(text, &why) == CHIMERA_OK)
        return CHIMERA_OK;
    return fail_load(path, why.code, why.text, err);
}

int policies_parse(struct chimera_slice text, const char *path, enum policies_limits limits,
                   struct policies *ret_policies, struct chimera_error *err)
{
    struct policies policies = {0};
    struct chimera_document document;
    struct chimera_problems warnings = {0};
    int code = CHIMERA_OK;
    if (chimera_document_read(&document, text, &policies_yaml))
        code = policies_take(&document, limits, &policies, &warnings);
    if (code < 0)
        fail_load(path, code, chimera_code_text(code), err);
    else
        code = chimera_problems_fail(&document.problems, path, CHIMERA_EINVAL, err);
    policies.warnings = chimera_problems_text(&warnings, path);
    chimera_problems_done(&warnings);
    chimera_document_done(&document);
    if (code < 0)
        policies_done(&policies);
    else
        *ret_policies = policies;
    return code;
}

int policies_read(const char *path, enum policies_limits limits, struct policies *ret_policies,
                  struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, FILE_MAX);
    int code = read_file(path, &text, err);
    if (code == CHIMERA_OK)
        code = policies_parse(chimera_buffer_slice(&text), path, limits, ret_policies, err);
    if (text.data) /* jails are forks of this process (main.c), and this holds the settings of all
                    */
        explicit_bzero(text.data, text.capacity);
    chimera_buffer_free(&text);
    return code;
}

void policies_done(struct policies *policies)
{
    policies_drop_from(policies, 0);
    for (size_t i = 0; i < policies->group_count; i++) {
        free(policies->group[i].name);
        free(policies->group[i].expression);
        free(policies->group[i].message);
    }
    free(policies->policy);
    free(policies->group);
    free(policies->warnings);
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

static bool equal_policies(const struct policy_spec *a, const struct policy_spec *b)
{
    return equal_texts(a->id, b->id) && equal_texts(a->module, b->module) && a->mode == b->mode &&
           a->allowed_to_mutate == b->allowed_to_mutate && equal_texts(a->settings, b->settings) &&
           equal_texts(a->message, b->message) && a->has_limit == b->has_limit &&
           a->limit_seconds == b->limit_seconds && equal_lists(a->capabilities, b->capabilities) &&
           equal_lists(a->resources, b->resources) && a->group == b->group &&
           a->extras.memory_limit == b->extras.memory_limit && equal_texts(a->plugin, b->plugin) &&
           memcmp(&a->lock, &b->lock, sizeof(a->lock)) == 0;
}

static bool equal_groups(const struct group_spec *a, const struct group_spec *b)
{
    return equal_texts(a->name, b->name) && equal_texts(a->expression, b->expression) &&
           equal_texts(a->message, b->message) && a->mode == b->mode && a->first == b->first &&
           a->count == b->count;
}

bool policies_equal(const struct policies *a, const struct policies *b)
{
    if (a->policy_count != b->policy_count || a->group_count != b->group_count)
        return false;
    for (size_t i = 0; i < a->policy_count; i++)
        if (!equal_policies(&a->policy[i], &b->policy[i]))
            return false;
    for (size_t i = 0; i < a->group_count; i++)
        if (!equal_groups(&a->group[i], &b->group[i]))
            return false;
    return true;
}
