/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins that reach the network: http.send, net.lookup_ip_addr. Not from here: they are answered
 * as host calls are, and only for hosts that the operator has listed. */
#include <strings.h>

#include "runtime/capability/source.h"
#include "runtime/json/tree.h"
#include "runtime/rego/arguments.h"
#include "runtime/rego/go_json.h"

static bool is_anything_listed(const struct chimera_rego_call *call)
{
    return call->grants && call->grants->hosts && call->grants->hosts[0] && call->grants->source;
}

/* Is the host listed, with any port? */
static bool is_host_listed(const struct chimera_rego_call *call, struct chimera_slice host)
{
    if (!is_anything_listed(call) || memchr(host.data, '\0', host.size))
        return false;
    for (const char *const *at = call->grants->hosts; *at; at++)
        if (strlen(*at) >= host.size && strncasecmp(*at, host.data, host.size) == 0 &&
            ((*at)[host.size] == '\0' || (*at)[host.size] == ':'))
            return true;
    return false;
}

/* What comes of it: in `text`, be it an answer or why there is none. */
static bool ask(const struct chimera_rego_call *call, enum chimera_host_request_kind kind,
                struct json_object *fields, struct chimera_buffer *text)
{
    const struct chimera_host_request request = {kind, fields};
    struct chimera_host_answer answer = {.text = text};
    bool is_good = call->grants->source->ask(call->grants->source, &request, &answer);
    if (answer.shared)
        chimera_buffer_append(text, answer.shared->bytes);
    chimera_host_answer_end(&answer);
    return is_good;
}

/* The reason without what host calls put before it. */
static int fail_with(const struct chimera_rego_call *call, const struct chimera_buffer *text)
{
    static const char *const before[] = {"Callback evaluation failure: ", "http.send: "};
    struct chimera_slice why = chimera_buffer_slice(text);
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
        if (chimera_slice_starts(why, before[i]))
            why = chimera_slice_behind(why, strlen(before[i]));
    return text->failed ? chimera_rego_no_memory(call)
                        : chimera_fail(call->err, CHIMERA_EINVAL, "%.*s", (int)why.size, why.data);
}

static int push_addresses(const struct chimera_rego_call *call, struct json_object *answer,
                          struct json_object **ret_result)
{
    struct json_object *ips = chimera_json_member(answer, "ips");
    struct json_object *set = chimera_node_array(call->account);
    int code = set ? CHIMERA_OK : chimera_rego_no_memory(call);
    size_t count = json_object_is_type(ips, json_type_array) ? json_object_array_length(ips) : 0;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = chimera_rego_push(call, set, json_object_get(json_object_array_get_idx(ips, i)));
    return chimera_rego_finish_set(call, code, set, ret_result);
}

int chimera_rego_lookup_ip_addr(const struct chimera_rego_call *call,
                                struct json_object **ret_result)
{
    struct chimera_slice name;
    CHIMERA_JSON struct json_object *answer = NULL;
    struct chimera_buffer text;
    int code = chimera_rego_want_string(call, 0, &name);
    if (code < 0)
        return code;
    if (!is_host_listed(call, name))
        return chimera_fail(call->err, CHIMERA_EINVAL, "unallowed host: %.*s",
                            name.size < 256 ? (int)name.size : 256, name.data);
    CHIMERA_JSON struct json_object *fields = chimera_node_object(call->account);
    if (!fields ||
        chimera_node_add(call->account, fields, "host", json_object_get(call->args[0])) < 0)
        return chimera_rego_no_memory(call);
    chimera_rego_buffer(call, &text);
    bool is_good = ask(call, CHIMERA_ASK_ADDRESSES, fields, &text);
    if (is_good && !text.failed)
        code = chimera_json_parse_within(chimera_buffer_slice(&text), call->account, &answer,
                                         call->err);
    else
        code = fail_with(call, &text);
    chimera_buffer_free(&text);
    return code < 0 ? code : push_addresses(call, answer, ret_result);
}

/* --- http.send --- */

/* The request and the hosts that it may go to. */
static int make_fields(const struct chimera_rego_call *call, struct json_object **ret_fields)
{
    struct json_object *fields = chimera_node_object(call->account), *request = NULL;
    struct json_object *hosts = chimera_node_array(call->account);
    int code = fields && hosts ? chimera_rego_go_json_value(call->args[0], call->account, &request)
                               : CHIMERA_ENOMEM;
    for (const char *const *at = call->grants->hosts; code == CHIMERA_OK && *at; at++)
        code = chimera_rego_push_string(call, hosts, chimera_slice_of(*at));
    if (code == CHIMERA_OK)
        code = chimera_node_add(call->account, fields, "request", request);
    else
        json_object_put(request);
    if (code == CHIMERA_OK)
        code = chimera_node_add(call->account, fields, "hosts", hosts);
    else
        json_object_put(hosts);
    if (code == CHIMERA_OK) {
        *ret_fields = fields;
        return code;
    }
    json_object_put(fields);
    return chimera_rego_no_memory(call);
}

void chimera_rego_sent_end(struct chimera_rego_sent *sent)
{
    for (size_t i = 0; i < sent->count; i++) {
        chimera_buffer_free(&sent->request[i]);
        chimera_buffer_free(&sent->answer[i]);
    }
    sent->count = 0;
}

/* The answer to the same request in this evaluation; NULL: there is none. */
static const struct chimera_buffer *find_sent(const struct chimera_rego_call *call,
                                              struct chimera_slice request)
{
    const struct chimera_rego_sent *sent = call->sent;
    for (size_t i = 0; sent && i < sent->count; i++)
        if (chimera_slice_equal(chimera_buffer_slice(&sent->request[i]), request))
            return &sent->answer[i];
    return NULL;
}

/* Takes both over, while there is room. */
static void keep_sent(const struct chimera_rego_call *call, struct chimera_buffer *request,
                      struct chimera_buffer *answer)
{
    struct chimera_rego_sent *sent = call->sent;
    if (sent && sent->count < CHIMERA_REGO_SENT_MAX) {
        sent->request[sent->count] = *request;
        sent->answer[sent->count++] = *answer;
        return;
    }
    chimera_buffer_free(request);
    chimera_buffer_free(answer);
}

int chimera_rego_http_send(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    CHIMERA_JSON struct json_object *fields = NULL;
    struct chimera_buffer request, text;
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_OBJECT);
    if (code < 0)
        return code;
    if (!is_anything_listed(call))
        return chimera_fail(
            call->err, CHIMERA_EINVAL,
            "no host may be reached: list them as `regoHosts` of the policy's options");
    code = make_fields(call, &fields);
    if (code < 0)
        return code;
    chimera_rego_buffer(call, &request);
    chimera_rego_buffer(call, &text);
    chimera_json_write(chimera_json_member(fields, "request"), &request);
    const struct chimera_buffer *sent =
        request.failed ? NULL : find_sent(call, chimera_buffer_slice(&request));
    bool is_good = sent || ask(call, CHIMERA_ASK_HTTP, fields, &text);
    const struct chimera_buffer *answer = sent ? sent : &text;
    if (is_good && !answer->failed)
        code = chimera_rego_parse_within(chimera_buffer_slice(answer), call->account, ret_result,
                                         call->err);
    else
        code = fail_with(call, &text);
    if (!sent && code == CHIMERA_OK) {
        keep_sent(call, &request, &text);
    } else {
        chimera_buffer_free(&request);
        chimera_buffer_free(&text);
    }
    return code;
}
