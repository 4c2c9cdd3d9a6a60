/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - is it UTF-8? By Unicode's table of well-formed byte sequences: no surrogates, nothing
 * overlong, nothing above U+10FFFF. */
#ifndef CHIMERA_TEXT_UTF8_H
#define CHIMERA_TEXT_UTF8_H

#include "runtime/base/slice.h"

/* How many bytes the character at the start has; 0 when it is malformed, cut off, or not there. */
size_t chimera_utf8_character(struct chimera_slice text);

/* How many bytes are well formed, from the start on: all of them, or where the first fault is. */
size_t chimera_utf8_prefix(struct chimera_slice text);

static inline bool chimera_utf8_is_valid(struct chimera_slice text)
{
    return chimera_utf8_prefix(text) == text.size;
}

#endif
