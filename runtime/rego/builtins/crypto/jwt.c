/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins io.jwt.decode and io.jwt.verify_*, and what all of io.jwt share. */
#include "runtime/rego/builtins/crypto/jwt.h"

#include <openssl/crypto.h>

#include "runtime/rego/builtins/crypto/base/armor.h"
#include "runtime/rego/builtins/crypto/base/hash.h"
#include "runtime/rego/unmarshal.h"

#define NESTING_MAX 16 /* of tokens in tokens */

/* --- Parts --- */

int chimera_rego_jwt_split(const struct chimera_rego_call *call, struct chimera_slice text,
                           struct chimera_rego_jwt *ret_token)
{
    struct chimera_slice *const parts[] = {&ret_token->header, &ret_token->payload,
                                           &ret_token->signature};
    struct chimera_slice rest = text;
    unsigned found = 0;
    bool is_last = false;
    int code = CHIMERA_OK;
    for (; !is_last && code == CHIMERA_OK; found++) {
        const char *dot = rest.size > 0 ? memchr(rest.data, '.', rest.size) : NULL;
        size_t size = dot ? (size_t)(dot - rest.data) : rest.size;
        if (found < 3)
            *parts[found] = (struct chimera_slice){rest.data, size};
        rest = chimera_slice_behind(rest, size + (dot ? 1 : 0));
        is_last = !dot;
        code = chimera_rego_spend(call, size / 8 + 1);
    }
    if (code < 0)
        return code;
    if (found == 1)
        return chimera_fail(call->err, CHIMERA_EINVAL, "encoded JWT had no period separators");
    if (found != 3)
        return chimera_fail(call->err, CHIMERA_EINVAL, "encoded JWT must have 3 sections, found %u",
                            found);
    ret_token->signed_text =
        (struct chimera_slice){text.data, ret_token->header.size + 1 + ret_token->payload.size};
    return CHIMERA_OK;
}

/* Padding that is missing is filled up, by the length that the text has with its line ends. */
int chimera_rego_jwt_bytes(const struct chimera_rego_call *call, struct chimera_slice part,
                           struct chimera_buffer *out)
{
    static const char *const paddings[] = {"", NULL, "==", "="};
    bool is_padded = part.size > 0 && part.data[part.size - 1] == '=';
    const char *padding = is_padded ? "" : paddings[part.size % 4];
    struct chimera_buffer text;
    chimera_buffer_init_within(&text, SIZE_MAX, call->account);
    chimera_buffer_append(&text, part);
    chimera_buffer_text(&text, padding ? padding : "");
    bool is_good =
        padding && chimera_rego_base64_decode(chimera_buffer_slice(&text), CHIMERA_BASE64_URL, out);
    bool has_failed = text.failed || out->failed;
    chimera_buffer_free(&text);
    if (has_failed)
        return chimera_rego_no_memory(call);
    return is_good
               ? CHIMERA_OK
               : chimera_fail(call->err, CHIMERA_EINVAL, "a part of the JWT had invalid encoding");
}

int chimera_rego_jwt_read_object(const struct chimera_rego_call *call, struct chimera_slice text,
                                 struct json_object **ret_object)
{
    struct json_object *object = NULL;
    int code = chimera_rego_unmarshal(text, call->account, &object, call->err);
    if (code == CHIMERA_OK && !json_object_is_type(object, json_type_object)) {
        json_object_put(object);
        return chimera_fail(call->err, CHIMERA_EINVAL, "decoded JSON type was not an Object");
    }
    if (code == CHIMERA_OK)
        *ret_object = object;
    return code;
}

int chimera_rego_jwt_header(const struct chimera_rego_call *call,
                            const struct chimera_rego_jwt *token, struct json_object **ret_header)
{
    struct json_object *header = NULL;
    struct chimera_buffer bytes;
    chimera_rego_buffer(call, &bytes);
    int code = chimera_rego_jwt_bytes(call, token->header, &bytes);
    if (code == CHIMERA_OK)
        code = chimera_rego_jwt_read_object(call, chimera_buffer_slice(&bytes), &header);
    chimera_buffer_free(&bytes);
    if (code == CHIMERA_OK && json_object_object_get_ex(header, "enc", NULL)) {
        json_object_put(header);
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "JWT is a JWE object, which is not supported");
    }
    if (code == CHIMERA_OK)
        *ret_header = header;
    return code;
}

