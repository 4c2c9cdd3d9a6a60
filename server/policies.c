#include "server/policies.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/abi/capability.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/adapt.h"

#define FILE_MAX ((size_t)64 << 20)
#define SETTINGS_MAX ((size_t)64 << 20)
#define NO_VARIANT "data did not match any variant of untagged enum PolicyOrPolicyGroup"

/* Every reader below returns 1 when the value fits, 0 when the entry is no such thing, or a
 * negative code when memory ran out: an entry of the wrong form is one error, whatever is wrong
 * with it. */
enum { FITS = 1, MISFITS = 0 };

static int copy_text(struct json_object *value, char **ret_text)
{
    if (!json_object_is_type(value, json_type_string))
        return MISFITS;
    const char *text = json_object_get_string(value);
    if (strlen(text) != (size_t)json_object_get_string_len(value))
        return MISFITS; /* holds a NUL: no path, name or expression of ours does */
    *ret_text = strdup(text);
    return *ret_text ? FITS : CHIMERA_ENOMEM;
}

static int copy_optional_text(struct json_object *entry, const char *key, char **ret_text)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(entry, key, &value) || !value)
        return FITS;
    return copy_text(value, ret_text);
}

static int copy_required_text(struct json_object *entry, const char *key, char **ret_text)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(entry, key, &value))
        return MISFITS;
    return copy_text(value, ret_text);
}

static int read_mode(struct json_object *entry, enum chimera_policy_mode *ret_mode)
{
    struct json_object *value = NULL;
    *ret_mode = CHIMERA_PROTECT;
    if (!json_object_object_get_ex(entry, "policyMode", &value))
        return FITS;
    if (!json_object_is_type(value, json_type_string))
        return MISFITS;
    const char *text = json_object_get_string(value);
    if (strcmp(text, "monitor") == 0)
        *ret_mode = CHIMERA_MONITOR;
    else if (strcmp(text, "protect") != 0)
        return MISFITS;
    return FITS;
}

static int read_allowed_to_mutate(struct json_object *entry, bool *ret_allowed)
{
    struct json_object *value = NULL;
    if (json_object_object_get_ex(entry, "allowedToMutate", &value) && value) {
        if (!json_object_is_type(value, json_type_boolean))
            return MISFITS;
        *ret_allowed = json_object_get_boolean(value);
    }
    return FITS;
}

static int read_limit(struct json_object *entry, struct policy_spec *policy)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(entry, "timeoutEvalSeconds", &value) || !value)
        return FITS;
    if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
        return MISFITS;
    policy->has_limit = true;
    policy->limit_seconds = json_object_get_uint64(value);
    return FITS;
}

static int read_settings(struct json_object *entry, char **ret_settings)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(entry, "settings", &value) || !value) {
        *ret_settings = strdup("{}");
        return *ret_settings ? FITS : CHIMERA_ENOMEM;
    }
    if (!json_object_is_type(value, json_type_object))
        return MISFITS;
    struct chimera_buffer out;
    chimera_buffer_init(&out, SETTINGS_MAX);
    chimera_json_write(value, &out);
    chimera_buffer_byte(&out, 0);
    if (out.failed) {
        chimera_buffer_free(&out);
        return CHIMERA_ENOMEM;
    }
    *ret_settings = out.data; /* now the policy's */
    return FITS;
}

/* A list that may be absent, but not null; `copy` makes one text of each element. */
static int read_list(struct json_object *entry, const char *key, char ***ret_texts,
                     int (*copy)(struct json_object *element, char **ret_text))
{
    struct json_object *value = NULL;
    bool is_there = json_object_object_get_ex(entry, key, &value);
    if (is_there && !json_object_is_type(value, json_type_array))
        return MISFITS;
    size_t count = is_there ? json_object_array_length(value) : 0;
    *ret_texts = calloc(count + 1, sizeof(char *)); /* the policy's, in any case */
    if (!*ret_texts)
        return CHIMERA_ENOMEM;
    int code = FITS;
    for (size_t i = 0; i < count && code == FITS; i++)
        code = copy(json_object_array_get_idx(value, i), &(*ret_texts)[i]);
    return code;
}

