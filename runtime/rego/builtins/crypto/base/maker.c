/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/base/maker.h"

#include <inttypes.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>

#include "runtime/base/base64.h"
#include "runtime/rego/builtins/crypto/base/address.h"
#include "runtime/rego/builtins/crypto/base/der.h"
#include "runtime/rego/quote.h"
#include "runtime/text/utf8.h"

/* To bring a number into decimal takes the square of its size: with this it is some milliseconds.
 */
#define NUMBER_BYTES_MAX 8192
#define WORD_PAIR_NS 8

/* Of what was made, NULL is a failure. */
static struct json_object *made(struct chimera_maker *maker, struct json_object *value)
{
    if (!value && maker->code == CHIMERA_OK)
        maker->code = chimera_rego_no_memory(maker->call);
    return value;
}

struct json_object *chimera_make_object(struct chimera_maker *maker)
{
    return maker->code < 0 ? NULL : made(maker, chimera_node_object(maker->call->account));
}

struct json_object *chimera_make_array(struct chimera_maker *maker)
{
    return maker->code < 0 ? NULL : made(maker, chimera_node_array(maker->call->account));
}

struct json_object *chimera_make_int(struct chimera_maker *maker, int64_t number)
{
    return maker->code < 0 ? NULL : made(maker, chimera_node_int64(maker->call->account, number));
}

struct json_object *chimera_make_bool(struct chimera_maker *maker, bool value)
{
    return maker->code < 0 ? NULL : made(maker, chimera_node_boolean(maker->call->account, value));
}

static struct json_object *made_buffer(struct chimera_maker *maker, struct chimera_buffer *text)
{
    struct json_object *value = NULL;
    if (maker->code == CHIMERA_OK)
        maker->code = chimera_rego_give_bytes(maker->call, text, &value);
    else
        chimera_buffer_free(text);
    return value;
}

struct json_object *chimera_make_text(struct chimera_maker *maker, struct chimera_slice text)
{
    struct chimera_buffer copy;
    chimera_rego_buffer(maker->call, &copy);
    chimera_buffer_append(&copy, text);
    return made_buffer(maker, &copy);
}

static struct json_object *make_base64(struct chimera_maker *maker, struct chimera_slice bytes,
                                       unsigned form)
{
    struct chimera_buffer text;
    chimera_rego_buffer(maker->call, &text);
    chimera_base64_encode(bytes, form, &text);
    return made_buffer(maker, &text);
}

struct json_object *chimera_make_bytes(struct chimera_maker *maker, struct chimera_slice bytes)
{
    return make_base64(maker, bytes, CHIMERA_BASE64_STANDARD);
}

struct json_object *chimera_make_base64url(struct chimera_maker *maker, struct chimera_slice bytes)
{
    return make_base64(maker, bytes, CHIMERA_BASE64_URL | CHIMERA_BASE64_UNPADDED);
}

/* --- Numbers --- */

/* In decimal digits; NULL and a failure when it is too large. The caller ends them with
 * OPENSSL_free(). */
static char *to_digits(struct chimera_maker *maker, struct chimera_slice number)
{
    size_t words = number.size / 8 + 1;
    if (maker->code == CHIMERA_OK && number.size > NUMBER_BYTES_MAX)
        maker->code = chimera_fail(maker->call->err, CHIMERA_ELIMIT, "a number is too large");
    if (maker->code == CHIMERA_OK)
        maker->code = chimera_rego_has_time(maker->call, words * words * WORD_PAIR_NS);
    if (maker->code < 0)
        return NULL;
    BIGNUM *read = BN_bin2bn((const unsigned char *)number.data, (int)number.size, NULL);
    char *digits = read ? BN_bn2dec(read) : NULL;
    BN_clear_free(read);
    if (!digits)
        maker->code = chimera_rego_no_memory(maker->call);
    return digits;
}

struct json_object *chimera_make_number(struct chimera_maker *maker, struct chimera_slice number)
{
    char *digits = to_digits(maker, number);
    if (!digits)
        return NULL;
    struct json_object *value =
        chimera_rego_new_number(chimera_slice_of(digits), maker->call->account);
    OPENSSL_clear_free(digits, strlen(digits));
    return made(maker, value);
}

/* --- Object identifiers --- */

/* The first value holds two numbers (X.690 §8.19.4). */
static uint32_t first_of(uint32_t value)
{
    return value < 80 ? value / 40 : 2;
}

struct json_object *chimera_make_oid(struct chimera_maker *maker, struct chimera_slice oid)
{
    struct json_object *array = chimera_make_array(maker);
    bool is_first = true;
    uint32_t value;
    while (maker->code == CHIMERA_OK && oid.size > 0 && chimera_der_oid_next(&oid, &value)) {
        if (is_first) {
            chimera_make_element(maker, array, chimera_make_int(maker, first_of(value)));
            value -= first_of(value) * 40;
        }
        chimera_make_element(maker, array, chimera_make_int(maker, value));
        is_first = false;
    }
    return array;
}

