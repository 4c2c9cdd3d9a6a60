/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/http/http_request.h"

#include <ctype.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdlib.h>

#include "runtime/json/tree.h"

#define TEXT_MAX ((size_t)1 << 20)
#define METHOD_MAX 60
#define BODY_MAX ((size_t)8 << 20)
#define TIMEOUT_DEFAULT_NS ((uint64_t)5000000000)
#define RETRIES_MAX 100 /* the deadline ends them much earlier */

int http_fail(struct http_failure *failure, enum http_failure_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    failure->kind = kind;
    failure->err.code = CHIMERA_EINVAL;
    vsnprintf(failure->err.text, sizeof(failure->err.text), format, arguments);
    va_end(arguments);
    return CHIMERA_EINVAL;
}

#define FAIL(...) http_fail(failure, HTTP_FAILURE_BUILTIN, __VA_ARGS__)

/* --- Keys --- */

enum key_type { KEY_OTHER, KEY_TEXT, KEY_BOOL };

struct key {
    const char *name;
    enum key_type type;
    size_t offset; /* in the request, of a buffer or a bool; or NOWHERE */
};

#define AT(member) offsetof(struct http_request, member)
#define NOWHERE SIZE_MAX

/* Sorted, for that is the order in which OPA looks at them. Types of those that OPA checks later
 * are their own affair. */
static const struct key keys[] = {
    {"body", KEY_OTHER, NOWHERE},
    {"cache", KEY_OTHER, NOWHERE},
    {"cache_ignored_headers", KEY_OTHER, NOWHERE},
    {"caching_mode", KEY_OTHER, NOWHERE},
    {"enable_redirect", KEY_BOOL, AT(follows)},
    {"force_cache", KEY_OTHER, NOWHERE},
    {"force_cache_duration_seconds", KEY_OTHER, NOWHERE},
    {"force_json_decode", KEY_OTHER, NOWHERE},
    {"force_yaml_decode", KEY_OTHER, NOWHERE},
    {"headers", KEY_OTHER, NOWHERE},
    {"max_retry_attempts", KEY_OTHER, NOWHERE},
    {"method", KEY_TEXT, AT(method)},
    {"raise_error", KEY_OTHER, NOWHERE},
    {"raw_body", KEY_TEXT, AT(body)},
    {"timeout", KEY_OTHER, NOWHERE},
    {"tls_ca_cert", KEY_TEXT, AT(authorities)},
    {"tls_ca_cert_env_variable", KEY_TEXT, NOWHERE},
    {"tls_ca_cert_file", KEY_TEXT, NOWHERE},
    {"tls_client_cert", KEY_TEXT, AT(certificate)},
    {"tls_client_cert_env_variable", KEY_TEXT, NOWHERE},
    {"tls_client_cert_file", KEY_TEXT, NOWHERE},
    {"tls_client_key", KEY_TEXT, AT(key)},
    {"tls_client_key_env_variable", KEY_TEXT, NOWHERE},
    {"tls_client_key_file", KEY_TEXT, NOWHERE},
    {"tls_insecure_skip_verify", KEY_BOOL, AT(is_unverified)},
    {"tls_server_name", KEY_TEXT, AT(server_name)},
    {"tls_use_system_certs", KEY_BOOL, AT(trusts_system)},
    {"url", KEY_TEXT, AT(url)},
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

/* Their names as a set is written: {"a", "b"}. */
static void write_set(struct json_object *names, char *room, size_t size)
{
    struct chimera_buffer list;
    size_t used = 0;
    chimera_buffer_init(&list, TEXT_MAX);
    chimera_json_write(names, &list); /* sorted; {"a":null,"b":null} */
    for (const char *at = list.data; used + 3 < size && at && at < list.data + list.size;) {
        if (strncmp(at, ":null", 5) == 0) {
            at += 5;
            continue;
        }
        room[used++] = *at;
        if (*at++ == ',')
            room[used++] = ' ';
    }
    room[used] = '\0';
    chimera_buffer_free(&list);
}

static int check_keys(struct json_object *argument, struct http_failure *failure)
{
    CHIMERA_JSON struct json_object *unknown = json_object_new_object();
    CHIMERA_JSON struct json_object *missing = json_object_new_object();
    char set[512];
    json_object_object_foreach(argument, name, value)
    {
        size_t at = 0;
        (void)value;
        while (at < KEY_COUNT && strcmp(keys[at].name, name) != 0)
            at++;
        if (at == KEY_COUNT)
            json_object_object_add(unknown, name, NULL);
    }
    static const char *const required[] = {"method", "url"};
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++)
        if (!json_object_object_get_ex(argument, required[i], NULL))
            json_object_object_add(missing, required[i], NULL);
    bool has_unknown = json_object_object_length(unknown) > 0;
    if (!has_unknown && json_object_object_length(missing) == 0)
        return CHIMERA_OK;
    write_set(has_unknown ? unknown : missing, set, sizeof(set));
    return http_fail(failure, HTTP_FAILURE_TYPE, "operand 1 %s request parameters(s): %s",
                     has_unknown ? "invalid" : "missing required", set);
}

