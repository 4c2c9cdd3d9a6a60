/* board.h - which policies there are, and what became of them, for whoever looks.
 *
 * A shared mapping that only the supervisor writes to; workers and the admin process see it
 * read-only. Each id that was ever configured gets a number, which stays its own for the life of
 * the server: counters are kept by it. Number 0 stands for all ids that found no room.
 */
#ifndef CHIMERA_SERVER_BOARD_H
#define CHIMERA_SERVER_BOARD_H

#include <stdatomic.h>
#include <stdint.h>

#include "runtime/base/slice.h"
#include "server/policies.h"
#include "server/shared.h"

#define BOARD_POLICIES 4096
#define BOARD_INDEX 8192 /* a power of two, twice as large */
#define BOARD_ID_MAX 320
#define BOARD_OTHER 0

struct board_policy {
    uint32_t id_size; /* 0: longer than there is room */
    char id[BOARD_ID_MAX];
};

struct board {
    _Atomic uint32_t count; /* numbers given, 0 among them */
    _Atomic uint16_t index[BOARD_INDEX];
    struct board_policy policy[BOARD_POLICIES];
};

int board_make(struct shared *shared, struct chimera_error *err);

/* For the supervisor: gives each policy and group a number, if it has none yet. */
void board_enter(struct board *board, const struct policies *policies);

/* Its number; BOARD_OTHER when it has none. `board` may be NULL. */
uint32_t board_find(const struct board *board, struct chimera_slice id);

/* Numbers below this one are given. */
uint32_t board_count(const struct board *board);
/* "other" for BOARD_OTHER and for a number that is not given. */
struct chimera_slice board_id(const struct board *board, uint32_t number);

#endif
