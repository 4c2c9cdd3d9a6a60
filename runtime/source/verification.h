/* SPDX-License-Identifier: Apache-2.0 */
/* verification.h - the file that says which signatures a policy needs (policy-server.md §1.7,
 * cli-and-distribution.md §5.1).
 */
#ifndef CHIMERA_SOURCE_VERIFICATION_H
#define CHIMERA_SOURCE_VERIFICATION_H

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

/* Reads and checks the file. The error tells all that is wrong, each with its place
 * (runtime/text/problems.h). */
int chimera_verification_check(const char *path, struct chimera_error *err);
/* The same of a text; `path` is for messages. */
int chimera_verification_check_text(struct chimera_slice text, const char *path,
                                    struct chimera_error *err);

#endif