/* --- Values --- */

/* As Go writes it with %q: the JSON text of the value as a text of JSON. */
static void quote(struct json_object *value, char *room, size_t size)
{
    struct chimera_buffer text, quoted;
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_buffer_init(&quoted, 2 * TEXT_MAX);
    chimera_json_write(value, &text);
    chimera_json_write_string(chimera_buffer_slice(&text), &quoted);
    snprintf(room, size, "%.*s", (int)quoted.size, quoted.data ? quoted.data : "");
    chimera_buffer_free(&text);
    chimera_buffer_free(&quoted);
}

static struct chimera_slice text_of(struct json_object *value)
{
    return (struct chimera_slice){json_object_get_string(value),
                                  (size_t)json_object_get_string_len(value)};
}

/* OPA takes quotes off both ends of texts. */
static int read_text(const struct key *key, struct json_object *value, struct http_request *request,
                     struct http_failure *failure)
{
    if (!json_object_is_type(value, json_type_string))
        return FAIL("\"%s\" must be a string", key->name);
    struct chimera_slice text = text_of(value);
    while (text.size > 0 && text.data[0] == '"')
        text = chimera_slice_behind(text, 1);
    while (text.size > 0 && text.data[text.size - 1] == '"')
        text.size--;
    if (key->offset == NOWHERE)
        return text.size == 0 ? CHIMERA_OK : FAIL("%s is not available here", key->name);
    struct chimera_buffer *out = (void *)((char *)request + key->offset);
    if (out != &request->body && memchr(text.data, '\0', text.size))
        return FAIL("%s has a byte of zero", key->name);
    chimera_buffer_reset(out); /* raw_body has been preceded by body */
    chimera_buffer_append(out, text);
    chimera_buffer_byte(out, 0);
    if (out->failed)
        return FAIL("%s is too long", key->name);
    out->size--;
    return CHIMERA_OK;
}

/* As strconv.ParseBool() reads what the value is written as. */
static int read_flag(const struct key *key, struct json_object *value, struct http_request *request,
                     struct http_failure *failure)
{
    bool *flag = (void *)((char *)request + key->offset);
    char shown[256];
    if (json_object_is_type(value, json_type_boolean)) {
        *flag = json_object_get_boolean(value);
        return CHIMERA_OK;
    }
    if (json_object_is_type(value, json_type_int) && json_object_get_int64(value) >> 1 == 0) {
        *flag = json_object_get_int64(value) == 1;
        return CHIMERA_OK;
    }
    quote(value, shown, sizeof(shown));
    return FAIL("strconv.ParseBool: parsing %s: invalid syntax", shown);
}

