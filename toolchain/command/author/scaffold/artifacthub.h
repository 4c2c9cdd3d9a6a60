/* SPDX-License-Identifier: Apache-2.0 */
/* artifacthub.h - a policy's metadata as a package of Artifact Hub (cli-and-distribution.md §1.10).
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_ARTIFACTHUB_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_ARTIFACTHUB_H

#include "runtime/policy/metadata.h"

struct artifacthub_input {
    const struct chimera_metadata *metadata;
    const char *created_at; /* RFC 3339 */
    const char *questions;  /* the text of the file; NULL: there is none */
};

/* The package, members in the order in which they are written; owned by the caller. CHIMERA_EINVAL
 * with what is missing or malformed. */
int artifacthub_package(const struct artifacthub_input *input, struct json_object **ret_package,
                        struct chimera_error *err);

#endif
