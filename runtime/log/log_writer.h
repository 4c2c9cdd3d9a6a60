/* SPDX-License-Identifier: Apache-2.0 */
/* log_writer.h - a log that nobody waits for: lines go into memory, and a thread writes them.
 *
 * For programs that serve. A log that nobody reads (a full pipe, a stopped terminal, a full or a
 * hung disk) then stops that thread alone. When the memory is full, lines are dropped and counted;
 * the log tells where that begins, and how many there were once it is written again. A process that
 * does none of this writes each line itself, in chimera_log_write().
 *
 * The order: chimera_log_open(), chimera_log_buffer(), chimera_log_start_writer(). A child that was
 * forked writes its lines itself until it begins anew: it has neither the thread nor the lines.
 */
#ifndef CHIMERA_LOG_LOG_WRITER_H
#define CHIMERA_LOG_LOG_WRITER_H

#include "runtime/base/error.h"
#include "runtime/log/log_ring.h"

/* From now on lines go into `ring`, which is zeroed and borrowed for the life of the process; NULL:
 * into one that is made. `counter`, if it is not NULL, counts the lines that are dropped. One
 * thread. */
int chimera_log_buffer(struct chimera_log_ring *ring, _Atomic uint64_t *counter,
                       struct chimera_error *err);

/* Starts the thread. The first that it does is `enter(context)`, when that is not NULL; its failure
 * is the start's. */
int chimera_log_start_writer(int (*enter)(void *context, struct chimera_error *err), void *context,
                             struct chimera_error *err);

/* From now on who logs waits for its line to be written, but no longer than so, and not at all
 * while older ones are there. For a process that logs seldom: so what it says comes before what
 * others say because of it. */
void chimera_log_be_patient(unsigned wait_ms);

/* Waits until all is written, but no longer than so. */
void chimera_log_flush(unsigned wait_ms);

/* Before the end of the process: waits until all is written, but no longer than so. The counter is
 * not used any more. */
void chimera_log_finish(unsigned wait_ms);

/* Writes a short text of a program, no line of the log, to another descriptor; waits a second for
 * its room, and then leaves it. */
void chimera_log_say(int fd, const char *text);

/* Logs what a process had in its ring that is gone now. The ring may hold anything. */
void chimera_log_take_over(struct chimera_log_ring *ring);

#endif
