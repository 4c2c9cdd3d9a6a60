/* SPDX-License-Identifier: Apache-2.0 */
/* file_watch.h - says when files may have become others, in whatever way: written to, renamed over,
 * or behind a link that now leads elsewhere, as Kubernetes updates its mounts.
 *
 * Watches folders by inotify, since a file that is replaced takes its own watch with it: the one
 * that holds the file, and each that holds a link on the way to it; where one is missing, the last
 * that is there. Changes are reported once they have settled. Whether anything is different is for
 * the caller to find out.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_FILE_WATCH_H
#define CHIMERA_SERVER_SUPERVISOR_FILE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watch_point { /* a folder */
    int number;      /* by inotify */
    bool is_wanted;
};

struct watch {
    int fd;             /* an inotify descriptor; -1: nothing is watched */
    const char **paths; /* the list is owned, the texts are borrowed */
    size_t path_count;
    struct watch_point *points; /* owned */
    size_t point_count;
    int64_t settled_at_ms, latest_ms; /* 0: nothing has happened */
    bool has_warned;
};

#define WATCH_NONE ((struct watch){.fd = -1})

/* Without a path nothing is watched. What cannot be watched is a warning in the log. */
void watch_open(struct watch *watch, const char *const *paths, size_t count);
void watch_close(struct watch *watch);

/* What to poll for reading; -1 while it is known that something has happened. */
int watch_fd(const struct watch *watch);
/* Takes what there is when that descriptor is readable. */
void watch_read(struct watch *watch);

/* True once when something has happened and all is quiet again. *at_ms: when to ask again; only
 * made earlier. */
bool watch_pass_time(struct watch *watch, int64_t now_ms, int64_t *at_ms);

#endif
