/* SPDX-License-Identifier: Apache-2.0 */
#include "server/policy_options.h"

#include "runtime/base/file.h"
#include "runtime/base/quantity.h"
#include "runtime/policy/policy.h"
#include "runtime/yaml/document.h"

#define FILE_MAX ((size_t)4 << 20)
#define ALL "*"

static const char *const keys[] = {"memoryLimit", NULL};

static struct policy_spec *find_policy(const struct policies *policies, const char *id)
{
    for (size_t i = 0; i < policies->policy_count; i++)
        if (strcmp(policies->policy[i].id, id) == 0)
            return &policies->policy[i];
    return NULL;
}

/* A number of bytes, or a text with a suffix. */
static uint64_t take_size(struct chimera_document *document, struct json_object *value)
{
    uint64_t bytes = 0;
    bool is_size = json_object_is_type(value, json_type_int) ||
                   json_object_is_type(value, json_type_string);
    if (is_size && chimera_quantity_parse(chimera_slice_of(json_object_get_string(value)), &bytes) &&
        bytes >= CHIMERA_MEMORY_LEAST && bytes <= CHIMERA_MEMORY_MOST)
        return bytes;
    chimera_document_expect(document, value, CHIMERA_MEMORY_RANGE);
    return 0;
}

static void take_row(struct chimera_document *document, struct json_object *row,
                     struct policy_spec *policy)
{
    struct json_object *value;
    if (!chimera_document_is(document, row, json_type_object, "a map of options"))
        return;
    chimera_document_refuse_others(document, row, keys, "the options of a policy");
    if (!chimera_document_member(document, row, "memoryLimit", NULL, &value))
        return;
    policy->memory_limit = take_size(document, value);
    chimera_document_leave(document);
}

static void take_rows(struct chimera_document *document, struct policies *policies)
{
    struct policy_spec others = {0};
    if (!chimera_document_is(document, document->tree, json_type_object,
                             "a map of policy ids to options"))
        return;
    json_object_object_foreach(document->tree, id, row)
    {
        struct policy_spec *policy = strcmp(id, ALL) == 0 ? &others : find_policy(policies, id);
        chimera_document_enter(document, id);
        if (policy)
            take_row(document, row, policy);
        else
            chimera_document_note_key(document, "no policy has this id; expected one of the ids of "
                                                "policies.yml, GROUP/MEMBER, or *");
        chimera_document_leave(document);
    }
    for (size_t i = 0; i < policies->policy_count; i++)
        if (policies->policy[i].memory_limit == 0)
            policies->policy[i].memory_limit = others.memory_limit;
}

int policy_options_parse(struct chimera_slice text, const char *path, struct policies *policies,
                         struct chimera_error *err)
{
    static const struct chimera_yaml_options yaml = {.duplicate_keys_fail = true,
                                                     .empty_is_map = true};
    struct chimera_document document;
    if (chimera_document_read(&document, text, &yaml))
        take_rows(&document, policies);
    int code = chimera_problems_fail(&document.problems, path, CHIMERA_EINVAL, err);
    chimera_document_done(&document);
    return code;
}

int policy_options_read(const char *path, struct policies *policies, struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_file_read(path, &text, err);
    if (code == CHIMERA_OK)
        code = policy_options_parse(chimera_buffer_slice(&text), path, policies, err);
    chimera_buffer_free(&text);
    return code;
}
