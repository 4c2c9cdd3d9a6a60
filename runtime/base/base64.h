/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h - base64 and base64url (RFC 4648 §4, §5).
 *
 * Decoding is strict, so that one text stands for each row of bytes and what was compared is what
 * was meant: no line ends or blanks, the padding whole (or, unpadded, none), no bits left over.
 * OpenSSL's EVP_DecodeBlock() does none of that.
 */
#ifndef CHIMERA_BASE_BASE64_H
#define CHIMERA_BASE_BASE64_H

#include "runtime/base/arena.h"
#include "runtime/base/buffer.h"
#include "runtime/base/slice.h"

/* To be combined. */
enum chimera_base64_form {
    CHIMERA_BASE64_STANDARD = 0, /* with + and /, padded */
    CHIMERA_BASE64_URL = 1,      /* with - and _ */
    CHIMERA_BASE64_UNPADDED = 2,
};

/* Of one digit; -1 when it is none of that form. */
int chimera_base64_digit(char digit, unsigned form);

/* Bytes that so much text decodes to, at most. */
static inline size_t chimera_base64_decoded_max(size_t text_size)
{
    return text_size / 4 * 3 + 2;
}

/* False when it is not base64 of that form; then `to` may hold anything. It has room for
 * chimera_base64_decoded_max(text.size) bytes, and must not be where the text is. */
bool chimera_base64_decode(struct chimera_slice text, unsigned form, char *to, size_t *ret_size);

/* The same into an arena: CHIMERA_EINVAL, or CHIMERA_ELIMIT when there was no room. What is empty
 * decodes to what is empty. */
int chimera_base64_decode_in(struct chimera_arena *arena, struct chimera_slice text, unsigned form,
                             struct chimera_slice *ret_bytes);

/* Appends; the buffer keeps the failure. */
void chimera_base64_encode(struct chimera_slice bytes, unsigned form, struct chimera_buffer *out);

#endif
