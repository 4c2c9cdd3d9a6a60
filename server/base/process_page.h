/* SPDX-License-Identifier: Apache-2.0 */
/* process_page.h - memory that the supervisor has in common with one child that serves: the child's
 * log, and how far its start is.
 *
 * What the child had not written of its log when it died is written by the supervisor. Only the two
 * have it: no other child inherits the mapping or keeps the descriptor. The child may write
 * anything to it, so the supervisor believes nothing in it.
 */
#ifndef CHIMERA_SERVER_BASE_PROCESS_PAGE_H
#define CHIMERA_SERVER_BASE_PROCESS_PAGE_H

#include "runtime/log/log_ring.h"
#include "server/base/shared_memory.h"

struct process_page {
    struct chimera_log_ring log;
    _Atomic uint32_t step; /* rises by one with each policy that is started; 0: before the first */
};

/* For the parent, before the fork. */
int process_page_make(struct shared *page, struct chimera_error *err);

/* For the child, which has mapped the page: from now on it does not wait for the log, and
 * chimera_log_start_writer() has its lines written. `counter`, of lines that are dropped, may be
 * NULL. */
int process_page_enter(const struct shared *page, _Atomic uint64_t *counter,
                       struct chimera_error *err);

/* For the parent, when the child has ended. Does nothing when there is no page. */
void process_page_end(struct shared *page);

#endif
