/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins io.jwt.encode_sign and io.jwt.encode_sign_raw. */
#include "runtime/base/base64.h"
#include "runtime/rego/builtins/crypto/jwt.h"
#include "runtime/rego/unmarshal.h"

/* A string member of the headers; false when there is none. */
static bool get(struct json_object *headers, const char *name, struct chimera_slice *ret_text)
{
    struct json_object *value = NULL;
    if (!json_object_is_type(headers, json_type_object) ||
        !json_object_object_get_ex(headers, name, &value) ||
        !json_object_is_type(value, json_type_string))
        return false;
    *ret_text = chimera_rego_string(value);
    return true;
}

/* The algorithm that the headers name, and that what claims to be a JWT has JSON in it. */
static int read_headers(const struct chimera_rego_call *call, struct chimera_slice headers,
                        struct chimera_slice payload, const struct chimera_rego_jws **ret_jws)
{
    struct json_object *tree = NULL, *unused = NULL;
    struct chimera_slice name, type;
    int code = chimera_rego_unmarshal(headers, call->account, &tree, call->err);
    if (code == CHIMERA_OK && !get(tree, "alg", &name))
        code = chimera_fail(call->err, CHIMERA_EINVAL, "missing or invalid 'alg' header");
    if (code == CHIMERA_OK) {
        *ret_jws = chimera_rego_jws_find(name);
        if (!*ret_jws || (*ret_jws)->is_alias)
            code = chimera_fail(call->err, CHIMERA_EINVAL, "unknown JWS algorithm: %.*s",
                                (int)(name.size < 40 ? name.size : 40), name.data);
    }
    if (code == CHIMERA_OK && (!get(tree, "typ", &type) || chimera_slice_is(type, "JWT"))) {
        code = chimera_rego_unmarshal(payload, call->account, &unused, NULL);
        if (code == CHIMERA_EINVAL)
            chimera_fail(call->err, code, "type is JWT but payload is not JSON");
        else if (code < 0)
            chimera_rego_no_memory(call);
    }
    json_object_put(tree);
    json_object_put(unused);
    return code;
}

static int sign(const struct chimera_rego_call *call, struct chimera_slice headers,
                struct chimera_slice payload, struct chimera_slice jwk,
                struct json_object **ret_result)
{
    const unsigned form = CHIMERA_BASE64_URL | CHIMERA_BASE64_UNPADDED;
    const struct chimera_rego_jws *jws = NULL;
    struct chimera_rego_keys keys;
    struct chimera_buffer token, signature;
    chimera_rego_buffer(call, &token);
    chimera_rego_buffer(call, &signature);
    int code = chimera_rego_keys_open_signer(call, jwk, &keys);
    if (code == CHIMERA_OK && chimera_rego_keys_count(&keys) == 0)
        code = chimera_fail(call->err, CHIMERA_EINVAL, "no keys found in JWK set");
    if (code == CHIMERA_OK)
        code = read_headers(call, headers, payload, &jws);
    if (code == CHIMERA_OK) {
        chimera_base64_encode(headers, form, &token);
        chimera_buffer_byte(&token, '.');
        chimera_base64_encode(payload, form, &token);
        code = token.failed ? chimera_rego_no_memory(call)
                            : chimera_rego_jws_sign(call, jws, &chimera_rego_keys_at(&keys, 0)->key,
                                                    chimera_buffer_slice(&token), &signature);
    }
    chimera_buffer_byte(&token, '.');
    chimera_base64_encode(chimera_buffer_slice(&signature), form, &token);
    chimera_buffer_free(&signature);
    chimera_rego_keys_close(&keys);
    if (code == CHIMERA_OK)
        return chimera_rego_give_text(call, &token, ret_result);
    chimera_buffer_free(&token);
    return code;
}

int chimera_rego_jwt_encode_sign(const struct chimera_rego_call *call,
                                 struct json_object **ret_result)
{
    struct chimera_buffer texts[3];
    int code = CHIMERA_OK;
    for (unsigned i = 0; i < 3; i++) {
        chimera_rego_buffer(call, &texts[i]);
        chimera_rego_marshal(call->args[i], &texts[i]);
        if (code == CHIMERA_OK && texts[i].failed)
            code = chimera_rego_no_memory(call);
    }
    if (code == CHIMERA_OK)
        code = sign(call, chimera_buffer_slice(&texts[0]), chimera_buffer_slice(&texts[1]),
                    chimera_buffer_slice(&texts[2]), ret_result);
    for (unsigned i = 0; i < 3; i++)
        chimera_buffer_free(&texts[i]);
    return code;
}

int chimera_rego_jwt_encode_sign_raw(const struct chimera_rego_call *call,
                                     struct json_object **ret_result)
{
    struct chimera_slice jwk, headers, payload;
    int code = chimera_rego_want_string(call, 2, &jwk);
    if (code == CHIMERA_OK)
        code = chimera_rego_want_two_strings(call, &headers, &payload);
    return code < 0 ? code : sign(call, headers, payload, jwk, ret_result);
}
