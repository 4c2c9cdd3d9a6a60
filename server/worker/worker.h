/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - the process that holds the policies and serves them.
 *
 * Forked by the supervisor, with the configuration in its memory and the bound sockets open. It
 * loads everything, listens, says so through a pipe, accepts when it is told to, follows orders
 * until SIGTERM, drains and ends.
 */
#ifndef CHIMERA_SERVER_WORKER_WORKER_H
#define CHIMERA_SERVER_WORKER_WORKER_H

#include "runtime/source/policies.h"
#include "server/base/shared_memory.h"
#include "server/client/tls.h"
#include "server/config/config.h"
#include "server/config/plugins.h"
#include "server/decisions/child.h"
#include "server/telemetry/child.h"
#include "server/tenant/evaluator.h"

struct broker; /* capability/broker.h */

struct worker_start { /* all borrowed */
    const struct config *config;
    const struct policies *policies;
    const struct built_plugin *plugins;
    const struct tenant_plan *plan;
    struct tenant_link *links;            /* one a tenant */
    struct shared *scoreboard, *counters; /* mapped by the worker */
    uint32_t score;                       /* in the counters; WORKER_SCORE_NONE: none */
    struct shared *page;                  /* mapped by the worker; process_page.h */
    struct telemetry *telemetry;
    const struct decision_child *decisions;
    struct broker *broker; /* the supervisor's; NULL: no policy makes host calls */
    struct tls_texts tls;  /* now the worker's */
    int main_fd, probe_fd;
    int report_fd; /* gets WORKER_READY, or an error's text, NUL and details, and is closed */
    int orders_fd; /* orders.h */
    int supply_fd; /* lines to the broker come from there (broker/client.h); -1: no host calls */
};

#define WORKER_LOG_MS 500 /* that its end waits for the log; the supervisor writes the rest */
#define WORKER_READY '\0' /* no text begins so */
#define WORKER_REPORT_MAX ((size_t)64 << 10)

/* The exit code. SIGTERM and SIGINT must be blocked. */
int worker_run(const struct worker_start *start);

#endif
