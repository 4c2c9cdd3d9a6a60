/* SPDX-License-Identifier: Apache-2.0 */
/* helper_program.h - one run of somebody else's program that knows credentials.
 *
 * It runs in a process group of its own, without our signal mask and handlers. One that does not
 * end in time is killed with all that it started; what one that ended leaves running, a keyring
 * say, is meant to stay, even if it keeps the pipes. Any thread.
 */
#ifndef CHIMERA_LOGIN_HELPER_PROGRAM_H
#define CHIMERA_LOGIN_HELPER_PROGRAM_H

#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

struct chimera_helper_program {
    char *const *words;       /* the first one is found by PATH; NULL ends them */
    char *const *environment; /* as in environ */
    const char *input;        /* at most PIPE_BUF bytes; NULL: /dev/null */
    uint32_t limit_ms;
};

/* Appends what it says, whose limit is an error, and the beginning of its complaints, as far as
 * there is room; NULL: to /dev/null. *ret_status is as waitpid() has it. CHIMERA_ETOOL: it cannot
 * be run, takes too long or says too much; err->text begins with its name. */
int chimera_helper_program_run(const struct chimera_helper_program *program,
                               struct chimera_buffer *answer, struct chimera_buffer *complaint,
                               int *ret_status, struct chimera_error *err);

#endif
