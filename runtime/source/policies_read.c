/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/policies_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/capability/pattern.h"
#include "runtime/json/tree.h"
#include "runtime/source/policies_keys.h"
#include "runtime/text/nearest.h"

#define SETTINGS_MAX ((size_t)64 << 20)
#define KUBEWARDEN "policies.kubewarden.io/"

/* What is expected where. */
#define A_MODULE "a text such as registry://HOST/NAME:TAG or file:///DIR/NAME.wasm"
#define A_MODE "\"protect\" or \"monitor\""
#define A_LIMIT "a whole number of seconds from 1 on"
#define A_PATTERN "a pattern such as \"oci/*\""
#define A_RESOURCE "a map of apiVersion and kind, as in {apiVersion: v1, kind: Namespace}"
#define AN_EXPRESSION "a text such as a() && b()"
#define AN_ENTRY                                                                              \
    "a policy (a map with `module`) or a policy group (one with `expression`, `message` and " \
    "`policies`)"

/* Every reader below goes on after a mistake, which it notes in the document; `code` stays negative
 * once memory ran out. */
struct reader {
    struct chimera_document *document;
    enum policies_limits limits;
    struct policies *policies;
    struct chimera_problems *warnings;
    bool is_all_allowed; /* by a pattern before, so that those behind it are not looked at */
    int code;
};

static bool has_key(struct json_object *map, const char *key)
{
    return json_object_object_get_ex(map, key, NULL);
}

/* --- Values --- */

static void copy_text(struct reader *reader, struct json_object *value, const char *expected,
                      char **ret_text)
{
    if (!chimera_document_is(reader->document, value, json_type_string, expected))
        return;
    const char *text = json_object_get_string(value);
    if (strlen(text) != (size_t)json_object_get_string_len(value)) {
        chimera_document_note(reader->document, "expected %s, found one with a NUL character",
                              expected);
        return;
    }
    *ret_text = strdup(text);
    if (!*ret_text)
        reader->code = CHIMERA_ENOMEM;
}

static void read_text(struct reader *reader, struct json_object *entry, const char *key,
                      const char *expected, char **ret_text)
{
    struct json_object *value = NULL;
    if (!chimera_document_member(reader->document, entry, key, expected, &value))
        return;
    copy_text(reader, value, expected, ret_text);
    chimera_document_leave(reader->document);
}

static void read_mode(struct reader *reader, struct json_object *entry,
                      enum chimera_policy_mode *ret_mode)
{
    struct json_object *value = NULL;
    *ret_mode = CHIMERA_PROTECT;
    if (!chimera_document_member(reader->document, entry, "policyMode", NULL, &value))
        return;
    const char *text =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    if (strcmp(text, "monitor") == 0)
        *ret_mode = CHIMERA_MONITOR;
    else if (strcmp(text, "protect") != 0)
        chimera_document_expect(reader->document, value, A_MODE);
    chimera_document_leave(reader->document);
}

static void read_limit(struct reader *reader, struct json_object *entry, struct policy_spec *policy)
{
    struct json_object *value = NULL;
    if (!chimera_document_member(reader->document, entry, "timeoutEvalSeconds", NULL, &value))
        return;
    bool is_number = json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0;
    if (value && !is_number)
        chimera_document_expect(reader->document, value, A_LIMIT);
    policy->has_limit = is_number;
    policy->limit_seconds = is_number ? json_object_get_uint64(value) : 0;
    if (is_number && policy->limit_seconds == 0 && reader->limits == POLICIES_LIMITS_COUNT)
        chimera_document_note(reader->document,
                              "expected " A_LIMIT ", found 0, which leaves no time to evaluate; "
                              "without the key --policy-timeout holds");
    chimera_document_leave(reader->document);
}

static void read_settings(struct reader *reader, struct json_object *entry, char **ret_settings)
{
    struct json_object *value = NULL;
    struct chimera_buffer out;
    chimera_buffer_init(&out, SETTINGS_MAX);
    bool is_there = chimera_document_member(reader->document, entry, "settings", NULL, &value);
    if (value)
        chimera_document_is(reader->document, value, json_type_object,
                            "a map of what the policy is to know, as in {key: value}");
    if (is_there)
        chimera_document_leave(reader->document);
    if (value)
        chimera_json_write(value, &out);
    else
        chimera_buffer_text(&out, "{}");
    if (!out.failed) /* no more than there is: what is behind would be what others have left there
                      */
        *ret_settings = strndup(out.data, out.size);
    if (!*ret_settings)
        reader->code = CHIMERA_ENOMEM;
    if (out.data)
        explicit_bzero(out.data, out.capacity);
    chimera_buffer_free(&out);
}

/* Kubewarden's controller writes beside a policy what it is called in the cluster. Servers do not
 * heed it, so nothing of it can be wrong. */
