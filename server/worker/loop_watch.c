/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/loop_watch.h"

#include <poll.h>
#include <stdlib.h>

int loop_watch_open(struct loop_watch *watch, struct loop *loops, unsigned count,
                    struct chimera_error *err)
{
    *watch = (struct loop_watch){
        .loops = loops, .seen = calloc(count, sizeof(*watch->seen)), .count = count};
    if (!watch->seen)
        return chimera_fail_memory(err);
    return CHIMERA_OK;
}

void loop_watch_close(struct loop_watch *watch)
{
    free(watch->seen);
    *watch = (struct loop_watch){0};
}

/* An event that it would find in its epoll set, or an evaluation that nobody has taken from it. */
static bool has_work(struct loop *loop)
{
    struct pollfd polled = {.fd = loop->sets.first_fd, .events = POLLIN};
    return turn_is_evaluating(turn_number(&loop->turn)) || poll(&polled, 1, 0) > 0;
}

int64_t loop_seen_look(struct loop_seen *seen, uint64_t rounds, bool has_work, int64_t now_ms)
{
    if (!has_work || rounds != seen->rounds || seen->since_ms == 0)
        seen->since_ms = has_work ? now_ms : 0;
    seen->rounds = rounds;
    int64_t stuck_ms = seen->since_ms ? now_ms - seen->since_ms : 0;
    return stuck_ms >= LOOP_STUCK_MS ? stuck_ms : 0;
}

int64_t loop_watch_look(struct loop_watch *watch, int64_t now_ms)
{
    int64_t longest_ms = 0;
    for (unsigned i = 0; i < watch->count; i++) {
        struct loop *loop = &watch->loops[i];
        uint64_t rounds = atomic_load_explicit(&loop->rounds, memory_order_relaxed);
        int64_t stuck_ms = loop_seen_look(&watch->seen[i], rounds, has_work(loop), now_ms);
        longest_ms = stuck_ms > longest_ms ? stuck_ms : longest_ms;
    }
    return longest_ms;
}