static int copy_resource(struct json_object *element, char **ret_text)
{
    CHIMERA_FREE char *version = NULL;
    CHIMERA_FREE char *kind = NULL;
    if (!json_object_is_type(element, json_type_object))
        return MISFITS;
    int code = copy_required_text(element, "apiVersion", &version);
    if (code == FITS)
        code = copy_required_text(element, "kind", &kind);
    if (code == FITS && asprintf(ret_text, "%s/%s", version, kind) < 0) {
        *ret_text = NULL;
        code = CHIMERA_ENOMEM;
    }
    return code;
}

static void free_texts(char **texts)
{
    for (char **text = texts; text && *text; text++)
        free(*text);
    free(texts);
}

static void free_policy(struct policy_spec *policy)
{
    free(policy->id);
    free(policy->module);
    free(policy->settings);
    free(policy->message);
    free(policy->plugin);
    free_texts(policy->capabilities);
    free_texts(policy->resources);
}

static void free_group(struct group_spec *group)
{
    free(group->name);
    free(group->expression);
    free(group->message);
}

/* What a policy and a member of a group have in common. */
static int read_common(struct json_object *entry, struct policy_spec *policy)
{
    int code = copy_required_text(entry, "module", &policy->module);
    if (code == FITS)
        code = read_settings(entry, &policy->settings);
    if (code == FITS)
        code = read_limit(entry, policy);
    if (code == FITS)
        code = read_list(entry, "hostCapabilities", &policy->capabilities, copy_text);
    if (code == FITS)
        code = read_list(entry, "contextAwareResources", &policy->resources, copy_resource);
    return code;
}

static int read_single(struct json_object *entry, struct policy_spec *policy)
{
    int code = read_common(entry, policy);
    if (code == FITS)
        code = read_mode(entry, &policy->mode);
    if (code == FITS)
        code = read_allowed_to_mutate(entry, &policy->allowed_to_mutate);
    if (code == FITS)
        code = copy_optional_text(entry, "message", &policy->message);
    return code;
}

static bool has_only_known_keys(struct json_object *member)
{
    static const char *const KNOWN[] = {"module", "settings", "contextAwareResources",
                                        "timeoutEvalSeconds", "hostCapabilities"};
    struct json_object_iterator at = json_object_iter_begin(member),
                                end = json_object_iter_end(member);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *key = json_object_iter_peek_name(&at);
        bool is_known = false;
        for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++)
            is_known = is_known || strcmp(key, KNOWN[i]) == 0;
        if (!is_known)
            return false;
    }
    return true;
}

/* Appends one zeroed policy with its names set; NULL when memory ran out. */
static struct policy_spec *add_policy(struct policies *policies, const char *group,
                                      const char *name)
{
    struct policy_spec *list =
        reallocarray(policies->policy, policies->policy_count + 1, sizeof(*list));
    if (!list)
        return NULL;
    policies->policy = list;
    struct policy_spec *policy = &list[policies->policy_count];
    *policy = (struct policy_spec){.group = group ? policies->group_count : NO_GROUP};
    if (asprintf(&policy->id, "%s%s%s", group ? group : "", group ? "/" : "", name) < 0) {
        policy->id = NULL;
        return NULL;
    }
    policy->name = policy->id + strlen(policy->id) - strlen(name);
    policies->policy_count++;
    return policy;
}

static void drop_policies_from(struct policies *policies, size_t first)
{
    while (policies->policy_count > first)
        free_policy(&policies->policy[--policies->policy_count]);
}

static int read_member(struct policies *policies, const char *group, const char *name,
                       struct json_object *member)
{
    if (!json_object_is_type(member, json_type_object) || !has_only_known_keys(member))
        return MISFITS;
    struct policy_spec *policy = add_policy(policies, group, name);
    return policy ? read_common(member, policy) : CHIMERA_ENOMEM;
}