static void read_namespace(struct reader *reader, struct json_object *entry, char **ret_namespace)
{
    struct json_object *name =
        chimera_json_member(chimera_json_member(entry, "namespacedName"), "Namespace");
    if (!json_object_is_type(name, json_type_string) || json_object_get_string_len(name) == 0)
        return;
    *ret_namespace = strdup(json_object_get_string(name));
    if (!*ret_namespace)
        reader->code = CHIMERA_ENOMEM;
}

/* --- Lists --- */

typedef void element_reader(struct reader *reader, struct json_object *element, char **ret_text);

/* Behind a pattern that allows all the others are not looked at, as in the reference. */
static void copy_pattern(struct reader *reader, struct json_object *element, char **ret_text)
{
    struct chimera_error why = {0};
    copy_text(reader, element, A_PATTERN, ret_text);
    if (!*ret_text || reader->is_all_allowed)
        return;
    if (chimera_capability_check(*ret_text, &why) < 0)
        chimera_document_note(reader->document, "%s", why.text);
    struct chimera_slice pattern = chimera_slice_trim(chimera_slice_of(*ret_text));
    reader->is_all_allowed = chimera_slice_is(pattern, "*");
}

static void copy_resource(struct reader *reader, struct json_object *element, char **ret_text)
{
    CHIMERA_FREE char *version = NULL;
    CHIMERA_FREE char *kind = NULL;
    if (!chimera_document_is(reader->document, element, json_type_object, A_RESOURCE))
        return;
    read_text(reader, element, "apiVersion", "a text such as v1 or apps/v1", &version);
    read_text(reader, element, "kind", "a text such as Namespace", &kind);
    if (version && kind && asprintf(ret_text, "%s/%s", version, kind) < 0) {
        *ret_text = NULL;
        reader->code = CHIMERA_ENOMEM;
    }
}

/* A list that may be absent, but not null; `read` makes one text of each element. */
static void read_list(struct reader *reader, struct json_object *entry, const char *key,
                      const char *expected, element_reader *read, char ***ret_texts)
{
    struct json_object *value = NULL;
    bool is_there = chimera_document_member(reader->document, entry, key, NULL, &value);
    bool is_list =
        is_there && chimera_document_is(reader->document, value, json_type_array, expected);
    size_t count = is_list ? json_object_array_length(value) : 0, kept = 0;
    *ret_texts = calloc(count + 1, sizeof(char *)); /* the policy's, in any case */
    if (!*ret_texts)
        reader->code = CHIMERA_ENOMEM;
    for (size_t i = 0; i < count && reader->code == CHIMERA_OK; i++) {
        chimera_document_enter_index(reader->document, i);
        read(reader, json_object_array_get_idx(value, i), &(*ret_texts)[kept]);
        kept += (*ret_texts)[kept] != NULL;
        chimera_document_leave(reader->document);
    }
    if (is_there)
        chimera_document_leave(reader->document);
}

/* --- Policies --- */

/* What a policy and a member of a group have in common. */
static void read_common(struct reader *reader, struct json_object *entry,
                        struct policy_spec *policy)
{
    read_text(reader, entry, "module", A_MODULE, &policy->module);
    read_settings(reader, entry, &policy->settings);
    read_limit(reader, entry, policy);
    reader->is_all_allowed = false;
    read_list(reader, entry, "hostCapabilities", "a list of patterns such as [\"oci/*\"]",
              copy_pattern, &policy->capabilities);
    read_list(reader, entry, "contextAwareResources",
              "a list of resources, as in [{apiVersion: v1, kind: Namespace}]", copy_resource,
              &policy->resources);
}

/* Appends one zeroed policy with its names set; NULL when memory ran out. */
static struct policy_spec *add_policy(struct reader *reader, const char *group, const char *name)
{
    struct policies *policies = reader->policies;
    struct policy_spec *list =
        reallocarray(policies->policy, policies->policy_count + 1, sizeof(*list));
    reader->code = CHIMERA_ENOMEM; /* until all is there */
    if (!list)
        return NULL;
    policies->policy = list;
    struct policy_spec *policy = &list[policies->policy_count];
    *policy = (struct policy_spec){.group = group ? policies->group_count : NO_GROUP};
    if (asprintf(&policy->id, "%s%s%s", group ? group : "", group ? "/" : "", name) < 0)
        return NULL;
    policy->name = policy->id + strlen(policy->id) - strlen(name);
    policies->policy_count++;
    reader->code = CHIMERA_OK;
    return policy;
}

