/* SPDX-License-Identifier: Apache-2.0 */
/* profile.h - which functions an evaluation has spent its instructions in.
 *
 * A profiling plugin (plugin/counter.h) calls its host whenever one of its functions is entered and
 * left. From the counter at these moments comes a tree of calls: a node is a function as it was
 * called along one way, and has what was counted in it alone. One evaluation, one thread.
 *
 * An evaluation that goes on from a snapshot within calls (a program that waits for its input) is
 * told the names of these only as they are left: each becomes the parent of all before it. The last
 * root stands for what was still open at the end, and has no function.
 */
#ifndef CHIMERA_INSTANCE_PROFILE_H
#define CHIMERA_INSTANCE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/error.h"

struct chimera_guest;

/* What is called below a node at the one limit, or when all nodes are taken, is its caller's. */
#define CHIMERA_PROFILE_DEPTH_MAX 256u
#define CHIMERA_PROFILE_NODES_MAX (1u << 16)

#define CHIMERA_PROFILE_OPEN UINT32_MAX /* a function that is not known */
#define CHIMERA_PROFILE_NONE UINT32_MAX /* no node */

struct chimera_profile_node {
    uint32_t function; /* its index in the module, or CHIMERA_PROFILE_OPEN */
    uint32_t parent;   /* CHIMERA_PROFILE_NONE: the root */
    uint32_t depth;    /* calls on the way to it when it was made */
    uint32_t next;     /* of the same place in the table of children */
    uint64_t self;     /* instructions */
};

struct chimera_profile {
    struct chimera_profile_node *node; /* owned; by number, callees behind their first caller */
    uint32_t *table;                   /* owned: the first node of each place */
    uint32_t count, root, current;
    uint32_t skipped; /* calls that are open below `current` and have no node */
    bool is_cut;      /* some had none */
    uint64_t last;    /* the counter, when it was last looked at */
};

int chimera_profile_new(struct chimera_profile **ret_profile, struct chimera_error *err);
void chimera_profile_free(struct chimera_profile *profile); /* NULL is allowed */

/* What runs between chimera_guest_begin() and chimera_guest_end() is put down in `profile`, which
 * is emptied at the beginning; NULL: in none. CHIMERA_EINVAL where the plugin does not profile. */
int chimera_guest_profile(struct chimera_guest *guest, struct chimera_profile *profile,
                          struct chimera_error *err);

/* --- For this folder. --- */

void chimera_profile_begin(struct chimera_guest *guest);
void chimera_profile_end(struct chimera_guest *guest);

#endif
