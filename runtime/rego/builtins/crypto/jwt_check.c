/* SPDX-License-Identifier: Apache-2.0 */
/* Builtin io.jwt.decode_verify: a token whose signature and claims are checked. */
#include <math.h>
#include <stdio.h>

#include "runtime/rego/builtins/crypto/base/maker.h"
#include "runtime/rego/builtins/crypto/jwt.h"
#include "runtime/rego/float.h"

#define NESTING_MAX 16
#define NS_PER_S 1000000000.0

struct constraints { /* borrowed from the argument */
    struct chimera_slice secret, alg, iss, aud;
    struct chimera_rego_keys keys;
    bool has_keys;
    double time_ns;
};

static int read_time(const struct chimera_rego_call *call, struct json_object *value,
                     double *ret_time_ns)
{
    bool is_number = chimera_rego_type_of(value) == CHIMERA_REGO_NUMBER;
    double time = is_number ? json_object_get_double(value) : 0;
    if (!is_number || !isfinite(time) || time < 0)
        return chimera_fail(call->err, CHIMERA_EINVAL, "token time constraint: %s",
                            is_number ? "must not be negative" : "must be a number");
    *ret_time_ns = time;
    return CHIMERA_OK;
}

static int read_constraint(const struct chimera_rego_call *call, const char *name,
                           struct json_object *value, struct constraints *constraints)
{
    struct {
        const char *name;
        struct chimera_slice *text;
    } const texts[] = {{"secret", &constraints->secret},
                       {"alg", &constraints->alg},
                       {"iss", &constraints->iss},
                       {"aud", &constraints->aud}};
    bool is_certificate = strcmp(name, "cert") == 0;
    if (strcmp(name, "time") == 0)
        return read_time(call, value, &constraints->time_ns);
    struct chimera_slice *to = NULL;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (strcmp(name, texts[i].name) == 0)
            to = texts[i].text;
    if (!to && !is_certificate)
        return chimera_fail(call->err, CHIMERA_EINVAL, "unknown token validation constraint: %.40s",
                            chimera_rego_is_text_key(name) ? name : "no string");
    if (!json_object_is_type(value, json_type_string))
        return chimera_fail(call->err, CHIMERA_EINVAL, "%s constraint: must be a string", name);
    if (to) {
        *to = chimera_rego_string(value);
        return CHIMERA_OK;
    }
    constraints->has_keys = true;
    return chimera_rego_keys_open(call, chimera_rego_string(value), &constraints->keys);
}

static int read_constraints(const struct chimera_rego_call *call, struct constraints *constraints)
{
    int code = chimera_rego_want(call, 1, CHIMERA_REGO_OBJECT);
    if (code < 0)
        return code;
    constraints->time_ns = (double)call->now_ns;
    const struct lh_entry *entry = json_object_get_object(call->args[1])->head;
    for (; entry && code == CHIMERA_OK; entry = entry->next)
        code = read_constraint(call, (const char *)lh_entry_k(entry),
                               (struct json_object *)lh_entry_v(entry), constraints);
    bool has_secret = constraints->secret.size > 0;
    if (code == CHIMERA_OK && constraints->has_keys == has_secret)
        code = chimera_fail(call->err, CHIMERA_EINVAL,
                            has_secret ? "duplicate key constraints" : "no key constraint");
    return code;
}

/* --- Signatures --- */

/* The secret is like one key without a name. */
static int verify_signature(const struct chimera_rego_call *call,
                            const struct constraints *constraints,
                            const struct chimera_rego_jwt *token,
                            const struct chimera_rego_jwt_fields *fields, bool *ret_is_valid)
{
    struct chimera_rego_named_key named = {
        .key = {.kind = CHIMERA_REGO_KEY_BYTES, .bytes = constraints->secret}};
    const struct chimera_rego_keys secret = {
        .list = {.data = (char *)&named, .size = sizeof(named)}};
    const struct chimera_rego_jwt_check check = {
        constraints->has_keys ? &constraints->keys : &secret, chimera_rego_jws_find(fields->alg),
        CHIMERA_REGO_JWS_STRICT};
    return chimera_rego_jwt_verify(call, token, fields, &check, ret_is_valid);
}

