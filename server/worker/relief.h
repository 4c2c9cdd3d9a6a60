/* SPDX-License-Identifier: Apache-2.0 */
/* relief.h - who has to go when room for connections gets scarce.
 *
 * In this order: nobody, when buffers have room to spare; audits that wait, down to their quarter;
 * connections of greedy peers; of strangers; of known peers that are above their floor. Among
 * these, the one that has made the least progress for longest. Whoever is left to wait for room is
 * told to come again when there is nobody to be closed. At the end of a loop's round, so that
 * nothing that is under way there is closed. Ends early when `lane` is detached. The loop's thread.
 */
#ifndef CHIMERA_SERVER_WORKER_RELIEF_H
#define CHIMERA_SERVER_WORKER_RELIEF_H

#include "server/worker/loop.h"

void relief_run(struct loop *loop, const struct lane *lane);

/* Ends those whose client has had its time, some at a time. */
void relief_end_the_late(struct loop *loop);

#endif
