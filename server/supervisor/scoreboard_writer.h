/* SPDX-License-Identifier: Apache-2.0 */
/* scoreboard_writer.h - what the supervisor tells the scoreboard: derived anew from its own state
 * whenever something has happened, so that no event can be forgotten.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_SCOREBOARD_WRITER_H
#define CHIMERA_SERVER_SUPERVISOR_SCOREBOARD_WRITER_H

#include "server/counters/scoreboard.h"
#include "server/supervisor/rollout.h"

struct scoreboard_writer {
    struct scoreboard *scoreboard; /* borrowed */
    struct policies_file *shown;   /* used; whose policies the scoreboard shows as configured */
    struct generation *origins;    /* used; whose modules' origins it shows */
    struct scoreboard_server server;
    bool is_progress_shown;
    int64_t measured_at_ms; /* when the processes were looked at */
};

void scoreboard_writer_init(struct scoreboard_writer *writer, struct scoreboard *scoreboard);
void scoreboard_writer_done(struct scoreboard_writer *writer);

/* After each event. */
void scoreboard_writer_tell(struct scoreboard_writer *writer, const struct workers *workers,
                            const struct rollout *rollout);
void scoreboard_writer_stopping(struct scoreboard_writer *writer);

/* When the processes should be looked at again. */
int64_t scoreboard_writer_pass_time(struct scoreboard_writer *writer, const struct workers *workers,
                                    int64_t now_ms);

#endif
