/* SPDX-License-Identifier: Apache-2.0 */
/* process.h - running the tools of the compiler chain as confined children.
 *
 * A command is an argument array, never a shell line. Every child gets an empty standard input, a
 * small fixed environment, limits, a process group of its own, and the confinement of confine.h,
 * and dies with the thread that started it. Any thread may run commands; each call waits for its
 * own.
 */
#ifndef CHIMERA_COMPILER_TOOL_PROCESS_H
#define CHIMERA_COMPILER_TOOL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/text/progress.h"

struct chimera_process_limits { /* 0: as ours */
    uint32_t wall_seconds;
    uint32_t cpu_seconds;
    uint64_t memory_bytes; /* of address space */
    uint64_t file_bytes;   /* largest file that it may write */
    uint64_t stack_bytes;
};

/* Takes a child's standard output as it comes. A negative code kills the child and fails the run.
 */
typedef int chimera_process_sink(void *context, struct chimera_slice bytes);

struct chimera_command {     /* all borrowed for the run */
    const char *what;        /* for messages: "clang on part-07.c" */
    const char *const *argv; /* argv[0] is the path of the program; ends with NULL */
    const char *folder;      /* working directory and TMPDIR; NULL: ours and /tmp */
    /* Files and folders that it may read besides the system's, its own and all of `folder`, which
     * is the only one that it may write; ends with NULL. NULL: none. */
    const char *const *reads;
    /* Not NULL: it takes another command to where that is run. So it has the network, children, the
     * variables of launchers, and this folder as its home, which it shares with the others of its
     * build: who is busy is known from there. */
    const char *launcher_home;
    bool is_unconfined; /* no more than limits; for what never sees a module */
    struct chimera_process_limits limits;
    chimera_process_sink *sink; /* NULL: standard output is kept for error texts only */
    void *sink_context;
    const char *advice;                /* what to do when a limit was passed, or NULL */
    struct chimera_progress *progress; /* whose seconds go on meanwhile; NULL: nobody's */
};

/* Runs one command to its end. CHIMERA_ETOOL when it cannot be started or ends with anything but 0,
 * CHIMERA_ELIMIT when a limit was passed. err->text names the cause and the line of its standard
 * error that tells most. */
int chimera_process_run(const struct chimera_command *command, struct chimera_error *err);

/* Runs all, at most `jobs` at once, started in order. The first failure (the first in time) kills
 * the rest and is what err tells. `on_done` may be NULL; it is called in the calling thread, in the
 * order in which the commands end well; a negative answer counts as that command's failure, and its
 * `err` is used. */
int chimera_process_run_all(const struct chimera_command *commands, size_t count, unsigned jobs,
                            int (*on_done)(void *context, size_t index, struct chimera_error *err),
                            void *context, struct chimera_error *err);

/* A sink that appends to the `struct chimera_buffer` that is its context. */
int chimera_process_capture(void *buffer, struct chimera_slice bytes);

/* Kills the group of every live child and lets no more be started: runs end with an error.
 * Async-signal-safe, for handlers of SIGINT and SIGTERM. */
void chimera_process_kill_all(void);

/* The processors that we may run on, for `jobs`. At least 1. */
unsigned chimera_process_cpus(void);

#endif