struct opened {                 /* a token that was verified, and what is in it */
    struct json_object *header; /* owned */
    struct chimera_buffer payload;
    bool is_nested, is_valid;
};

static int open_token(const struct chimera_rego_call *call, const struct constraints *constraints,
                      struct chimera_slice text, struct opened *opened)
{
    struct chimera_rego_jwt token;
    struct chimera_rego_jwt_fields fields;
    json_object_put(opened->header);
    opened->header = NULL;
    opened->is_valid = opened->is_nested = false;
    int code = chimera_rego_jwt_split(call, text, &token);
    if (code == CHIMERA_OK)
        code = chimera_rego_jwt_header(call, &token, &opened->header);
    if (code == CHIMERA_OK)
        code = chimera_rego_jwt_fields(call, opened->header, &fields);
    if (code < 0 || !fields.is_valid ||
        (constraints->alg.size > 0 && !chimera_slice_equal(constraints->alg, fields.alg)))
        return code;
    code = verify_signature(call, constraints, &token, &fields, &opened->is_valid);
    if (code == CHIMERA_OK && opened->is_valid)
        code = chimera_rego_jwt_bytes(call, token.payload, &opened->payload);
    opened->is_nested = fields.cty.size == 3 && strncasecmp(fields.cty.data, "JWT", 3) == 0;
    return code;
}

/* --- Claims --- */

/* Go's FormatFloat(t, 'g', -1, 64) is compared as a number: as the shortest decimal. */
static int compare_time(const struct chimera_rego_call *call, double seconds,
                        struct json_object *claim)
{
    struct chimera_buffer text;
    chimera_rego_buffer(call, &text);
    chimera_rego_format_float(seconds, 'g', -1, &text);
    struct json_object *number =
        chimera_rego_new_number(chimera_buffer_slice(&text), call->account);
    int order = number ? chimera_rego_compare(number, claim, call->account) : 0;
    json_object_put(number);
    chimera_buffer_free(&text);
    return order;
}

static int check_times(const struct chimera_rego_call *call, const struct constraints *constraints,
                       struct json_object *payload, bool *ret_is_met)
{
    static const char *const names[] = {"exp", "nbf"};
    for (int i = 0; i < 2; i++) {
        struct json_object *claim = NULL;
        if (!json_object_object_get_ex(payload, names[i], &claim))
            continue;
        if (chimera_rego_type_of(claim) != CHIMERA_REGO_NUMBER)
            return chimera_fail(call->err, CHIMERA_EINVAL, "%s value must be a number", names[i]);
        int order = compare_time(call, constraints->time_ns / NS_PER_S, claim);
        if (i == 0 ? order >= 0 : order < 0) {
            *ret_is_met = false;
            return CHIMERA_OK;
        }
    }
    return CHIMERA_OK;
}

static int is_for(const struct chimera_rego_call *call, struct chimera_slice audience,
                  struct json_object *claim, bool *ret_is_met)
{
    int code = CHIMERA_OK;
    *ret_is_met = json_object_is_type(claim, json_type_string) &&
                  chimera_slice_equal(chimera_rego_string(claim), audience);
    if (chimera_rego_type_of(claim) != CHIMERA_REGO_ARRAY)
        return code;
    for (size_t i = 0; i < json_object_array_length(claim) && !*ret_is_met; i++) {
        struct json_object *one = json_object_array_get_idx(claim, i);
        *ret_is_met = json_object_is_type(one, json_type_string) &&
                      chimera_slice_equal(chimera_rego_string(one), audience);
        code = chimera_rego_spend(call, 4 + audience.size / 8);
        if (code < 0)
            break;
    }
    return code;
}

