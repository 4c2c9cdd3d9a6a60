/* SPDX-License-Identifier: Apache-2.0 */
/* watcher.h - what a loop knows of a client: whom to tell, and of what.
 *
 * Its owner embeds it, and learns by these calls what it waits for: bytes, its turn, room, the end
 * of its time. Each of them may end the owner. The loop's thread.
 */
#ifndef CHIMERA_SERVER_WORKER_WATCHER_H
#define CHIMERA_SERVER_WORKER_WATCHER_H

#include <stdint.h>

#include "runtime/base/list.h"

struct watcher;

struct watcher_calls {
    /* Its descriptor has some of epoll's events. */
    void (*on_ready)(struct watcher *watcher, uint32_t events);
    /* What it waited for on our side is there: others have had their turns, or its answer is. */
    void (*on_turn)(struct watcher *watcher);
    /* There is room for what it sends, or there will be none. */
    void (*on_room)(struct watcher *watcher, bool is_there);
    /* It has had its time. */
    void (*on_time)(struct watcher *watcher);
    /* Its room is wanted. */
    void (*on_pressure)(struct watcher *watcher);
    /* The loop has begun to drain. */
    void (*on_drain)(struct watcher *watcher);
    /* The loop ends. */
    void (*on_close)(struct watcher *watcher);
};

struct watcher {
    const struct watcher_calls *calls;
    struct watcher *next, *previous; /* in the loop's list of all */
    struct chimera_list turn;        /* in the loop's `ready` or `parked` */
};

#endif
