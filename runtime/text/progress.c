/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/progress.h"

#include "runtime/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_NS UINT64_C(100000000)

void chimera_progress_init(struct chimera_progress *progress, int fd)
{
    const char *terminal = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    bool is_dumb = !terminal || strcmp(terminal, "dumb") == 0;
    *progress = (struct chimera_progress){.fd = fd,
                                          .is_shown = fd >= 0 && !is_dumb && isatty(fd),
                                          .has_color = !no_color || !no_color[0]};
}

/* One write(2), so that lines of other programs on the terminal do not get mixed in. A line that
 * cannot be written is no reason to stop a build. */
static void write_line(const struct chimera_progress *progress, const char *text, int size)
{
    ssize_t ignored = write(progress->fd, text, (size_t)size);
    (void)ignored;
}

void chimera_progress_show(struct chimera_progress *progress, const char *title, size_t done,
                           size_t total)
{
    char line[160];
    if (!progress || !progress->is_shown)
        return;
    uint64_t now = chimera_clock_ns();
    bool is_edge = done == 0 || done >= total;
    if (!is_edge && progress->has_line && now - progress->last_ns < INTERVAL_NS)
        return;
    const char *on = progress->has_color ? "\033[1m" : "";
    const char *off = progress->has_color ? "\033[0m" : "";
    int size;
    if (total > 0)
        size =
            snprintf(line, sizeof(line), "\r\033[K%s%.60s%s  %zu/%zu", on, title, off, done, total);
    else
        size = snprintf(line, sizeof(line), "\r\033[K%s%.60s%s", on, title, off);
    write_line(progress, line, size < (int)sizeof(line) ? size : (int)sizeof(line) - 1);
    progress->has_line = true;
    progress->last_ns = now;
}

void chimera_progress_clear(struct chimera_progress *progress)
{
    if (!progress || !progress->has_line)
        return;
    write_line(progress, "\r\033[K", 4);
    progress->has_line = false;
}
