/* SPDX-License-Identifier: Apache-2.0 */
/* decision.h - the worker's half of the decision log: a line of JSON for each rejection.
 *
 * A line is made on the stack and goes into a pipe, whole or not at all: when that is full, the
 * line is dropped and counted, and nobody waits. Another process writes it (writer.h). No line has
 * content of objects, but for what policies say in their messages. Any thread.
 */
#ifndef CHIMERA_SERVER_DECISIONS_DECISION_H
#define CHIMERA_SERVER_DECISIONS_DECISION_H

#include "runtime/review/response.h"
#include "server/config/decision_options.h"
#include "server/counters/counters.h"

#define DECISION_LINE_MAX 4096 /* PIPE_BUF */
#define DECISION_TRACE_ID 16

struct decision_log { /* immutable */
    int fd;           /* of the pipe */
    uint32_t omitted; /* bits by enum decision_field */
    struct decision_counters *counters;
};

struct decision { /* borrowed */
    const struct chimera_request *request;
    const struct chimera_response *response; /* a rejection */
    struct chimera_slice policy_id;
    const char *mode;        /* "protect" or "monitor" */
    const char *origin;      /* "validate", "audit" or "raw" */
    bool is_enforced;        /* who asked was told no */
    const uint8_t *trace_id; /* DECISION_TRACE_ID bytes; NULL: none */
    struct chimera_arena *arena;
};

void decision_log_write(const struct decision_log *log, const struct decision *decision);

/* --- For the writer and tests. --- */

/* The line, which ends in a line feed; its size is DECISION_LINE_MAX at most. */
size_t decision_line(const struct decision *decision, uint32_t omitted,
                     char ret_line[DECISION_LINE_MAX]);
/* What a line begins with: the time, in RFC 3339. */
size_t decision_begin_line(char ret_line[DECISION_LINE_MAX]);

#endif