/* --- Headers --- */

static int read_field(const struct chimera_rego_call *call, struct json_object *header,
                      const char *name, struct chimera_slice *ret_text)
{
    struct json_object *value = NULL;
    *ret_text = CHIMERA_SLICE("");
    if (!json_object_object_get_ex(header, name, &value))
        return CHIMERA_OK;
    if (!json_object_is_type(value, json_type_string))
        return chimera_fail(call->err, CHIMERA_EINVAL, "%s: must be a string", name);
    *ret_text = chimera_rego_string(value);
    return CHIMERA_OK;
}

/* RFC 7515 §4.1.11; what is in the list and no string ends it, as in OPA. */
static int check_critical(const struct chimera_rego_call *call, struct json_object *header,
                          bool *ret_is_known)
{
    static const char *const known[] = {"alg", "kid", "typ", "cty", "crit"};
    struct json_object *list = NULL;
    *ret_is_known = true;
    if (!json_object_object_get_ex(header, "crit", &list))
        return CHIMERA_OK;
    if (!json_object_is_type(list, json_type_array))
        return chimera_fail(call->err, CHIMERA_EINVAL, "crit: must be a list");
    int code = CHIMERA_OK;
    size_t count = json_object_array_length(list), i = 0;
    for (; i < count && code == CHIMERA_OK; i++) {
        struct json_object *value = json_object_array_get_idx(list, i);
        if (!json_object_is_type(value, json_type_string))
            break;
        const char *name = json_object_get_string(value);
        bool is_known = !json_object_object_get_ex(header, name, NULL);
        for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++)
            is_known |= strcmp(name, known[k]) == 0;
        *ret_is_known &= is_known;
        code = chimera_rego_spend(call, 8);
    }
    if (i == 0)
        return chimera_fail(call->err, CHIMERA_EINVAL, "crit: must be a nonempty list");
    return code;
}

int chimera_rego_jwt_fields(const struct chimera_rego_call *call, struct json_object *header,
                            struct chimera_rego_jwt_fields *ret_fields)
{
    struct chimera_slice type;
    int code = read_field(call, header, "alg", &ret_fields->alg);
    if (code == CHIMERA_OK)
        code = read_field(call, header, "kid", &ret_fields->kid);
    if (code == CHIMERA_OK)
        code = read_field(call, header, "cty", &ret_fields->cty);
    if (code == CHIMERA_OK)
        code = read_field(call, header, "typ", &type);
    if (code == CHIMERA_OK)
        code = check_critical(call, header, &ret_fields->is_valid);
    ret_fields->is_valid &= ret_fields->alg.size > 0;
    return code;
}

/* --- io.jwt.decode --- */

static int give_parts(const struct chimera_rego_call *call, const struct chimera_rego_jwt *token,
                      struct json_object *header, struct json_object *payload,
                      struct json_object **ret_result)
{
    struct chimera_buffer bytes, hex;
    chimera_rego_buffer(call, &bytes);
    chimera_rego_buffer(call, &hex);
    struct json_object *result = chimera_node_array(call->account);
    int code = result ? chimera_rego_jwt_bytes(call, token->signature, &bytes)
                      : chimera_rego_no_memory(call);
    chimera_rego_put_hex(chimera_buffer_slice(&bytes), &hex);
    if (code == CHIMERA_OK && hex.failed)
        code = chimera_rego_no_memory(call);
    if (code == CHIMERA_OK)
        code = chimera_rego_push(call, result, json_object_get(header));
    if (code == CHIMERA_OK)
        code = chimera_rego_push(call, result, json_object_get(payload));
    if (code == CHIMERA_OK)
        code = chimera_rego_push_string(call, result, chimera_buffer_slice(&hex));
    chimera_buffer_free(&bytes);
    chimera_buffer_free(&hex);
    return chimera_rego_finish(call, code, result, ret_result);
}

