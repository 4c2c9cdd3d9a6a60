/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - runs one program to its end and hears what it says. */
#ifndef CHIMERA_SERVER_BASE_PROGRAM_H
#define CHIMERA_SERVER_BASE_PROGRAM_H

#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Takes one line of what the child says, without its end, as soon as it is there. */
typedef void child_listener(void *context, struct chimera_slice line);

struct child_command { /* borrowed */
    char *const *argv; /* anybody on the machine can read it */
    struct chimera_slice input;
};

/* Searches the path when argv[0] has no slash. A line of the output that is longer than
 * CHILD_LINE_MAX is cut, errors are cut at the limit of the buffer. The child dies with us.
 * *ret_status is as of waitpid(). A child of the supervisor that is told to end meanwhile ends. */
int child_run(const struct child_command *command, child_listener *listen, void *context,
              struct chimera_buffer *errors, int *ret_status, struct chimera_error *err);

/* From now on `*is_stopped` tells, about once a second, whether a signal has stopped the program
 * that runs. Borrowed for good. */
void child_watch_stops(uint8_t *is_stopped);

#define CHILD_LINE_MAX ((size_t)64 << 10)

#endif
