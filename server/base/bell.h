/* SPDX-License-Identifier: Apache-2.0 */
/* bell.h - how a signal that is meant for the server, and reached one of its children, comes to the
 * supervisor.
 *
 * Who looks for the server by its name or its ports may find any of its processes. These may send
 * no signals (docs/internals/lockdown.md), so each writes the signal's number into a pipe. A tenant
 * has none: who has taken one over shall end nobody else.
 */
#ifndef CHIMERA_SERVER_BASE_BELL_H
#define CHIMERA_SERVER_BASE_BELL_H

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/base/error.h"

/* The supervisor's, before it has children. */
int bell_open(struct chimera_error *err);
void bell_close(void);
/* Readable when it was rung; -1 when it is not open. */
int bell_fd(void);
/* SIGHUP, SIGINT or SIGTERM; 0: no more. */
int bell_take(void);

/* --- In a child --- */

/* The descriptor to keep; -1: there is none. */
int bell_end(void);
/* From now on signals go to `supervisor`: all, or, for one that `reads_signals` itself, those that
 * it says of. */
void bell_enter(pid_t supervisor, bool reads_signals);
/* For one that has none. */
void bell_leave(void);
/* Has SIGTERM of the parent's write a byte to `fd`. Without it that does nothing. */
void bell_end_by(int fd);
/* For one that leads a process group: has that end, too, when it is told to. */
void bell_end_group(void);
/* Whether the parent has told it to end. */
bool bell_has_ended(void);
/* One who reads signals got this one. False: it is its own, be it that nobody is there to hear. */
bool bell_pass_on(int number, pid_t sender);

#endif
