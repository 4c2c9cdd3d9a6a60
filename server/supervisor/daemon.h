/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.h - --daemon: a process that has left its terminal, and a pid file (policy-server.md
 * §1.8).
 *
 * The process that was started waits until the server is ready, or says why it is not; its exit
 * code tells. Works on relative paths go on: the working folder stays. All but daemon_begin() do
 * nothing in a process that is no daemon. One thread.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_DAEMON_H
#define CHIMERA_SERVER_SUPERVISOR_DAEMON_H

#include "runtime/base/error.h"
#include "server/config/options.h"

/* Returns in the daemon only, unless it fails before there is one. No thread may run yet. The pid
 * file is there from then on, held by a lock, so that a second daemon does not take it. */
int daemon_begin(const struct options *options, struct chimera_error *err);

/* The first call ends the process that waits, with the exit code 0. */
void daemon_ready(void);
/* Ends that process with the exit code 1, after it has printed "Error: " and the text. */
void daemon_failed(const struct chimera_error *err);

/* Removes the pid file. */
void daemon_end(void);

#endif
