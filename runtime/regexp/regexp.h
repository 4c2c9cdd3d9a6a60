/* SPDX-License-Identifier: Apache-2.0 */
/* regexp.h - regular expressions as Go's regexp takes and runs them. Private to this folder.
 *
 * The work of a search is bounded by the text's size times the expression's, over all the matches
 * in a text. Every step is spent and every byte is taken from the account of the evaluation. What a
 * call returns beside 0 and 1 is CHIMERA_EINVAL for what Go refuses, CHIMERA_EDEADLINE,
 * CHIMERA_ELIMIT or CHIMERA_ENOMEM. Docs: docs/decisions/018-regular-expressions-are-ours.md.
 */
#ifndef CHIMERA_REGEXP_REGEXP_H
#define CHIMERA_REGEXP_REGEXP_H

#include <stdint.h>

#include "runtime/base/account.h"
#include "runtime/base/error.h"
#include "runtime/base/slice.h"

struct chimera_regexp;        /* an expression, compiled; does not change */
struct chimera_regexp_search; /* the matches of one in a text, from left to right */

/* The caller ends it with chimera_regexp_free(). `account` may be NULL. */
int chimera_regexp_new(struct chimera_slice pattern, struct chimera_account *account,
                       struct chimera_regexp **ret_regexp, struct chimera_error *err);
void chimera_regexp_free(struct chimera_regexp *regexp); /* NULL is allowed */

/* With the whole match, which is group 0. */
size_t chimera_regexp_group_count(const struct chimera_regexp *regexp);
/* The name of a group; .size is 0 when it has none. */
struct chimera_slice chimera_regexp_group_name(const struct chimera_regexp *regexp, size_t group);

/* Is there a match anywhere? 1, 0, or an error. */
int chimera_regexp_matches(const struct chimera_regexp *regexp, struct chimera_slice text,
                           struct chimera_error *err);

/* Borrows expression and text; the caller ends it with chimera_regexp_search_free(). Without
 * `has_groups` only group 0 is found. */
int chimera_regexp_search_new(const struct chimera_regexp *regexp, struct chimera_slice text,
                              bool has_groups, struct chimera_regexp_search **ret_search,
                              struct chimera_error *err);
void chimera_regexp_search_free(struct chimera_regexp_search *search); /* NULL is allowed */

/* The next match by Go's rules, by which an empty one right behind another does not count: 1, 0 for
 * none, or an error. */
int chimera_regexp_next(struct chimera_regexp_search *search, struct chimera_error *err);

/* Of the last match. False when the group took no part. */
bool chimera_regexp_group(const struct chimera_regexp_search *search, size_t group,
                          size_t *ret_start, size_t *ret_end);

#endif
