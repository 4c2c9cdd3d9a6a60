/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - one line on the terminal that tells what a build or a transfer is doing.
 *
 * Shown only when the descriptor is a terminal, at most ten times a second, rewritten in place;
 * silent in a pipe. One thread.
 */
#ifndef CHIMERA_TEXT_PROGRESS_H
#define CHIMERA_TEXT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chimera_progress {
    int fd;
    bool is_shown; /* a terminal */
    bool has_line; /* something stands on the line now */
    bool has_color;
    uint64_t last_ns; /* when the line was last written */
};

/* For standard error pass STDERR_FILENO; -1: silent. */
void chimera_progress_init(struct chimera_progress *progress, int fd);

/* "TITLE  7/48"; without the numbers when `total` is 0. The first and the last of a title are
 * always shown. Does nothing when `progress` is NULL. */
void chimera_progress_show(struct chimera_progress *progress, const char *title, size_t done,
                           size_t total);

/* "TITLE  [====----------------] 10.5 of 52.4 MB"; nothing for a small thing. */
void chimera_progress_show_bytes(struct chimera_progress *progress, const char *title,
                                 uint64_t done, uint64_t total);

/* Empties the line: before anything else is printed, and at the end. Does nothing when `progress`
 * is NULL. */
void chimera_progress_clear(struct chimera_progress *progress);

#endif
