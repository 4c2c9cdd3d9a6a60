/* SPDX-License-Identifier: Apache-2.0 */
/* verification.h - the file that says which signatures a policy needs (policy-server.md §1.7,
 * cli-and-distribution.md §5.1).
 */
#ifndef CHIMERA_SOURCE_VERIFICATION_H
#define CHIMERA_SOURCE_VERIFICATION_H

#include <stddef.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"
#include "runtime/source/constraint.h"

struct chimera_verification {                   /* all zero: nothing is asked for */
    struct chimera_constraint *all_of, *any_of; /* owned */
    size_t all_count, any_count;
    bool has_any_of;          /* it may be empty, and then nobody satisfies it */
    unsigned minimum_matches; /* of any_of */
    bool is_implicit;         /* of a default file: nobody has named it */
};

/* Reads and checks the file. The error tells all that is wrong, each with its place
 * (runtime/text/problems.h). The caller ends *ret_verification; NULL: it is only checked. */
int chimera_verification_read(const char *path, struct chimera_verification *ret_verification,
                              struct chimera_error *err);
/* The same of a text; `path` is for messages. */
int chimera_verification_parse(struct chimera_slice text, const char *path,
                               struct chimera_verification *ret_verification,
                               struct chimera_error *err);
void chimera_verification_done(struct chimera_verification *verification);

/* One more of all_of; takes over what *constraint owns, in any case. */
int chimera_verification_add(struct chimera_verification *verification,
                             struct chimera_constraint *constraint, struct chimera_error *err);

#endif
