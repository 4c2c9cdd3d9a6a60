/* SPDX-License-Identifier: Apache-2.0 */
/* process_internal.h - shared by process_start.c, which makes children, and process.c, which waits
 * for them. */
#ifndef CHIMERA_COMPILER_TOOL_PROCESS_INTERNAL_H
#define CHIMERA_COMPILER_TOOL_PROCESS_INTERNAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "compiler/tool/process.h"

#define HEAD_BYTES 2048u
#define TAIL_BYTES 2048u
#define SECOND_NS UINT64_C(1000000000)

struct text_ends { /* the first and the last bytes of a text of any length */
    char head[HEAD_BYTES], tail[TAIL_BYTES];
    size_t head_size, tail_size;
};

struct child {
    const struct chimera_command *command;
    size_t index;
    pid_t pid; /* 0: this place is free */
    int pidfd; /* -1 where the kernel has none */
    int output, errors;
    uint64_t end_ns; /* of the wall time limit; UINT64_MAX: none */
    bool is_late;    /* killed for passing it */
    struct text_ends text;
};

/* On success *child is live and ends with process_release(). */
int process_start(struct child *child, const struct chimera_command *command, size_t index,
                  struct chimera_error *err);

/* Reaps a child that has ended, and frees its place. */
void process_release(struct child *child);

/* Kills a live child with its group. Async-signal-safe. */
void process_kill(pid_t pid);

/* Whether chimera_process_kill_all() was called. */
bool process_is_stopping(void);

#endif
