/* child.h - runs one program to its end and keeps what it says. */
#ifndef CHIMERA_SERVER_CHILD_H
#define CHIMERA_SERVER_CHILD_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Searches the path when argv[0] has no slash. Standard input is empty; both outputs are appended
 * to the buffers, cut at their limits. The child dies with us. *ret_status is as of waitpid(). */
int child_run(char *const *argv, struct chimera_buffer *out, struct chimera_buffer *errors,
              int *ret_status, struct chimera_error *err);

#endif
