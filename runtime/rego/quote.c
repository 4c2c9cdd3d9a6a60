/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/quote.h"

#include <inttypes.h>

#include "runtime/text/utf8.h"

#define RUNE_ERROR 0xFFFDu

uint32_t chimera_rego_take_rune(struct chimera_slice *text)
{
    size_t size = chimera_utf8_character(*text);
    const unsigned char *byte = (const unsigned char *)text->data;
    uint32_t rune = RUNE_ERROR;
    if (size == 1)
        rune = byte[0];
    else if (size > 1)
        rune = byte[0] & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; i++)
        rune = rune << 6 | (byte[i] & 0x3Fu);
    size_t taken = size ? size : 1;
    *text = (struct chimera_slice){text->data + taken, text->size - taken};
    return rune;
}

void chimera_rego_put_rune(uint32_t rune, struct chimera_buffer *out)
{
    if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF))
        rune = RUNE_ERROR;
    if (rune < 0x80) {
        chimera_buffer_byte(out, (uint8_t)rune);
        return;
    }
    unsigned more = rune < 0x800 ? 1 : rune < 0x10000 ? 2 : 3;
    chimera_buffer_byte(out, (uint8_t)((0xF0u << (3 - more)) | rune >> (6 * more)));
    while (more-- > 0)
        chimera_buffer_byte(out, (uint8_t)(0x80u | (rune >> (6 * more) & 0x3Fu)));
}

size_t chimera_rego_count_runes(struct chimera_slice text)
{
    size_t count = 0;
    for (; text.size > 0; count++)
        chimera_rego_take_rune(&text);
    return count;
}

bool chimera_rego_is_printable(uint32_t rune)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x00, 0x1F},     {0x7F, 0xA0},       {0xAD, 0xAD},        {0x0600, 0x0605},
        {0x061C, 0x061C}, {0x06DD, 0x06DD},   {0x070F, 0x070F},    {0x1680, 0x1680},
        {0x180E, 0x180E}, {0x2000, 0x200F},   {0x2028, 0x202F},    {0x205F, 0x206F},
        {0x3000, 0x3000}, {0xD800, 0xF8FF},   {0xFEFF, 0xFEFF},    {0xFFF0, 0xFFFB},
        {0xFFFE, 0xFFFF}, {0xE0000, 0xE00FF}, {0xE01F0, 0x10FFFF},
    };
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (rune >= hidden[i].first && rune <= hidden[i].last)
            return false;
    }
    return true;
}

void chimera_rego_quote_rune(uint32_t rune, char quote, bool ascii_only, struct chimera_buffer *out)
{
    static const char control[] = "\a\b\f\n\r\t\v", letter[] = "abfnrtv";
    const char *found = rune > 0 && rune < 0x20 ? strchr(control, (int)rune) : NULL;
    if (rune == (uint32_t)quote || rune == '\\')
        chimera_buffer_print(out, "\\%c", (char)rune);
    else if (rune < 0x80 ? chimera_rego_is_printable(rune)
                         : !ascii_only && chimera_rego_is_printable(rune))
        chimera_rego_put_rune(rune, out);
    else if (found)
        chimera_buffer_print(out, "\\%c", letter[found - control]);
    else if (rune < ' ' || rune == 0x7F)
        chimera_buffer_print(out, "\\x%02" PRIx32, rune);
    else if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF))
        chimera_buffer_text(out, "\\ufffd");
    else
        chimera_buffer_print(out, rune < 0x10000 ? "\\u%04" PRIx32 : "\\U%08" PRIx32, rune);
}

void chimera_rego_quote(struct chimera_slice text, bool ascii_only, struct chimera_buffer *out)
{
    chimera_buffer_byte(out, '"');
    while (text.size > 0 && !out->failed) {
        unsigned char first = (unsigned char)text.data[0];
        bool is_broken = chimera_utf8_character(text) == 0;
        uint32_t rune = chimera_rego_take_rune(&text);
        if (is_broken)
            chimera_buffer_print(out, "\\x%02x", first);
        else
            chimera_rego_quote_rune(rune, '"', ascii_only, out);
    }
    chimera_buffer_byte(out, '"');
}

void chimera_rego_quote_json(struct chimera_slice text, struct chimera_buffer *out)
{
    chimera_buffer_byte(out, '"');
    size_t start = 0;
    for (size_t i = 0; i < text.size && !out->failed; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte >= ' ' && byte != '"' && byte != '\\')
            continue;
        chimera_buffer_append(out, (struct chimera_slice){text.data + start, i - start});
        if (byte < ' ')
            chimera_buffer_print(out, "\\u%04x", byte);
        else
            chimera_buffer_print(out, "\\%c", byte);
        start = i + 1;
    }
    if (!out->failed)
        chimera_buffer_append(out, (struct chimera_slice){text.data + start, text.size - start});
    chimera_buffer_byte(out, '"');
}
