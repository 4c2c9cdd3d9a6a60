/* gate.h - how many slow evaluations there may be at once.
 *
 * An evaluation is slow when its loop was taken over (pool.h). Policies in one jail have one
 * account. Shared by all threads.
 */
#ifndef CHIMERA_SERVER_GATE_H
#define CHIMERA_SERVER_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"

/* By the number of loops. */
unsigned gate_standby(unsigned loops);    /* threads with which every loop can be taken over */
unsigned gate_jail_lanes(unsigned loops); /* evaluations that one jail must be able to do at once */

struct gate {
    /* All below are raised by the minder and lowered by the thread whose evaluation ends, in either
     * order: below 0 for a moment. */
    atomic_int slow, slow_audits;
    atomic_int *slow_of; /* owned; by account */
};

int gate_open(struct gate *gate, size_t accounts, struct chimera_error *err);
void gate_close(struct gate *gate);

bool gate_has_none(struct gate *gate); /* no slow evaluation is running */
void gate_slow_begins(struct gate *gate, unsigned account, bool is_audit);
void gate_slow_ends(struct gate *gate, unsigned account, bool is_audit);

#endif
