/* SPDX-License-Identifier: Apache-2.0 */
/* writer.h - the process that writes the decision log: from the pipe of all workers to the file.
 *
 * It may wait for a disk or a reader: then lines wait in the pipe, and further ones are dropped by
 * who made them. What fails is tried again every second. Drops are told of in the decision log
 * itself, as {"time":…,"dropped":{"queue":N,"rate":N}}, and in the server's. SIGUSR1: open the file
 * again. SIGTERM: write what there is, and end.
 */
#ifndef CHIMERA_SERVER_DECISIONS_WRITER_H
#define CHIMERA_SERVER_DECISIONS_WRITER_H

#include "server/config/config.h"
#include "server/counters/counters.h"
#include "server/decisions/file.h"

struct decision_writer_input { /* borrowed */
    const struct config *config;
    struct counters *counters;
    struct decision_file file; /* taken; it may be closed */
    int pipe_fd;
};

/* The exit code. SIGTERM and SIGUSR1 are blocked. */
int decision_writer_run(const struct decision_writer_input *input);

#endif
