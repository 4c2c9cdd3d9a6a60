/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/abi/capability.h"

#include <stdio.h>

#include "runtime/json/tree.h"
#include "runtime/log/log.h"

#define TARGET "chimera::capability"

enum payload {
    PAYLOAD_TEXT,
    PAYLOAD_OBJECT,
    PAYLOAD_RESOURCE
}; /* RESOURCE: has api_version, kind */

/* All there is to be granted, sorted: the children of a node stand together. */
static const struct capability {
    const char *path;
    enum payload payload;
    const char *required[4]; /* in the order in which the reference misses them */
} capabilities[] = {
    {"crypto/v1/is_certificate_trusted", PAYLOAD_OBJECT, {"cert"}},
    {"kubernetes/can_i", PAYLOAD_OBJECT, {"subject_access_review", "disable_cache"}},
    {"kubernetes/get_resource", PAYLOAD_RESOURCE, {"api_version", "kind", "name", "disable_cache"}},
    {"kubernetes/list_resources_all", PAYLOAD_RESOURCE, {"api_version", "kind"}},
    {"kubernetes/list_resources_by_namespace",
     PAYLOAD_RESOURCE,
     {"api_version", "kind", "namespace"}},
    {"net/v1/dns_lookup_host", PAYLOAD_TEXT, {0}},
    {"oci/v1/manifest_digest", PAYLOAD_TEXT, {0}},
    {"oci/v1/oci_manifest", PAYLOAD_TEXT, {0}},
    {"oci/v1/oci_manifest_config", PAYLOAD_TEXT, {0}},
    {"oci/v1/verify", PAYLOAD_OBJECT, {0}},
    {"oci/v2/verify", PAYLOAD_OBJECT, {"type"}},
};

#define CAPABILITY_COUNT (sizeof(capabilities) / sizeof(*capabilities))
#define REQUIRED_MAX (sizeof(capabilities[0].required) / sizeof(*capabilities[0].required))

/* --- Patterns --- */

enum node { NODE_UNKNOWN, NODE_INNER, NODE_LEAF };

/* What the first `size` bytes of `path` name in the tree. */
static enum node node_at(const char *path, size_t size)
{
    for (size_t i = 0; i < CAPABILITY_COUNT; i++) {
        const char *known = capabilities[i].path;
        if (strlen(known) >= size && memcmp(known, path, size) == 0 &&
            (known[size] == '\0' || known[size] == '/'))
            return known[size] == '/' ? NODE_INNER : NODE_LEAF;
    }
    return NODE_UNKNOWN;
}

/* "v1, v2": the names that may follow the first `size` bytes of `path`, which end in a slash. */
static void list_children(const char *path, size_t size, char *ret_list, size_t list_size)
{
    struct chimera_slice last = {0};
    size_t used = 0;
    ret_list[0] = '\0';
    for (size_t i = 0; i < CAPABILITY_COUNT; i++) {
        const char *known = capabilities[i].path;
        if (strncmp(known, path, size) != 0)
            continue;
        struct chimera_slice name = {known + size, strcspn(known + size, "/")};
        if (chimera_slice_equal(name, last))
            continue;
        int step = snprintf(ret_list + used, list_size - used, "%s%.*s", used ? ", " : "",
                            (int)name.size, name.data);
        used += step > 0 && (size_t)step < list_size - used ? (size_t)step : 0;
        last = name;
    }
}

static int fail_unknown(struct chimera_slice pattern, size_t at, struct chimera_slice segment,
                        bool has_children, struct chimera_error *err)
{
    char list[256] = "";
    if (has_children)
        list_children(pattern.data, at, list, sizeof(list));
    return chimera_fail(err, CHIMERA_EINVAL,
                        "invalid pattern \"%.*s\": unknown segment \"%.*s\", valid options at this "
                        "level are: %s",
                        (int)pattern.size, pattern.data, (int)segment.size, segment.data, list);
}

static struct chimera_slice segment_at(struct chimera_slice pattern, size_t at)
{
    size_t end = at;
    while (end < pattern.size && pattern.data[end] != '/')
        end++;
    return (struct chimera_slice){pattern.data + at, end - at};
}

