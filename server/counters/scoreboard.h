/* SPDX-License-Identifier: Apache-2.0 */
/* scoreboard.h - which policies there are, and what the server is about, for whoever looks.
 *
 * A shared mapping that only the supervisor writes to; workers and the admin process see it
 * read-only. Each id that was ever configured gets a number, which stays its own for the life of
 * the server: counters are kept by it. Number 0 stands for all ids that found no room.
 */
#ifndef CHIMERA_SERVER_COUNTERS_SCOREBOARD_H
#define CHIMERA_SERVER_COUNTERS_SCOREBOARD_H

#include <stdatomic.h>
#include <stdint.h>

#include "runtime/base/slice.h"
#include "runtime/source/policies.h"
#include "server/base/shared_memory.h"

#define BOARD_POLICIES 4096
#define BOARD_INDEX 8192 /* a power of two, twice as large */
#define BOARD_ID_MAX 320
#define BOARD_OTHER 0
#define BOARD_TEXT_MAX 480

struct board_spec {        /* of a policy or group, as it is configured */
    uint8_t is_configured; /* now; else it was once */
    uint8_t is_group, is_monitor, may_mutate;
    uint8_t progress;            /* an enum build_progress */
    uint32_t group;              /* of a member: the number of its group; else 0 */
    char source[BOARD_TEXT_MAX]; /* where the module is from, or the expression of a group */
};

enum board_stage { BOARD_STARTING, BOARD_LOADING, BOARD_SERVING, BOARD_STOPPED, BOARD_STOPPING };

struct board_process { /* all zeros: there is none */
    int32_t pid;
    uint32_t descriptors;
    uint64_t resident_bytes;
};

struct board_server {
    uint8_t stage;             /* an enum board_stage */
    uint8_t is_building_first; /* the first plugins; the full tier; those of a reload */
    uint8_t is_building_full, is_reloading;
    uint32_t seat; /* of the worker that serves; SEAT_NONE: none does */
    uint32_t worker_count;
    uint64_t started_ms; /* since 1970, like all of these */
    uint64_t restarts, reloads, refused_reloads, reloaded_ms, refused_ms;
    struct board_process supervisor, workers; /* the latter with their tenants, all together */
    char refusal[BOARD_TEXT_MAX]; /* of the last reload that was refused; "" after one that was not
                                   */
};

struct board_policy {
    uint32_t id_size;
    char id[BOARD_ID_MAX];
    struct board_spec spec;
};

struct board {
    _Atomic uint32_t sequence; /* odd while `server` or a `spec` is written */
    _Atomic uint32_t count;    /* numbers given, 0 among them */
    _Atomic uint16_t index[BOARD_INDEX];
    struct board_server server;
    struct board_policy policy[BOARD_POLICIES];
};

int board_make(struct shared *shared, struct chimera_error *err);

/* --- For the supervisor. --- */

/* Gives each policy and group a number, if it has none yet. */
void board_enter(struct board *board, const struct policies *policies);
/* Says that these are the ones that are configured now. */
void board_show(struct board *board, const struct policies *policies);
/* How far the build of each is (an enum build_progress); NULL: none is under way. */
void board_show_progress(struct board *board, const struct policies *policies,
                         const uint8_t *progress);
void board_tell(struct board *board, const struct board_server *server);

/* --- For readers. --- */

/* Its number; BOARD_OTHER when it has none. `board` may be NULL. */
uint32_t board_find(const struct board *board, struct chimera_slice id);

/* Numbers below this one are given. */
uint32_t board_count(const struct board *board);
/* "other" for BOARD_OTHER and for a number that is not given. */
struct chimera_slice board_id(const struct board *board, uint32_t number);
/* All zeros for those. */
void board_read(const struct board *board, uint32_t number, struct board_spec *ret_spec);
void board_read_server(const struct board *board, struct board_server *ret_server);

/* Copies a text into a field of `room` bytes, whole characters only, with a NUL behind. */
void board_set_text(char *field, size_t room, const char *text);

#endif
