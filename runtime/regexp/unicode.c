/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/regexp/unicode.h"

#include <stdlib.h>

#include "runtime/text/utf8.h"

#define NAME_MAX_BYTES 64 /* no property has a longer one */
#define CONTINUATIONS_MAX 3

size_t chimera_regexp_decode_long(const char *text, size_t size, uint32_t *ret_rune)
{
    static const uint8_t lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    size_t width = chimera_utf8_character((struct chimera_slice){text, size});
    if (width == 0) {
        *ret_rune = CHIMERA_REGEXP_RUNE_ERROR;
        return 1;
    }
    uint32_t rune = (unsigned char)text[0] & lead_bits[width];
    for (size_t i = 1; i < width; i++)
        rune = rune << 6 | ((unsigned char)text[i] & 0x3F);
    *ret_rune = rune;
    return width;
}

/* A sequence that is well formed has one byte that is no continuation, its first; so the same bytes
 * are found to be characters from both sides. */
size_t chimera_regexp_decode_last(const char *text, size_t size, uint32_t *ret_rune)
{
    size_t back = 1;
    while (back <= CONTINUATIONS_MAX && back < size &&
           ((unsigned char)text[size - back] & 0xC0) == 0x80)
        back++;
    if (chimera_regexp_decode(text + size - back, back, ret_rune) == back)
        return back;
    *ret_rune = CHIMERA_REGEXP_RUNE_ERROR;
    return 1;
}

const struct chimera_regexp_fold *chimera_regexp_fold_near(uint32_t rune)
{
    size_t low = 0, high = chimera_regexp_folds_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (chimera_regexp_folds[middle].lo <= rune)
            low = middle + 1;
        else
            high = middle;
    }
    return chimera_regexp_folds +
           (low > CHIMERA_REGEXP_FOLD_NEAR ? low - 1 - CHIMERA_REGEXP_FOLD_NEAR : 0);
}

uint32_t chimera_regexp_fold(uint32_t rune)
{
    const struct chimera_regexp_fold *end = chimera_regexp_folds + chimera_regexp_folds_count;
    if (rune >= 'A' && rune <= 'Z')
        return rune + 'a' - 'A';
    if (rune >= 'a' && rune <= 'z' && rune != 'k' && rune != 's') /* these have a third */
        return rune - ('a' - 'A');
    if (rune < CHIMERA_REGEXP_FOLD_MIN || rune > CHIMERA_REGEXP_FOLD_MAX)
        return rune;
    for (const struct chimera_regexp_fold *fold = chimera_regexp_fold_near(rune);
         fold < end && fold->lo <= rune; fold++) {
        if (rune <= fold->hi && (rune - fold->lo) % fold->step == 0)
            return rune + (uint32_t)fold->delta;
    }
    return rune;
}

static int compare_name(const void *name, const void *property)
{
    return strcmp(name, ((const struct chimera_regexp_property *)property)->name);
}

const struct chimera_regexp_property *chimera_regexp_property_find(struct chimera_slice name)
{
    char canonical[NAME_MAX_BYTES];
    size_t size = 0;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (c == '_' || c == '-' || c == ' ')
            continue;
        if (size == sizeof(canonical) - 1 || c == '\0')
            return NULL;
        if (size == 0 && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        else if (size > 0 && c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        canonical[size++] = c;
    }
    canonical[size] = '\0';
    return bsearch(canonical, chimera_regexp_properties, chimera_regexp_properties_count,
                   sizeof(chimera_regexp_properties[0]), compare_name);
}

static bool is_letter_or_digit(uint32_t rune)
{
    size_t low = 0, high = chimera_regexp_category_runs_count; /* low begins at or before it */
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (chimera_regexp_category_runs[middle] >> 5 <= rune)
            low = middle;
        else
            high = middle;
    }
    return CHIMERA_REGEXP_LETTER_OR_DIGIT >> (chimera_regexp_category_runs[low] & 31) & 1;
}

size_t chimera_regexp_name_size(struct chimera_slice text)
{
    size_t size = 0;
    while (size < text.size) {
        uint32_t rune;
        size_t width = chimera_regexp_decode(text.data + size, text.size - size, &rune);
        if (rune != '_' && !is_letter_or_digit(rune))
            break;
        size += width;
    }
    return size;
}
