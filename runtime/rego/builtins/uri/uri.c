/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins uri.*. */
#include "runtime/rego/arguments.h"
#include "runtime/rego/builtins/uri/reference.h"

/* Of valid UTF-8 or not: escapes may stand for any bytes. */
static int put(const struct chimera_rego_call *call, struct json_object *object, const char *key,
               struct chimera_slice text)
{
    struct chimera_buffer bytes;
    struct json_object *value = NULL;
    if (text.size == 0)
        return CHIMERA_OK;
    chimera_rego_buffer(call, &bytes);
    chimera_buffer_append(&bytes, text);
    int code = chimera_rego_give_bytes(call, &bytes, &value);
    if (code == CHIMERA_OK && chimera_node_add(call->account, object, key, value) < 0)
        code = chimera_rego_no_memory(call);
    return code;
}

static int put_all(const struct chimera_rego_call *call, const struct chimera_uri *uri,
                   struct json_object *object)
{
    struct chimera_slice host, port;
    chimera_uri_split_host(uri, &host, &port);
    const struct {
        const char *key;
        struct chimera_slice text;
    } parts[] = {
        {"scheme", uri->scheme},
        {"hostname", host},
        {"port", port},
        {"path", uri->path},
        {"raw_path", chimera_uri_has_usual_path(uri) ? uri->path : uri->raw_path},
        {"raw_query", uri->query},
        {"fragment", uri->fragment},
    };
    int code = object ? CHIMERA_OK : chimera_rego_no_memory(call);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && code == CHIMERA_OK; i++)
        code = put(call, object, parts[i].key, parts[i].text);
    return code;
}

int chimera_rego_uri_parse(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_region region;
    struct chimera_uri uri;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    chimera_region_init(&region, call->account);
    code = chimera_uri_parse(text, &region, &uri, call->err);
    struct json_object *object = NULL;
    if (code == CHIMERA_OK) {
        object = chimera_node_object(call->account);
        code = put_all(call, &uri, object);
    } else if (code != CHIMERA_EINVAL) {
        code = chimera_rego_no_memory(call);
    }
    chimera_region_free(&region);
    return chimera_rego_finish(call, code, object, ret_result);
}

/* The empty text is a reference, too, but OPA does not count it. */
int chimera_rego_uri_is_valid(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_region region;
    struct chimera_uri uri;
    struct chimera_error err = {0};
    int code = CHIMERA_EINVAL;
    chimera_region_init(&region, call->account);
    if (json_object_is_type(call->args[0], json_type_string) &&
        json_object_get_string_len(call->args[0]) > 0)
        code = chimera_uri_parse(chimera_rego_string(call->args[0]), &region, &uri, &err);
    chimera_region_free(&region);
    if (code < 0 && code != CHIMERA_EINVAL)
        return chimera_rego_no_memory(call);
    return chimera_rego_give_bool(call, code == CHIMERA_OK, ret_result);
}
