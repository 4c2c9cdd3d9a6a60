/* SPDX-License-Identifier: Apache-2.0 */
/* The text is first brought into the form that guests write, which parse.c reads. */
#include "runtime/rego/unmarshal.h"

#include "runtime/base/hex.h"
#include "runtime/json/node.h"
#include "runtime/json/scan.h"
#include "runtime/rego/quote.h"

#define IS_HIGH_SURROGATE(rune) ((rune) >= 0xD800 && (rune) <= 0xDBFF)
#define IS_LOW_SURROGATE(rune) ((rune) >= 0xDC00 && (rune) <= 0xDFFF)
#define RUNE_ERROR 0xFFFDu

/* The number of "\uXXXX" at the front; false when there is none. */
static bool peek_escape(struct chimera_slice text, uint32_t *ret_rune)
{
    if (text.size < 6 || !chimera_slice_starts(text, "\\u"))
        return false;
    *ret_rune = 0;
    for (size_t i = 2; i < 6; i++) {
        int digit = chimera_hex_value(text.data[i]);
        if (digit < 0)
            return false;
        *ret_rune = *ret_rune << 4 | (uint32_t)digit;
    }
    return true;
}

static void put_rune(uint32_t rune, struct chimera_buffer *out)
{
    if (rune == '"' || rune == '\\')
        chimera_buffer_byte(out, '\\');
    if (rune < 0x20)
        chimera_buffer_print(out, "\\u%04x", (unsigned)rune);
    else
        chimera_rego_put_rune(rune, out);
}

/* What begins with a backslash, which is taken off; what is no escape stays, and is no JSON. */
static void take_escape(struct chimera_slice *text, struct chimera_buffer *out)
{
    static const char letters[] = "bf/", bytes[] = "\b\f/";
    uint32_t rune, low;
    if (peek_escape(*text, &rune)) {
        *text = chimera_slice_behind(*text, 6);
        if (IS_HIGH_SURROGATE(rune) && peek_escape(*text, &low) && IS_LOW_SURROGATE(low)) {
            *text = chimera_slice_behind(*text, 6);
            rune = 0x10000 + ((rune & 0x3FF) << 10 | (low & 0x3FF));
        }
        put_rune(rune, out);
        return;
    }
    char letter = text->size > 1 ? text->data[1] : '\0';
    const char *found = letter ? strchr(letters, letter) : NULL;
    size_t size = text->size > 1 ? 2 : 1;
    if (found)
        put_rune((uint8_t)bytes[found - letters], out);
    else
        chimera_buffer_append(out, (struct chimera_slice){text->data, size});
    *text = chimera_slice_behind(*text, size);
}

static void normalize(struct chimera_slice text, struct chimera_buffer *out)
{
    bool is_inside = false;
    while (text.size > 0 && !out->failed) {
        unsigned char byte = (unsigned char)*text.data;
        if (is_inside && byte == '\\') {
            take_escape(&text, out);
        } else if (byte < 0x80 || !is_inside) {
            is_inside ^= byte == '"';
            chimera_buffer_byte(out, byte);
            text = chimera_slice_behind(text, 1);
        } else {
            chimera_rego_put_rune(chimera_rego_take_rune(&text), out);
        }
    }
}

int chimera_rego_unmarshal_first(struct chimera_slice text, struct chimera_account *account,
                                 struct json_object **ret_value, bool *ret_has_more,
                                 struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_buffer normal;
    struct chimera_slice value;
    chimera_buffer_init_within(&normal, SIZE_MAX, account);
    normalize(text, &normal);
    int code = normal.failed;
    if (code == CHIMERA_OK && normal.size > CHIMERA_SCAN_AT_ONCE)
        code = chimera_account_has_time(account, normal.size * CHIMERA_SCAN_AT_ONCE_NS);
    if (code < 0) {
        chimera_fail(err, code, "%s", chimera_account_text(account));
    } else {
        chimera_scan_init(&scan, chimera_buffer_slice(&normal));
        scan.is_wide = true;
        chimera_scan_peek(&scan);
        if (!chimera_scan_skip(&scan, &value))
            code = chimera_scan_report(&scan, err);
    }
    if (code == CHIMERA_OK) {
        *ret_has_more = chimera_scan_peek(&scan) >= 0;
        code = chimera_rego_parse_within(value, account, ret_value, err);
    }
    chimera_buffer_free(&normal);
    return code;
}

int chimera_rego_unmarshal(struct chimera_slice text, struct chimera_account *account,
                           struct json_object **ret_value, struct chimera_error *err)
{
    bool has_more;
    struct json_object *value = NULL;
    int code = chimera_rego_unmarshal_first(text, account, &value, &has_more, err);
    if (code == CHIMERA_OK && has_more) {
        json_object_put(value);
        return chimera_fail(err, CHIMERA_EINVAL, "invalid character after top-level value");
    }
    if (code == CHIMERA_OK)
        *ret_value = value;
    return code;
}