/* A flag whose value must be a boolean; the failure is of that kind. */
static int read_strict(struct json_object *argument, const char *name, bool *ret_flag,
                       struct http_failure *failure)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(argument, name, &value))
        return CHIMERA_OK;
    if (!json_object_is_type(value, json_type_boolean))
        return FAIL("invalid value for \"%s\" field", name);
    *ret_flag = json_object_get_boolean(value);
    return CHIMERA_OK;
}

/* As Go's encoder writes it, which escapes what HTML would read. */
static int write_body(struct json_object *value, struct http_request *request,
                      struct http_failure *failure)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, BODY_MAX);
    chimera_json_write(value, &text);
    for (size_t i = 0; i < text.size && !request->body.failed; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte == '<' || byte == '>' || byte == '&')
            chimera_buffer_print(&request->body, "\\u%04x", byte);
        else
            chimera_buffer_byte(&request->body, byte);
    }
    bool is_good = !text.failed && !request->body.failed;
    chimera_buffer_free(&text);
    return is_good ? CHIMERA_OK : FAIL("body is too long");
}

/* --- Times --- */

/* Go's durations: numbers with units, behind each other. */
static bool read_duration(const char *text, double *ret_ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1},   {"us", 1e3}, {"\xc2\xb5s", 1e3}, {"\xce\xbcs", 1e3},
                 {"ms", 1e6}, {"s", 1e9},  {"m", 6e10},        {"h", 3.6e12}};
    double sign = *text == '-' ? -1 : 1, sum = 0;
    text += *text == '-' || *text == '+';
    if (strcmp(text, "0") == 0 || !*text) {
        *ret_ns = 0;
        return *text != '\0';
    }
    while (*text) {
        char *end = NULL;
        size_t size = strspn(text, "0123456789."), at = 0;
        double number = strtod(text, &end);
        if (size == 0 || end != text + size)
            return false;
        text += size;
        while (at < sizeof(units) / sizeof(units[0]) &&
               strncmp(text, units[at].name, strlen(units[at].name)) != 0)
            at++;
        if (at == sizeof(units) / sizeof(units[0]))
            return false;
        sum += number * units[at].ns;
        text += strlen(units[at].name);
    }
    *ret_ns = sign * sum;
    return sum < 9e18;
}

static int read_timeout(struct json_object *value, struct http_request *request,
                        struct http_failure *failure)
{
    char shown[256], *end = NULL;
    double ns = 0;
    switch (json_object_get_type(value)) {
    case json_type_int:
        ns = (double)json_object_get_int64(value);
        break;
    case json_type_double:
        return FAIL("invalid timeout number value %s, must be int64",
                    json_object_to_json_string(value));
    case json_type_string:
        ns =
            (double)strtoll(json_object_get_string(value), &end, /* allowed: its end is looked at */
                            10);
        if (*end && !read_duration(json_object_get_string(value), &ns)) {
            snprintf(shown, sizeof(shown), "%.200s", json_object_get_string(value));
            return FAIL("invalid timeout value \"%s\": time: invalid duration \"%s\"", shown,
                        shown);
        }
        break;
    default:
        return http_fail(failure, HTTP_FAILURE_TYPE,
                         "operand 1 'timeout' must be one of {string, number} but got %s",
                         json_object_is_type(value, json_type_array) ? "array"
                         : value ? json_type_to_name(json_object_get_type(value))
                                 : "null");
    }
    /* One that is over before it begins times out at once. */
    request->timeout_ns = ns < 0 ? 1 : (uint64_t)ns;
    return CHIMERA_OK;
}

/* --- Headers --- */

static bool is_token(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("!#$%&'*+-.^_`|~", *text))
            return false;
    return true;
}

