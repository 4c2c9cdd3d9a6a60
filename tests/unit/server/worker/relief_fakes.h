/* SPDX-License-Identifier: Apache-2.0 */
/* relief_fakes.h - one loop that is relieved. What connections do is replaced: they only say that
 * they were asked to.
 *
 * For one file of a program, which includes it first.
 */
#ifndef TESTS_RELIEF_FAKES_H
#define TESTS_RELIEF_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "server/worker/relief.c"

#define MAX ((size_t)64 << 20)
#define REQUEST ((size_t)2 << 20)
#define MANY 3000

static struct connection_memory memory;
static struct loop loop;
static struct lane lane;
static struct connection connections[MANY];
static unsigned connection_count, packed_count, closed_count, timed_out, refused;
static size_t audit_bytes; /* that each of those that wait holds */
static unsigned audits;
static unsigned served, detached_after; /* who waited for room; and the lane, 0: it stays */

/* --- What relief.c calls --- */

static inline void close_it(struct connection *connection)
{
    progress_leave(&connection->progress);
    chimera_list_remove(&connection->watcher.turn);
    memory_share_change(&loop.memory, connection->held, 0);
    peers_hold(&loop.peers, connection->peer, connection->held, 0);
    peers_leave(&loop.peers, connection->peer);
    connection->peer = NULL;
    connection->held = 0;
    atomic_fetch_sub(&memory.connections, 1);
    atomic_fetch_sub(&loop.connection_count, 1);
}

static void on_pressure(struct watcher *watcher)
{
    struct connection *connection = (struct connection *)(void *)watcher;
    assert_non_null(connection->peer);
    closed_count++;
    close_it(connection);
}

static void on_time(struct watcher *watcher)
{
    struct connection *connection = (struct connection *)(void *)watcher;
    timed_out++;
    close_it(connection);
}

static void on_room(struct watcher *watcher, bool is_there)
{
    struct connection *connection = (struct connection *)(void *)watcher;
    refused += !is_there;
    connection->parked_ms = 0;
    served++;
    lane.is_detached = served == detached_after;
}

static const struct watcher_calls calls = {
    .on_pressure = on_pressure, .on_time = on_time, .on_room = on_room};

void input_pack_all(struct loop *of)
{
    (void)of;
    packed_count++;
}

bool dispatch_shed_an_audit(struct dispatch *of)
{
    assert_ptr_equal(of, &loop.dispatch);
    if (!audits)
        return false;
    audits--;
    connection_memory_end_wait(&memory, true, audit_bytes);
    memory_share_change(&loop.memory, audit_bytes, 0);
    return true;
}

static struct connection *getting_on; /* as if a long body of it came */

bool connection_room_is_getting_on(const struct connection *connection, size_t least)
{
    (void)least;
    return connection == getting_on;
}

static struct connection *excused; /* as if bytes of it had not been read */
static bool are_all_excused;
static unsigned excuse_count;

bool connection_room_excuse(struct connection *connection)
{
    excuse_count++;
    if (connection == excused || are_all_excused)
        peers_wait(&loop.peers, connection->peer, &connection->progress, connection->progress.stage,
                   loop.now_ms);
    return connection == excused || are_all_excused;
}

/* --- For tests --- */

static inline int set_up(void **state)
{
    (void)state;
    loop = (struct loop){.memory = {.of = &memory}, .turn = {.lane = &lane}, .now_ms = 100000};
    connection_memory_open(&memory, MAX, 1, 100000);
    for (unsigned i = 0; i < LOOP_PARKED; i++)
        chimera_list_init(&loop.parked[i]);
    getting_on = excused = NULL;
    are_all_excused = false;
    excuse_count = 0;
    connection_count = packed_count = closed_count = timed_out = refused = audits = 0;
    served = detached_after = 0;
    lane.is_detached = false;
    const struct peers_room room = {.bytes = MAX, .bytes_least = REQUEST, .connections = 100000};
    return peers_open(&loop.peers, &memory.known, &room);
}

static inline int tear_down(void **state)
{
    (void)state;
    peers_close(&loop.peers);
    connection_memory_close(&memory);
    return 0;
}

static inline struct connection *add_connection(uint32_t address, size_t bytes, enum stage stage,
                                                int64_t since_ms)
{
    struct connection *connection = &connections[connection_count++];
    struct peer_name name = {.bytes = {0}};
    memcpy(name.bytes, &address, sizeof(address));
    *connection = (struct connection){.watcher = {.calls = &calls}, .loop = &loop, .held = bytes};
    connection->peer = peers_take(&loop.peers, &name);
    progress_init(&connection->progress);
    chimera_list_init(&connection->watcher.turn);
    memory_share_change(&loop.memory, 0, bytes);
    peers_hold(&loop.peers, connection->peer, 0, bytes);
    if (stage != STAGE_NONE)
        peers_wait(&loop.peers, connection->peer, &connection->progress, stage, since_ms);
    atomic_fetch_add(&memory.connections, 1);
    atomic_fetch_add(&loop.connection_count, 1);
    return connection;
}

static inline bool is_open(const struct connection *connection)
{
    return connection->peer != NULL;
}

static inline void relieve_wholly(void)
{
    do
        relief_run(&loop, &lane);
    while (loop.has_relief);
}

static inline struct connection *park(size_t bytes)
{
    struct connection *parked = add_connection(5, 20000, STAGE_BODY, loop.now_ms - 1);
    parked->parked_ms = loop.now_ms;
    parked->parked_bytes = bytes;
    chimera_list_append(&loop.parked[parked->peer->is_known], &parked->watcher.turn);
    return parked;
}

#endif
