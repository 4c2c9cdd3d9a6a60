/* SPDX-License-Identifier: Apache-2.0 */
/* scoreboard_writer.h - what the supervisor tells the board: derived anew from its own state
 * whenever something has happened, so that no event can be forgotten.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_SCOREBOARD_WRITER_H
#define CHIMERA_SERVER_SUPERVISOR_SCOREBOARD_WRITER_H

#include "server/counters/scoreboard.h"
#include "server/supervisor/rollout.h"

struct status {
    struct board *board;       /* borrowed */
    struct policy_file *shown; /* used; whose policies the board shows as configured */
    struct board_server server;
    bool is_progress_shown;
    int64_t measured_at_ms; /* when the processes were looked at */
};

void status_init(struct status *status, struct board *board);
void status_done(struct status *status);

/* After each event. */
void status_tell(struct status *status, const struct workers *workers,
                 const struct rollout *rollout);
void status_stopping(struct status *status);

/* When the processes should be looked at again. */
int64_t status_pass_time(struct status *status, const struct workers *workers, int64_t now_ms);

#endif
