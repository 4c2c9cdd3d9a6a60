/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/relief.h"

#include "runtime/log/log.h"
#include "server/client/connection_memory.h"
#include "server/worker/connection_room.h"
#include "server/worker/input.h"

#define CLOSED_MAX 32  /* in a round: the others wait meanwhile */
#define GREEDY_TRIES 4 /* a greedy peer may have only what cannot be closed */
#define PARKED_MS 1000 /* long enough for other loops to see that room is scarce */
#define PARKED_TURNS 8 /* some are handshakes */
#define CUT_OFF_MS 100
#define EXCUSES_MAX 256 /* in a round */
#define TELL_MS 10000

static struct connection *waiting_connection(struct progress *progress)
{
    return CHIMERA_LIST_MEMBER(progress, struct connection, progress);
}

static void tell_of_pressure(struct connection *connection)
{
    connection->watcher.calls->on_pressure(&connection->watcher);
}

/* What has just got on is left alone in this round. */
static struct progress *unless_just_now(struct loop *loop, struct progress *worst)
{
    return worst && worst->since_ms < loop->now_ms ? worst : NULL;
}

static struct progress *worst_of_peer(struct loop *loop, struct peer *peer)
{
    return unless_just_now(loop, stage_lists_worst_in_peer(&peer->stages, loop->now_ms));
}

static struct progress *find_greedy(struct loop *loop)
{
    struct progress *worst = NULL;
    for (unsigned i = 0; i < GREEDY_TRIES && !worst; i++) {
        struct peer *peer = peers_next_greedy(&loop->peers);
        if (!peer)
            break;
        worst = worst_of_peer(loop, peer);
    }
    return worst;
}

static struct progress *find_worst(struct loop *loop)
{
    struct progress *worst = find_greedy(loop);
    if (!worst)
        worst = unless_just_now(
            loop, stage_lists_worst_in_loop(&loop->peers.waiting[false], loop->now_ms));
    struct peer *peer = worst ? NULL : peers_above_floor(&loop->peers);
    return peer ? worst_of_peer(loop, peer) : worst;
}

/* A loop that has less than its part leaves it to the others, unless somebody waits in it. */
static bool has_its_part(struct loop *loop)
{
    struct connection_memory *memory = loop->memory.of;
    size_t parts = (size_t)memory->loop_count * 4;
    unsigned connections = atomic_load_explicit(&loop->connection_count, memory_order_relaxed);
    unsigned most = atomic_load_explicit(&memory->connections_max, memory_order_relaxed);
    return loop->memory.taken >= memory->max / parts * 3 || connections >= most / parts * 3 ||
           loop_first_parked(loop);
}

static struct connection *first_parked(struct loop *loop)
{
    struct chimera_list *first = loop_first_parked(loop);
    return first ? CHIMERA_LIST_MEMBER(first, struct connection, watcher.turn) : NULL;
}

static bool is_room_made(struct loop *loop)
{
    const struct connection *parked = first_parked(loop);
    return connection_memory_has_room(loop->memory.of) &&
           (!parked || memory_share_fits(&loop->memory, parked->parked_bytes));
}

/* Long bodies that are coming need all of the room for a moment: others wait for a while before one
 * of them is cut off, unless it is descriptors that are wanted. */
static bool may_close(struct loop *loop, const struct connection *worst)
{
    const struct connection *parked = first_parked(loop);
    return !connection_room_is_getting_on(worst, PROGRESS_BYTES) ||
           (parked && loop->now_ms - parked->parked_ms >= CUT_OFF_MS) ||
           connection_memory_lacks_descriptors(loop->memory.of);
}

/* When we are behind, clients are not to blame; but one that we know does not wait for that, and
 * the others not for long. */
static bool is_excused(struct loop *loop, struct connection *worst)
{
    const struct connection *parked = first_parked(loop);
    if (loop->excuses == EXCUSES_MAX ||
        (parked && (parked->peer->is_known || loop->now_ms - parked->parked_ms >= CUT_OFF_MS)))
        return false;
    loop->excuses++;
    return connection_room_excuse(worst);
}

static bool close_worst(struct loop *loop)
{
    struct progress *worst;
    do
        worst = find_worst(loop);
    while (worst && is_excused(loop, waiting_connection(worst)));
    if (!worst || !may_close(loop, waiting_connection(worst)))
        return false;
    tell_of_pressure(waiting_connection(worst));
    loop->closed_count++;
    return true;
}

