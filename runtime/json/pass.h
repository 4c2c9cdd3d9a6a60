/* SPDX-License-Identifier: Apache-2.0 */
/* pass.h - one quick pass over an array or object: strings, UTF-8, nesting and grammar in one go.
 *
 * It takes what nearly every text is made of and says where the value ends, or where all the values
 * in it stand. What is rare (numbers with an exponent, more than 63 levels, a text that does not
 * end with a bracket) it does not take, as little as what is wrong: scan.c does all of that, and
 * words what is wrong. So a value that is taken here is one that scan.c takes, to the same byte.
 *
 * Strings are looked through by 8, 16 or 32 bytes at a time, by what the processor has; the
 * variable CHIMERA_JSON_PASS forces one form, by its name. No allocation, no recursion; reads
 * nothing behind the text. Any thread.
 */
#ifndef CHIMERA_JSON_PASS_H
#define CHIMERA_JSON_PASS_H

#include <stdint.h>

#include "runtime/base/slice.h"

/* Levels that may be open at once. */
#define CHIMERA_PASS_DEPTH_MAX 63

struct chimera_pass_value {
    const char *key, *start;         /* the key is a member's alone, and without its quotes */
    struct chimera_pass_value *next; /* behind this one and all that is in it */
    uint32_t key_size, size;
    bool is_key_escaped; /* has backslashes */
};

struct chimera_pass_index {                 /* all values, in the order of the text */
    struct chimera_pass_value *first, *end; /* borrowed; `end` is behind the last that was found */
    struct chimera_pass_value *room_end;
};

/* Room for as many values as a text of so many bytes has, but for a text of little else. */
#define CHIMERA_PASS_USUAL(size) ((size) / 16 + 16)

/* `at` is at an opening bracket, and `end` behind the text, in which more may follow. Where the
 * value ends, or NULL: not taken. */
typedef const char *chimera_pass_end(const char *at, const char *end);
/* The same, and writes down what is in it; a text of less than 4 GiB. NULL, too, when there is no
 * room, or a key may hold a NUL. */
typedef const char *chimera_pass_values(const char *at, const char *end,
                                        struct chimera_pass_index *index);

struct chimera_pass_form {
    const char *name; /* portable, sse2, avx2 */
    chimera_pass_end *find_end;
    chimera_pass_values *find_values;
};

extern const struct chimera_pass_form *chimera_pass; /* set before main() */

/* Those that this processor has, the quickest last; NULL behind them. */
const struct chimera_pass_form *chimera_pass_form(unsigned number);
/* Only for tests, and only while nobody reads. */
void chimera_pass_force(const struct chimera_pass_form *form);

#endif