/* Follows the pattern down the tree; `pattern` is trimmed, and '*' only its last segment. */
static int check_path(struct chimera_slice pattern, struct chimera_error *err)
{
    for (size_t at = 0; at <= pattern.size;) {
        struct chimera_slice segment = segment_at(pattern, at);
        size_t end = at + segment.size;
        if (chimera_slice_is(segment, "*"))
            return CHIMERA_OK;
        enum node node = segment.size ? node_at(pattern.data, end) : NODE_UNKNOWN;
        if (node == NODE_UNKNOWN)
            return fail_unknown(pattern, at, segment, true, err);
        if (node == NODE_LEAF && end < pattern.size)
            return fail_unknown(pattern, end + 1, segment_at(pattern, end + 1), false, err);
        if (node == NODE_INNER && end == pattern.size)
            return chimera_fail(err, CHIMERA_EINVAL,
                                "invalid pattern \"%.*s\": not a complete capability path; use "
                                "\"%.*s/*\" to allow all capabilities under it",
                                (int)pattern.size, pattern.data, (int)pattern.size, pattern.data);
        at = end + 1;
    }
    return CHIMERA_OK;
}

int chimera_capability_check(const char *pattern, struct chimera_error *err)
{
    struct chimera_slice trimmed = chimera_slice_trim(chimera_slice_of(pattern));
    if (trimmed.size == 0)
        return chimera_fail(err, CHIMERA_EINVAL, "invalid pattern: pattern must not be empty");
    if (chimera_slice_is(trimmed, "*"))
        return CHIMERA_OK;
    const char *star = memchr(trimmed.data, '*', trimmed.size);
    if (star && (star != trimmed.data + trimmed.size - 1 || star[-1] != '/'))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "invalid pattern \"%s\": wildcard '*' must be the entire last path "
                            "segment (e.g. 'oci/*'), not a partial match",
                            pattern);
    return check_path(trimmed, err);
}

/* --- Grants --- */

static bool pattern_matches(const char *pattern, struct chimera_slice path)
{
    struct chimera_slice trimmed = chimera_slice_trim(chimera_slice_of(pattern));
    if (trimmed.size == 0 || trimmed.data[trimmed.size - 1] != '*')
        return chimera_slice_equal(trimmed, path);
    size_t size = trimmed.size - 1;
    return path.size >= size && memcmp(path.data, trimmed.data, size) == 0;
}

static bool is_granted(const struct chimera_grants *grants, struct chimera_slice path)
{
    for (const char *const *at = grants->capabilities; at && *at; at++)
        if (pattern_matches(*at, path))
            return true;
    return false;
}

static bool may_read(const struct chimera_grants *grants, const char *api_version, const char *kind)
{
    size_t size = strlen(api_version);
    for (const char *const *at = grants->resources; at && *at; at++)
        if (strncmp(*at, api_version, size) == 0 && (*at)[size] == '/' &&
            strcmp(*at + size + 1, kind) == 0)
            return true;
    return false;
}

/* --- tracing/log --- */

static struct chimera_slice policy_of(const struct chimera_grants *grants)
{
    return chimera_slice_of(grants->policy_id);
}

static struct chimera_slice text_of(struct json_object *value)
{
    return (struct chimera_slice){json_object_get_string(value),
                                  (size_t)json_object_get_string_len(value)};
}

/* Takes level and message out of the entry; what remains are its data. */
static bool take_entry(struct json_object *entry, enum chimera_log_level *ret_level,
                       struct json_object **ret_message)
{
    struct json_object *level, *message = NULL;
    if (!json_object_is_type(entry, json_type_object) ||
        !json_object_object_get_ex(entry, "level", &level) ||
        !json_object_is_type(level, json_type_string) ||
        !chimera_log_level_parse(text_of(level), ret_level))
        return false;
    json_object_object_get_ex(entry, "message", &message);
    if (message && !json_object_is_type(message, json_type_string))
        return false;
    *ret_message = json_object_get(message);
    json_object_object_del(entry, "level");
    json_object_object_del(entry, "message");
    return true;
}

static void write_entry(const struct chimera_grants *grants, enum chimera_log_level level,
                        struct json_object *entry, struct json_object *message,
                        struct chimera_account *account)
{
    struct chimera_buffer data;
    chimera_buffer_init_within(&data, (size_t)1 << 20, account);
    chimera_json_write(entry, &data);
    chimera_log_write_in(
        "policy_log", level, "policy_log", message ? text_of(message) : CHIMERA_SLICE(""),
        (const struct chimera_log_field[]){CHIMERA_WORD("data", chimera_buffer_slice(&data)),
                                           CHIMERA_TEXT("policy_id", policy_of(grants))},
        2);
    chimera_buffer_free(&data);
}

