/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/checking/grants.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/capability/pattern.h"
#include "runtime/json/tree.h"

#define TEXT_MAX ((size_t)16 << 10)

static bool is_granted(char *const *patterns, const char *path)
{
    for (; *patterns; patterns++)
        if (chimera_capability_matches(*patterns, chimera_slice_of(path)))
            return true;
    return false;
}

static bool is_listed(char *const *texts, const char *text)
{
    for (; *texts; texts++)
        if (strcmp(*texts, text) == 0)
            return true;
    return false;
}

static void put(struct chimera_buffer *list, const char *text)
{
    chimera_buffer_print(list, "%s%.300s", list->size ? ", " : "", text);
}

/* "BEFORE LIST BEHIND", unless the list is empty. */
static void tell(struct findings *findings, const char *id, const char *before,
                 struct chimera_buffer *list, const char *behind)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_buffer_text(&text, before);
    chimera_buffer_append(&text, chimera_buffer_slice(list));
    chimera_buffer_text(&text, behind);
    chimera_buffer_byte(&text, '\0');
    if (list->size > 0 && !text.failed)
        findings_add(findings, FINDING_WARNING, FINDING_GRANT, id, text.data);
    chimera_buffer_free(&text);
    chimera_buffer_free(list);
}

static void check_resources(const struct policy_spec *policy,
                            const struct chimera_metadata *metadata, struct findings *findings)
{
    struct json_object *wanted = chimera_json_member(metadata->tree, "contextAwareResources");
    struct chimera_buffer list;
    chimera_buffer_init(&list, TEXT_MAX);
    for (size_t i = 0; wanted && i < json_object_array_length(wanted); i++) {
        struct json_object *item = json_object_array_get_idx(wanted, i);
        char resource[600];
        snprintf(resource, sizeof(resource), "%s/%s",
                 json_object_get_string(chimera_json_member(item, "apiVersion")),
                 json_object_get_string(chimera_json_member(item, "kind")));
        if (!is_listed(policy->resources, resource))
            put(&list, resource);
    }
    tell(findings, policy->id,
         "its metadata ask for Kubernetes resources, and its "
         "contextAwareResources do not grant ",
         &list, ": it may not do what it should");
}

static void check_capabilities(const struct policy_spec *policy, struct json_object *wanted,
                               const char *before, struct findings *findings)
{
    struct chimera_buffer list;
    chimera_buffer_init(&list, TEXT_MAX);
    for (size_t i = 0; wanted && i < json_object_array_length(wanted); i++) {
        const char *path = json_object_get_string(json_object_array_get_idx(wanted, i));
        if (!is_granted(policy->capabilities, path))
            put(&list, path);
    }
    tell(findings, policy->id, before, &list, ", and its hostCapabilities do not grant that");
}

static void check_changes(const struct policy_spec *policy, const struct chimera_metadata *metadata,
                          struct findings *findings)
{
    if (!metadata->is_mutating || policy->allowed_to_mutate)
        return;
    findings_add(findings, FINDING_WARNING, FINDING_GRANT, policy->id,
                 policy->group == NO_GROUP
                     ? "it changes objects, as its metadata say, and without `allowedToMutate: "
                       "true` each change is a rejection"
                     : "it changes objects, as its metadata say, and a change by a member of a "
                       "group counts as a no");
}

void grants_check(const struct policy_spec *policy, const struct chimera_metadata *metadata,
                  struct json_object *guessed, struct findings *findings)
{
    struct json_object *stated = chimera_json_member(metadata->tree, "hostCapabilities");
    check_changes(policy, metadata, findings);
    check_resources(policy, metadata, findings);
    if (stated)
        check_capabilities(policy, stated, "its metadata ask for ", findings);
    else
        check_capabilities(policy, guessed, "it seems to ask for ", findings);
}
