/* SPDX-License-Identifier: Apache-2.0 */
#include "server/client/progress.h"

#define SCALE ((int64_t)1 << 20)
#define IDLE_SPARED_MS 30000

struct patience {
    int64_t limit_ms, least_ms; /* without pressure, and with all of it */
    /* Who is to be closed first among stages: the one that has waited for more of these. */
    int64_t worth_ms;
};

static const struct patience patience[STAGE_COUNT] = {
    [STAGE_HELLO] = {10000, 1000, 5000},
    [STAGE_HANDSHAKE] = {10000, 1000, 10000},
    /* More than the API server's 90 s: it, not we, ends a connection that it does not use. */
    [STAGE_FRESH] = {120000, 1000, 10000},
    [STAGE_LATE] = {1000, 1000, 1000},
    [STAGE_HEAD] = {10000, 1000, 10000},
    [STAGE_BODY] = {30000, 2000, 30000},
    [STAGE_LATER_HEAD] = {10000, 1000, 300000},
    [STAGE_LATER_BODY] = {30000, 2000, 300000},
    [STAGE_ANSWER] = {30000, 2000, 30000},
    /* A request that is on its way when we close is lost, so pressure alone ends none of these:
     * they are closed when their room is asked for, and then after those that have done nothing
     * yet for a fraction of the time. */
    [STAGE_IDLE] = {120000, 120000, 600000},
    [STAGE_LINGER] = {10000, 1000, 10000},
};

void stage_lists_init(struct stage_lists *lists)
{
    for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
        chimera_list_init(&lists->of[stage]);
}

void progress_init(struct progress *progress)
{
    progress->stage = STAGE_NONE;
    chimera_list_init(&progress->in_loop);
    chimera_list_init(&progress->in_peer);
}

void progress_enter(struct progress *progress, enum stage stage, int64_t now_ms,
                    struct stage_lists *in_loop, struct stage_lists *in_peer)
{
    progress->stage = stage;
    progress->since_ms = now_ms;
    chimera_list_append(&in_loop->of[stage], &progress->in_loop);
    chimera_list_append(&in_peer->of[stage], &progress->in_peer);
}

void progress_leave(struct progress *progress)
{
    progress->stage = STAGE_NONE;
    chimera_list_remove(&progress->in_loop);
    chimera_list_remove(&progress->in_peer);
}

int64_t stage_limit_ms(enum stage stage, unsigned pressure)
{
    const struct patience *of = &patience[stage];
    return of->limit_ms -
           (of->limit_ms - of->least_ms) * (int64_t)pressure / (int64_t)PRESSURE_FULL;
}

static struct progress *worse_of(struct progress *a, struct progress *b, int64_t now_ms)
{
    if (!a || !b)
        return a ? a : b;
    int64_t used_a = (now_ms - a->since_ms) * SCALE / patience[a->stage].worth_ms;
    int64_t used_b = (now_ms - b->since_ms) * SCALE / patience[b->stage].worth_ms;
    return used_b > used_a ? b : a;
}

struct progress *stage_lists_worst_in_loop(struct stage_lists *lists, int64_t now_ms)
{
    struct progress *worst = NULL;
    for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
        struct chimera_list *first = chimera_list_first(&lists->of[stage]);
        if (first)
            worst = worse_of(worst, CHIMERA_LIST_MEMBER(first, struct progress, in_loop), now_ms);
    }
    return worst;
}

/* A request that is on its way to an idle connection would be lost: a peer's own connections that
 * have done less go first, however young they are. */
struct progress *stage_lists_worst_in_peer(struct stage_lists *lists, int64_t now_ms)
{
    struct progress *worst = NULL;
    for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
        struct chimera_list *first = chimera_list_first(&lists->of[stage]);
        struct progress *next = first ? CHIMERA_LIST_MEMBER(first, struct progress, in_peer) : NULL;
        if (next && stage == STAGE_IDLE && worst && now_ms - next->since_ms < IDLE_SPARED_MS)
            continue;
        worst = worse_of(worst, next, now_ms);
    }
    return worst;
}
