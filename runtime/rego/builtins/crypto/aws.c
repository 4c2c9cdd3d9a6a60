/* SPDX-License-Identifier: Apache-2.0 */
/* Builtin providers.aws.sign_req: a request with the headers of AWS' Signature Version 4, as OPA
 * makes them. */
#include <inttypes.h>
#include <stdio.h>

#include "runtime/rego/builtins/crypto/base/address.h"
#include "runtime/rego/builtins/crypto/base/hash.h"
#include "runtime/rego/builtins/crypto/base/maker.h"
#include "runtime/rego/builtins/time/civil.h"

#define NS_PER_S 1000000000
#define CONTENT_HASH "x-amz-content-sha256"
#define SCOPE_END "aws4_request"

struct signing {
    struct chimera_maker maker;
    struct chimera_slice service, access_key, secret_key, region, token, method;
    struct chimera_rego_address url;
    bool is_unsigned; /* the body is */
    char date[32], time[32];
    struct json_object *headers; /* AWS', owned */
    struct json_object *all;     /* owned: what is signed, by name in lower case */
    struct chimera_buffer names; /* of all headers, with semicolons */
    char body_hash[2 * EVP_MAX_MD_SIZE + 1];
};

/* A header's name; OPA takes one that is no text for an empty one. */
static const char *name_of(const struct lh_entry *entry)
{
    const char *key = (const char *)lh_entry_k(entry);
    return chimera_rego_is_text_key(key) ? key : "";
}

static struct chimera_slice text_in(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    bool is_text = json_object_object_get_ex(object, key, &value) &&
                   json_object_is_type(value, json_type_string);
    return is_text ? chimera_rego_string(value) : CHIMERA_SLICE("");
}

/* --- Arguments --- */

/* Names that http.send knows. */
static bool is_request_key(const char *key)
{
    static const char *const keys[] = {
        "method",
        "url",
        "body",
        "enable_redirect",
        "force_json_decode",
        "force_yaml_decode",
        "headers",
        "raw_body",
        "tls_use_system_certs",
        "tls_ca_cert",
        "tls_ca_cert_file",
        "tls_ca_cert_env_variable",
        "tls_client_cert",
        "tls_client_cert_file",
        "tls_client_cert_env_variable",
        "tls_client_key",
        "tls_client_key_file",
        "tls_client_key_env_variable",
        "tls_insecure_skip_verify",
        "tls_server_name",
        "timeout",
        "cache",
        "force_cache",
        "force_cache_duration_seconds",
        "raise_error",
        "caching_mode",
        "max_retry_attempts",
        "cache_ignored_headers",
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static int check_request(const struct chimera_rego_call *call, struct json_object *request)
{
    static const char *const needed[] = {"method", "url"};
    struct json_object *value = NULL;
    const struct lh_entry *entry = json_object_get_object(request)->head;
    for (; entry; entry = entry->next)
        if (!is_request_key((const char *)lh_entry_k(entry)))
            return chimera_fail(call->err, CHIMERA_EINVAL,
                                "operand 1 invalid request parameters(s)");
    for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
        if (!json_object_object_get_ex(request, needed[i], &value))
            return chimera_fail(call->err, CHIMERA_EINVAL,
                                "operand 1 missing required request parameters(s): {\"%s\"}",
                                needed[i]);
        if (!json_object_is_type(value, json_type_string))
            return chimera_fail(call->err, CHIMERA_EINVAL,
                                "operand 1 invalid values for required request parameters(s): "
                                "{\"%s\"}",
                                needed[i]);
    }
    if (json_object_object_get_ex(request, "headers", &value) &&
        !json_object_is_type(value, json_type_object))
        return chimera_fail(call->err, CHIMERA_EINVAL, "operand 0 must be object but got %s",
                            chimera_rego_type_name(chimera_rego_type_of(value)));
    return CHIMERA_OK;
}

static int read_config(const struct chimera_rego_call *call, struct json_object *config,
                       struct signing *signing)
{
    struct {
        const char *name;
        struct chimera_slice *text;
    } const needed[] = {{"aws_access_key", &signing->access_key},
                        {"aws_region", &signing->region},
                        {"aws_secret_access_key", &signing->secret_key},
                        {"aws_service", &signing->service}};
    struct json_object *value = NULL;
    for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
        if (!json_object_object_get_ex(config, needed[i].name, &value))
            return chimera_fail(call->err, CHIMERA_EINVAL,
                                "operand 2 missing required AWS config parameters(s): {\"%s\"}",
                                needed[i].name);
        if (!json_object_is_type(value, json_type_string))
            return chimera_fail(call->err, CHIMERA_EINVAL,
                                "operand 2 invalid values for required AWS config parameters(s): "
                                "{\"%s\"}",
                                needed[i].name);
        *needed[i].text = chimera_rego_string(value);
    }
    signing->token = text_in(config, "aws_session_token");
    if (!json_object_object_get_ex(config, "disable_payload_signing", &value))
        return CHIMERA_OK;
    if (!json_object_is_type(value, json_type_boolean))
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "operand 2 invalid value for 'disable_payload_signing' in AWS config");
    signing->is_unsigned = json_object_get_boolean(value);
    return CHIMERA_OK;
}