static void log_payload(const struct chimera_grants *grants, struct chimera_slice payload,
                        struct chimera_account *account)
{
    CHIMERA_JSON struct json_object *entry = NULL;
    CHIMERA_JSON struct json_object *message = NULL;
    enum chimera_log_level level;
    struct chimera_error err = {0};
    int code = chimera_json_parse_within(payload, account, &entry, &err);
    if (account && account->failed)
        return; /* the guest is left for that */
    if (code < 0 || !take_entry(entry, &level, &message)) {
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("Cannot log event"),
                         CHIMERA_TEXT("policy_id", policy_of(grants)),
                         CHIMERA_TEXT("payload", payload),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
        return;
    }
    if (chimera_log_is_on(level))
        write_entry(grants, level, entry, message, account);
}

static void log_entry(const struct chimera_grants *grants, struct chimera_slice payload,
                      struct chimera_account *account)
{
    struct chimera_account_mark mark = chimera_account_mark(account);
    if (!chimera_log_is_on(CHIMERA_LOG_ERROR))
        return;
    log_payload(grants, payload, account);
    chimera_account_restore(account, mark);
}

/* --- Dispatch --- */

static const struct capability *capability_of(struct chimera_slice path)
{
    for (size_t i = 0; i < CAPABILITY_COUNT; i++)
        if (chimera_slice_is(path, capabilities[i].path))
            return &capabilities[i];
    return NULL;
}

/* Empties `answer` and fills it with an error for the guest: `before`, `text`, `after`. */
static bool refuse(struct chimera_buffer *answer, const char *before, struct chimera_slice text,
                   const char *after)
{
    chimera_buffer_reset(answer);
    chimera_buffer_text(answer, before);
    chimera_buffer_append(answer, text);
    chimera_buffer_text(answer, after);
    return false;
}

/* Line and column of the last character, where serde_json stands when it misses a field. */
static void end_of(struct chimera_slice text, struct chimera_account *account, size_t *ret_line,
                   size_t *ret_column)
{
    text = chimera_slice_trim(text);
    *ret_line = 1;
    *ret_column = 0;
    for (size_t i = 0; i < text.size && chimera_account_spend(account, 1) == CHIMERA_OK; i++) {
        ++*ret_column;
        if (text.data[i] == '\n') {
            ++*ret_line;
            *ret_column = 0;
        }
    }
}

static const char *type_name(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return "null";
    case json_type_boolean:
        return "boolean";
    case json_type_double:
        return "floating point";
    case json_type_int:
        return "integer";
    case json_type_object:
        return "map";
    case json_type_array:
        return "sequence";
    case json_type_string:
        return "string";
    }
    return "value";
}

static bool refuse_type(struct json_object *value, const char *expected,
                        struct chimera_buffer *answer)
{
    chimera_buffer_reset(answer);
    chimera_buffer_print(answer, "invalid type: %s, expected %s", type_name(value), expected);
    return false;
}

static bool has_required(const struct capability *capability, struct json_object *payload,
                         struct chimera_slice text, struct chimera_buffer *answer)
{
    struct json_object *value;
    for (size_t i = 0; i < REQUIRED_MAX && capability->required[i]; i++) {
        if (json_object_object_get_ex(payload, capability->required[i], &value))
            continue;
        size_t line, column;
        end_of(text, answer->account, &line, &column);
        chimera_buffer_reset(answer);
        chimera_buffer_print(answer, "missing field `%s` at line %zu column %zu",
                             capability->required[i], line, column);
        return false;
    }
    return true;
}

