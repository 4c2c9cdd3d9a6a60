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

/* Lists and gets of the cluster's objects need a grant of their kind. */
static bool may_ask(const struct chimera_grants *grants, const struct chimera_host_request *request,
                    struct chimera_buffer *answer)
{
    if (request->kind != CHIMERA_ASK_LIST_ALL && request->kind != CHIMERA_ASK_LIST_NAMESPACE &&
        request->kind != CHIMERA_ASK_GET)
        return true;
    const char *resource[] = {
        json_object_get_string(chimera_json_member(request->fields, "api_version")),
        json_object_get_string(chimera_json_member(request->fields, "kind"))};
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

/* Reads the payload and asks. What is made of it is gone again then; the answer stays. */
static bool ask(const struct chimera_grants *grants, const char *path, struct chimera_slice payload,
                struct chimera_host_answer *answer)
{
    struct chimera_host_request request = {0};
    struct chimera_error err = {0};
    struct chimera_account *account = answer->text->account;
    struct chimera_account_mark before = chimera_account_mark(account);
    chimera_buffer_reset(answer->text);
    int code = chimera_host_request_read(path, payload, account, &request, &err);
    struct chimera_account_mark behind = chimera_account_mark(account);
    bool is_good = false;
    if (code < 0)
        answer_error(answer->text, "", chimera_slice_of(err.text), "");
    else if (!may_ask(grants, &request, answer->text))
        ;
    else if (!grants->source)
        answer_error(answer->text,
                     "Cannot process Wasm guest request: callback channel not provided",
                     CHIMERA_SLICE(""), "");
    else
        is_good = grants->source->ask(grants->source, &request, answer);
    chimera_host_request_end(&request);
    chimera_account_undo(account, before, behind);
    if (!is_good)
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("callback evaluation failed"),
                         CHIMERA_TEXT("policy_id", chimera_grants_policy_id(grants)),
                         CHIMERA_TEXT("operation", chimera_slice_of(path)),
                         CHIMERA_TEXT("error", chimera_buffer_slice(answer->text)));
    return is_good;
}

bool chimera_capability_call(const struct chimera_grants *grants,
                             const struct chimera_guest_request *call,
                             struct chimera_host_answer *ret_answer)
{
    struct chimera_buffer *answer = ret_answer->text;
    chimera_host_answer_end(ret_answer);
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
    const char *known = chimera_capability_find(path);
    if (!known)
        return answer_error(answer, "unknown operation: ", call->operation, "");
    return ask(grants, known, call->payload, ret_answer);
}