static int read_headers(struct json_object *value, struct http_request *request,
                        struct http_failure *failure)
{
    char shown[256];
    if (!json_object_is_type(value, json_type_object))
        return FAIL("invalid type for headers key");
    json_object_object_foreach(value, name, one)
    {
        if (!json_object_is_type(one, json_type_string)) {
            quote(one, shown, sizeof(shown));
            return FAIL("invalid type for headers value %s", shown);
        }
        struct chimera_slice text = text_of(one);
        if (!is_token(name) || memchr(text.data, '\0', text.size) || strpbrk(text.data, "\r\n"))
            return FAIL("net/http: invalid header field: %.100s", name);
        if (request->header_count == HTTP_HEADERS_MAX)
            return FAIL("more than %d headers", HTTP_HEADERS_MAX);
        request->headers[request->header_count++] = (struct http_header){name, text.data};
    }
    return CHIMERA_OK;
}

/* --- What is kept --- */

static int read_caching(struct json_object *argument, struct http_request *request,
                        struct http_failure *failure)
{
    struct json_object *ignored = NULL, *seconds = NULL;
    bool is_forced = false;
    if (json_object_object_get_ex(argument, "cache_ignored_headers", &ignored) &&
        json_object_object_get_ex(argument, "headers", NULL) && !chimera_json_are_texts(ignored))
        return http_fail(failure, HTTP_FAILURE_BARE,
                         "cache_ignored_headers must be an array of strings");
    int code = read_strict(argument, "cache", &request->may_be_kept, failure);
    if (code == CHIMERA_OK)
        code = read_strict(argument, "force_cache", &is_forced, failure);
    if (code < 0 || !is_forced)
        return code;
    if (!json_object_object_get_ex(argument, "force_cache_duration_seconds", &seconds))
        return FAIL("'force_cache' set but 'force_cache_duration_seconds' parameter is missing");
    if (!json_object_is_type(seconds, json_type_int) ||
        json_object_get_int64(seconds) > INT32_MAX || json_object_get_int64(seconds) < INT32_MIN) {
        char shown[256];
        quote(seconds, shown, sizeof(shown));
        return FAIL("strconv.ParseInt: parsing %s: invalid syntax", shown);
    }
    request->may_be_kept = true;
    /* OPA takes none that is not positive for one that is not forced. */
    request->kept_seconds =
        json_object_get_int64(seconds) > 0 ? json_object_get_int64(seconds) : -1;
    return CHIMERA_OK;
}

/* --- All of it --- */

static int read_key(const struct key *key, struct json_object *value, struct http_request *request,
                    struct http_failure *failure)
{
    if (key->type == KEY_TEXT)
        return read_text(key, value, request, failure);
    if (key->type == KEY_BOOL)
        return read_flag(key, value, request, failure);
    if (strcmp(key->name, "body") == 0)
        return write_body(value, request, failure);
    if (strcmp(key->name, "headers") == 0)
        return read_headers(value, request, failure);
    return strcmp(key->name, "timeout") == 0 ? read_timeout(value, request, failure) : CHIMERA_OK;
}

static bool has_certificate(struct chimera_buffer *pem)
{
    BIO *memory = BIO_new_mem_buf(pem->data, (int)pem->size);
    X509 *certificate = memory ? PEM_read_bio_X509(memory, NULL, NULL, NULL) : NULL;
    bool is_there = certificate != NULL;
    X509_free(certificate);
    BIO_free(memory);
    return is_there;
}

/* What OPA makes of the texts of PEM, in its order. */
static int check_tls(struct http_request *request, struct http_failure *failure)
{
    struct chimera_buffer *authorities = &request->authorities;
    if (request->certificate.size == 0 || request->key.size == 0) {
        chimera_buffer_reset(&request->certificate);
        chimera_buffer_reset(&request->key);
    } else if (!has_certificate(&request->certificate)) {
        return FAIL("tls: failed to find any PEM data in certificate input");
    } else if (!strstr(request->key.data, "-----BEGIN ")) {
        return FAIL("tls: failed to find any PEM data in key input");
    }
    if (authorities->size == 0)
        return CHIMERA_OK;
    /* Ends of lines may be written as two characters. */
    size_t size = 0;
    for (size_t i = 0; i < authorities->size; i++) {
        bool is_end = authorities->data[i] == '\\' && authorities->data[i + 1] == 'n';
        authorities->data[size++] = is_end ? '\n' : authorities->data[i];
        i += is_end;
    }
    authorities->data[size] = '\0';
    authorities->size = size;
    return has_certificate(authorities) ? CHIMERA_OK : FAIL("could not append certificates");
}

