/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/options.h"

#include <stddef.h>
#include <string.h>

#define LISTENING "Listening"
#define TLS "TLS"
#define POLICIES "Policies"
#define FETCHING "Modules: fetching, signatures, building"
#define LIMITS "Limits"
#define TELEMETRY "Log and metrics"
#define PROCESS "Background"
#define DEBUGGING "Debugging"

static const char *const SECTIONS[] = {LISTENING, TLS,     POLICIES,  FETCHING, LIMITS,
                                       TELEMETRY, PROCESS, DEBUGGING, NULL};

#define TEXT(section_, member, name_, variable_, value_, initial_, help_) \
    {.name = name_,                                                       \
     .section = section_,                                                 \
     .kind = CHIMERA_CLI_VALUE,                                           \
     .variable = variable_,                                               \
     .value = value_,                                                     \
     .initial = initial_,                                                 \
     .help = help_,                                                       \
     .field = offsetof(struct options, member)}
#define SWITCH(section_, member, name_, variable_, help_) \
    {.name = name_,                                       \
     .section = section_,                                 \
     .kind = CHIMERA_CLI_SWITCH,                          \
     .variable = variable_,                               \
     .help = help_,                                       \
     .field = offsetof(struct options, member)}

static const char DEFAULT_POLICIES[] = "policies.yml";
static const char *const log_formats[] = {"text", "json", "otlp", NULL};
static const char *const log_levels[] = {"trace", "debug", "info", "warn", "error", NULL};

