/* SPDX-License-Identifier: Apache-2.0 */
#include "server/counters/scoreboard.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "runtime/text/utf8.h"
#include "server/config/plugins.h"

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

/* --- What is said about them --- */

void board_set_text(char *field, size_t room, const char *text)
{
    size_t size = strnlen(text, room - 1);
    size = chimera_utf8_prefix((struct chimera_slice){text, size});
    memset(field, 0, room);
    memcpy(field, text, size);
}

/* What is between these two is seen whole or not at all; one writer. Partner: read_whole(). */
static void begin_writing(struct board *board)
{
    atomic_fetch_add_explicit(&board->sequence, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void end_writing(struct board *board)
{
    atomic_fetch_add_explicit(&board->sequence, 1, memory_order_release);
}

static void read_whole(const struct board *board, const void *from, void *to, size_t size)
{
    for (;;) {
        uint32_t before = atomic_load_explicit(&board->sequence, memory_order_acquire);
        memcpy(to, from, size);
        atomic_thread_fence(memory_order_acquire);
        if (before % 2 == 0 &&
            atomic_load_explicit(&board->sequence, memory_order_relaxed) == before)
            return;
        sched_yield();
    }
}

/* A module's address may hold a password. */
static void set_source(struct board_spec *spec, const char *module)
{
    const char *host = strstr(module, "://");
    size_t size = host ? strcspn(host + 3, "/") : 0;
    const char *at = host ? memrchr(host + 3, '@', size) : NULL;
    char shown[2 * BOARD_TEXT_MAX];
    if (at)
        snprintf(shown, sizeof(shown), "%.*s%s", (int)(host + 3 - module), module, at + 1);
    board_set_text(spec->source, sizeof(spec->source), at ? shown : module);
}

static void show_policy(struct board *board, const struct policies *policies,
                        const struct policy_spec *policy)
{
    uint32_t number = board_find(board, chimera_slice_of(policy->id));
    struct board_spec *spec = &board->policy[number].spec;
    if (number == BOARD_OTHER)
        return;
    *spec = (struct board_spec){.is_configured = 1,
                                .is_monitor = policy->mode == CHIMERA_MONITOR,
                                .may_mutate = policy->allowed_to_mutate};
    if (policy->group != NO_GROUP)
        spec->group = board_find(board, chimera_slice_of(policies->group[policy->group].name));
    set_source(spec, policy->module);
}

static void show_group(struct board *board, const struct group_spec *group)
{
    uint32_t number = board_find(board, chimera_slice_of(group->name));
    struct board_spec *spec = &board->policy[number].spec;
    if (number == BOARD_OTHER)
        return;
    *spec = (struct board_spec){
        .is_configured = 1, .is_group = 1, .is_monitor = group->mode == CHIMERA_MONITOR};
    board_set_text(spec->source, sizeof(spec->source), group->expression);
}

void board_show(struct board *board, const struct policies *policies)
{
    begin_writing(board);
    for (uint32_t i = 0; i < board_count(board); i++)
        board->policy[i].spec.is_configured = 0;
    for (size_t i = 0; i < policies->policy_count; i++)
        show_policy(board, policies, &policies->policy[i]);
    for (size_t i = 0; i < policies->group_count; i++)
        show_group(board, &policies->group[i]);
    end_writing(board);
}

void board_show_progress(struct board *board, const struct policies *policies,
                         const uint8_t *progress)
{
    begin_writing(board);
    for (size_t i = 0; i < policies->policy_count; i++) {
        uint32_t number = board_find(board, chimera_slice_of(policies->policy[i].id));
        if (number != BOARD_OTHER)
            board->policy[number].spec.progress = progress ? progress[i] : BUILD_NONE;
    }
    end_writing(board);
}

void board_tell(struct board *board, const struct board_server *server)
{
    begin_writing(board);
    board->server = *server;
    end_writing(board);
}

void board_read(const struct board *board, uint32_t number, struct board_spec *ret_spec)
{
    if (number < board_count(board))
        read_whole(board, &board->policy[number].spec, ret_spec, sizeof(*ret_spec));
    else
        *ret_spec = (struct board_spec){0};
}

void board_read_server(const struct board *board, struct board_server *ret_server)
{
    read_whole(board, &board->server, ret_server, sizeof(*ret_server));
}
