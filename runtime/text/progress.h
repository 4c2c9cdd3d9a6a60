/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - one line on the terminal that tells what a build or a transfer is doing.
 *
 * On a terminal it is rewritten in place, at most ten times a second, and leaves nothing:
 *
 *   [2/7] rust-privileged  compiling 3/8  4 s
 *
 * In a pipe or a log there is a line for each thing that took its time, once it is done:
 *
 *   built rust-privileged full 15.2 s
 *
 * and, where somebody waits for that one thing and asks for it, one while it takes its time:
 *
 *   building rust-privileged
 *
 * One thread.
 */
#ifndef CHIMERA_TEXT_PROGRESS_H
#define CHIMERA_TEXT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHIMERA_PROGRESS_NAME 48

struct chimera_progress {
    int fd;
    bool is_shown; /* a terminal */
    bool has_line; /* something stands on the line now */
    bool has_color;
    uint64_t last_ns; /* when the line was last written */
    /* What is worked on, after chimera_progress_begin(): the at-th of so many. */
    char name[CHIMERA_PROGRESS_NAME];
    size_t at, of;
    uint64_t since_ns;
    /* Which step of it is on the line; borrowed. */
    const char *title;
    size_t done, total;
    bool tells_wait; /* in a pipe, too, once something takes long; it is cleared then */
    void (*on_step)(const struct chimera_progress *progress); /* NULL: nobody wants to know */
};

/* For standard error pass STDERR_FILENO; -1: silent. */
void chimera_progress_init(struct chimera_progress *progress, int fd);

/* Begins a thing of a list of `of`, of which it is number `at`, from 1. The name is that of a file
 * or of where a module is from, whose last part is shown, without ".wasm". Does nothing when
 * `progress` is NULL, like those below. */
void chimera_progress_begin(struct chimera_progress *progress, const char *name, size_t at,
                            size_t of);
/* It is done: empties the line. `how` is the word behind its name, "full"; NULL: it came to
 * nothing, or cost nothing. */
void chimera_progress_end(struct chimera_progress *progress, const char *how);
/* Time has passed: the line's seconds go on, or it is told that there is a wait. */
void chimera_progress_tick(struct chimera_progress *progress);

/* "TITLE  7/48", behind the name and before the seconds if there is one; without the numbers when
 * `total` is 0. The first and the last of a title are always shown. The title must live until the
 * next. */
void chimera_progress_show(struct chimera_progress *progress, const char *title, size_t done,
                           size_t total);

/* "TITLE  [====----------------] 10.5 of 52.4 MB"; nothing for a small thing. */
void chimera_progress_show_bytes(struct chimera_progress *progress, const char *title,
                                 uint64_t done, uint64_t total);

/* Empties the line: before anything else is printed, and at the end. */
void chimera_progress_clear(struct chimera_progress *progress);

#endif