static int check_claims(const struct chimera_rego_call *call, const struct constraints *constraints,
                        struct json_object *payload, bool *ret_is_met)
{
    struct json_object *claim = NULL;
    *ret_is_met = false;
    if (constraints->iss.size > 0) {
        if (!json_object_object_get_ex(payload, "iss", &claim))
            return CHIMERA_OK;
        if (!json_object_is_type(claim, json_type_string))
            return chimera_fail(call->err, CHIMERA_EINVAL, "iss value must be a string");
        if (!chimera_slice_equal(chimera_rego_string(claim), constraints->iss))
            return CHIMERA_OK;
    }
    *ret_is_met = constraints->aud.size == 0;
    int code = CHIMERA_OK;
    if (json_object_object_get_ex(payload, "aud", &claim))
        code = is_for(call, constraints->aud, claim, ret_is_met);
    if (code == CHIMERA_OK && *ret_is_met)
        code = check_times(call, constraints, payload, ret_is_met);
    return code;
}

/* --- The result --- */

/* Takes both; of a token that is not verified they are empty. */
static int give_verdict(const struct chimera_rego_call *call, struct json_object *header,
                        struct json_object *payload, bool is_verified,
                        struct json_object **ret_result)
{
    struct json_object *result = chimera_node_array(call->account);
    struct json_object *const parts[] = {chimera_node_boolean(call->account, is_verified), header,
                                         payload};
    int code = result && parts[0] && header && payload ? CHIMERA_OK : chimera_rego_no_memory(call);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        if (code == CHIMERA_OK)
            code = chimera_rego_push(call, result, parts[i]);
        else
            json_object_put(parts[i]);
    }
    return chimera_rego_finish(call, code, result, ret_result);
}

/* Down to the token in which there is no other one. */
static int open_innermost(const struct chimera_rego_call *call,
                          const struct constraints *constraints, struct chimera_slice text,
                          struct opened *opened)
{
    int code = CHIMERA_OK;
    struct chimera_buffer outer;
    chimera_rego_buffer(call, &outer);
    opened->is_valid = opened->is_nested = true;
    for (unsigned depth = 0; code == CHIMERA_OK && opened->is_valid && opened->is_nested; depth++) {
        chimera_buffer_free(&outer);
        outer = opened->payload;
        chimera_rego_buffer(call, &opened->payload);
        code =
            depth < NESTING_MAX
                ? open_token(call, constraints, depth ? chimera_buffer_slice(&outer) : text, opened)
                : chimera_fail(call->err, CHIMERA_ELIMIT, "tokens are nested too deeply");
    }
    chimera_buffer_free(&outer);
    return code;
}

int chimera_rego_jwt_decode_verify(const struct chimera_rego_call *call,
                                   struct json_object **ret_result)
{
    struct constraints constraints = {0};
    struct opened opened = {0};
    struct json_object *payload = NULL;
    struct chimera_slice text;
    bool is_met = false;
    int code = read_constraints(call, &constraints);
    chimera_rego_buffer(call, &opened.payload);
    if (code == CHIMERA_OK)
        code = chimera_rego_want_string(call, 0, &text);
    if (code == CHIMERA_OK)
        code = open_innermost(call, &constraints, text, &opened);
    if (code == CHIMERA_OK && opened.is_valid) {
        code = chimera_rego_jwt_read_object(call, chimera_buffer_slice(&opened.payload), &payload);
        if (code == CHIMERA_OK)
            code = check_claims(call, &constraints, payload, &is_met);
    }
    if (code == CHIMERA_OK && !is_met) {
        json_object_put(payload);
        json_object_put(opened.header);
        payload = chimera_node_object(call->account);
        opened.header = chimera_node_object(call->account);
    }
    if (code == CHIMERA_OK) {
        code = give_verdict(call, opened.header, payload, is_met, ret_result);
        payload = opened.header = NULL; /* now the result's */
    }
    json_object_put(payload);
    json_object_put(opened.header);
    chimera_buffer_free(&opened.payload);
    chimera_rego_keys_close(&constraints.keys);
    return code;
}
