/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/nearest.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define WORD_MAX 40
#define DISTANCE_MAX 3
#define PART_MIN 4 /* letters of a word that is part of another */
#define PART_RANK \
    3u /* that is nearer than two changes, which count twice here, and farther than one */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Damerau's distance, of neighbours swapped once (optimal string alignment), without regard to
 * case. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1];
    size_t size = strlen(b);
    for (unsigned j = 0; j <= size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= strlen(a); i++) {
        const unsigned *before = rows[(i - 1) % 3], *swapped = rows[(i + 1) % 3];
        unsigned *row = rows[i % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= size; j++) {
            unsigned cost = lower(a[i - 1]) != lower(b[j - 1]);
            row[j] = least(least(before[j], row[j - 1]) + 1, before[j - 1] + cost);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], swapped[j - 2] + 1);
        }
    }
    return rows[strlen(a) % 3][size];
}

const char *chimera_nearest(const char *word, const char *const *known)
{
    const char *nearest = NULL;
    unsigned smallest = UINT_MAX;
    size_t size = strlen(word);
    for (; *known && size <= WORD_MAX; known++) {
        size_t known_size = strlen(*known);
        if (known_size > WORD_MAX)
            continue;
        unsigned changes = distance(word, *known), rank = 2 * changes;
        size_t least_size = size < known_size ? size : known_size;
        bool is_near = changes <= DISTANCE_MAX && 2 * changes <= least_size;
        bool is_part = size >= PART_MIN && strcasestr(*known, word);
        if (is_part)
            rank = least(rank, PART_RANK);
        if ((is_near || is_part) && rank < smallest) {
            smallest = rank;
            nearest = *known;
        }
    }
    return nearest;
}
