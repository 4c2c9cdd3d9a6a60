/* SPDX-License-Identifier: Apache-2.0 */
/* resources.c - AdmissionPolicy, ClusterAdmissionPolicy and their groups: their types, and the
 * definitions that are in them. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/source/file_kind.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/definition/definition.h"
#include "toolchain/command/definition/tree_type.h"

#define API_VERSION "policies.kubewarden.io/v1"
#define SETTINGS_MAX ((size_t)16 << 20)
#define LIMIT_SECONDS_MAX 3600

/* --- Their types --- */

#define STRUCT(words, fields) {.kind = TREE_STRUCT, .name = (words), .field = (fields)}

#define OPTIONAL(name, type) {(name), (type), false, true}
/* Absent it is the default, but null it is none. */
#define DEFAULTED(name, type) {(name), (type), false, false}
#define REQUIRED(name, type) {(name), (type), true, false}

static const struct tree_field reference_fields[] = {
    OPTIONAL("apiVersion", &tree_string), OPTIONAL("fieldPath", &tree_string),
    OPTIONAL("kind", &tree_string),       OPTIONAL("name", &tree_string),
    OPTIONAL("namespace", &tree_string),  OPTIONAL("resourceVersion", &tree_string),
    OPTIONAL("uid", &tree_string),        {0},
};
static const struct tree_type reference_type = STRUCT("ObjectReference", reference_fields);

static const struct tree_field metadata_fields[] = {
    OPTIONAL("name", &tree_string),
    OPTIONAL("namespace", &tree_string),
    OPTIONAL("labels", &tree_string_map),
    OPTIONAL("annotations", &tree_string_map),
    {0},
};
static const struct tree_type metadata_type = STRUCT("ObjectMeta", metadata_fields);

static const struct tree_field condition_fields[] = {
    OPTIONAL("expression", &tree_string),
    OPTIONAL("name", &tree_string),
    {0},
};
static const struct tree_type condition_type = STRUCT("MatchCondition", condition_fields);
static const struct tree_type conditions_type = {.kind = TREE_LIST, .item = &condition_type};

static const struct tree_field rule_fields[] = {
    OPTIONAL("apiGroups", &tree_strings),  OPTIONAL("apiVersions", &tree_strings),
    OPTIONAL("operations", &tree_strings), OPTIONAL("resources", &tree_strings),
    OPTIONAL("scope", &tree_string),       {0},
};
static const struct tree_type rule_type = STRUCT("RuleWithOperations", rule_fields);
static const struct tree_type rules_type = {.kind = TREE_LIST, .item = &rule_type};

static const struct tree_field requirement_fields[] = {
    OPTIONAL("key", &tree_string),
    OPTIONAL("operator", &tree_string),
    OPTIONAL("values", &tree_strings),
    {0},
};
static const struct tree_type requirement_type =
    STRUCT("LabelSelectorRequirement", requirement_fields);
static const struct tree_type requirements_type = {.kind = TREE_LIST, .item = &requirement_type};
static const struct tree_field selector_fields[] = {
    OPTIONAL("matchExpressions", &requirements_type),
    OPTIONAL("matchLabels", &tree_string_map),
    {0},
};
static const struct tree_type selector_type = STRUCT("LabelSelector", selector_fields);

static const struct tree_field context_fields[] = {
    REQUIRED("apiVersion", &tree_string),
    REQUIRED("kind", &tree_string),
    {0},
};
static const struct tree_type context_type = STRUCT("struct ContextAwareResource", context_fields);
static const struct tree_type contexts_type = {.kind = TREE_LIST, .item = &context_type};

#define VARIANTS(name, ...)                                           \
    static const char *const name##_variants[] = {__VA_ARGS__, NULL}; \
    static const struct tree_type name##_type = {.kind = TREE_VARIANT, .variants = name##_variants}
VARIANTS(mode, "protect", "monitor");
VARIANTS(failure, "Fail", "Ignore");
VARIANTS(match, "Equivalent", "Exact");
VARIANTS(effects, "None", "NoneOnDryRun");