static bool may_read_payload(const struct chimera_grants *grants, struct json_object *payload,
                             struct chimera_buffer *answer)
{
    struct json_object *api_version = json_object_object_get(payload, "api_version");
    struct json_object *kind = json_object_object_get(payload, "kind");
    if (!json_object_is_type(api_version, json_type_string))
        return refuse_type(api_version, "a string", answer);
    if (!json_object_is_type(kind, json_type_string))
        return refuse_type(kind, "a string", answer);
    const char *resource[] = {json_object_get_string(api_version), json_object_get_string(kind)};
    if (may_read(grants, resource[0], resource[1]))
        return true;
    chimera_buffer_reset(answer);
    chimera_buffer_print(answer, "%s/%s", resource[0], resource[1]);
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                     CHIMERA_SLICE("Policy tried to access a Kubernetes resource it doesn't have "
                                   "access to"),
                     CHIMERA_TEXT("policy", policy_of(grants)),
                     CHIMERA_TEXT("resource_requested", chimera_buffer_slice(answer)));
    chimera_buffer_reset(answer);
    chimera_buffer_print(answer,
                         "Policy has not been granted access to Kubernetes %s/%s resources. The "
                         "violation has been reported.",
                         resource[0], resource[1]);
    return false;
}

static bool check_tree(const struct chimera_grants *grants, const struct capability *capability,
                       struct chimera_slice text, struct json_object *payload,
                       struct chimera_buffer *answer)
{
    if (capability->payload == PAYLOAD_TEXT)
        return json_object_is_type(payload, json_type_string) ||
               refuse_type(payload, "a string", answer);
    if (!json_object_is_type(payload, json_type_object))
        return refuse_type(payload, "a map", answer);
    if (!has_required(capability, payload, text, answer))
        return false;
    return capability->payload != PAYLOAD_RESOURCE || may_read_payload(grants, payload, answer);
}

/* Is the payload what the operation takes, and may the policy ask for it? What is made of it is
 * gone again then; the answer stays. */
static bool check_payload(const struct chimera_grants *grants, const struct capability *capability,
                          struct chimera_slice text, struct chimera_buffer *answer)
{
    struct json_object *payload = NULL;
    struct chimera_error err = {0};
    struct chimera_account_mark before = chimera_account_mark(answer->account);
    int code = chimera_json_parse_within(text, answer->account, &payload, &err);
    struct chimera_account_mark behind = chimera_account_mark(answer->account);
    bool is_good = code < 0 ? refuse(answer, "", chimera_slice_of(err.text), "")
                            : check_tree(grants, capability, text, payload, answer);
    json_object_put(payload);
    chimera_account_undo(answer->account, before, behind);
    return is_good;
}

static bool refuse_ungranted(const struct chimera_grants *grants,
                             const struct chimera_host_request *call, struct chimera_buffer *answer)
{
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                     CHIMERA_SLICE("Policy tried to use a host capability it has not been granted"),
                     CHIMERA_TEXT("policy", policy_of(grants)),
                     CHIMERA_TEXT("capability", chimera_buffer_slice(answer)));
    refuse(answer, "Policy has not been granted access to the '", call->name_space, "/");
    chimera_buffer_append(answer, call->operation);
    chimera_buffer_text(answer, "' host capability. The violation has been reported.");
    return false;
}

static bool is_known_name_space(struct chimera_slice name)
{
    return name.size > 0 && !memchr(name.data, '/', name.size) &&
           node_at(name.data, name.size) == NODE_INNER;
}

bool chimera_capability_call(const struct chimera_grants *grants,
                             const struct chimera_host_request *call, struct chimera_buffer *answer)
{
    chimera_buffer_reset(answer);
    if (!chimera_slice_is(call->binding, "kubewarden"))
        return refuse(answer, "unknown binding: ", call->binding, "");
    if (chimera_slice_is(call->name_space, "tracing")) {
        if (!chimera_slice_is(call->operation, "log"))
            return refuse(answer, "unknown operation: ", call->operation, "");
        log_entry(grants, call->payload, answer->account);
        return true;
    }
    chimera_buffer_append(answer, call->name_space);
    chimera_buffer_byte(answer, '/');
    chimera_buffer_append(answer, call->operation);
    struct chimera_slice path = chimera_buffer_slice(answer);
    if (answer->failed || !is_granted(grants, path))
        return refuse_ungranted(grants, call, answer);
    if (!is_known_name_space(call->name_space))
        return refuse(answer, "unknown namespace: ", call->name_space, "");
    const struct capability *capability = capability_of(path);
    if (!capability)
        return refuse(answer, "unknown operation: ", call->operation, "");
    if (!check_payload(grants, capability, call->payload, answer))
        return false;
    return refuse(answer, "Callback evaluation failure: the host capability ",
                  chimera_slice_of(capability->path),
                  " is not available in this version of Chimera");
}
