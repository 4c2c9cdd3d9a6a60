/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/dispatch.h"

#include "runtime/capability/tracing.h"
#include "runtime/capability/tree.h"
#include "runtime/json/tree.h"
#include "runtime/log/log.h"

#define TARGET "chimera::capability"

/* Empties `answer` and fills it with an error for the guest: `before`, `text`, `after`. */
static bool answer_error(struct chimera_buffer *answer, const char *before,
                         struct chimera_slice text, const char *after)
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

static bool has_required(const struct chimera_capability *capability, struct json_object *payload,
                         struct chimera_slice text, struct chimera_buffer *answer)
{
    struct json_object *value;
    for (size_t i = 0; i < CHIMERA_REQUIRED_MAX && capability->required[i]; i++) {
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
    if (chimera_grants_may_read(grants, resource[0], resource[1]))
        return true;
    chimera_buffer_reset(answer);
    chimera_buffer_print(answer, "%s/%s", resource[0], resource[1]);
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                     CHIMERA_SLICE("Policy tried to access a Kubernetes resource it doesn't have "
                                   "access to"),
                     CHIMERA_TEXT("policy", chimera_grants_policy_id(grants)),
                     CHIMERA_TEXT("resource_requested", chimera_buffer_slice(answer)));
    chimera_buffer_reset(answer);
    chimera_buffer_print(answer,
                         "Policy has not been granted access to Kubernetes %s/%s resources. The "
                         "violation has been reported.",
                         resource[0], resource[1]);
    return false;
}

static bool check_tree(const struct chimera_grants *grants,
                       const struct chimera_capability *capability, struct chimera_slice text,
                       struct json_object *payload, struct chimera_buffer *answer)
{
    if (capability->payload == CHIMERA_PAYLOAD_TEXT)
        return json_object_is_type(payload, json_type_string) ||
               refuse_type(payload, "a string", answer);
    if (!json_object_is_type(payload, json_type_object))
        return refuse_type(payload, "a map", answer);
    if (!has_required(capability, payload, text, answer))
        return false;
    return capability->payload != CHIMERA_PAYLOAD_RESOURCE ||
           may_read_payload(grants, payload, answer);
}

/* Is the payload what the operation takes, and may the policy ask for it? What is made of it is
 * gone again then; the answer stays. */
static bool check_payload(const struct chimera_grants *grants,
                          const struct chimera_capability *capability, struct chimera_slice text,
                          struct chimera_buffer *answer)
{
    struct json_object *payload = NULL;
    struct chimera_error err = {0};
    struct chimera_account_mark before = chimera_account_mark(answer->account);
    int code = chimera_json_parse_within(text, answer->account, &payload, &err);
    struct chimera_account_mark behind = chimera_account_mark(answer->account);
    bool is_good = code < 0 ? answer_error(answer, "", chimera_slice_of(err.text), "")
                            : check_tree(grants, capability, text, payload, answer);
    json_object_put(payload);
    chimera_account_undo(answer->account, before, behind);
    return is_good;
}

bool chimera_capability_call(const struct chimera_grants *grants,
                             const struct chimera_guest_request *call,
                             struct chimera_buffer *answer)
{
    chimera_buffer_reset(answer);
    if (!chimera_slice_is(call->binding, "kubewarden"))
        return answer_error(answer, "unknown binding: ", call->binding, "");
    if (chimera_slice_is(call->name_space, "tracing")) {
        if (!chimera_slice_is(call->operation, "log"))
            return answer_error(answer, "unknown operation: ", call->operation, "");
        chimera_tracing_log(grants, call->payload, answer->account);
        return true;
    }
    chimera_buffer_append(answer, call->name_space);
    chimera_buffer_byte(answer, '/');
    chimera_buffer_append(answer, call->operation);
    struct chimera_slice path = chimera_buffer_slice(answer);
    if (answer->failed || !chimera_grants_allow(grants, path)) {
        chimera_log_with(
            CHIMERA_LOG_ERROR, TARGET,
            CHIMERA_SLICE("Policy tried to use a host capability it has not been granted"),
            CHIMERA_TEXT("policy", chimera_grants_policy_id(grants)),
            CHIMERA_TEXT("capability", chimera_buffer_slice(answer)));
        answer_error(answer, "Policy has not been granted access to the '", call->name_space, "/");
        chimera_buffer_append(answer, call->operation);
        chimera_buffer_text(answer, "' host capability. The violation has been reported.");
        return false;
    }
    struct chimera_slice name = call->name_space;
    if (name.size == 0 || memchr(name.data, '/', name.size) ||
        chimera_capability_node(name.data, name.size) != CHIMERA_NODE_INNER)
        return answer_error(answer, "unknown namespace: ", call->name_space, "");
    const struct chimera_capability *capability = chimera_capability_find(path);
    if (!capability)
        return answer_error(answer, "unknown operation: ", call->operation, "");
    if (!check_payload(grants, capability, call->payload, answer))
        return false;
    return answer_error(answer, "Callback evaluation failure: the host capability ",
                        chimera_slice_of(capability->path),
                        " is not available in this version of Chimera");
}