static int read_members(struct policies *policies, const char *group, struct json_object *entry)
{
    struct json_object *members = NULL;
    if (!json_object_object_get_ex(entry, "policies", &members) ||
        !json_object_is_type(members, json_type_object))
        return MISFITS;
    int code = FITS;
    struct json_object_iterator at = json_object_iter_begin(members),
                                end = json_object_iter_end(members);
    for (; code == FITS && !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        code = read_member(policies, group, json_object_iter_peek_name(&at),
                           json_object_iter_peek_value(&at));
    return code;
}

static int read_group(struct policies *policies, const char *name, struct json_object *entry)
{
    struct group_spec *list =
        reallocarray(policies->group, policies->group_count + 1, sizeof(*list));
    if (!list)
        return CHIMERA_ENOMEM;
    policies->group = list;
    struct group_spec group = {.name = strdup(name), .first = policies->policy_count};
    int code = group.name ? read_mode(entry, &group.mode) : CHIMERA_ENOMEM;
    if (code == FITS)
        code = copy_required_text(entry, "expression", &group.expression);
    if (code == FITS)
        code = copy_required_text(entry, "message", &group.message);
    if (code == FITS)
        code = read_members(policies, name, entry);
    if (code != FITS) {
        drop_policies_from(policies, group.first);
        free_group(&group);
        return code;
    }
    group.count = policies->policy_count - group.first;
    policies->group[policies->group_count++] = group;
    return FITS;
}

/* First tried as a policy, then as a group, as the reference does. */
static int read_entry(struct policies *policies, const char *name, struct json_object *entry)
{
    if (!json_object_is_type(entry, json_type_object))
        return MISFITS;
    size_t first = policies->policy_count;
    struct policy_spec *policy = add_policy(policies, NULL, name);
    int code = policy ? read_single(entry, policy) : CHIMERA_ENOMEM;
    if (code != MISFITS)
        return code;
    drop_policies_from(policies, first);
    return read_group(policies, name, entry);
}

static const char *type_name(struct json_object *tree)
{
    switch (json_object_get_type(tree)) {
    case json_type_null:
        return "unit value";
    case json_type_array:
        return "sequence";
    case json_type_string:
        return "string";
    case json_type_boolean:
        return "boolean";
    case json_type_int:
        return "integer";
    case json_type_double:
        return "floating point";
    case json_type_object:
        break;
    }
    return "map";
}

static int read_entries(struct json_object *tree, struct policies *policies,
                        struct chimera_error *err)
{
    if (!json_object_is_type(tree, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "invalid type: %s, expected a map",
                            type_name(tree));
    struct json_object_iterator at = json_object_iter_begin(tree), end = json_object_iter_end(tree);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        int code = read_entry(policies, name, json_object_iter_peek_value(&at));
        if (code == MISFITS)
            return chimera_fail(err, CHIMERA_EINVAL, NO_VARIANT);
        if (code < 0)
            return chimera_fail(err, code, "%s: %s", name, chimera_code_text(code));
    }
    return CHIMERA_OK;
}

static int check_group_names(const struct policies *policies, const struct group_spec *group,
                             struct chimera_error *err)
{
    struct chimera_buffer list;
    chimera_buffer_init(&list, sizeof(err->text));
    for (size_t i = group->first; i < group->first + group->count; i++)
        if (strchr(policies->policy[i].name, '/'))
            chimera_buffer_print(&list, "%s\"%s\"", list.size ? ", " : "",
                                 policies->policy[i].name);
    int code = CHIMERA_OK;
    if (list.size || list.failed)
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "policy group '%s' contains policies with invalid names: [%.*s]",
                            group->name, (int)list.size, list.data ? list.data : "");
    chimera_buffer_free(&list);
    return code;
}

static int check_name(const char *name, struct chimera_error *err)
{
    if (!*name)
        return chimera_fail(err, CHIMERA_EINVAL, "Not a valid Policy ID: ");
    if (strchr(name, '/'))
        return chimera_fail(err, CHIMERA_EINVAL, "policy name '%s' contains a '/' character", name);
    return CHIMERA_OK;
}

