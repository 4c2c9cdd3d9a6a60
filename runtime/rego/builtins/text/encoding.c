/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins that encode and decode: hex, base64url, JSON, UUID. */
#include "runtime/rego/arguments.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/base64.h"
#include "runtime/base/hex.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"
#include "runtime/text/utf8.h"

/* --- Bytes --- */

int chimera_rego_hex_encode(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice bytes;
    struct chimera_buffer out;
    int code = chimera_rego_text_builtin(call, 0, &bytes, &out);
    if (code < 0)
        return code;
    chimera_rego_put_hex(bytes, &out);
    return chimera_rego_give_text(call, &out, ret_result);
}

void chimera_rego_put_hex(struct chimera_slice bytes, struct chimera_buffer *out)
{
    for (size_t i = 0; i < bytes.size && !out->failed; i++) {
        uint8_t byte = (uint8_t)bytes.data[i];
        chimera_buffer_byte(out, (uint8_t)"0123456789abcdef"[byte >> 4]);
        chimera_buffer_byte(out, (uint8_t)"0123456789abcdef"[byte & 15]);
    }
}

/* To look through a byte of text, at least two of which make a character that is not ASCII. */
#define UTF8_NS 2

/* Rego strings are text: what decodes to other bytes gets U+FFFD, as OPA's JSON would show it. */
int chimera_rego_give_bytes(const struct chimera_rego_call *call, struct chimera_buffer *bytes,
                            struct json_object **ret_result)
{
    struct chimera_slice rest = chimera_buffer_slice(bytes);
    struct chimera_buffer text;
    int code = chimera_rego_has_time(call, rest.size * UTF8_NS);
    if (code < 0) {
        chimera_buffer_free(bytes);
        return code;
    }
    if (bytes->failed || chimera_utf8_is_valid(rest))
        return chimera_rego_give_text(call, bytes, ret_result);
    chimera_rego_buffer(call, &text);
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

static int fail_hex(const struct chimera_rego_call *call, unsigned char byte)
{
    if (byte > ' ' && byte < 0x7F)
        return chimera_fail(call->err, CHIMERA_EINVAL, "encoding/hex: invalid byte: U+%04X '%c'",
                            byte, byte);
    return chimera_fail(call->err, CHIMERA_EINVAL, "encoding/hex: invalid byte: U+%04X", byte);
}

int chimera_rego_hex_decode(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_buffer out;
    int code = chimera_rego_text_builtin(call, 0, &text, &out);
    if (code < 0)
        return code;
    for (size_t i = 0; i + 1 < text.size && !out.failed; i += 2) {
        int high = chimera_hex_value(text.data[i]), low = chimera_hex_value(text.data[i + 1]);
        if (high < 0 || low < 0) {
            chimera_buffer_free(&out);
            return fail_hex(call, (unsigned char)text.data[high < 0 ? i : i + 1]);
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
    struct chimera_slice bytes;
    struct chimera_buffer out;
    int code = chimera_rego_text_builtin(call, 0, &bytes, &out);
    if (code < 0)
        return code;
    chimera_base64_encode(bytes, CHIMERA_BASE64_URL | CHIMERA_BASE64_UNPADDED, &out);
    return chimera_rego_give_text(call, &out, ret_result);
}

/* --- JSON --- */

/* A text that is none is an answer; an account that ended is not. */
static int give_valid(const struct chimera_rego_call *call, int code,
                      struct json_object **ret_result)
{
    if (call->account && call->account->failed)
        return chimera_rego_no_memory(call);
    return code == CHIMERA_ENOMEM ? chimera_rego_no_memory(call)
                                  : chimera_rego_give_bool(call, code == CHIMERA_OK, ret_result);
}

int chimera_rego_json_is_valid(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct json_object *text = call->args[0];
    int code = CHIMERA_EINVAL;
    if (json_object_is_type(text, json_type_string))
        code = chimera_json_check_within(chimera_rego_string(text), true, call->account, NULL);
    return give_valid(call, code, ret_result);
}

/* --- UUID --- */

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

static int put_member(const struct chimera_rego_call *call, struct json_object *object,
                      const char *key, struct json_object *value)
{
    if (!value || chimera_node_add(call->account, object, key, value) < 0)
        return chimera_rego_no_memory(call);
    return CHIMERA_OK;
}

static int put_string(const struct chimera_rego_call *call, struct json_object *object,
                      const char *key, const char *text)
{
    return put_member(call, object, key,
                      chimera_node_string(call->account, chimera_slice_of(text)));
}

static int put_number(const struct chimera_rego_call *call, struct json_object *object,
                      const char *key, int64_t number)
{
    return put_member(call, object, key, chimera_node_int64(call->account, number));
}

/* Versions 1 and 2 hold a time and a network address. */
static int put_time_based(const struct chimera_rego_call *call, struct json_object *object,
                          const uint8_t uuid[16])
{
    static const char *const reach[] = {"global:unicast", "global:multicast", "local:unicast",
                                        "local:multicast"};
    const int64_t epoch = 122192928000000000; /* from 1582 to 1970, in 100 ns */
    char node[18];
    uint32_t low =
        (uint32_t)uuid[0] << 24 | (uint32_t)uuid[1] << 16 | (uint32_t)uuid[2] << 8 | uuid[3];
    int64_t time = (int64_t)low | (int64_t)uuid[4] << 40 | (int64_t)uuid[5] << 32 |
                   (int64_t)(uuid[6] & 15) << 56 | (int64_t)uuid[7] << 48;
    snprintf(node, sizeof(node), "%02x-%02x-%02x-%02x-%02x-%02x", uuid[10], uuid[11], uuid[12],
             uuid[13], uuid[14], uuid[15]);
    int code = put_number(call, object, "time", (int64_t)((uint64_t)(time - epoch) * 100));
    if (code == CHIMERA_OK)
        code = put_string(call, object, "nodeid", node);
    if (code == CHIMERA_OK)
        code = put_string(call, object, "macvariables", reach[uuid[10] & 3]);
    if (code == CHIMERA_OK)
        code = put_number(call, object, "clocksequence", (uuid[8] & 0x3F) << 8 | uuid[9]);
    return code;
}

static int put_domain(const struct chimera_rego_call *call, struct json_object *object,
                      const uint8_t uuid[16])
{
    static const char *const domains[] = {"Person", "Group", "Org"};
    char unnamed[16];
    uint32_t id =
        (uint32_t)uuid[0] << 24 | (uint32_t)uuid[1] << 16 | (uint32_t)uuid[2] << 8 | uuid[3];
    snprintf(unnamed, sizeof(unnamed), "Domain%d", uuid[9]);
    int code = put_number(call, object, "id", id);
    return code < 0 ? code
                    : put_string(call, object, "domain", uuid[9] < 3 ? domains[uuid[9]] : unnamed);
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
    struct json_object *object = chimera_node_object(call->account);
    if (!object)
        return chimera_rego_no_memory(call);
    unsigned version = uuid[6] >> 4;
    code = put_number(call, object, "version", version);
    const char *variant = (uuid[8] & 0xC0) == 0x80   ? "RFC4122"
                          : (uuid[8] & 0xE0) == 0xC0 ? "Microsoft"
                          : (uuid[8] & 0xE0) == 0xE0 ? "Future"
                                                     : "Reserved";
    if (code == CHIMERA_OK)
        code = put_string(call, object, "variant", variant);
    if (code == CHIMERA_OK && (version == 1 || version == 2))
        code = put_time_based(call, object, uuid);
    if (code == CHIMERA_OK && version == 2)
        code = put_domain(call, object, uuid);
    return chimera_rego_finish(call, code, object, ret_result);
}
