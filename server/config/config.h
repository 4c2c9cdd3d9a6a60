/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - what the options come to: addresses, numbers, paths, all checked.
 *
 * Made once by the supervisor, read by every worker, which inherits it; never changed.
 */
#ifndef CHIMERA_SERVER_CONFIG_CONFIG_H
#define CHIMERA_SERVER_CONFIG_CONFIG_H

#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"
#include "server/base/socket.h"
#include "server/config/decision_options.h"
#include "server/config/options.h"

#define WORKERS_MAX 256

struct config {
    struct options options; /* borrowed texts */
    struct address main_address, probe_address, admin_address;
    bool has_admin;         /* there is a port for it */
    unsigned workers;       /* loops */
    uint64_t limit_seconds; /* of an evaluation; meaningless without is_limited */
    bool is_limited;        /* timeout protection is on */
    size_t max_body_bytes;
    unsigned policy_log_rate;    /* lines a second; 0: no limit */
    uint64_t cluster_memory;     /* bytes of its objects that the broker keeps */
    uint64_t reuse_bytes;        /* of verdicts that are given again; 0: none are */
    bool is_reuse_for_all;       /* to /validate, too, not to /audit alone */
    size_t max_connection_bytes; /* of all connections together (connection_memory.h) */
    struct decision_options decisions;
    unsigned start_timeout_s;                /* of a worker, for a policy; 1 or more */
    struct chimera_slice shortcut_namespace; /* .data NULL: none */
    char *cache_dir;                         /* owned */
    char *warnings;                          /* owned; lines for the log, or NULL */
    bool has_kubernetes;                     /* a kubeconfig or a service account is there */
};

/* err->text is what to print behind "Error: ", with the exit code 1; but a bad number of workers
 * has the code 2 upstream only when it looks like a flag, which options_parse() has seen to. */
int config_make(const struct options *options, struct config *ret_config,
                struct chimera_error *err);
void config_done(struct config *config);

#endif
