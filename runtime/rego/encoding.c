/* Builtins that encode and decode: hex, base64url, JSON, YAML, UUID. */
#include "runtime/rego/family.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/hex.h"
#include "runtime/base/utf8.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/yaml.h"

/* --- Bytes --- */

int chimera_rego_hex_encode(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice bytes;
    struct chimera_buffer out;
    int code = chimera_rego_want_string(call, 0, &bytes);
    if (code < 0)
        return code;
    chimera_buffer_init(&out, CHIMERA_REGO_RESULT_MAX);
    chimera_rego_put_hex(bytes, &out);
    return chimera_rego_give_text(call, &out, ret_result);
}

void chimera_rego_put_hex(struct chimera_slice bytes, struct chimera_buffer *out)
{
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t byte = (uint8_t)bytes.data[i];
        chimera_buffer_byte(out, (uint8_t)"0123456789abcdef"[byte >> 4]);
        chimera_buffer_byte(out, (uint8_t)"0123456789abcdef"[byte & 15]);
    }
}

/* Rego strings are text: what decodes to other bytes gets U+FFFD, as OPA's JSON would show it. */
int chimera_rego_give_bytes(const struct chimera_rego_call *call, struct chimera_buffer *bytes,
                            struct json_object **ret_result)
{
    struct chimera_slice rest = chimera_buffer_slice(bytes);
    struct chimera_buffer text;
    if (bytes->failed || chimera_utf8_is_valid(rest))
        return chimera_rego_give_text(call, bytes, ret_result);
    chimera_buffer_init(&text, CHIMERA_REGO_RESULT_MAX);
    while (rest.size > 0 && !text.failed) {
        size_t valid = chimera_utf8_prefix(rest);
        chimera_buffer_append(&text, (struct chimera_slice){rest.data, valid});
        if (valid < rest.size) {
            chimera_buffer_text(&text, "\xef\xbf\xbd");
            valid++;
        }
        rest = (struct chimera_slice){rest.data + valid, rest.size - valid};
    }
    chimera_buffer_free(bytes);
    return chimera_rego_give_text(call, &text, ret_result);
}

int chimera_rego_hex_decode(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_buffer out;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    chimera_buffer_init(&out, CHIMERA_REGO_RESULT_MAX);
    for (size_t i = 0; i + 1 < text.size; i += 2) {
        int high = chimera_hex_value(text.data[i]), low = chimera_hex_value(text.data[i + 1]);
        if (high < 0 || low < 0) {
            chimera_buffer_free(&out);
            return chimera_fail(call->err, CHIMERA_EINVAL, "encoding/hex: invalid byte");
        }
        chimera_buffer_byte(&out, (uint8_t)(high << 4 | low));
    }
    if (text.size % 2) {
        chimera_buffer_free(&out);
        return chimera_fail(call->err, CHIMERA_EINVAL, "encoding/hex: odd length hex string");
    }
    return chimera_rego_give_bytes(call, &out, ret_result);
}

int chimera_rego_base64url_encode_no_pad(const struct chimera_rego_call *call,
                                         struct json_object **ret_result)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct chimera_slice bytes;
    struct chimera_buffer out;
    int code = chimera_rego_want_string(call, 0, &bytes);
    if (code < 0)
        return code;
    chimera_buffer_init(&out, CHIMERA_REGO_RESULT_MAX);
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t count = bytes.size - i < 3 ? bytes.size - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < count ? (uint8_t)bytes.data[i + k] : 0u);
        for (size_t k = 0; k <= count; k++)
            chimera_buffer_byte(&out, (uint8_t)alphabet[bits >> (18 - 6 * k) & 63]);
    }
    return chimera_rego_give_text(call, &out, ret_result);
}

/* --- JSON --- */

int chimera_rego_json_is_valid(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct json_object *text = call->args[0];
    bool is_valid = json_object_is_type(text, json_type_string) &&
                    chimera_json_check(chimera_rego_string(text), NULL) == CHIMERA_OK;
    return chimera_rego_give_bool(call, is_valid, ret_result);
}

/* --- YAML --- */

static const struct chimera_yaml_options yaml_options = {0};

static int read_yaml(struct json_object *text, struct json_object **ret_tree,
                     struct chimera_error *err)
{
    return chimera_yaml_parse(chimera_rego_string(text), &yaml_options, ret_tree, err);
}

