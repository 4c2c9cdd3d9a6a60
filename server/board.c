#include "server/board.h"

#include <string.h>

int board_make(struct shared *shared, struct chimera_error *err)
{
    int code = shared_make(shared, "chimera-board", sizeof(struct board), true, err);
    if (code < 0)
        return code;
    struct board *board = shared->data;
    atomic_store(&board->count, BOARD_OTHER + 1);
    return CHIMERA_OK;
}

/* FNV-1a. */
static uint32_t hash_of(struct chimera_slice id)
{
    uint32_t hash = 0x811c9dc5;
    for (size_t i = 0; i < id.size; i++)
        hash = (hash ^ (unsigned char)id.data[i]) * 0x01000193;
    return hash ^ (hash >> 15);
}

/* Where the id is in the index, or where it would be. */
static uint32_t find_place(const struct board *board, struct chimera_slice id)
{
    uint32_t place = hash_of(id);
    for (;; place++) {
        uint32_t number = atomic_load(&board->index[place & (BOARD_INDEX - 1)]);
        if (number == BOARD_OTHER || chimera_slice_equal(board_id(board, number), id))
            return place & (BOARD_INDEX - 1);
    }
}

static void enter(struct board *board, struct chimera_slice id)
{
    uint32_t place = find_place(board, id), number = atomic_load(&board->count);
    if (id.size > BOARD_ID_MAX || number >= BOARD_POLICIES || atomic_load(&board->index[place]))
        return;
    memcpy(board->policy[number].id, id.data, id.size);
    board->policy[number].id_size = (uint32_t)id.size;
    atomic_store(&board->count, number + 1); /* the id is in place; partner: board_count() */
    atomic_store(&board->index[place], (uint16_t)number);
}

void board_enter(struct board *board, const struct policies *policies)
{
    for (size_t i = 0; i < policies->policy_count; i++)
        enter(board, chimera_slice_of(policies->policy[i].id));
    for (size_t i = 0; i < policies->group_count; i++)
        enter(board, chimera_slice_of(policies->group[i].name));
}

uint32_t board_find(const struct board *board, struct chimera_slice id)
{
    return board ? atomic_load(&board->index[find_place(board, id)]) : BOARD_OTHER;
}

uint32_t board_count(const struct board *board)
{
    return atomic_load(&board->count);
}

struct chimera_slice board_id(const struct board *board, uint32_t number)
{
    if (number == BOARD_OTHER || number >= board_count(board))
        return CHIMERA_SLICE("other");
    return (struct chimera_slice){board->policy[number].id, board->policy[number].id_size};
}