/* Seven bits a byte, of which the last one has no mark, to eight; the size of the number. */
static size_t pack(struct chimera_slice component, uint8_t to[NUMBER_BYTES_MAX])
{
    size_t size = (component.size * 7 + 7) / 8, bit = 0;
    memset(to, 0, size);
    for (size_t i = component.size; i-- > 0; bit += 7) {
        unsigned value = (unsigned)(component.data[i] & 0x7F) << bit % 8;
        to[size - 1 - bit / 8] |= (uint8_t)value;
        if (value > 0xFF)
            to[size - 2 - bit / 8] |= (uint8_t)(value >> 8);
    }
    return size;
}

/* A number of an identifier's text; the first one is two. */
static void put_component(struct chimera_maker *maker, struct chimera_slice component,
                          bool is_first, struct chimera_buffer *out)
{
    uint8_t bytes[NUMBER_BYTES_MAX];
    uint64_t value = 0;
    struct chimera_slice number = {(const char *)bytes, 0};
    if (component.size >= NUMBER_BYTES_MAX) {
        maker->code = chimera_fail(maker->call->err, CHIMERA_ELIMIT, "a number is too large");
        return;
    }
    number.size = pack(component, bytes);
    for (size_t i = 0; i < number.size && component.size <= 9; i++)
        value = value << 8 | bytes[i];
    if (is_first && component.size <= 9) {
        uint32_t first = first_of(value < 80 ? (uint32_t)value : 80);
        chimera_buffer_print(out, "%u.%" PRIu64, first, value - (uint64_t)first * 40);
        return;
    }
    if (is_first) { /* so large that it begins with 2 */
        chimera_buffer_text(out, "2.");
        for (size_t i = number.size, less = 80; i-- > 0; less = less > 0 ? 1 : 0) {
            unsigned byte = bytes[i];
            bytes[i] = (uint8_t)(byte - less);
            if (byte >= less)
                break;
        }
    } else {
        chimera_buffer_byte(out, '.');
    }
    char *digits = to_digits(maker, number);
    chimera_buffer_text(out, digits ? digits : "");
    OPENSSL_free(digits);
}

struct json_object *chimera_make_oid_text(struct chimera_maker *maker, struct chimera_slice oid)
{
    struct chimera_buffer text;
    bool is_first = true;
    size_t size = 0;
    chimera_rego_buffer(maker->call, &text);
    while (size < oid.size && maker->code == CHIMERA_OK) {
        if ((uint8_t)oid.data[size++] & 0x80)
            continue;
        put_component(maker, (struct chimera_slice){oid.data, size}, is_first, &text);
        oid = chimera_slice_behind(oid, size);
        is_first = false;
        size = 0;
    }
    return made_buffer(maker, &text);
}

/* --- IP addresses --- */

/* RFC 5952: the first of the longest rows of two zeroes and more is "::". */
static void put_ipv6(const uint16_t groups[8], struct chimera_buffer *out)
{
    int at = -1, longest = 1;
    for (int i = 0, row = 0; i < 8; i++) {
        row = groups[i] == 0 ? row + 1 : 0;
        if (row > longest) {
            longest = row;
            at = i + 1 - row;
        }
    }
    for (int i = 0; i < 8; i++) {
        if (i == at) {
            chimera_buffer_text(out, "::");
            i += longest - 1;
            continue;
        }
        chimera_buffer_print(out, i == 0 || i == at + longest ? "%x" : ":%x", groups[i]);
    }
}

struct json_object *chimera_make_ip(struct chimera_maker *maker, struct chimera_slice address)
{
    struct chimera_buffer text;
    uint16_t groups[8] = {0};
    chimera_rego_buffer(maker->call, &text);
    address = chimera_rego_address_short(address);
    const uint8_t *bytes = (const uint8_t *)address.data;
    if (address.size == 4) {
        chimera_buffer_print(&text, "%d.%d.%d.%d", bytes[0], bytes[1], bytes[2], bytes[3]);
    } else {
        for (size_t i = 0; i < address.size && i < 16; i++)
            groups[i / 2] = (uint16_t)(groups[i / 2] << 8 | bytes[i]);
        put_ipv6(groups, &text);
    }
    return made_buffer(maker, &text);
}

/* --- Collections --- */

void chimera_make_member(struct chimera_maker *maker, struct json_object *object, const char *key,
                         struct json_object *value)
{
    if (maker->code < 0)
        json_object_put(value);
    else if (chimera_node_add(maker->call->account, object, key, value) < 0)
        maker->code = chimera_rego_no_memory(maker->call);
}

void chimera_make_element(struct chimera_maker *maker, struct json_object *array,
                          struct json_object *value)
{
    if (maker->code < 0)
        json_object_put(value);
    else
        maker->code = chimera_rego_push(maker->call, array, value);
}

int chimera_make_finish(struct chimera_maker *maker, struct json_object *value,
                        struct json_object **ret_result)
{
    if (maker->code < 0)
        json_object_put(value);
    else
        *ret_result = value;
    return maker->code;
}