int chimera_rego_yaml_is_valid(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    bool is_valid = json_object_is_type(call->args[0], json_type_string) &&
                    read_yaml(call->args[0], &tree, NULL) == CHIMERA_OK;
    return chimera_rego_give_bool(call, is_valid, ret_result);
}

int chimera_rego_yaml_unmarshal(const struct chimera_rego_call *call,
                                struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_STRING);
    return code < 0 ? code : read_yaml(call->args[0], ret_result, call->err);
}

/* --- UUID --- */

static const char *variant_of(uint8_t byte)
{
    if ((byte & 0xC0) == 0x80)
        return "RFC4122";
    if ((byte & 0xE0) == 0xC0)
        return "Microsoft";
    return (byte & 0xE0) == 0xE0 ? "Future" : "Reserved";
}

/* 8-4-4-4-12 hexadecimal digits, with "urn:uuid:" or braces around them, or 32 digits alone. */
static bool read_uuid(struct chimera_slice text, uint8_t ret_uuid[16])
{
    if (text.size == 45 && strncasecmp(text.data, "urn:uuid:", 9) == 0)
        text = (struct chimera_slice){text.data + 9, 36};
    else if (text.size == 38)
        text = (struct chimera_slice){text.data + 1, 36};
    bool has_dashes = text.size == 36;
    if (!has_dashes && text.size != 32)
        return false;
    for (size_t i = 0, at = 0; i < 16; i++, at += 2) {
        if (has_dashes && (i == 4 || i == 6 || i == 8 || i == 10) && text.data[at++] != '-')
            return false;
        int high = chimera_hex_value(text.data[at]), low = chimera_hex_value(text.data[at + 1]);
        if (high < 0 || low < 0)
            return false;
        ret_uuid[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool put_string(struct json_object *object, const char *key, const char *text)
{
    return json_object_object_add(object, key, json_object_new_string(text)) == 0;
}

static bool put_number(struct json_object *object, const char *key, int64_t number)
{
    return json_object_object_add(object, key, json_object_new_int64(number)) == 0;
}

/* Versions 1 and 2 hold a time and a network address. */
static bool put_time_based(struct json_object *object, const uint8_t uuid[16])
{
    static const char *const reach[] = {"global:unicast", "global:multicast", "local:unicast",
                                        "local:multicast"};
    static const char *const domains[] = {"Person", "Group", "Org"};
    const int64_t epoch = 122192928000000000; /* from 1582 to 1970, in 100 ns */
    char node[18], unnamed[16];
    uint32_t low =
        (uint32_t)uuid[0] << 24 | (uint32_t)uuid[1] << 16 | (uint32_t)uuid[2] << 8 | uuid[3];
    int64_t time = (int64_t)low | (int64_t)uuid[4] << 40 | (int64_t)uuid[5] << 32 |
                   (int64_t)(uuid[6] & 15) << 56 | (int64_t)uuid[7] << 48;
    snprintf(node, sizeof(node), "%02x-%02x-%02x-%02x-%02x-%02x", uuid[10], uuid[11], uuid[12],
             uuid[13], uuid[14], uuid[15]);
    bool done = put_number(object, "time", (int64_t)((uint64_t)(time - epoch) * 100)) &&
                put_string(object, "nodeid", node) &&
                put_string(object, "macvariables", reach[uuid[10] & 3]) &&
                put_number(object, "clocksequence", (uuid[8] & 0x3F) << 8 | uuid[9]);
    if (!done || uuid[6] >> 4 != 2)
        return done;
    snprintf(unnamed, sizeof(unnamed), "Domain%d", uuid[9]);
    return put_number(object, "id", low) &&
           put_string(object, "domain", uuid[9] < 3 ? domains[uuid[9]] : unnamed);
}

int chimera_rego_uuid_parse(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice text;
    uint8_t uuid[16];
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    if (!read_uuid(text, uuid))
        return chimera_fail(call->err, CHIMERA_EINVAL, "this is no UUID");
    struct json_object *object = json_object_new_object();
    unsigned version = uuid[6] >> 4;
    bool done = object && put_number(object, "version", version) &&
                put_string(object, "variant", variant_of(uuid[8])) &&
                ((version != 1 && version != 2) || put_time_based(object, uuid));
    if (done)
        return chimera_rego_give(call, object, ret_result);
    json_object_put(object);
    return chimera_rego_no_memory(call);
}
