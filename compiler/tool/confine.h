/* SPDX-License-Identifier: Apache-2.0 */
/* confine.h - what the tools of the compiler chain are kept from.
 *
 * A tool reads and runs what the system's folders hold, reads what its command lists, writes in its
 * scratch folder, and has no network (but for a launcher, which has nothing but that and a text),
 * no way to other processes and no rare system calls: Landlock for files, a seccomp filter for the
 * rest. Both hold for all that a tool starts, and cannot be taken off. What a kernel lacks is left
 * out; chimera_confine_lacks() tells, so that programs can warn or refuse. What is there and then
 * fails keeps the tool from starting.
 */
#ifndef CHIMERA_COMPILER_TOOL_CONFINE_H
#define CHIMERA_COMPILER_TOOL_CONFINE_H

#include <stdbool.h>

#include "runtime/base/error.h"

struct chimera_confinement {
    int landlock; /* its ABI version; 0: not there */
    bool has_seccomp;
};

/* What is used here; found out once. $CHIMERA_CONFINEMENT (full, landlock, seccomp or none) can
 * only make it less. Any thread. */
struct chimera_confinement chimera_confinement(void);

/* NULL when nothing is missing; else what the tools can do therefore, for a message. */
const char *chimera_confine_lacks(void);

enum chimera_confined {
    CHIMERA_CONFINED_PROGRAM,
    CHIMERA_CONFINED_SCRIPT,   /* its programs are children */
    CHIMERA_CONFINED_LAUNCHER, /* a script that has the network */
    CHIMERA_CONFINED_GUEST,    /* a process of ours that runs a policy */
    CHIMERA_CONFINED_KINDS,
};

struct chimera_confine_plan { /* made before the fork, by confine_prepare() */
    int ruleset;              /* owned; -1: no Landlock */
    enum chimera_confined kind;
};

struct chimera_command;

/* Its `reads` that are relative lie in its folder, and so are readable anyway. */
int confine_prepare(const struct chimera_command *command, struct chimera_confine_plan *ret_plan,
                    struct chimera_error *err);
void confine_done(struct chimera_confine_plan *plan);

/* In the child, between fork and exec: async-signal-safe. no_new_privs must be set. False with
 * errno when what was planned cannot be had. */
bool confine_enter(const struct chimera_confine_plan *plan);

/* In a child of ours that has loaded a plugin and is about to run it: it keeps what it has open,
 * reads what the system's folders hold, and is confined as a tool is otherwise. False with errno.
 */
bool chimera_confine_guest(void);

/* confine_syscalls.c: the system calls. */
bool confine_calls_known(void); /* whether there is a filter for this architecture */
void confine_calls_prepare(void);
bool confine_calls_enter(enum chimera_confined kind);

#endif
