/* SPDX-License-Identifier: Apache-2.0 */
/* set_difference.h - what became of each policy and group from one bundle to another.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_DEPLOY_SET_DIFFERENCE_H
#define CHIMERA_TOOLCHAIN_COMMAND_DEPLOY_SET_DIFFERENCE_H

#include "toolchain/command/deploy/served_set.h"

/* {"same": bool, "added": [{"id", what it is…}], "removed": [the same], "changed": [{"id",
 * "changes": [{"key", "from", "to"}]}]}, ids in the order of the files. A key leads into maps by
 * dots: "settings.limits.cpu"; "from" and "to" are absent where there is nothing. What the file
 * leaves out counts as its default. Owned by the caller; NULL: no memory. */
struct json_object *set_difference(const struct served_set *from, const struct served_set *to);

/* The same for people, with the colours that may be where the descriptor leads. */
void set_difference_write(struct json_object *difference, int fd, struct chimera_buffer *out);

#endif
