/* SPDX-License-Identifier: Apache-2.0 */
/* flame_graph.h - stacks as a picture: a box a frame, as wide as it has instructions, on its
 * caller's.
 *
 * One SVG file that needs nothing else: no scripts, no fonts, no other files. A browser shows a
 * box's whole name with its figures where the pointer rests. The same stacks give the same bytes.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_PROFILE_FLAME_GRAPH_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_PROFILE_FLAME_GRAPH_H

#include "toolchain/command/bench/profile/stacks.h"

/* `title` is any text. Boxes that are too narrow to be seen are left out, with all above them. */
void flame_graph_write(const struct stacks *stacks, struct chimera_slice title,
                       struct chimera_buffer *out);

#endif
