/* re2.h - regular expressions as Go's regexp takes them, run by PCRE2. Private to this folder.
 *
 * Only Go's syntax is let through (no look-around, back-references, possessive quantifiers, verbs),
 * rewritten where PCRE2 means something else by it. Matching is bounded: what would take too long
 * is an error.
 */
#ifndef CHIMERA_REGO_RE2_H
#define CHIMERA_REGO_RE2_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

struct chimera_re2; /* opaque */

/* The caller ends it with chimera_re2_free(). */
int chimera_re2_new(struct chimera_slice pattern, struct chimera_re2 **ret_re2,
                    struct chimera_error *err);
void chimera_re2_free(struct chimera_re2 *re2); /* NULL is allowed */

/* The next match in `text` from byte `at` on: 1, 0 for none, or an error. Its groups are then read
 * with chimera_re2_group(). */
int chimera_re2_match(struct chimera_re2 *re2, struct chimera_slice text, size_t at,
                      struct chimera_error *err);

size_t chimera_re2_group_count(const struct chimera_re2 *re2);
/* Group 0 is the whole match. False when the group took no part. */
bool chimera_re2_group(const struct chimera_re2 *re2, size_t group, size_t *ret_start,
                       size_t *ret_end);
/* The first group of this name that took part in the last match; -1: none. */
int chimera_re2_group_named(const struct chimera_re2 *re2, struct chimera_slice name);

/* The pattern in PCRE2's syntax; CHIMERA_EINVAL when it is not Go's. For chimera_re2_new(). */
int chimera_re2_translate(struct chimera_slice pattern, struct chimera_buffer *out,
                          struct chimera_error *err);

#endif
