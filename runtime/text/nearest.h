/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.h - which word was meant? */
#ifndef CHIMERA_TEXT_NEAREST_H
#define CHIMERA_TEXT_NEAREST_H

/* The one of `known`, which ends with NULL, that differs from `word` least: in case, by up to three
 * letters (of half the word) that are wrong, too many, missing or swapped, or by being part of it.
 * NULL when none is near. */
const char *chimera_nearest(const char *word, const char *const *known);

#endif