static int read_time(const struct chimera_rego_call *call, struct json_object *number,
                     struct signing *signing)
{
    if (!json_object_is_type(number, json_type_int))
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "operand 3 could not convert time_ns value into a unix timestamp");
    int64_t ns = json_object_get_int64(number), seconds = ns / NS_PER_S - (ns % NS_PER_S < 0);
    struct chimera_civil civil = chimera_civil_from_seconds(seconds);
    snprintf(signing->date, sizeof(signing->date), "%04" PRId64 "%02d%02d", civil.year, civil.month,
             civil.day);
    snprintf(signing->time, sizeof(signing->time), "%.16sT%02d%02d%02dZ", signing->date, civil.hour,
             civil.minute, civil.second);
    return CHIMERA_OK;
}

/* --- Hashes --- */

static void to_hex(const struct chimera_rego_hash *hash, char text[2 * EVP_MAX_MD_SIZE + 1])
{
    for (unsigned i = 0; i < hash->size; i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", hash->bytes[i]);
}

/* Of the body as it will be sent; of what is not text, its JSON. */
static int hash_body(struct signing *signing, struct json_object *request)
{
    const struct chimera_rego_call *call = signing->maker.call;
    struct json_object *body = NULL;
    struct chimera_rego_hash hash;
    struct chimera_buffer text;
    if (signing->is_unsigned) {
        snprintf(signing->body_hash, sizeof(signing->body_hash), "UNSIGNED-PAYLOAD");
        return CHIMERA_OK;
    }
    chimera_rego_buffer(call, &text);
    if (json_object_object_get_ex(request, "raw_body", &body))
        chimera_buffer_append(&text, text_in(request, "raw_body"));
    else if (json_object_object_get_ex(request, "body", &body))
        chimera_rego_marshal(body, &text);
    int code = text.failed ? chimera_rego_no_memory(call)
                           : chimera_rego_hash_of(call, EVP_sha256(), CHIMERA_SLICE(""),
                                                  chimera_buffer_slice(&text), &hash);
    if (code == CHIMERA_OK)
        to_hex(&hash, signing->body_hash);
    chimera_buffer_free(&text);
    return code;
}

/* AWS' chain of keys: each signs the next part of the scope, and the last one `text`. */
static int sign_text(const struct signing *signing, struct chimera_slice text,
                     char ret_signature[2 * EVP_MAX_MD_SIZE + 1])
{
    const struct chimera_rego_call *call = signing->maker.call;
    const struct chimera_slice parts[] = {chimera_slice_of(signing->date), signing->region,
                                          signing->service, CHIMERA_SLICE(SCOPE_END), text};
    struct chimera_rego_hash hash;
    struct chimera_buffer first;
    chimera_rego_buffer(call, &first);
    chimera_buffer_text(&first, "AWS4");
    chimera_buffer_append(&first, signing->secret_key);
    int code = first.failed ? chimera_rego_no_memory(call) : CHIMERA_OK;
    struct chimera_slice key = chimera_buffer_slice(&first);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && code == CHIMERA_OK; i++) {
        struct chimera_rego_hash next;
        code = chimera_rego_hmac_of(call, EVP_sha256(), key, parts[i], &next);
        hash = next;
        key = chimera_rego_hash_slice(&hash);
    }
    if (code == CHIMERA_OK)
        to_hex(&hash, ret_signature);
    chimera_buffer_free(&first);
    return code;
}

/* --- What is signed --- */