/* Audits that wait give way down to their quarter, and all of them to who waits for room. */
static bool free_some(struct loop *loop)
{
    bool has_too_many = !connection_memory_may_audit_wait(loop->memory.of, 0);
    if (has_too_many && dispatch_shed_an_audit(&loop->dispatch))
        return true;
    return close_worst(loop) || (first_parked(loop) && dispatch_shed_an_audit(&loop->dispatch));
}

/* True when there is more to be done. */
static bool make_room(struct loop *loop)
{
    unsigned count = 0;
    loop->excuses = 0;
    input_pack_all(loop);
    while (count < CLOSED_MAX && !is_room_made(loop) && free_some(loop))
        count++;
    return count == CLOSED_MAX;
}

/* Seldom, however many there are. */
static void log_closed(struct loop *loop)
{
    if (loop->closed_count == 0 || loop->now_ms - loop->told_ms < TELL_MS)
        return;
    struct connection_memory *memory = loop->memory.of;
    chimera_log_with(
        CHIMERA_LOG_WARN, "server::connections",
        CHIMERA_SLICE("room for connections is scarce: closed those that made the least progress"),
        CHIMERA_NUMBER("closed", (int64_t)loop->closed_count),
        CHIMERA_NUMBER("connections",
                       atomic_load_explicit(&memory->connections, memory_order_relaxed)),
        CHIMERA_NUMBER("bytes",
                       (int64_t)atomic_load_explicit(&memory->taken, memory_order_relaxed)),
        CHIMERA_NUMBER("bytes_max", (int64_t)memory->max));
    loop->closed_count = 0;
    loop->told_ms = loop->now_ms;
}

/* Whoever finds no room again is the last of its list then. */
static void serve_parked(struct loop *loop, const struct lane *lane)
{
    for (unsigned i = 0; i < PARKED_TURNS && !lane->is_detached; i++) {
        struct connection *connection = first_parked(loop);
        if (!connection)
            return;
        bool is_there = memory_share_fits(&loop->memory, connection->parked_bytes);
        if (!is_there && loop->now_ms - connection->parked_ms < PARKED_MS)
            return;
        chimera_list_remove(&connection->watcher.turn);
        connection->watcher.calls->on_room(&connection->watcher, is_there);
    }
}

/* What was begun goes on until there is room, so that it need not begin again with each client. */
static __attribute__((noinline)) void relieve(struct loop *loop, const struct lane *lane,
                                              bool is_wanted)
{
    if (is_wanted || connection_memory_is_scarce(loop->memory.of))
        loop->has_relief = has_its_part(loop) && make_room(loop);
    log_closed(loop);
    serve_parked(loop, lane);
}

/* In each round, which most often have nothing to do here. */
void relief_run(struct loop *loop, const struct lane *lane)
{
    bool is_one_parked = loop_first_parked(loop), is_under_way = loop->has_relief;
    bool is_pressed = connection_memory_is_pressed(loop->memory.of);
    loop->pressure = is_pressed ? connection_memory_pressure(loop->memory.of) : 0;
    loop->has_relief = false;
    if (is_pressed || is_one_parked || loop->closed_count > 0)
        relieve(loop, lane, is_under_way || is_one_parked);
}

/* --- Time --- */

/* Under pressure without an answer and a line in the log for each. */
static void end_connection(struct loop *loop, struct connection *connection)
{
    const struct progress *progress = &connection->progress;
    bool is_for_pressure = loop->now_ms - progress->since_ms < stage_limit_ms(progress->stage, 0);
    if (connection_room_excuse(connection))
        return;
    if (!is_for_pressure) {
        connection->watcher.calls->on_time(&connection->watcher);
        return;
    }
    tell_of_pressure(connection);
    loop->closed_count++;
}

static unsigned end_of_list(struct loop *loop, struct chimera_list *list, int64_t limit_ms,
                            unsigned most)
{
    unsigned count = 0;
    struct chimera_list *first;
    while (count < most && (first = chimera_list_first(list))) {
        struct progress *progress = CHIMERA_LIST_MEMBER(first, struct progress, in_loop);
        if (loop->now_ms - progress->since_ms < limit_ms)
            break;
        end_connection(loop, waiting_connection(progress));
        count++;
    }
    return count;
}

void relief_end_the_late(struct loop *loop)
{
    unsigned left = CLOSED_MAX;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
            left -= end_of_list(loop, &loop->peers.waiting[i].of[stage],
                                stage_limit_ms(stage, loop->pressure), left);
    loop->has_late = left == 0;
}