/* Without the quotes around it. */
static struct chimera_slice trim_quotes(struct chimera_slice text)
{
    while (text.size > 0 && (*text.data == '"' || *text.data == '\''))
        text = chimera_slice_behind(text, 1);
    while (text.size > 0 && (text.data[text.size - 1] == '"' || text.data[text.size - 1] == '\''))
        text.size--;
    return text;
}

/* One token; when another one is in it, that is appended to `inner` and there is no result. */
static int decode(const struct chimera_rego_call *call, struct chimera_slice text,
                  struct chimera_buffer *inner, struct json_object **ret_result)
{
    struct chimera_rego_jwt token;
    struct json_object *header = NULL, *payload = NULL, *type = NULL;
    int code = chimera_rego_jwt_split(call, text, &token);
    if (code == CHIMERA_OK)
        code = chimera_rego_jwt_header(call, &token, &header);
    if (code == CHIMERA_OK)
        code = chimera_rego_jwt_bytes(call, token.payload, inner);
    bool has_type = code == CHIMERA_OK && json_object_object_get_ex(header, "cty", &type);
    if (has_type && !json_object_is_type(type, json_type_string))
        code = chimera_fail(call->err, CHIMERA_EINVAL, "cty: must be a string");
    bool is_nested = has_type && type && strcmp(json_object_get_string(type), "JWT") == 0;
    if (code == CHIMERA_OK && !is_nested) {
        code = chimera_rego_jwt_read_object(call, chimera_buffer_slice(inner), &payload);
        if (code == CHIMERA_OK)
            code = give_parts(call, &token, header, payload, ret_result);
    }
    json_object_put(header);
    json_object_put(payload);
    return code;
}

int chimera_rego_jwt_decode(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_buffer inner, outer;
    struct chimera_slice text;
    int code = chimera_rego_want_string(call, 0, &text);
    struct json_object *result = NULL;
    chimera_rego_buffer(call, &inner);
    chimera_rego_buffer(call, &outer);
    for (unsigned depth = 0; code == CHIMERA_OK && !result; depth++) {
        code = depth < NESTING_MAX
                   ? decode(call, text, &inner, &result)
                   : chimera_fail(call->err, CHIMERA_ELIMIT, "tokens are nested too deeply");
        struct chimera_buffer swap = outer;
        outer = inner;
        inner = swap;
        chimera_buffer_reset(&inner);
        text = trim_quotes(chimera_buffer_slice(&outer));
    }
    chimera_buffer_free(&inner);
    chimera_buffer_free(&outer);
    if (code == CHIMERA_OK)
        *ret_result = result;
    return code;
}

/* --- io.jwt.verify_* --- */

int chimera_rego_jwt_verify(const struct chimera_rego_call *call,
                            const struct chimera_rego_jwt *token,
                            const struct chimera_rego_jwt_fields *fields,
                            const struct chimera_rego_jwt_check *check, bool *ret_is_valid)
{
    struct chimera_buffer signature;
    size_t first = 0, end = chimera_rego_keys_count(check->keys);
    bool is_named = false;
    *ret_is_valid = false;
    for (size_t i = 0; i < end && fields->kid.size > 0 && !is_named; i++) {
        is_named = chimera_slice_equal(chimera_rego_keys_at(check->keys, i)->kid, fields->kid);
        if (is_named) {
            first = i;
            end = i + 1;
        }
    }
    chimera_rego_buffer(call, &signature);
    int code = chimera_rego_jwt_bytes(call, token->signature, &signature);
    const struct chimera_rego_signed what = {token->signed_text, chimera_buffer_slice(&signature)};
    for (size_t i = first; i < end && code == CHIMERA_OK && !*ret_is_valid && check->jws; i++) {
        const struct chimera_rego_named_key *named = chimera_rego_keys_at(check->keys, i);
        if (is_named || named->alg.size == 0 || chimera_slice_equal(named->alg, fields->alg))
            code = chimera_rego_jws_verify(call, check->jws, check->mode, &named->key, &what,
                                           ret_is_valid);
    }
    chimera_buffer_free(&signature);
    return code;
}