static const struct chimera_cli_option TABLE[] = {
    TEXT(LISTENING, address, "addr", "KUBEWARDEN_BIND_ADDRESS", "BIND_ADDRESS", "0.0.0.0",
         "Bind against this address"),
    TEXT(LISTENING, admin_hosts, "admin-hosts", "CHIMERA_ADMIN_HOSTS", "NAMES", NULL,
         "Names, separated by commas, that the admin port may be asked by, besides addresses, and "
         "localhost from this machine"),
    TEXT(LISTENING, admin_port, "admin-port", "CHIMERA_ADMIN_PORT", "[ADDRESS:]PORT", NULL,
         "Answer /healthz, /metrics, /policies, /rejections and a page to look at on this port, "
         "without TLS; of "
         "this machine alone, unless an address is given"),
    SWITCH(FETCHING, is_unconfined_build_allowed, "allow-unconfined-builds",
           "CHIMERA_ALLOW_UNCONFINED_BUILDS",
           "Fetch and compile policies even where the kernel cannot confine what does it"),
    TEXT(POLICIES, shortcut_namespace, "always-accept-admission-reviews-on-namespace",
         "KUBEWARDEN_ALWAYS_ACCEPT_ADMISSION_REVIEWS_ON_NAMESPACE", "NAMESPACE", NULL,
         "Always accept reviews of objects in this namespace"),
    TEXT(POLICIES, bundle, "bundle", "CHIMERA_BUNDLE", "DIR", NULL,
         "Serve a bundle that `chimera bundle` made, and compile nothing; with --policies, the "
         "policies of that file, by the modules of the bundle"),
    TEXT(TLS, cert_file, "cert-file", "KUBEWARDEN_CERT_FILE", "CERT_FILE", NULL,
         "PEM file with the server's certificate, and its chain behind it; turns HTTPS on"),
    TEXT(TLS, client_ca_files, "client-ca-file", "KUBEWARDEN_CLIENT_CA_FILE", "CLIENT_CA_FILE",
         NULL,
         "PEM files, separated by commas, with the authorities that clients must be certified by"),
    TEXT(LIMITS, cluster_memory, "cluster-memory", "CHIMERA_CLUSTER_MEMORY", "SIZE", "512Mi",
         "Memory for the cluster's objects that policies list, answers included; a list that needs "
         "more is refused"),
    {.name = "continue-on-errors",
     .section = POLICIES,
     .variable = "KUBEWARDEN_CONTINUE_ON_ERRORS",
     .kind = CHIMERA_CLI_SWITCH,
     .field = offsetof(struct options, is_continue_on_errors),
     .help = "Serve even though policies fail to start; those reject every request"},
    SWITCH(PROCESS, is_daemon, "daemon", "KUBEWARDEN_DAEMON",
           "Go to the background; the exit code says whether the server became ready"),
    TEXT(PROCESS, daemon_pid_file, "daemon-pid-file", "KUBEWARDEN_DAEMON_PID_FILE",
         "DAEMON_PID_FILE", "policy-server.pid",
         "With --daemon: file with the number of the process, while it runs"),
    TEXT(PROCESS, daemon_stderr_file, "daemon-stderr-file", "KUBEWARDEN_DAEMON_STDERR_FILE",
         "DAEMON_STDERR_FILE", NULL,
         "With --daemon: file that takes standard error; nothing keeps it otherwise"),
    TEXT(PROCESS, daemon_stdout_file, "daemon-stdout-file", "KUBEWARDEN_DAEMON_STDOUT_FILE",
         "DAEMON_STDOUT_FILE", NULL,
         "With --daemon: file that takes the log; nothing keeps it otherwise"),
    TEXT(TELEMETRY, decision_log, "decision-log", "CHIMERA_DECISION_LOG", "PATH", NULL,
         "Append a line of JSON for each rejection to this file; - for standard output. SIGHUP "
         "opens "
         "it again"),
    TEXT(
        TELEMETRY, decision_log_omit, "decision-log-omit", "CHIMERA_DECISION_LOG_OMIT", "FIELDS",
        NULL,
        "Leave these out of its lines, separated by commas: uid, operation, kind, namespace, name, "
        "user, message, causes, trace_id"),
    TEXT(TELEMETRY, decision_log_rate, "decision-log-rate", "CHIMERA_DECISION_LOG_RATE", "LINES",
         "1000",
         "Write so many lines of it in a second, and twice as many at once; drop and count the "
         "others. 0: all"),
    TEXT(TELEMETRY, decision_log_size, "decision-log-size", "CHIMERA_DECISION_LOG_SIZE", "SIZE",
         "64Mi",
         "Begin another file before this one gets larger; the last one stays as PATH.1. 0: never"),
    SWITCH(LIMITS, is_timeout_off, "disable-timeout-protection",
           "KUBEWARDEN_DISABLE_TIMEOUT_PROTECTION",
           "Let policies run without a time limit; their own limits are ignored, too"),
    TEXT(FETCHING, docker_config, "docker-config-json-path", "KUBEWARDEN_DOCKER_CONFIG_JSON_PATH",
         "DOCKER_CONFIG", NULL,
         "Folder with Docker's config.json, which has the logins for registries [default: "
         "$DOCKER_CONFIG or ~/.docker]"),
    SWITCH(TELEMETRY, is_metrics, "enable-metrics", "KUBEWARDEN_ENABLE_METRICS",
           "Export metrics by OTLP over gRPC; OTEL_* variables say where to"),
    SWITCH(DEBUGGING, is_pprof, "enable-pprof", "KUBEWARDEN_ENABLE_PPROF",
           "Answer /debug/pprof/*, with the way to profile"),
    TEXT(POLICIES, fresh_start, "fresh-start", "CHIMERA_FRESH_START", "POLICIES", NULL,
         "Ids of WASI policies, separated by commas, that run from their start for every request "
         "instead of from their first read of input"),
    SWITCH(POLICIES, is_without_kubernetes, "ignore-kubernetes-connection-failure",
           "KUBEWARDEN_IGNORE_KUBERNETES_CONNECTION_FAILURE",
           "Start although there is no Kubernetes configuration for policies with "
           "contextAwareResources"),
    TEXT(POLICIES, isolate, "isolate", "CHIMERA_ISOLATE", "IDS", NULL,
         "Evaluate these policies or policy groups in processes of their own: ids, joined by '+' "
         "where they share one, separated by commas; or 'each'"),
    TEXT(TLS, key_file, "key-file", "KUBEWARDEN_KEY_FILE", "KEY_FILE", NULL,
         "PEM file with the private key of the certificate"),
    {.name = "log-fmt",
     .section = TELEMETRY,
     .variable = "KUBEWARDEN_LOG_FMT",
     .kind = CHIMERA_CLI_VALUE,
     .value = "LOG_FMT",
     .initial = "text",
     .choices = log_formats,
     .field = offsetof(struct options, log_format),
     .help = "Form of the log; otlp: text, and traces are exported by OTLP over gRPC"},
    {.name = "log-level",
     .section = TELEMETRY,
     .variable = "KUBEWARDEN_LOG_LEVEL",
     .kind = CHIMERA_CLI_VALUE,
     .value = "LOG_LEVEL",
     .initial = "info",
     .choices = log_levels,
     .field = offsetof(struct options, log_level),
     .help = "Least level that is logged"},
    SWITCH(TELEMETRY, is_log_without_color, "log-no-color", "NO_COLOR",
           "Accepted: the log has no colours"),
    TEXT(LIMITS, max_body_bytes, "max-body-bytes", "CHIMERA_MAX_BODY_BYTES", "BYTES", "2097152",
         "Refuse longer bodies with 413"),
    TEXT(LIMITS, max_connection_bytes, "max-connection-bytes", "CHIMERA_MAX_CONNECTION_BYTES",
         "BYTES", NULL,
         "Memory for all connections together; when it gets scarce, those whose clients make the "
         "least progress are closed [default: a quarter of the memory that the cgroup may use]"),
    SWITCH(DEBUGGING, is_without_lockdown, "no-lockdown", "CHIMERA_NO_LOCKDOWN",
           "For debugging: let the worker keep all rights of the process"),
    SWITCH(POLICIES, is_watch_off, "no-policy-watch", "CHIMERA_NO_POLICY_WATCH",
           "Reload the policies on SIGHUP only, not when their file changes"),
    TEXT(
        FETCHING, opa_key, "opa-bundle-key", "CHIMERA_OPA_BUNDLE_KEY", "PATH", NULL,
        "Key that OPA bundles must be signed with: a file with a public key or certificate in PEM, "
        "or with a secret"),
    TEXT(FETCHING, opa_scope, "opa-bundle-scope", "CHIMERA_OPA_BUNDLE_SCOPE", "SCOPE", NULL,
         "Scope that the signatures of OPA bundles must be for; with --opa-bundle-key"),
    TEXT(POLICIES, policies, "policies", "KUBEWARDEN_POLICIES", "POLICIES_FILE", DEFAULT_POLICIES,
         "YAML or JSON file that says which policies to serve; SIGHUP reads it again"),
    TEXT(FETCHING, download_dir, "policies-download-dir", "KUBEWARDEN_POLICIES_DOWNLOAD_DIR",
         "POLICIES_DOWNLOAD_DIR", ".",
         "Folder of the modules that were fetched, registry/HOST/NAME:TAG or https/HOST/PATH; the "
         "cache of built plugins is in chimera-cache there"),
    TEXT(LIMITS, policy_log_rate, "policy-log-rate", "CHIMERA_POLICY_LOG_RATE", "LINES", "1000",
         "Log so many lines of a policy in a second, of 1 KiB on the average, and twice as many at "
         "once; drop and count the others. 0: all"),
    TEXT(POLICIES, policy_options, "policy-options", "CHIMERA_POLICY_OPTIONS", "FILE", NULL,
         "YAML or JSON file with options of ours for policies, by id, such as memoryLimit; read "
         "again with the policies"),
    TEXT(LIMITS, policy_timeout, "policy-timeout", "KUBEWARDEN_POLICY_TIMEOUT",
         "MAXIMUM_EXECUTION_TIME_SECONDS", "2",
         "Stop evaluations that take longer, unless a policy has a limit of its own"),
    TEXT(LISTENING, port, "port", "KUBEWARDEN_PORT", "PORT", "3000", "Listen on this port"),
    TEXT(LISTENING, readiness_port, "readiness-probe-port", "KUBEWARDEN_READINESS_PROBE_PORT",
         "READINESS_PROBE_PORT", "8081", "Answer /readiness on this port, always without TLS"),
    TEXT(POLICIES, reuse_verdicts, "reuse-verdicts", "CHIMERA_REUSE_VERDICTS", "SIZE[:all]", NULL,
         "Keep so many bytes of verdicts, such as 256Mi, and give them again for the same request "
         "to /audit instead of evaluating it; with :all to /validate, too [default: evaluate all]"),
    TEXT(FETCHING, sigstore_cache_dir, "sigstore-cache-dir", "KUBEWARDEN_SIGSTORE_CACHE_DIR",
         "SIGSTORE_CACHE_DIR", "sigstore-data",
         "Accepted: the authorities of keyless signatures come with the program or by "
         "--sigstore-trust-config, and are not fetched"),
    TEXT(FETCHING, sigstore_trust_config, "sigstore-trust-config",
         "KUBEWARDEN_SIGSTORE_TRUST_CONFIG_PATH", "SIGSTORE_TRUST_CONFIG_PATH", NULL,
         "JSON file with the certificate authorities and logs that keyless signatures are believed "
         "for [default: those of Sigstore's public instance, as of this version]"),
    TEXT(FETCHING, sources, "sources-path", "KUBEWARDEN_SOURCES_PATH", "SOURCES_PATH", NULL,
         "YAML file about registries: authorities of their own, insecure ones, mirrors, proxies"),
    TEXT(FETCHING, builder_key, "trusted-builder-key", "CHIMERA_TRUSTED_BUILDER_KEY", "PATH", NULL,
         "PEM file of a public key: a plugin that lies beside a policy in its registry and is "
         "signed "
         "by it is served in place of compiling the policy"),
    TEXT(FETCHING, verification, "verification-path", "KUBEWARDEN_VERIFICATION_CONFIG_PATH",
         "VERIFICATION_CONFIG_PATH", NULL,
         "File that says which signatures policies must have; what is not signed so is not served"),
    SWITCH(POLICIES, is_waiting_for_full, "wait-for-full-tier", "CHIMERA_WAIT_FOR_FULL_TIER",
           "Do not serve policies from the quick tier while the full one is built"),
    TEXT(LIMITS, start_timeout, "worker-start-timeout", "CHIMERA_WORKER_START_TIMEOUT", "SECONDS",
         "60",
         "End a worker that takes longer to start one policy, besides the time limits of the "
         "policy"),
    TEXT(LIMITS, workers, "workers", "KUBEWARDEN_WORKERS", "WORKERS_NUMBER", NULL,
         "Threads that evaluate, 256 at most [default: the processors that we may use]"),
    {0},
};

