/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - flags and environment variables, from one table (policy-server.md §1.1, §1.2).
 *
 * All texts are borrowed from argv, the environment or static text.
 */
#ifndef CHIMERA_SERVER_CONFIG_OPTIONS_H
#define CHIMERA_SERVER_CONFIG_OPTIONS_H

#include <stdbool.h>

#include "runtime/base/error.h"
#include "runtime/cli/cli.h"

#define OPTIONS_MAX 80

struct options { /* texts are NULL where nothing is given and there is no default */
    const char *address, *port, *readiness_port, *admin_port, *workers;
    const char *cert_file, *key_file, *client_ca_files;
    const char *policies, *bundle, *download_dir, *sources, *docker_config;
    const char *sigstore_cache_dir, *sigstore_trust_config, *verification, *builder_key;
    const char *shortcut_namespace, *policy_timeout, *max_body_bytes, *max_connection_bytes,
        *cluster_memory;
    const char *policy_options, *reuse_verdicts, *opa_key, *opa_scope;
    const char *log_level, *log_format, *fresh_start, *isolate;
    const char *policy_log_rate, *admin_hosts, *start_timeout;
    const char *decision_log, *decision_log_omit, *decision_log_rate, *decision_log_size;
    const char *daemon_pid_file, *daemon_stdout_file, *daemon_stderr_file;
    bool is_metrics, is_timeout_off, is_log_without_color, is_daemon, is_without_kubernetes,
        is_pprof, is_continue_on_errors, is_unconfined_build_allowed, is_without_lockdown,
        is_waiting_for_full, is_watch_off;
    bool are_policies_given;       /* `policies` is more than the default */
    bool is_variable[OPTIONS_MAX]; /* by row of the table: its environment variable gave it */
};

/* The program itself, with its table. */
extern const struct chimera_cli_command options_command;

/* Writes the variable in place of each flag that is named in err->text, where it was the variable
 * that gave the value. */
void options_name_sources(const struct options *options, struct chimera_error *err);

/* On failure err->text is what to print behind "error: ", with the exit code 2 as the reference has
 * it. *ret_options is set only when *ret_action is CHIMERA_CLI_RUN. */
int options_parse(int argc, char *const *argv, struct options *ret_options,
                  enum chimera_cli_action *ret_action, struct chimera_error *err);

#endif
