/* SPDX-License-Identifier: Apache-2.0 */
/* unicode.h - characters for regexp.h: UTF-8, properties, case. Private to this folder.
 *
 * The tables are made by tests/regexp/make-tables.go.
 */
#ifndef CHIMERA_REGEXP_UNICODE_H
#define CHIMERA_REGEXP_UNICODE_H

#include <stdint.h>

#include "runtime/base/slice.h"

#define CHIMERA_REGEXP_RUNE_MAX 0x10FFFFu
#define CHIMERA_REGEXP_RUNE_ERROR 0xFFFDu /* what a byte that is no UTF-8 counts as */

/* No character that has another case lies outside. */
#define CHIMERA_REGEXP_FOLD_MIN 0x41u
#define CHIMERA_REGEXP_FOLD_MAX 0x1E943u
/* So many runs back from the last that begins at or before a character may be the one that has it.
 */
#define CHIMERA_REGEXP_FOLD_NEAR 3

#define CHIMERA_REGEXP_UNASSIGNED 0x1u /* in a mask of categories */
#define CHIMERA_REGEXP_LETTER_OR_DIGIT 0x23E0u

struct chimera_regexp_fold { /* `step` 1 or 2 */
    uint32_t lo, hi, step;
    int32_t delta;
};

struct chimera_regexp_property {
    const char *name;
    uint32_t categories; /* a mask; 0 for a script */
    uint8_t script;
    bool is_folded; /* may have characters of another case added */
};

extern const uint32_t chimera_regexp_category_runs[];
extern const size_t chimera_regexp_category_runs_count;
extern const uint32_t chimera_regexp_script_runs[];
extern const size_t chimera_regexp_script_runs_count;
extern const struct chimera_regexp_fold chimera_regexp_folds[];
extern const size_t chimera_regexp_folds_count;
extern const struct chimera_regexp_property chimera_regexp_properties[];
extern const size_t chimera_regexp_properties_count;

/* The next character in the orbit of those that differ in case alone; the same one if there is
 * none. */
uint32_t chimera_regexp_fold(uint32_t rune);

/* The first run that may have a character from `rune` on. */
const struct chimera_regexp_fold *chimera_regexp_fold_near(uint32_t rune);

/* By its name as in \p{name}, spaces, hyphens, underscores and case left aside; NULL: none. */
const struct chimera_regexp_property *chimera_regexp_property_find(struct chimera_slice name);

/* How many bytes at the start are letters, digits and underscores, of all scripts. */
size_t chimera_regexp_name_size(struct chimera_slice text);

/* More than one byte, or a fault. Returns how many bytes it has, 1 for a fault. */
size_t chimera_regexp_decode_long(const char *text, size_t size, uint32_t *ret_rune);
/* The last one of `size` bytes, of which there is one at least. */
size_t chimera_regexp_decode_last(const char *text, size_t size, uint32_t *ret_rune);

/* The first of `size` bytes, of which there is one at least. */
static inline size_t chimera_regexp_decode(const char *text, size_t size, uint32_t *ret_rune)
{
    if ((unsigned char)*text >= 0x80)
        return chimera_regexp_decode_long(text, size, ret_rune);
    *ret_rune = (unsigned char)*text;
    return 1;
}

static inline bool chimera_regexp_is_word(uint32_t rune)
{
    return (rune >= '0' && rune <= '9') || (rune >= 'A' && rune <= 'Z') ||
           (rune >= 'a' && rune <= 'z') || rune == '_';
}

#endif
