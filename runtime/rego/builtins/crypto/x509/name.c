/* SPDX-License-Identifier: Apache-2.0 */
/* Distinguished names, and the texts in them. */
#include "runtime/rego/builtins/crypto/x509/x509.h"

#include "runtime/rego/quote.h"
#include "runtime/text/utf8.h"

/* As Go has it: '*' and '&' are not in the standard, but in certificates. */
static bool is_printable(char byte)
{
    return byte && ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                    (byte >= '0' && byte <= '9') || strchr("'()+,-./ :=?*&", byte));
}

static bool is_numeric(char byte)
{
    return (byte >= '0' && byte <= '9') || byte == ' ';
}

static bool is_ascii(char byte)
{
    return !((uint8_t)byte & 0x80);
}

static bool all_are(struct chimera_slice text, bool (*is)(char))
{
    for (size_t i = 0; i < text.size; i++)
        if (!is(text.data[i]))
            return false;
    return true;
}

/* UCS-2, big-endian; a terminator is left out. `out` may be NULL. */
static bool read_bmp(struct chimera_slice text, struct chimera_buffer *out)
{
    if (text.size % 2)
        return false;
    if (text.size >= 2 && text.data[text.size - 1] == 0 && text.data[text.size - 2] == 0)
        text.size -= 2;
    for (; text.size > 0; text = chimera_slice_behind(text, 2)) {
        uint32_t rune = (uint32_t)(uint8_t)text.data[0] << 8 | (uint8_t)text.data[1];
        if (rune >= 0xFFFE || (rune >= 0xFDD0 && rune <= 0xFDEF) ||
            (rune >= 0xD800 && rune <= 0xDFFF))
            return false;
        if (out)
            chimera_rego_put_rune(rune, out);
    }
    return true;
}

bool chimera_x509_text(unsigned tag, struct chimera_slice text, struct chimera_buffer *out)
{
    if (tag == CHIMERA_DER_BMP)
        return read_bmp(text, out);
    if (tag == CHIMERA_DER_T61) { /* taken for Latin-1 */
        for (; out && text.size > 0; text = chimera_slice_behind(text, 1))
            chimera_rego_put_rune((uint8_t)*text.data, out);
        return true;
    }
    bool is_good = tag == CHIMERA_DER_PRINTABLE ? all_are(text, is_printable)
                   : tag == CHIMERA_DER_NUMERIC ? all_are(text, is_numeric)
                   : tag == CHIMERA_DER_IA5
                       ? all_are(text, is_ascii)
                       : tag == CHIMERA_DER_UTF8 && chimera_utf8_is_valid(text);
    if (is_good && out)
        chimera_buffer_append(out, text);
    return is_good;
}

static bool take_attribute(struct chimera_slice *set, struct chimera_slice *ret_oid,
                           struct chimera_buffer *out)
{
    struct chimera_slice inside, value;
    unsigned tag;
    return chimera_der_take(set, CHIMERA_DER_SEQUENCE, &inside) &&
           chimera_der_oid(&inside, ret_oid) && chimera_der_any(&inside, &tag, &value, NULL) &&
           chimera_x509_text(tag, value, out);
}

bool chimera_x509_check_name(struct chimera_slice name)
{
    struct chimera_slice names, set, oid;
    if (!chimera_der_take(&name, CHIMERA_DER_SEQUENCE, &names))
        return false;
    while (names.size > 0) {
        if (!chimera_der_take(&names, CHIMERA_DER_SET, &set))
            return false;
        while (set.size > 0)
            if (!take_attribute(&set, &oid, NULL))
                return false;
    }
    return true;
}

bool chimera_x509_name_next(struct chimera_slice name, struct chimera_x509_name_state *state,
                            struct chimera_slice *ret_oid, struct chimera_buffer *out)
{
    if (!state->is_open)
        state->is_open = chimera_der_take(&name, CHIMERA_DER_SEQUENCE, &state->names);
    while (state->set.size == 0 && state->names.size > 0)
        if (!chimera_der_take(&state->names, CHIMERA_DER_SET, &state->set))
            return false;
    return state->set.size > 0 && take_attribute(&state->set, ret_oid, out);
}