/* In capitals; what is none is Go's default. */
static int check_method(struct http_request *request, struct http_failure *failure)
{
    struct chimera_buffer *method = &request->method;
    for (size_t i = 0; i < method->size; i++)
        method->data[i] = (char)toupper((unsigned char)method->data[i]);
    if (method->size > 0 && (!is_token(method->data) || method->size > METHOD_MAX))
        return FAIL("net/http: invalid method \"%.100s\"", method->data);
    if (method->size == 0) {
        chimera_buffer_append(method, (struct chimera_slice){"GET", sizeof("GET")});
        method->size--;
    }
    return CHIMERA_OK;
}

static int read_retries(struct json_object *argument, struct http_request *request,
                        struct http_failure *failure)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(argument, "max_retry_attempts", &value))
        return CHIMERA_OK;
    int64_t number = json_object_get_int64(value);
    if (!json_object_is_type(value, json_type_int) || number < 0)
        return http_fail(failure, HTTP_FAILURE_BARE,
                         "invalid value %.200s for field \"max_retry_attempts\"",
                         json_object_to_json_string(value));
    request->retries = number > RETRIES_MAX ? RETRIES_MAX : (unsigned)number;
    return CHIMERA_OK;
}

int http_request_read_raise(struct json_object *argument, bool *ret_raises,
                            struct http_failure *failure)
{
    struct json_object *value = NULL;
    *ret_raises = true;
    if (!json_object_is_type(argument, json_type_object))
        return http_fail(failure, HTTP_FAILURE_TYPE, "operand 1 must be object");
    if (!json_object_object_get_ex(argument, "raise_error", &value))
        return CHIMERA_OK;
    if (!json_object_is_type(value, json_type_boolean))
        return FAIL("invalid value for raise_error field");
    *ret_raises = json_object_get_boolean(value);
    return CHIMERA_OK;
}

int http_request_read(struct json_object *argument, struct http_request *request,
                      struct http_failure *failure)
{
    struct json_object *value = NULL;
    *request = (struct http_request){.timeout_ns = TIMEOUT_DEFAULT_NS, .kept_seconds = -1};
    chimera_buffer_init(&request->body, BODY_MAX);
    struct chimera_buffer *const texts[] = {&request->method,      &request->url,
                                            &request->server_name, &request->authorities,
                                            &request->certificate, &request->key};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        chimera_buffer_init(texts[i], TEXT_MAX);
    int code = check_keys(argument, failure);
    if (code == CHIMERA_OK)
        code = read_caching(argument, request, failure);
    for (size_t i = 0; code == CHIMERA_OK && i < KEY_COUNT; i++)
        if (json_object_object_get_ex(argument, keys[i].name, &value))
            code = read_key(&keys[i], value, request, failure);
    if (code == CHIMERA_OK)
        code = check_tls(request, failure);
    if (code == CHIMERA_OK)
        code = check_method(request, failure);
    if (code == CHIMERA_OK)
        code = read_retries(argument, request, failure);
    if (code == CHIMERA_OK)
        code = read_strict(argument, "force_json_decode", &request->decodes_json, failure);
    return code < 0 ? code
                    : read_strict(argument, "force_yaml_decode", &request->decodes_yaml, failure);
}

void http_request_done(struct http_request *request)
{
    struct chimera_buffer *const texts[] = {
        &request->method,      &request->url,         &request->server_name, &request->body,
        &request->authorities, &request->certificate, &request->key};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        chimera_buffer_free(texts[i]);
}
