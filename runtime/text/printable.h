/* SPDX-License-Identifier: Apache-2.0 */
/* printable.h - text of others on its way to a person's eyes.
 *
 * What a policy, a client or a file says may hold characters that move a terminal's cursor, give it
 * commands, begin another line, turn the direction of what follows, or cannot be seen at all.
 * Whoever writes such text for a person writes it by these functions, which show those characters
 * in place of passing them on. What is not UTF-8 becomes U+FFFD.
 */
#ifndef CHIMERA_TEXT_PRINTABLE_H
#define CHIMERA_TEXT_PRINTABLE_H

#include <stdarg.h>
#include <stdio.h>

#include "runtime/base/buffer.h"
#include "runtime/base/slice.h"

/* No control (C0, DEL, C1), no end of a line or paragraph, no format character. Two of those stay,
 * the joiners U+200C and U+200D: scripts and emoji need them, and they stand between letters. */
bool chimera_printable_is(uint32_t character);

/* How a character that may not pass is written. */
enum chimera_printable_form {
    CHIMERA_PRINTABLE_SHOWN, /* \n, \r, \t, \u{1b} */
    CHIMERA_PRINTABLE_JSON,  /* \u001b, two of them above U+FFFF; inside of JSON's strings */
    CHIMERA_PRINTABLE_YAML,  /* \u001b, \U000e0001; inside of double quotes */
};

#define CHIMERA_PRINTABLE_SIZE 16 /* of the longest, with its NUL */

/* The character at the start of `text`, which is not empty: how many bytes it takes there.
 * *ret_shown is those bytes, or what stands for them, in `room`. */
size_t chimera_printable_next(struct chimera_slice text, enum chimera_printable_form form,
                              char room[CHIMERA_PRINTABLE_SIZE], struct chimera_slice *ret_shown);

/* `line_end` is what becomes of the end of a line, and lets tabs through; NULL: it is shown like
 * any other control character. */
void chimera_printable_append(struct chimera_slice text, const char *line_end,
                              struct chimera_buffer *out);

/* A message to `to`: "WORD: ", the text, and the end of its line; the word may be NULL, and has the
 * colour of what it says where there are colours (terminal.h). Lines
 * behind the first are indented, so that none of them can pass for a message of its own. */
void chimera_printable_say(FILE *to, const char *word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void chimera_printable_vsay(FILE *to, const char *word, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* From now on no message whose word is another than "error" is written: who asked for quiet wants
 * no warnings and notes. For the whole process, before it has threads. */
void chimera_printable_hush(void);

/* JSON or YAML that is written: the same document, and nothing in it but what may pass and line
 * ends. Of YAML, texts with other characters must stand in double quotes. */
void chimera_printable_document(struct chimera_slice text, enum chimera_printable_form form,
                                struct chimera_buffer *out);

#endif