static void read_policy(struct reader *reader, const char *name, struct json_object *entry)
{
    struct policy_spec *policy = add_policy(reader, NULL, name);
    if (!policy)
        return;
    read_common(reader, entry, policy);
    read_namespace(reader, entry, &policy->for_namespace);
    read_mode(reader, entry, &policy->mode);
    struct json_object *value = NULL;
    if (chimera_document_member(reader->document, entry, "allowedToMutate", NULL, &value)) {
        if (value &&
            chimera_document_is(reader->document, value, json_type_boolean, "true or false"))
            policy->allowed_to_mutate = json_object_get_boolean(value);
        chimera_document_leave(reader->document);
    }
    value = NULL;
    if (!chimera_document_member(reader->document, entry, "message", NULL, &value))
        return;
    if (value)
        copy_text(reader, value, "a text", &policy->message);
    chimera_document_leave(reader->document);
}

/* --- Groups --- */

static void read_member(struct reader *reader, const char *group, const char *name,
                        struct json_object *member)
{
    if (strchr(name, '/'))
        chimera_document_note_key(reader->document,
                                  "expected a name of a member without '/' (policy group '%s' "
                                  "contains policies with invalid names)",
                                  group);
    if (!chimera_document_is(reader->document, member, json_type_object,
                             "a map with `module`, and perhaps `settings`"))
        return;
    const char *known[POLICIES_KEYS_MAX];
    policies_keys_of(POLICIES_OF_MEMBER, known);
    chimera_document_refuse_others(reader->document, member, known, "a member of a group");
    struct policy_spec *policy = add_policy(reader, group, name);
    if (policy)
        read_common(reader, member, policy);
}

static void read_members(struct reader *reader, const char *group, struct json_object *entry)
{
    struct json_object *members = NULL;
    static const char expected[] = "a map from names to members, as in {a: {module: …}}";
    if (!chimera_document_member(reader->document, entry, "policies", expected, &members))
        return;
    if (chimera_document_is(reader->document, members, json_type_object, expected)) {
        struct json_object_iterator at = json_object_iter_begin(members),
                                    end = json_object_iter_end(members);
        for (; reader->code == CHIMERA_OK && !json_object_iter_equal(&at, &end);
             json_object_iter_next(&at)) {
            const char *name = json_object_iter_peek_name(&at);
            chimera_document_enter(reader->document, name);
            read_member(reader, group, name, json_object_iter_peek_value(&at));
            chimera_document_leave(reader->document);
        }
    }
    chimera_document_leave(reader->document);
}

static void read_group(struct reader *reader, const char *name, struct json_object *entry)
{
    struct policies *policies = reader->policies;
    struct group_spec *list =
        reallocarray(policies->group, policies->group_count + 1, sizeof(*list));
    if (list)
        policies->group = list;
    struct group_spec group = {.name = strdup(name), .first = policies->policy_count};
    if (!list || !group.name) {
        free(group.name);
        reader->code = CHIMERA_ENOMEM;
        return;
    }
    read_namespace(reader, entry, &group.for_namespace);
    read_mode(reader, entry, &group.mode);
    read_text(reader, entry, "expression", AN_EXPRESSION, &group.expression);
    read_text(reader, entry, "message", "a text", &group.message);
    read_members(reader, name, entry);
    group.count = policies->policy_count - group.first;
    policies->group[policies->group_count++] = group;
}

/* --- Entries --- */

typedef void entry_reader(struct reader *reader, const char *name, struct json_object *entry);

/* True when the entry can be read so. Else what is wrong is in *ret_problems, and nothing is left.
 */
static bool try_as(struct reader *reader, entry_reader *read, const char *name,
                   struct json_object *entry, struct chimera_problems *ret_problems)
{
    struct policies *policies = reader->policies;
    struct chimera_problems before = reader->document->problems;
    size_t first = policies->policy_count, groups = policies->group_count;
    reader->document->problems = (struct chimera_problems){0};
    read(reader, name, entry);
    *ret_problems = reader->document->problems;
    reader->document->problems = before;
    if (!chimera_problems_any(ret_problems))
        return true;
    while (policies->group_count > groups) {
        struct group_spec *group = &policies->group[--policies->group_count];
        free(group->name);
        free(group->expression);
        free(group->message);
        free(group->for_namespace);
    }
    policies_drop_from(policies, first);
    return false;
}

/* The keys that are ignored, as the reference does, but not without a word. */
static void warn_of_others(struct reader *reader, struct json_object *entry,
                           enum policies_owner owner, const char *what)
{
    const char *known[POLICIES_KEYS_MAX];
    policies_keys_of(owner, known);
    struct chimera_problems before = reader->document->problems;
    struct json_object_iterator at = json_object_iter_begin(entry),
                                end = json_object_iter_end(entry);
    reader->document->problems = (struct chimera_problems){0};
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *key = json_object_iter_peek_name(&at);
        if (!chimera_document_is_known(key, known))
            chimera_document_refuse_key(reader->document, key, known, what);
    }
    chimera_problems_move(&reader->document->problems, reader->warnings);
    reader->document->problems = before;
}

