/* SPDX-License-Identifier: Apache-2.0 */
/* lockdown.h - what a worker gives up, in three steps, before a byte of a client reaches it.
 *
 * Each step is for good. Rights that belong to a thread (capabilities, Landlock) are inherited by
 * the threads that it makes afterwards, hence the steps; the last one holds for all threads. Where
 * the kernel lacks a mechanism the others hold, and one warning names what is missing.
 * docs/internals/lockdown.md has the whole list.
 */
#ifndef CHIMERA_SERVER_LOCKDOWN_LOCKDOWN_H
#define CHIMERA_SERVER_LOCKDOWN_LOCKDOWN_H

#include <stdbool.h>

#include "runtime/base/error.h"

struct lockdown {
    bool is_on;
    bool lacks_landlock, lacks_filter;
};

/* Whether there is one in this build: the sanitizers map, fork and read /proc themselves. */
bool lockdown_is_possible(void);

/* Before there is a second thread: no new privileges, no capability but to read files, no writing,
 * no programs, no TCP sockets of our own, no signals to others. `is_on` false: this and the other
 * steps do nothing. */
int lockdown_begin(struct lockdown *lockdown, bool is_on, struct chimera_error *err);

/* When all files have been read, before the threads that serve are made: no capability, no files.
 */
int lockdown_close_files(struct lockdown *lockdown, struct chimera_error *err);

/* When everything is mapped and all threads run: only the system calls that serving needs. */
int lockdown_finish(struct lockdown *lockdown, struct chimera_error *err);

/* For the exporter, in one step: it must reach its collector, and read certificates again. No new
 * privileges, no capability but to read files, no writing, no programs, no TCP sockets that listen,
 * no signals to others. */
int lockdown_exporter(bool is_on, struct chimera_error *err);

/* For who writes the decision log to `path` ("-": standard output), in one step: no new privileges,
 * no capability but to open files, no files outside of that folder, no programs, no TCP, no signals
 * to others. */
int lockdown_decisions(bool is_on, const char *path, struct chimera_error *err);

#endif