static int verify(const struct chimera_rego_call *call, const char *name,
                  struct json_object **ret_result)
{
    struct chimera_slice text, certificate;
    struct chimera_rego_jwt token;
    struct chimera_rego_jwt_fields fields;
    struct chimera_rego_keys keys = {0};
    struct json_object *header = NULL;
    const struct chimera_rego_jwt_check check = {
        &keys, chimera_rego_jws_find(chimera_slice_of(name)), CHIMERA_REGO_JWS_LAX};
    bool is_valid = false;
    int code = chimera_rego_want_two_strings(call, &text, &certificate);
    if (code == CHIMERA_OK)
        code = chimera_rego_jwt_split(call, text, &token);
    if (code == CHIMERA_OK)
        code = chimera_rego_keys_open(call, certificate, &keys);
    if (code == CHIMERA_OK)
        code = chimera_rego_jwt_header(call, &token, &header);
    if (code == CHIMERA_OK)
        code = chimera_rego_jwt_fields(call, header, &fields);
    if (code == CHIMERA_OK)
        code = chimera_rego_jwt_verify(call, &token, &fields, &check, &is_valid);
    json_object_put(header);
    chimera_rego_keys_close(&keys);
    return code < 0 ? code : chimera_rego_give_bool(call, is_valid, ret_result);
}

/* The header of such a token is not looked at. */
static int verify_secret(const struct chimera_rego_call *call, const EVP_MD *kind,
                         struct json_object **ret_result)
{
    struct chimera_slice text, secret;
    struct chimera_rego_jwt token;
    struct chimera_rego_hash hash;
    struct chimera_buffer signature;
    int code = chimera_rego_want_two_strings(call, &text, &secret);
    if (code == CHIMERA_OK)
        code = chimera_rego_jwt_split(call, text, &token);
    if (code < 0)
        return code;
    chimera_rego_buffer(call, &signature);
    code = chimera_rego_jwt_bytes(call, token.signature, &signature);
    if (code == CHIMERA_OK)
        code = chimera_rego_hmac_of(call, kind, secret, token.signed_text, &hash);
    bool is_valid = code == CHIMERA_OK && signature.size == hash.size &&
                    CRYPTO_memcmp(signature.data, hash.bytes, hash.size) == 0;
    chimera_buffer_free(&signature);
    return code < 0 ? code : chimera_rego_give_bool(call, is_valid, ret_result);
}

#define VERIFY(function, name)                                                          \
    int function(const struct chimera_rego_call *call, struct json_object **ret_result) \
    {                                                                                   \
        return verify(call, name, ret_result);                                          \
    }
VERIFY(chimera_rego_jwt_verify_rs256, "RS256")
VERIFY(chimera_rego_jwt_verify_rs384, "RS384")
VERIFY(chimera_rego_jwt_verify_rs512, "RS512")
VERIFY(chimera_rego_jwt_verify_ps256, "PS256")
VERIFY(chimera_rego_jwt_verify_ps384, "PS384")
VERIFY(chimera_rego_jwt_verify_ps512, "PS512")
VERIFY(chimera_rego_jwt_verify_es256, "ES256")
VERIFY(chimera_rego_jwt_verify_es384, "ES384")
VERIFY(chimera_rego_jwt_verify_es512, "ES512")
VERIFY(chimera_rego_jwt_verify_eddsa, "EdDSA")

#define VERIFY_SECRET(function, kind)                                                   \
    int function(const struct chimera_rego_call *call, struct json_object **ret_result) \
    {                                                                                   \
        return verify_secret(call, kind, ret_result);                                   \
    }
VERIFY_SECRET(chimera_rego_jwt_verify_hs256, EVP_sha256())
VERIFY_SECRET(chimera_rego_jwt_verify_hs384, EVP_sha384())
VERIFY_SECRET(chimera_rego_jwt_verify_hs512, EVP_sha512())
