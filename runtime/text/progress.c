/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/progress.h"

#include "runtime/base/clock.h"
#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"
#include "runtime/text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_NS UINT64_C(100000000)
#define NS_OF_SECOND UINT64_C(1000000000)
#define WAIT_NS UINT64_C(5000000000) /* in which a quick build is done, on a busy machine too */
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

/* `before` is plain, `title` stands out. */
static void show(const struct chimera_progress *progress, const char *before, const char *title,
                 const char *tail)
{
    char line[240];
    const char *on = progress->has_color ? "\033[1m" : "";
    const char *off = progress->has_color ? "\033[0m" : "";
    int size = snprintf(line, sizeof(line), "\r\033[K%s%s%.60s%s%s", before, on, title, off, tail);
    write_line(progress, line, size < (int)sizeof(line) ? size : (int)sizeof(line) - 1);
}

/* The line of a step; it stays under 80 columns. */
static void show_step(const struct chimera_progress *progress)
{
    char tail[96] = "", before[32] = "";
    int size = 0;
    if (progress->name[0] != '\0')
        size = snprintf(tail, sizeof(tail), "  %s", progress->title);
    if (progress->total > 0)
        size += snprintf(tail + size, sizeof(tail) - (size_t)size, "%s%zu/%zu", size ? " " : "  ",
                         progress->done, progress->total);
    if (progress->name[0] == '\0') {
        show(progress, "", progress->title, tail);
        return;
    }
    uint64_t seconds = (chimera_clock_ns() - progress->since_ns) / NS_OF_SECOND;
    if (seconds > 0 && size < (int)sizeof(tail))
        snprintf(tail + size, sizeof(tail) - (size_t)size, "  %llu s", (unsigned long long)seconds);
    if (progress->of > 1)
        snprintf(before, sizeof(before), "[%zu/%zu] ", progress->at, progress->of);
    show(progress, before, progress->name, tail);
}

/* What may be shown of it, cut where a character ends. */
static void set_name(struct chimera_progress *progress, struct chimera_slice name)
{
    struct chimera_buffer shown;
    size_t size = 0;
    chimera_buffer_init(&shown, name.size * CHIMERA_PRINTABLE_SIZE + 1);
    chimera_printable_append(name, NULL, &shown);
    while (size < shown.size) {
        size_t step =
            chimera_utf8_character((struct chimera_slice){shown.data + size, shown.size - size});
        if (step == 0 || size + step >= sizeof(progress->name))
            break;
        size += step;
    }
    if (size > 0)
        memcpy(progress->name, shown.data, size);
    progress->name[size] = '\0';
    chimera_buffer_free(&shown);
}

void chimera_progress_begin(struct chimera_progress *progress, const char *name, size_t at,
                            size_t of)
{
    static const char suffix[] = ".wasm";
    if (!progress)
        return;
    size_t size = strcspn(name, "?"); /* a query may be a secret */
    const char *slash = memrchr(name, '/', size);
    struct chimera_slice last = {slash ? slash + 1 : name, size};
    last.size -= slash ? (size_t)(slash + 1 - name) : 0;
    if (last.size > strlen(suffix) &&
        memcmp(last.data + last.size - strlen(suffix), suffix, strlen(suffix)) == 0)
        last.size -= strlen(suffix);
    set_name(progress, last);
    progress->at = at;
    progress->of = of;
    progress->since_ns = chimera_clock_ns();
    progress->title = NULL;
}

void chimera_progress_end(struct chimera_progress *progress, const char *how)
{
    char line[160];
    if (!progress || progress->name[0] == '\0')
        return;
    chimera_progress_clear(progress);
    if (how && progress->fd >= 0 && !progress->is_shown) {
        uint64_t tenths = (chimera_clock_ns() - progress->since_ns) / (NS_OF_SECOND / 10);
        int size = snprintf(line, sizeof(line), "built %s %s %llu.%llu s\n", progress->name, how,
                            (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10));
        write_line(progress, line, size);
    }
    progress->name[0] = '\0';
    progress->title = NULL;
}

static void tell_wait(struct chimera_progress *progress)
{
    char line[CHIMERA_PROGRESS_NAME + 16];
    if (!progress->tells_wait || progress->is_shown || progress->fd < 0 ||
        progress->name[0] == '\0' || chimera_clock_ns() - progress->since_ns < WAIT_NS)
        return;
    progress->tells_wait = false;
    write_line(progress, line, snprintf(line, sizeof(line), "building %s\n", progress->name));
}

void chimera_progress_tick(struct chimera_progress *progress)
{
    if (progress)
        tell_wait(progress);
    if (progress && progress->has_line && progress->title && progress->name[0] != '\0' &&
        is_due(progress, false))
        show_step(progress);
}

void chimera_progress_show(struct chimera_progress *progress, const char *title, size_t done,
                           size_t total)
{
    if (!progress)
        return;
    bool is_new = !progress->title || strcmp(progress->title, title) != 0;
    progress->title = title;
    progress->done = done;
    progress->total = total;
    if (is_new && progress->on_step)
        progress->on_step(progress);
    if (is_due(progress, is_new || done == 0 || done >= total))
        show_step(progress);
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
    progress->title = NULL; /* no step: its line is not to be written again */
    show(progress, "", title, tail);
}

void chimera_progress_clear(struct chimera_progress *progress)
{
    if (!progress || !progress->has_line)
        return;
    write_line(progress, "\r\033[K", 4);
    progress->has_line = false;
}
