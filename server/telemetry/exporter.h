/* SPDX-License-Identifier: Apache-2.0 */
/* exporter.h - the process that exports metrics and traces: opens the plugin for it and lends it
 * what it needs to read.
 *
 * A fork of the supervisor. It serves nothing, and nothing waits for it.
 */
#ifndef CHIMERA_SERVER_TELEMETRY_EXPORTER_H
#define CHIMERA_SERVER_TELEMETRY_EXPORTER_H

#include <stdatomic.h>

#include "server/base/shared_memory.h"
#include "server/config/config.h"

struct telemetry_page { /* shared by workers and the exporter */
    _Atomic uint64_t dropped_spans;
};

struct exporter_input { /* borrowed */
    const struct config *config;
    struct shared *scoreboard, *counters, *page; /* mapped by the exporter */
    int span_fd;                                 /* -1 without traces */
    uint64_t started_ns;                         /* of the server, since 1970 */
    /* Gets EXPORTER_READY, or the text of an error, and is closed. -1: an error is logged. */
    int report_fd;
};

#define EXPORTER_READY '\0' /* no text begins so */

/* The exit code. SIGTERM must be blocked; it is the order to end. */
int exporter_run(const struct exporter_input *input);

#endif
