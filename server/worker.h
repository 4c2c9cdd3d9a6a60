/* worker.h - the process that holds the policies and serves them.
 *
 * Forked by the supervisor, with the configuration in its memory and the bound sockets open. It
 * loads everything, listens, says so through a pipe, serves until SIGTERM, drains and ends.
 */
#ifndef CHIMERA_SERVER_WORKER_H
#define CHIMERA_SERVER_WORKER_H

#include <signal.h>

#include "server/builder.h"
#include "server/config.h"
#include "server/policies.h"
#include "server/remote.h"
#include "server/shared.h"

struct worker_start { /* all borrowed */
    const struct config *config;
    const struct policies *policies;
    const struct built_plugin *plugins;
    const struct isolation *isolation;
    struct jail_link *links;         /* one a jail */
    struct shared *board, *counters; /* mapped by the worker */
    int main_fd, probe_fd;
    int report_fd; /* gets WORKER_READY, or the text of an error, and is closed */
};

#define WORKER_READY '\0' /* no text begins so */

/* To a worker that another has taken over from: accept no more, and end with the last connection.
 * Clients are told by `Connection: close` on the next answer of each; none is cut off. */
#define WORKER_RETIRE_SIGNAL SIGUSR1

/* The exit code. SIGTERM, SIGINT and WORKER_RETIRE_SIGNAL must be blocked. */
int worker_run(const struct worker_start *start);

#endif
