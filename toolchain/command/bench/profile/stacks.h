/* SPDX-License-Identifier: Apache-2.0 */
/* stacks.h - the calls of one evaluation with their functions' names, and as folded stacks.
 *
 * Borrows the profile. Frames are by number; a frame's callees are in the order in which they were
 * first called. One thread.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_PROFILE_STACKS_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_PROFILE_STACKS_H

#include "runtime/base/buffer.h"
#include "runtime/instance/profile.h"

#define STACKS_NONE UINT32_MAX

struct stacks_frame {
    const char *name;           /* the stacks' */
    uint64_t self, total;       /* instructions: its own, and with those that it calls */
    uint32_t parent;            /* STACKS_NONE: the root */
    uint32_t first, last, next; /* callees, and the caller's next one; STACKS_NONE: none */
};

struct stacks {
    struct stacks_frame *frame; /* owned; as many as nodes of the profile */
    uint32_t *order;            /* owned: their numbers, callers first */
    uint32_t count, root;
    bool is_cut; /* some calls are part of their callers */
    struct chimera_buffer names;
    size_t *name_at; /* owned: by function */
    uint32_t function_count;
};

/* `names_fd` is that of a struct chimera_loaded. Ended by stacks_done(). */
int stacks_new(const struct chimera_profile *profile, int names_fd, struct stacks *ret_stacks,
               struct chimera_error *err);
void stacks_done(struct stacks *stacks);

/* "a;b;c 123" for each frame that has instructions of its own, callers first: what flamegraph.pl
 * and its like take. */
void stacks_write(const struct stacks *stacks, struct chimera_buffer *out);

#endif
