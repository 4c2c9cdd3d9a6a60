/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/utf8.h"

#include <stdint.h>

static bool is_between(uint8_t byte, uint8_t low, uint8_t high)
{
    return byte >= low && byte <= high;
}

/* The second byte's range is what rules out overlong forms, surrogates and too large values. */
static bool is_second(uint8_t first, uint8_t second)
{
    switch (first) {
    case 0xe0:
        return is_between(second, 0xa0, 0xbf);
    case 0xed:
        return is_between(second, 0x80, 0x9f);
    case 0xf0:
        return is_between(second, 0x90, 0xbf);
    case 0xf4:
        return is_between(second, 0x80, 0x8f);
    default:
        return is_between(second, 0x80, 0xbf);
    }
}

size_t chimera_utf8_character(struct chimera_slice text)
{
    if (text.size == 0)
        return 0;
    uint8_t first = (uint8_t)text.data[0];
    if (first < 0x80)
        return 1;
    size_t size = is_between(first, 0xc2, 0xdf)   ? 2
                  : is_between(first, 0xe0, 0xef) ? 3
                  : is_between(first, 0xf0, 0xf4) ? 4
                                                  : 0;
    if (size == 0 || size > text.size || !is_second(first, (uint8_t)text.data[1]))
        return 0;
    for (size_t i = 2; i < size; i++)
        if (!is_between((uint8_t)text.data[i], 0x80, 0xbf))
            return 0;
    return size;
}

size_t chimera_utf8_prefix(struct chimera_slice text)
{
    /* Eight bytes of ASCII at a time: what policies exchange is mostly that. */
    size_t at = 0;
    uint64_t word;
    while (text.size - at >= sizeof(word)) {
        memcpy(&word, text.data + at, sizeof(word));
        if (word & 0x8080808080808080u)
            break;
        at += sizeof(word);
    }
    while (at < text.size) {
        size_t size =
            chimera_utf8_character((struct chimera_slice){text.data + at, text.size - at});
        if (size == 0)
            break;
        at += size;
    }
    return at;
}