static bool has_like(struct json_object *entry, const char *wanted)
{
    const char *const known[] = {wanted, NULL};
    struct json_object_iterator at = json_object_iter_begin(entry),
                                end = json_object_iter_end(entry);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        if (chimera_nearest(json_object_iter_peek_name(&at), known))
            return true;
    return false;
}

/* First tried as a policy, then as a group, as the reference does; told is what is wrong with what
 * it seems to be. */
static void read_form(struct reader *reader, const char *name, struct json_object *entry)
{
    struct chimera_problems of_policy = {0}, of_group = {0};
    if (has_key(entry, "module") && try_as(reader, read_policy, name, entry, &of_policy)) {
        warn_of_others(reader, entry, POLICIES_OF_POLICY, "ignored: a policy");
        return;
    }
    if (try_as(reader, read_group, name, entry, &of_group)) {
        warn_of_others(reader, entry, POLICIES_OF_GROUP, "ignored: a policy group");
        chimera_problems_done(&of_policy);
        return;
    }
    bool is_group = has_key(entry, "expression") || has_key(entry, "policies");
    bool is_policy =
        has_key(entry, "module") || (!is_group && has_like(entry, "module") &&
                                     !try_as(reader, read_policy, name, entry, &of_policy));
    struct chimera_problems *told = is_policy ? &of_policy : is_group ? &of_group : NULL;
    if (told)
        chimera_problems_move(told, &reader->document->problems);
    else
        chimera_document_note_key(reader->document, "expected " AN_ENTRY ", found a map %s",
                                  has_key(entry, "url") ? "with `url`; is `module` meant?"
                                  : has_key(entry, "<<")
                                      ? "with neither; `<<` merges nothing here, write its keys out"
                                      : "with neither");
    chimera_problems_done(&of_policy);
    chimera_problems_done(&of_group);
}

static void read_entry(struct reader *reader, const char *name, struct json_object *entry)
{
    chimera_document_enter(reader->document, name);
    if (!*name)
        chimera_document_note_key(reader->document,
                                  "expected an id, found an empty one (Not a valid Policy ID: )");
    if (strchr(name, '/'))
        chimera_document_note_key(reader->document, "policy name '%s' contains a '/' character",
                                  name);
    if (chimera_document_is(reader->document, entry, json_type_object, AN_ENTRY))
        read_form(reader, name, entry);
    chimera_document_leave(reader->document);
}

#define THE_FORM                                                                                 \
    "expected a map from ids to policies, in which `module` and `settings` stand under the id, " \
    "as in {my-policy: {module: …}}"

static const char *text_of(struct json_object *map, const char *key)
{
    struct json_object *value = chimera_json_member(map, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

/* What `kubectl get -o yaml` prints is taken for the file time and again. */
static bool refuse_manifest(struct chimera_document *document)
{
    const char *version = text_of(document->tree, "apiVersion");
    const char *kind = text_of(document->tree, "kind");
    if (!version || !kind)
        return false;
    struct json_object *metadata = chimera_json_member(document->tree, "metadata");
    struct json_object *spec = chimera_json_member(document->tree, "spec");
    const char *name = text_of(metadata, "name");
    const char *module = text_of(spec, "module");
    bool is_ours = strncmp(version, KUBEWARDEN, strlen(KUBEWARDEN)) == 0;
    chimera_document_enter(document, "apiVersion");
    if (is_ours && name && module)
        chimera_document_note_key(
            document,
            "a manifest of Kubewarden's %.60s, of which its controller makes an entry of this "
            "file: here write {%.100s: {module: \"%.300s\", …}}, with `settings` and the like "
            "beside "
            "`module`; `chimera run` takes the manifest itself",
            kind, name, module);
    else
        chimera_document_note_key(document, "a Kubernetes object of kind \"%.100s\"; " THE_FORM,
                                  kind);
    chimera_document_leave(document);
    return true;
}

int policies_take(struct chimera_document *document, enum policies_limits limits,
                  struct policies *policies, struct chimera_problems *warnings)
{
    struct reader reader = {
        .document = document, .limits = limits, .policies = policies, .warnings = warnings};
    struct json_object *tree = document->tree;
    if (!chimera_document_is(document, tree, json_type_object,
                             "a map from ids to policies, as in {my-policy: {module: …}}"))
        return CHIMERA_OK;
    if (refuse_manifest(document))
        return CHIMERA_OK;
    struct json_object_iterator at = json_object_iter_begin(tree), end = json_object_iter_end(tree);
    for (; reader.code == CHIMERA_OK && !json_object_iter_equal(&at, &end);
         json_object_iter_next(&at))
        read_entry(&reader, json_object_iter_peek_name(&at), json_object_iter_peek_value(&at));
    return reader.code;
}