static void add_headers(struct signing *signing)
{
    struct chimera_maker *maker = &signing->maker;
    bool has_hash =
        chimera_slice_is(signing->service, "s3") || chimera_slice_is(signing->service, "glacier");
    signing->headers = chimera_make_object(maker);
    chimera_make_member(maker, signing->headers, "host",
                        chimera_make_text(maker, signing->url.host));
    chimera_make_member(maker, signing->headers, "x-amz-date",
                        chimera_make_text(maker, chimera_slice_of(signing->time)));
    if (has_hash)
        chimera_make_member(maker, signing->headers, CONTENT_HASH,
                            chimera_make_text(maker, chimera_slice_of(signing->body_hash)));
    if (signing->token.size > 0)
        chimera_make_member(maker, signing->headers, "x-amz-security-token",
                            chimera_make_text(maker, signing->token));
}

/* Into what is signed, but for what a proxy may change; a value that is no text counts as an empty
 * one. */
static void add_signed(struct signing *signing, struct json_object *headers)
{
    struct chimera_maker *maker = &signing->maker;
    struct chimera_buffer name;
    chimera_rego_buffer(maker->call, &name);
    const struct lh_entry *entry = headers ? json_object_get_object(headers)->head : NULL;
    for (; entry && maker->code == CHIMERA_OK; entry = entry->next) {
        chimera_buffer_reset(&name);
        for (const char *at = name_of(entry); *at; at++)
            chimera_buffer_byte(&name, (uint8_t)(*at >= 'A' && *at <= 'Z' ? *at | 0x20 : *at));
        chimera_buffer_byte(&name, '\0');
        if (name.failed)
            maker->code = chimera_rego_no_memory(maker->call);
        else if (strcmp(name.data, "authorization") != 0 && strcmp(name.data, "user-agent") != 0 &&
                 strcmp(name.data, "x-amzn-trace-id") != 0)
            chimera_make_member(
                maker, signing->all, name.data,
                chimera_make_text(maker, text_in(headers, (const char *)lh_entry_k(entry))));
    }
    chimera_buffer_free(&name);
}

/* The request in the form that is hashed. */
static void write_request(struct signing *signing, struct chimera_buffer *out)
{
    if (chimera_rego_order_members(signing->all, out->account) < 0)
        out->failed = CHIMERA_ELIMIT;
    chimera_buffer_append(out, signing->method);
    chimera_buffer_byte(out, '\n');
    chimera_rego_address_write_path(&signing->url, out);
    chimera_buffer_byte(out, '\n');
    chimera_buffer_append(out, signing->url.raw_query);
    chimera_buffer_byte(out, '\n');
    const struct lh_entry *first = json_object_get_object(signing->all)->head, *entry = first;
    for (; entry && !out->failed; entry = entry->next) {
        const char *name = (const char *)lh_entry_k(entry);
        chimera_buffer_text(out, name);
        chimera_buffer_byte(out, ':');
        chimera_buffer_append(out, text_in(signing->all, name));
        chimera_buffer_byte(out, '\n');
        chimera_buffer_text(&signing->names, entry == first ? "" : ";");
        chimera_buffer_text(&signing->names, name);
    }
    chimera_buffer_byte(out, '\n');
    chimera_buffer_append(out, chimera_buffer_slice(&signing->names));
    chimera_buffer_byte(out, '\n');
    chimera_buffer_text(out, signing->body_hash);
}

static void write_scope(const struct signing *signing, struct chimera_buffer *out)
{
    chimera_buffer_text(out, signing->date);
    chimera_buffer_byte(out, '/');
    chimera_buffer_append(out, signing->region);
    chimera_buffer_byte(out, '/');
    chimera_buffer_append(out, signing->service);
    chimera_buffer_text(out, "/" SCOPE_END);
}

/* The header Authorization. */
static int authorize(struct signing *signing, struct chimera_buffer *out)
{
    const struct chimera_rego_call *call = signing->maker.call;
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    struct chimera_rego_hash hash;
    struct chimera_buffer text;
    chimera_rego_buffer(call, &text);
    write_request(signing, &text);
    int code = text.failed || signing->names.failed
                   ? chimera_rego_no_memory(call)
                   : chimera_rego_hash_of(call, EVP_sha256(), CHIMERA_SLICE(""),
                                          chimera_buffer_slice(&text), &hash);
    if (code == CHIMERA_OK) {
        to_hex(&hash, hex);
        chimera_buffer_reset(&text);
        chimera_buffer_print(&text, "AWS4-HMAC-SHA256\n%s\n", signing->time);
        write_scope(signing, &text);
        chimera_buffer_print(&text, "\n%s", hex);
        code = text.failed ? chimera_rego_no_memory(call)
                           : sign_text(signing, chimera_buffer_slice(&text), hex);
    }
    chimera_buffer_text(out, "AWS4-HMAC-SHA256 Credential=");
    chimera_buffer_append(out, signing->access_key);
    chimera_buffer_byte(out, '/');
    write_scope(signing, out);
    chimera_buffer_text(out, ",SignedHeaders=");
    chimera_buffer_append(out, chimera_buffer_slice(&signing->names));
    chimera_buffer_print(out, ",Signature=%s", hex);
    chimera_buffer_free(&text);
    return code == CHIMERA_OK && out->failed ? chimera_rego_no_memory(call) : code;
}

