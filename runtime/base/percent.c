/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/percent.h"

#include <string.h>

#include "runtime/base/hex.h"

#define ESCAPE_SIZE 3

/* -1 when none is at the front. */
static int escaped_byte(struct chimera_slice text)
{
    if (text.size < ESCAPE_SIZE || text.data[0] != '%')
        return -1;
    int high = chimera_hex_value(text.data[1]), low = chimera_hex_value(text.data[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

int chimera_percent_take(struct chimera_slice *text, unsigned rules)
{
    int byte = escaped_byte(*text);
    bool is_escape = byte > 0 || (byte == 0 && !(rules & CHIMERA_PERCENT_NO_NUL));
    if (!is_escape && text->data[0] == '%' && (rules & CHIMERA_PERCENT_STRICT))
        return -1;
    if (!is_escape)
        byte = (unsigned char)text->data[0];
    size_t size = is_escape ? ESCAPE_SIZE : 1;
    text->data += size;
    text->size -= size;
    return byte;
}

bool chimera_percent_decode(struct chimera_slice text, unsigned rules, char *to, size_t *ret_size)
{
    size_t size = 0;
    while (text.size > 0) {
        int byte = chimera_percent_take(&text, rules);
        if (byte < 0)
            return false;
        to[size++] = (char)byte;
    }
    *ret_size = size;
    return true;
}

void chimera_percent_encode(struct chimera_slice text, const char *marks,
                            struct chimera_buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte <= ' ' || byte >= 0x7F || strchr(marks, byte))
            chimera_buffer_print(out, "%%%02X", byte);
        else
            chimera_buffer_byte(out, byte);
    }
}