static int check_names(const struct policies *policies, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < policies->policy_count && code == CHIMERA_OK; i++)
        if (policies->policy[i].group == NO_GROUP)
            code = check_name(policies->policy[i].name, err);
    for (size_t i = 0; i < policies->group_count && code == CHIMERA_OK; i++) {
        code = check_name(policies->group[i].name, err);
        if (code == CHIMERA_OK)
            code = check_group_names(policies, &policies->group[i], err);
    }
    return code;
}

static int check_capabilities(const struct policies *policies, struct chimera_error *err)
{
    for (size_t i = 0; i < policies->policy_count; i++) {
        struct chimera_error why = {0};
        for (char **pattern = policies->policy[i].capabilities; *pattern; pattern++) {
            int code = chimera_capability_check(*pattern, &why);
            if (code < 0)
                return chimera_fail(
                    err, code,
                    "bootstrap failure: invalid hostCapabilities pattern for policy %s: %s",
                    policies->policy[i].id, why.text);
            if (chimera_slice_is(chimera_slice_trim(chimera_slice_of(*pattern)), "*"))
                break; /* allows all; what follows is not looked at */
        }
    }
    return CHIMERA_OK;
}

/* Twice in an entry they make it unreadable for the reference, too; other keys do not. */
static const char *const SINGLE_KEYS[] = {
    "module",  "policyMode",         "allowedToMutate",  "settings", "contextAwareResources",
    "message", "timeoutEvalSeconds", "hostCapabilities", "policies", "expression",
    NULL};

const struct chimera_yaml_options policies_yaml = {
    .single_keys = SINGLE_KEYS, .string_keys_only = true, .empty_is_map = true};

static int read_file(const char *path, struct chimera_buffer *text, struct chimera_error *err)
{
    if (access(path, R_OK) != 0)
        return chimera_fail(err, CHIMERA_EIO, "%s (os error %d)", strerror(errno), errno);
    int code = chimera_file_read(path, text, err);
    return code < 0 ? code : chimera_yaml_adapt(text, err);
}

static int fail_load(const char *path, int code, const struct chimera_error *why,
                     struct chimera_error *err)
{
    return chimera_fail(err, code, "error while loading policies from \"%s\": %s", path, why->text);
}

int policies_parse(struct chimera_slice text, const char *path, struct policies *ret_policies,
                   struct chimera_error *err)
{
    struct policies policies = {0};
    struct chimera_error why = {0};
    CHIMERA_JSON struct json_object *tree = NULL;
    int code = chimera_yaml_parse(text, &policies_yaml, &tree, &why);
    if (code == CHIMERA_EREFUSED)
        code =
            chimera_fail(&why, CHIMERA_EINVAL, NO_VARIANT); /* keys that are no text, local tags */
    if (code == CHIMERA_OK)
        code = read_entries(tree, &policies, &why);
    if (code < 0)
        fail_load(path, code, &why, err);
    else if ((code = check_names(&policies, err)) == CHIMERA_OK)
        code = check_capabilities(&policies, err);
    if (code < 0) {
        policies_done(&policies);
        return code;
    }
    *ret_policies = policies;
    return CHIMERA_OK;
}

int policies_read(const char *path, struct policies *ret_policies, struct chimera_error *err)
{
    struct chimera_error why = {0};
    struct chimera_buffer text;
    chimera_buffer_init(&text, FILE_MAX);
    int code = read_file(path, &text, &why);
    code = code < 0 ? fail_load(path, code, &why, err)
                    : policies_parse(chimera_buffer_slice(&text), path, ret_policies, err);
    chimera_buffer_free(&text);
    return code;
}

void policies_done(struct policies *policies)
{
    drop_policies_from(policies, 0);
    for (size_t i = 0; i < policies->group_count; i++)
        free_group(&policies->group[i]);
    free(policies->policy);
    free(policies->group);
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
           equal_texts(a->plugin, b->plugin) && memcmp(&a->lock, &b->lock, sizeof(a->lock)) == 0;
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