/* --- The result --- */

/* The request's members, its headers as texts, and behind them what signing adds. */
static struct json_object *show(struct signing *signing, struct json_object *request,
                                struct chimera_slice authorization)
{
    struct chimera_maker *maker = &signing->maker;
    struct json_object *object = chimera_make_object(maker), *own = NULL;
    struct json_object *headers = chimera_make_object(maker);
    const struct lh_entry *entry = json_object_get_object(request)->head;
    for (; entry && maker->code == CHIMERA_OK; entry = entry->next)
        chimera_make_member(maker, object, (const char *)lh_entry_k(entry),
                            json_object_get((struct json_object *)lh_entry_v(entry)));
    if (json_object_object_get_ex(request, "headers", &own)) {
        entry = json_object_get_object(own)->head;
        for (; entry && maker->code == CHIMERA_OK; entry = entry->next)
            chimera_make_member(
                maker, headers, name_of(entry),
                chimera_make_text(maker, text_in(own, (const char *)lh_entry_k(entry))));
    }
    chimera_make_member(maker, headers, "Authorization", chimera_make_text(maker, authorization));
    entry = maker->code == CHIMERA_OK ? json_object_get_object(signing->headers)->head : NULL;
    for (; entry && maker->code == CHIMERA_OK; entry = entry->next)
        chimera_make_member(maker, headers, (const char *)lh_entry_k(entry),
                            json_object_get((struct json_object *)lh_entry_v(entry)));
    chimera_make_member(maker, object, "headers", headers);
    return object;
}

static int read_arguments(const struct chimera_rego_call *call, struct signing *signing,
                          struct chimera_buffer *store)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_OBJECT);
    if (code == CHIMERA_OK)
        code = chimera_rego_want(call, 1, CHIMERA_REGO_OBJECT);
    if (code == CHIMERA_OK)
        code = read_config(call, call->args[1], signing);
    if (code == CHIMERA_OK)
        code = chimera_rego_want(call, 2, CHIMERA_REGO_NUMBER);
    if (code == CHIMERA_OK)
        code = read_time(call, call->args[2], signing);
    if (code == CHIMERA_OK)
        code = check_request(call, call->args[0]);
    if (code < 0)
        return code;
    signing->method = text_in(call->args[0], "method");
    bool is_good = chimera_rego_address_read(text_in(call->args[0], "url"), store, &signing->url);
    if (store->failed)
        return chimera_rego_no_memory(call);
    return is_good ? CHIMERA_OK
                   : chimera_fail(call->err, CHIMERA_EINVAL, "the URL cannot be parsed");
}

int chimera_rego_aws_sign_req(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct signing signing = {.maker = {.call = call}};
    struct chimera_maker *maker = &signing.maker;
    struct chimera_buffer store, authorization;
    struct json_object *result = NULL, *headers = NULL;
    chimera_rego_buffer(call, &store);
    chimera_rego_buffer(call, &authorization);
    chimera_rego_buffer(call, &signing.names);
    maker->code = read_arguments(call, &signing, &store);
    if (maker->code == CHIMERA_OK)
        maker->code = hash_body(&signing, call->args[0]);
    if (maker->code == CHIMERA_OK) {
        json_object_object_get_ex(call->args[0], "headers", &headers);
        signing.all = chimera_make_object(maker);
        add_headers(&signing);
        add_signed(&signing, signing.headers);
        add_signed(&signing, headers);
    }
    if (maker->code == CHIMERA_OK)
        maker->code = authorize(&signing, &authorization);
    if (maker->code == CHIMERA_OK)
        result = show(&signing, call->args[0], chimera_buffer_slice(&authorization));
    json_object_put(signing.all);
    json_object_put(signing.headers);
    chimera_buffer_free(&signing.names);
    chimera_buffer_free(&authorization);
    chimera_buffer_free(&store);
    return chimera_make_finish(maker, result, ret_result);
}
