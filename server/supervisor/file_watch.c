/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/file_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"

#define QUIET_MS 100   /* without an event: whoever writes has come to an end */
#define LATEST_MS 2000 /* nobody waits longer, however busy the folder is */
#define LINKS_MAX 40   /* as the kernel has it */
#define EVENTS                                                                          \
    (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_ATTRIB | \
     IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

static void warn(struct watch *watch, const char *path, int number)
{
    if (watch->has_warned)
        return;
    watch->has_warned = true;
    chimera_log_with(CHIMERA_LOG_WARN, "server::watch",
                     CHIMERA_SLICE("changes of files may go unnoticed: send SIGHUP after one"),
                     CHIMERA_TEXT("path", chimera_slice_of(path)),
                     CHIMERA_TEXT("error", chimera_slice_of(strerror(number))));
}

/* --- Which folders --- */

static void watch_folder(struct watch *watch, const char *folder)
{
    int number = inotify_add_watch(watch->fd, folder, EVENTS);
    if (number < 0) {
        warn(watch, folder, errno);
        return;
    }
    for (size_t i = 0; i < watch->point_count; i++) {
        if (watch->points[i].number == number) {
            watch->points[i].is_wanted = true;
            return;
        }
    }
    struct watch_point *points =
        reallocarray(watch->points, watch->point_count + 1, sizeof(*points));
    if (!points) {
        warn(watch, folder, ENOMEM);
        return;
    }
    watch->points = points;
    watch->points[watch->point_count++] = (struct watch_point){number, true};
}

struct walk {              /* along a path, links resolved as they are met */
    char folder[PATH_MAX]; /* how far it has come; without links */
    char rest[PATH_MAX];   /* what is left */
    char at[PATH_MAX + 1]; /* the folder and the next name in it */
    char link[PATH_MAX];   /* where that leads, when it is a link */
};

/* Goes back to where the link leads. */
static bool follow(struct walk *walk)
{
    char rest[PATH_MAX];
    ssize_t size = readlink(walk->at, walk->link, sizeof(walk->link) - 1);
    if (size <= 0)
        return false;
    walk->link[size] = '\0';
    memcpy(rest, walk->rest, strlen(walk->rest) + 1);
    int written = snprintf(walk->rest, sizeof(walk->rest), "%s/%s", walk->link, rest);
    if (walk->link[0] == '/')
        memcpy(walk->folder, "/", 2);
    return written > 0 && (size_t)written < sizeof(walk->rest);
}

/* One name further; false when there is no more to watch. */
static bool step(struct watch *watch, struct walk *walk, unsigned *links)
{
    struct stat status;
    /* The next name moves from the rest to `at`, unless it is too long. */
    char *rest = walk->rest + strspn(walk->rest, "/");
    size_t size = strcspn(rest, "/");
    int written = snprintf(walk->at, sizeof(walk->at), "%s/%.*s",
                           strcmp(walk->folder, "/") == 0 ? "" : walk->folder, (int)size, rest);
    memmove(walk->rest, rest + size, strlen(rest + size) + 1);
    if (!(size > 0 && written > 0 && (size_t)written < PATH_MAX))
        return false;
    const char *name = strrchr(walk->at, '/') + 1;
    if (strcmp(name, ".") == 0)
        return true;
    if (strcmp(name, "..") == 0) {
        char *slash = strrchr(walk->folder, '/');
        slash[slash == walk->folder] = '\0';
        return true;
    }
    bool is_there = lstat(walk->at, &status) == 0;
    if (is_there && S_ISDIR(status.st_mode)) {
        memcpy(walk->folder, walk->at, strlen(walk->at) + 1);
        return true;
    }
    watch_folder(watch, walk->folder);
    return is_there && S_ISLNK(status.st_mode) && ++*links <= LINKS_MAX && follow(walk);
}

static void watch_path(struct watch *watch, const char *path)
{
    struct walk walk = {.folder = "/"};
    unsigned links = 0;
    char here[PATH_MAX] = "";
    if (path[0] != '/' && !getcwd(here, sizeof(here))) {
        warn(watch, path, errno);
        return;
    }
    int written = snprintf(walk.rest, sizeof(walk.rest), "%s/%s", here, path);
    if (written < 0 || (size_t)written >= sizeof(walk.rest)) {
        warn(watch, path, ENAMETOOLONG);
        return;
    }
    while (step(watch, &walk, &links))
        ;
}

static void arm(struct watch *watch)
{
    for (size_t i = 0; i < watch->point_count; i++)
        watch->points[i].is_wanted = false;
    for (size_t i = 0; i < watch->path_count; i++)
        watch_path(watch, watch->paths[i]);
    size_t kept = 0;
    for (size_t i = 0; i < watch->point_count; i++) {
        if (watch->points[i].is_wanted)
            watch->points[kept++] = watch->points[i];
        else
            inotify_rm_watch(watch->fd, watch->points[i].number); /* it may be gone by itself */
    }
    watch->point_count = kept;
}

/* --- Events --- */

static bool drain(const struct watch *watch)
{
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool is_any = false;
    while (read(watch->fd, events, sizeof(events)) > 0)
        is_any = true;
    return is_any;
}

void watch_open(struct watch *watch, const char *const *paths, size_t count)
{
    *watch = WATCH_NONE;
    if (count == 0)
        return;
    watch->paths = calloc(count, sizeof(*watch->paths));
    watch->fd = watch->paths ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
    if (watch->fd < 0) {
        warn(watch, paths[0], watch->paths ? errno : ENOMEM);
        return;
    }
    memcpy(watch->paths, paths, count * sizeof(*paths));
    watch->path_count = count;
    arm(watch);
    watch->settled_at_ms =
        chimera_clock_ms() + QUIET_MS; /* what was read before may have changed */
}

void watch_close(struct watch *watch)
{
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch->paths);
    free(watch->points);
    *watch = WATCH_NONE;
}

int watch_fd(const struct watch *watch)
{
    return watch->settled_at_ms ? -1 : watch->fd;
}

void watch_read(struct watch *watch)
{
    int64_t now_ms = chimera_clock_ms();
    if (!drain(watch))
        return;
    watch->settled_at_ms = now_ms + QUIET_MS;
    watch->latest_ms = now_ms + LATEST_MS;
}

bool watch_pass_time(struct watch *watch, int64_t now_ms, int64_t *at_ms)
{
    bool is_due = watch->settled_at_ms && now_ms >= watch->settled_at_ms;
    if (is_due && drain(watch) && now_ms < watch->latest_ms) {
        watch->settled_at_ms = now_ms + QUIET_MS;
        is_due = false;
    }
    if (is_due) {
        watch->settled_at_ms = 0;
        arm(watch); /* before anybody looks, so that what comes later is seen */
    } else if (watch->settled_at_ms && watch->settled_at_ms < *at_ms) {
        *at_ms = watch->settled_at_ms;
    }
    return is_due;
}