/* In the order in which the reference names them. */
#define HEAD_FIELDS                                                                          \
    OPTIONAL("failurePolicy", &failure_type), OPTIONAL("matchConditions", &conditions_type), \
        OPTIONAL("matchPolicy", &match_type)
#define POLICY_FIELDS                                                                        \
    OPTIONAL("backgroundAudit", &tree_bool), HEAD_FIELDS, OPTIONAL("mode", &mode_type),      \
        REQUIRED("module", &tree_string), DEFAULTED("mutating", &tree_bool),                 \
        OPTIONAL("objectSelector", &selector_type), DEFAULTED("policyServer", &tree_string), \
        OPTIONAL("rules", &rules_type), DEFAULTED("settings", &tree_any),                    \
        OPTIONAL("sideEffects", &effects_type), OPTIONAL("timeoutSeconds", &tree_i32),       \
        OPTIONAL("timeoutEvalSeconds", &tree_i32)
#define GROUP_FIELDS(members)                                                                   \
    OPTIONAL("backgroundAudit", &tree_bool), REQUIRED("expression", &tree_string), HEAD_FIELDS, \
        REQUIRED("message", &tree_string), OPTIONAL("mode", &mode_type),                        \
        OPTIONAL("objectSelector", &selector_type), REQUIRED("policies", (members)),            \
        DEFAULTED("policyServer", &tree_string), OPTIONAL("rules", &rules_type),                \
        OPTIONAL("sideEffects", &effects_type), OPTIONAL("timeoutSeconds", &tree_i32)
#define MESSAGE_FIELD OPTIONAL("message", &tree_string)
#define CLUSTER_FIELD OPTIONAL("namespaceSelector", &selector_type)
#define CONTEXT_FIELD DEFAULTED("contextAwareResources", &contexts_type)
#define MEMBER_FIELDS                                                   \
    REQUIRED("module", &tree_string), DEFAULTED("settings", &tree_any), \
        OPTIONAL("timeoutEvalSeconds", &tree_i32)

static const struct tree_field member_fields[] = {MEMBER_FIELDS, {0}};
static const struct tree_type member_type = STRUCT("struct PolicyGroupMember", member_fields);
static const struct tree_type members_type = {.kind = TREE_MAP, .item = &member_type};
static const struct tree_field cluster_member_fields[] = {MEMBER_FIELDS, CONTEXT_FIELD, {0}};
static const struct tree_type cluster_member_type =
    STRUCT("struct PolicyGroupMemberWithContext", cluster_member_fields);
static const struct tree_type cluster_members_type = {.kind = TREE_MAP,
                                                      .item = &cluster_member_type};

