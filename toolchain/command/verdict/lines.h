/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h - the difference of two texts, line by line. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_VERDICT_LINES_H
#define CHIMERA_TOOLCHAIN_COMMAND_VERDICT_LINES_H

#include "runtime/base/buffer.h"

/* Appends the lines of `from` that go with "- " before them, those of `to` that come with "+ ", and
 * three that stay around each with two blanks; "…" stands for the others. The fewest lines that
 * there are, unless the texts differ too much to look for them. In the colours of standard output.
 */
void lines_differ(struct chimera_slice from, struct chimera_slice to, struct chimera_buffer *out);

#endif