const struct chimera_cli_command options_command = {
    .about = "Serves Kubernetes admission policies that were compiled to native code.",
    .usage = "[OPTIONS]\n       chimera-server docs --output FILE | --man DIR\n"
             "       chimera-server completions --shell SHELL",
    .version_help = "Print version",
    .options = TABLE,
    .sections = SECTIONS,
    .is_help_below = true,
    .is_long_only = true,
};

static const struct chimera_cli_option *find_flag(const char *text, size_t *ret_size)
{
    *ret_size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    for (const struct chimera_cli_option *option = TABLE; option->name; option++)
        if (strlen(option->name) + 2 == *ret_size &&
            strncmp(text + 2, option->name, *ret_size - 2) == 0)
            return option;
    return NULL;
}

void options_name_sources(const struct options *options, struct chimera_error *err)
{
    char text[sizeof(err->text)];
    size_t size = 0;
    const char *at = err->text;
    _Static_assert(sizeof(TABLE) / sizeof(TABLE[0]) <= OPTIONS_MAX, "each has a place");
    while (*at && size < sizeof(text) - 1) {
        size_t flag_size = 1;
        const struct chimera_cli_option *option =
            strncmp(at, "--", 2) == 0 ? find_flag(at, &flag_size) : NULL;
        bool is_variable = option && options->is_variable[option - TABLE];
        size_t room = sizeof(text) - 1 - size;
        const char *from = is_variable ? option->variable : at;
        size_t taken = is_variable ? strlen(from) : flag_size;
        taken = taken < room ? taken : room;
        memcpy(text + size, from, taken);
        size += taken;
        at += flag_size;
    }
    memcpy(err->text, text, size);
    err->text[size] = '\0';
}

int options_parse(int argc, char *const *argv, struct options *ret_options,
                  enum chimera_cli_action *ret_action, struct chimera_error *err)
{
    struct chimera_cli_options given = {.command = &options_command};
    struct options options = {0};
    int code = chimera_cli_parse(&given, argc - 1, argv + 1, ret_action);
    if (code < 0)
        chimera_fail(err, code, "%s",
                     code == CHIMERA_EINVAL ? given.refusal.data : chimera_code_text(code));
    for (size_t i = 0; i < given.given_count; i++) {
        const struct chimera_cli_given *one = &given.given[i];
        void *field = (char *)&options + one->option->field;
        options.is_variable[one->option - TABLE] = one->is_variable;
        if (one->option->kind == CHIMERA_CLI_SWITCH)
            *(bool *)field = chimera_cli_is_on(one->value);
        else
            *(const char **)field = one->value;
    }
    chimera_cli_done(&given);
    if (code < 0 || *ret_action != CHIMERA_CLI_RUN)
        return code;
    options.are_policies_given = options.policies != DEFAULT_POLICIES;
    *ret_options = options;
    return CHIMERA_OK;
}
