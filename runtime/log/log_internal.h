/* SPDX-License-Identifier: Apache-2.0 */
/* log_internal.h - what the files of the log know of each other. */
#ifndef CHIMERA_LOG_LOG_INTERNAL_H
#define CHIMERA_LOG_LOG_INTERNAL_H

#include "runtime/log/log.h"

#define CHIMERA_LOG_LINE_BYTES ((size_t)25 * 1024) /* of the longest line */

/* --- In log_writer.c. --- */

enum chimera_log_taken {
    CHIMERA_LOG_NOT_TAKEN, /* no thread writes: the caller does */
    CHIMERA_LOG_TAKEN,     /* or dropped, which the log has told of */
    CHIMERA_LOG_FULL,      /* dropped, and the caller says so by chimera_log_take_notice() */
};
/* Whole lines. Never waits. */
enum chimera_log_taken chimera_log_take(struct chimera_slice lines);
/* There is always room for it. */
void chimera_log_take_notice(struct chimera_slice line);

/* --- In log.c. --- */

/* The descriptor; -1: none. */
int chimera_log_output(void);
/* On the calling thread, which waits. */
void chimera_log_write_out(struct chimera_slice lines);
/* That so many lines are lost: said whatever the level, and in no span. */
void chimera_log_notice(const char *message, uint64_t lines);
/* The same of a policy that wrote too much. */
void chimera_log_notice_of_policy(struct chimera_slice policy_id, uint64_t lines);

#endif