/* KIND, its spec and itself. */
#define KIND(short_name, words, ...)                                                      \
    static const struct tree_field short_name##_spec_fields[] = {__VA_ARGS__, {0}};       \
    static const struct tree_type short_name##_spec = {.kind = TREE_STRUCT,               \
                                                       .name = "struct " words "Spec",    \
                                                       .field = short_name##_spec_fields, \
                                                       .is_closed = true};                \
    static const struct tree_field short_name##_fields[] = {                              \
        OPTIONAL("metadata", &metadata_type), OPTIONAL("spec", &short_name##_spec), {0}}; \
    static const struct tree_type short_name##_type = STRUCT(words, short_name##_fields)

KIND(policy, "AdmissionPolicy", POLICY_FIELDS, MESSAGE_FIELD);
KIND(cluster_policy, "ClusterAdmissionPolicy", POLICY_FIELDS, CLUSTER_FIELD, CONTEXT_FIELD,
     MESSAGE_FIELD);
KIND(group, "AdmissionPolicyGroup", GROUP_FIELDS(&members_type));
KIND(cluster_group, "ClusterAdmissionPolicyGroup", GROUP_FIELDS(&cluster_members_type),
     CLUSTER_FIELD);

static const struct kind {
    const struct tree_type *type;
    bool is_group;
} kinds[] = {{&policy_type, false},
             {&cluster_policy_type, false},
             {&group_type, true},
             {&cluster_group_type, true}};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* --- From a document to a definition --- */

static char *copy_text(struct json_object *tree, const char *key)
{
    const char *text = tree_text(tree, key);
    return text ? strdup(text) : NULL;
}

static int take_settings(struct json_object *tree, char **ret_settings, struct chimera_error *err)
{
    struct json_object *settings = chimera_json_member(tree, "settings");
    struct chimera_buffer text;
    if (settings && !json_object_is_type(settings, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "Invalid settings in CRD, not an object");
    chimera_buffer_init(&text, SETTINGS_MAX);
    if (settings)
        chimera_json_write(settings, &text);
    else
        chimera_buffer_text(&text, "{}");
    chimera_buffer_byte(&text, 0);
    *ret_settings = text.data;
    if (!text.failed)
        return CHIMERA_OK;
    *ret_settings = NULL;
    int code = chimera_fail(err, text.failed, "the settings are larger than %zu bytes", text.limit);
    chimera_buffer_free(&text);
    return code;
}

int definition_resources(struct json_object *tree, char ***ret_resources, struct chimera_error *err)
{
    struct json_object *list = chimera_json_member(tree, "contextAwareResources");
    size_t count = list ? json_object_array_length(list) : 0;
    if (count == 0)
        return CHIMERA_OK;
    *ret_resources = calloc(count + 1, sizeof(**ret_resources));
    for (size_t i = 0; *ret_resources && i < count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (asprintf(&(*ret_resources)[i], "%s/%s", tree_text(item, "apiVersion"),
                     tree_text(item, "kind")) < 0) {
            (*ret_resources)[i] = NULL;
            return chimera_fail_memory(err);
        }
    }
    return *ret_resources ? CHIMERA_OK : chimera_fail_memory(err);
}

static int take_limit(struct json_object *tree, uint32_t *ret_limit_ms, struct chimera_error *err)
{
    struct json_object *value = chimera_json_member(tree, "timeoutEvalSeconds");
    int seconds = json_object_get_int(value);
    if (!value)
        return CHIMERA_OK;
    if (seconds < 1 || seconds > LIMIT_SECONDS_MAX)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "timeoutEvalSeconds takes seconds from 1 to %d, not %d",
                            LIMIT_SECONDS_MAX, seconds);
    *ret_limit_ms = (uint32_t)seconds * 1000;
    return CHIMERA_OK;
}

/* What has no scheme is in a registry. */
static int take_module(struct json_object *tree, char **ret_module, struct chimera_error *err)
{
    const char *module = tree_text(tree, "module");
    const char *scheme = strstr(module, "://") ? "" : "registry://";
    if (asprintf(ret_module, "%s%s", scheme, module) >= 0)
        return CHIMERA_OK;
    *ret_module = NULL;
    return chimera_fail_memory(err);
}

static int take_member(const char *name, struct json_object *tree, struct definition *definition,
                       struct chimera_error *err)
{
    struct definition_member *member = &definition->member[definition->count++];
    member->name = strdup(name);
    int code = member->name ? take_module(tree, &member->module, err) : chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        code = take_settings(tree, &member->settings, err);
    if (code == CHIMERA_OK)
        code = definition_resources(tree, &member->resources, err);
    return code == CHIMERA_OK ? take_limit(tree, &member->limit_ms, err) : code;
}

static int take_members(struct json_object *spec, bool is_group, struct definition *definition,
                        struct chimera_error *err)
{
    struct json_object *members = is_group ? chimera_json_member(spec, "policies") : NULL;
    size_t count = members ? (size_t)json_object_object_length(members) : 1;
    definition->member = calloc(count + 1, sizeof(*definition->member));
    if (!definition->member)
        return chimera_fail_memory(err);
    if (!is_group)
        return take_member("", spec, definition, err);
    json_object_object_foreach(members, name, member)
    {
        int code = take_member(name, member, definition, err);
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

/* As Rust prints an optional text for programmers. */
static int refuse_text(struct json_object *found, const char *before, const char *behind,
                       struct chimera_error *err)
{
    struct chimera_buffer shown;
    chimera_buffer_init(&shown, SETTINGS_MAX);
    if (found)
        chimera_json_write(found, &shown);
    int size = shown.size < 300 ? (int)shown.size : 300;
    int code = found ? chimera_fail(err, CHIMERA_EINVAL, "%sSome(%.*s)%s", before, size,
                                    shown.data ? shown.data : "", behind)
                     : chimera_fail(err, CHIMERA_EINVAL, "%sNone%s", before, behind);
    chimera_buffer_free(&shown);
    return code;
}

static int find_kind(struct json_object *document, const struct kind **ret_kind,
                     struct chimera_error *err)
{
    struct chimera_error why = {0};
    if (document && tree_check(document, &reference_type, &why) < 0)
        return chimera_fail(err, why.code, "cannot extract ObjectReference: %.900s", why.text);
    const char *version = tree_text(document, "apiVersion"), *name = tree_text(document, "kind");
    if (name && strcmp(name, "ConstraintTemplate") == 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "a ConstraintTemplate of Gatekeeper: " CHIMERA_TEMPLATE_ADVICE);
    if (!version || strcmp(version, API_VERSION) != 0)
        return refuse_text(chimera_json_member(document, "apiVersion"), "invalid apiVersion ", "",
                           err);
    for (size_t i = 0; i < KINDS && name; i++) {
        if (strcmp(kinds[i].type->name, name) == 0) {
            *ret_kind = &kinds[i];
            return CHIMERA_OK;
        }
    }
    return refuse_text(chimera_json_member(document, "kind"), "unknown kind ",
                       ", not a Kubewarden policy", err);
}

static int take_document(struct json_object *document, struct definition *definition,
                         struct chimera_error *err)
{
    const struct kind *kind = NULL;
    struct chimera_error why = {0};
    int code = find_kind(document, &kind, err);
    if (code < 0)
        return code;
    if (tree_check(document, kind->type, &why) < 0)
        return chimera_fail(err, why.code, "cannot parse value into %s: %.900s", kind->type->name,
                            why.text);
    struct json_object *spec = chimera_json_member(document, "spec");
    const char *mode = tree_text(spec, "mode");
    if (!spec)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "CRD does not have spec, but it is required for %s", kind->type->name);
    const char *name = tree_text(chimera_json_member(document, "metadata"), "name");
    definition->id = strdup(name ? name : "crd-without-name");
    definition->message = copy_text(spec, "message");
    definition->expression = kind->is_group ? copy_text(spec, "expression") : NULL;
    definition->mode = mode && strcmp(mode, "monitor") == 0 ? CHIMERA_MONITOR : CHIMERA_PROTECT;
    definition->allowed_to_mutate = json_object_get_boolean(chimera_json_member(spec, "mutating"));
    if (!definition->id || (kind->is_group && !definition->expression))
        return chimera_fail_memory(err);
    return take_members(spec, kind->is_group, definition, err);
}

/* Documents without anything, as templates leave them behind, are passed over, unless there is no
 * other. */
static int take_documents(struct json_object *documents, struct definitions *definitions,
                          struct chimera_error *err)
{
    size_t count = json_object_array_length(documents);
    definitions->list = calloc(count + 1, sizeof(*definitions->list));
    if (!definitions->list)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        struct json_object *document = json_object_array_get_idx(documents, i);
        bool is_last = i + 1 == count && definitions->count == 0;
        if (!document && !is_last)
            continue;
        int code = take_document(document, &definitions->list[definitions->count++], err);
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

int definitions_parse(struct chimera_slice text, const char *path,
                      struct definitions *ret_definitions, struct chimera_error *err)
{
    static const struct chimera_yaml_options yaml = {.is_stream = true,
                                                     .duplicate_keys_fail = true};
    CHIMERA_JSON struct json_object *documents = NULL;
    struct definitions definitions = {.are_set = true};
    struct chimera_error why = {0};
    if (chimera_yaml_parse(text, &yaml, &documents, &why) < 0)
        return chimera_fail(err, why.code, "Cannot parse YAML file \"%.300s\": %.600s", path,
                            why.text);
    int code = take_documents(documents, &definitions, err);
    if (code < 0)
        definitions_done(&definitions);
    else
        *ret_definitions = definitions;
    return code;
}
