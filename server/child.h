/* child.h - runs one program to its end and keeps what it says. */
#ifndef CHIMERA_SERVER_CHILD_H
#define CHIMERA_SERVER_CHILD_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

#define CHILD_STOPPED 1 /* `stop_fd` became readable, and the child was ended */

/* Searches the path when argv[0] has no slash. Standard input is empty; both outputs are appended
 * to the buffers, cut at their limits. The child has a process group of its own and dies with us.
 * *ret_status is as of waitpid(). */
int child_run(char *const *argv, int stop_fd, struct chimera_buffer *out,
              struct chimera_buffer *errors, int *ret_status, struct chimera_error *err);

#endif
