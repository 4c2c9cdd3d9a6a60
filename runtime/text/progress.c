/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/progress.h"

#include "runtime/base/clock.h"
#include "runtime/text/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_NS UINT64_C(100000000)
#define BAR_WIDTH 20
#define BYTES_SHOWN 100000 /* what is less is there at once */

void chimera_progress_init(struct chimera_progress *progress, int fd)
{
    const char *terminal = getenv("TERM");
    bool is_dumb = !terminal || strcmp(terminal, "dumb") == 0;
    *progress = (struct chimera_progress){.fd = fd,
                                          .is_shown = fd >= 0 && !is_dumb && isatty(fd),
                                          .has_color = chimera_colours_are_on(fd)};
}

/* One write(2), so that lines of other programs on the terminal do not get mixed in. A line that
 * cannot be written is no reason to stop a build. */
static void write_line(const struct chimera_progress *progress, const char *text, int size)
{
    ssize_t ignored = write(progress->fd, text, (size_t)size);
    (void)ignored;
}

/* Both ends of a thing are shown; in between not too often. */
static bool is_due(struct chimera_progress *progress, bool is_edge)
{
    if (!progress || !progress->is_shown)
        return false;
    uint64_t now = chimera_clock_ns();
    if (!is_edge && progress->has_line && now - progress->last_ns < INTERVAL_NS)
        return false;
    progress->has_line = true;
    progress->last_ns = now;
    return true;
}

static void show(const struct chimera_progress *progress, const char *title, const char *tail)
{
    char line[200];
    const char *on = progress->has_color ? "\033[1m" : "";
    const char *off = progress->has_color ? "\033[0m" : "";
    int size = snprintf(line, sizeof(line), "\r\033[K%s%.60s%s%s", on, title, off, tail);
    write_line(progress, line, size < (int)sizeof(line) ? size : (int)sizeof(line) - 1);
}

void chimera_progress_show(struct chimera_progress *progress, const char *title, size_t done,
                           size_t total)
{
    char tail[48] = "";
    if (!is_due(progress, done == 0 || done >= total))
        return;
    if (total > 0)
        snprintf(tail, sizeof(tail), "  %zu/%zu", done, total);
    show(progress, title, tail);
}

void chimera_progress_show_bytes(struct chimera_progress *progress, const char *title,
                                 uint64_t done, uint64_t total)
{
    char tail[96], bar[BAR_WIDTH + 1];
    if (total < BYTES_SHOWN || done > total || !is_due(progress, false))
        return;
    size_t filled = (size_t)(done / (total / BAR_WIDTH));
    memset(bar, '-', BAR_WIDTH);
    memset(bar, '=', filled < BAR_WIDTH ? filled : BAR_WIDTH);
    bar[BAR_WIDTH] = 0;
    snprintf(tail, sizeof(tail), "  [%s] %.1f of %.1f MB", bar, (double)done / 1e6,
             (double)total / 1e6);
    show(progress, title, tail);
}

void chimera_progress_clear(struct chimera_progress *progress)
{
    if (!progress || !progress->has_line)
        return;
    write_line(progress, "\r\033[K", 4);
    progress->has_line = false;
}
