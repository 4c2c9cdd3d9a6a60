/* SPDX-License-Identifier: Apache-2.0 */
#include "server/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

#define TEXT(field) .offset = offsetof(struct options, field)
#define SWITCH(field) .offset = offsetof(struct options, field)

static const struct option TABLE[] = {
    {"addr", "KUBEWARDEN_BIND_ADDRESS", "BIND_ADDRESS", "0.0.0.0", NULL,
     "Bind against this address", TEXT(address), false},
    {"admin-hosts", "CHIMERA_ADMIN_HOSTS", "NAMES", NULL, NULL,
     "Names, separated by commas, that the admin port may be asked by, besides addresses, and "
     "localhost from this machine",
     TEXT(admin_hosts), false},
    {"admin-port", "CHIMERA_ADMIN_PORT", "[ADDRESS:]PORT", NULL, NULL,
     "Answer /healthz, /metrics, /policies and a page to look at on this port, without TLS; of "
     "this machine alone, unless an address is given",
     TEXT(admin_port), false},
    {"allow-unconfined-builds", "CHIMERA_ALLOW_UNCONFINED_BUILDS", NULL, NULL, NULL,
     "Compile policies even where the kernel cannot confine the compilers",
     SWITCH(is_unconfined_build_allowed), false},
    {"always-accept-admission-reviews-on-namespace",
     "KUBEWARDEN_ALWAYS_ACCEPT_ADMISSION_REVIEWS_ON_NAMESPACE", "NAMESPACE", NULL, NULL,
     "Always accept reviews of objects in this namespace", TEXT(shortcut_namespace), false},
    {"bundle", "CHIMERA_BUNDLE", "DIR", NULL, NULL,
     "Serve a bundle that `chimera bundle` made, and compile nothing; with --policies, the "
     "policies "
     "of that file, by the modules of the bundle",
     TEXT(bundle), false},
    {"cert-file", "KUBEWARDEN_CERT_FILE", "CERT_FILE", NULL, NULL,
     "PEM file with the server's certificate, and its chain behind it; turns HTTPS on",
     TEXT(cert_file), false},
    {"client-ca-file", "KUBEWARDEN_CLIENT_CA_FILE", "CLIENT_CA_FILE", NULL, NULL,
     "PEM files, separated by commas, with the authorities that clients must be certified by",
     TEXT(client_ca_files), false},
    {"continue-on-errors", "KUBEWARDEN_CONTINUE_ON_ERRORS", NULL, NULL, NULL,
     "Serve even though policies fail to start; those reject every request",
     SWITCH(is_continue_on_errors), true},
    {"daemon", "KUBEWARDEN_DAEMON", NULL, NULL, NULL,
     "Go to the background; the exit code says whether the server became ready", SWITCH(is_daemon),
     false},
    {"daemon-pid-file", "KUBEWARDEN_DAEMON_PID_FILE", "DAEMON_PID_FILE", "policy-server.pid", NULL,
     "With --daemon: file with the number of the process, while it runs", TEXT(daemon_pid_file),
     false},
    {"daemon-stderr-file", "KUBEWARDEN_DAEMON_STDERR_FILE", "DAEMON_STDERR_FILE", NULL, NULL,
     "With --daemon: file that takes standard error; nothing keeps it otherwise",
     TEXT(daemon_stderr_file), false},
    {"daemon-stdout-file", "KUBEWARDEN_DAEMON_STDOUT_FILE", "DAEMON_STDOUT_FILE", NULL, NULL,
     "With --daemon: file that takes the log; nothing keeps it otherwise", TEXT(daemon_stdout_file),
     false},
    {"disable-timeout-protection", "KUBEWARDEN_DISABLE_TIMEOUT_PROTECTION", NULL, NULL, NULL,
     "Let policies run without a time limit; their own limits are ignored, too",
     SWITCH(is_timeout_off), false},
    {"docker-config-json-path", "KUBEWARDEN_DOCKER_CONFIG_JSON_PATH", "DOCKER_CONFIG", NULL, NULL,
     "Folder with a config.json of docker; accepted, for nothing is fetched yet",
     TEXT(docker_config), false},
    {"enable-metrics", "KUBEWARDEN_ENABLE_METRICS", NULL, NULL, NULL,
     "Export metrics by OTLP over gRPC; OTEL_* variables say where to", SWITCH(is_metrics), false},
    {"enable-pprof", "KUBEWARDEN_ENABLE_PPROF", NULL, NULL, NULL,
     "Answer /debug/pprof/*, with the way to profile", SWITCH(is_pprof), false},
    {"fresh-start", "CHIMERA_FRESH_START", "POLICIES", NULL, NULL,
     "Ids of WASI policies, separated by commas, that run from their start for every request "
     "instead of from their first read of input",
     TEXT(fresh_start), false},
    {"ignore-kubernetes-connection-failure", "KUBEWARDEN_IGNORE_KUBERNETES_CONNECTION_FAILURE",
     NULL, NULL, NULL,
     "Start although there is no Kubernetes configuration for policies with contextAwareResources",
     SWITCH(is_without_kubernetes), false},
    {"isolate", "CHIMERA_ISOLATE", "IDS", NULL, NULL,
     "Evaluate these policies or policy groups in processes of their own: ids, joined by '+' where "
     "they share one, separated by commas; or 'each'",
     TEXT(isolate), false},
    {"key-file", "KUBEWARDEN_KEY_FILE", "KEY_FILE", NULL, NULL,
     "PEM file with the private key of the certificate", TEXT(key_file), false},
    {"log-fmt", "KUBEWARDEN_LOG_FMT", "LOG_FMT", "text", "text, json, otlp",
     "Form of the log; otlp: text, and traces are exported by OTLP over gRPC", TEXT(log_format),
     false},
    {"log-level", "KUBEWARDEN_LOG_LEVEL", "LOG_LEVEL", "info", "trace, debug, info, warn, error",
     "Least level that is logged", TEXT(log_level), false},
    {"log-no-color", "NO_COLOR", NULL, NULL, NULL, "Accepted: the log has no colours",
     SWITCH(is_log_without_color), false},
    {"max-body-bytes", "CHIMERA_MAX_BODY_BYTES", "BYTES", "2097152", NULL,
     "Refuse longer bodies with 413", TEXT(max_body_bytes), false},
    {"max-connection-bytes", "CHIMERA_MAX_CONNECTION_BYTES", "BYTES", NULL, NULL,
     "Memory for all connections together; when it gets scarce, those whose clients make the least "
     "progress are closed [default: a quarter of the memory that the cgroup may use]",
     TEXT(max_connection_bytes), false},
    {"no-lockdown", "CHIMERA_NO_LOCKDOWN", NULL, NULL, NULL,
     "For debugging: let the worker keep all rights of the process", SWITCH(is_without_lockdown),
     false},
    {"no-policy-watch", "CHIMERA_NO_POLICY_WATCH", NULL, NULL, NULL,
     "Reload the policies on SIGHUP only, not when their file changes", SWITCH(is_watch_off),
     false},
    {"policies", "KUBEWARDEN_POLICIES", "POLICIES_FILE", "policies.yml", NULL,
     "YAML or JSON file that says which policies to serve; SIGHUP reads it again", TEXT(policies),
     false},
    {"policies-download-dir", "KUBEWARDEN_POLICIES_DOWNLOAD_DIR", "POLICIES_DOWNLOAD_DIR", ".",
     NULL,
     "Folder of the modules that were fetched, registry/HOST/NAME:TAG or https/HOST/PATH; the "
     "cache of "
     "built plugins is in chimera-cache there",
     TEXT(download_dir), false},
    {"policy-log-rate", "CHIMERA_POLICY_LOG_RATE", "LINES", "1000", NULL,
     "Log so many lines of a policy in a second, of 1 KiB on the average, and twice as many at "
     "once; drop and count the others. 0: all",
     TEXT(policy_log_rate), false},
    {"policy-options", "CHIMERA_POLICY_OPTIONS", "FILE", NULL, NULL,
     "YAML or JSON file with options of ours for policies, by id, such as memoryLimit; read again "
     "with the policies",
     TEXT(policy_options), false},
    {"policy-timeout", "KUBEWARDEN_POLICY_TIMEOUT", "MAXIMUM_EXECUTION_TIME_SECONDS", "2", NULL,
     "Stop evaluations that take longer, unless a policy has a limit of its own",
     TEXT(policy_timeout), false},
    {"port", "KUBEWARDEN_PORT", "PORT", "3000", NULL, "Listen on this port", TEXT(port), false},
    {"readiness-probe-port", "KUBEWARDEN_READINESS_PROBE_PORT", "READINESS_PROBE_PORT", "8081",
     NULL, "Answer /readiness on this port, always without TLS", TEXT(readiness_port), false},
    {"sigstore-cache-dir", "KUBEWARDEN_SIGSTORE_CACHE_DIR", "SIGSTORE_CACHE_DIR", "sigstore-data",
     NULL, "Accepted, for nothing is verified yet", TEXT(sigstore_cache_dir), false},
    {"sigstore-trust-config", "KUBEWARDEN_SIGSTORE_TRUST_CONFIG_PATH", "SIGSTORE_TRUST_CONFIG_PATH",
     NULL, NULL, "Accepted, for nothing is verified yet", TEXT(sigstore_trust_config), false},
    {"sources-path", "KUBEWARDEN_SOURCES_PATH", "SOURCES_PATH", NULL, NULL,
     "YAML file about registries and proxies; checked, and of no further use as nothing is fetched "
     "yet",
     TEXT(sources), false},
    {"verification-path", "KUBEWARDEN_VERIFICATION_CONFIG_PATH", "VERIFICATION_CONFIG_PATH", NULL,
     NULL,
     "File that says which signatures policies must have; checked, and then every policy is "
     "refused, "
     "for this version can verify none",
     TEXT(verification), false},
    {"wait-for-full-tier", "CHIMERA_WAIT_FOR_FULL_TIER", NULL, NULL, NULL,
     "Do not serve policies from the quick tier while the full one is built",
     SWITCH(is_waiting_for_full), false},
    {"worker-start-timeout", "CHIMERA_WORKER_START_TIMEOUT", "SECONDS", "60", NULL,
     "End a worker that takes longer to start one policy, besides the time limits of the policy",
     TEXT(start_timeout), false},
    {"workers", "KUBEWARDEN_WORKERS", "WORKERS_NUMBER", NULL, NULL,
     "Threads that evaluate, 256 at most [default: the processors that we may use]", TEXT(workers),
     false},
};

#define OPTION_COUNT (sizeof(TABLE) / sizeof(TABLE[0]))

const struct option *options_table(size_t *ret_count)
{
    *ret_count = OPTION_COUNT;
    return TABLE;
}

static const char **text_field(struct options *options, const struct option *option)
{
    return (const char **)(void *)((char *)options + option->offset);
}

static bool *switch_field(struct options *options, const struct option *option)
{
    return (bool *)(void *)((char *)options + option->offset);
}

static bool is_choice(const char *choices, const char *value)
{
    size_t size = strlen(value);
    for (const char *at = choices; at; at = strstr(at, ", ")) {
        if (at != choices)
            at += 2;
        size_t choice = strcspn(at, ",");
        if (choice == size && memcmp(at, value, size) == 0)
            return true;
    }
    return false;
}

/* More than the reference takes, which knows "true" and "false" alone and dies of NO_COLOR=1. */
static bool parse_switch(const char *value, bool *ret_on)
{
    static const char *const ON[] = {"true", "1", "yes", "on"}, *const OFF[] = {"false", "0", "no",
                                                                                "off", ""};
    for (size_t i = 0; i < sizeof(ON) / sizeof(ON[0]); i++)
        if (strcasecmp(value, ON[i]) == 0)
            return *ret_on = true;
    *ret_on = false;
    for (size_t i = 0; i < sizeof(OFF) / sizeof(OFF[0]); i++)
        if (strcasecmp(value, OFF[i]) == 0)
            return true;
    return false;
}

/* The no-color.org convention: any text turns colours off. We have none, so no text is wrong. */
static bool takes_any_text(const struct option *option)
{
    return strcmp(option->variable, "NO_COLOR") == 0;
}

static int set_option(struct options *options, const struct option *option, const char *value,
                      struct chimera_error *err)
{
    if (!option->value) {
        if (parse_switch(value, switch_field(options, option)) || takes_any_text(option))
            return CHIMERA_OK;
        return chimera_fail(err, CHIMERA_EINVAL,
                            "invalid value '%s' for '--%s'\n  [possible values: true, false]",
                            value, option->name);
    }
    if (option->choices && !is_choice(option->choices, value))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "invalid value '%s' for '--%s <%s>'\n  [possible values: %s]", value,
                            option->name, option->value, option->choices);
    *text_field(options, option) = value;
    return CHIMERA_OK;
}

/* What a flag has set is not looked at: its variable may hold anything. */
static int read_environment(struct options *options, const bool *is_seen, struct chimera_error *err)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *value = is_seen[i] ? NULL : getenv(TABLE[i].variable);
        int code = CHIMERA_OK;
        if (value)
            code = set_option(options, &TABLE[i], value, err);
        else if (TABLE[i].initial && !is_seen[i])
            *text_field(options, &TABLE[i]) = TABLE[i].initial;
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

static const struct option *find_option(const char *name, size_t size)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strlen(TABLE[i].name) == size && memcmp(TABLE[i].name, name, size) == 0)
            return &TABLE[i];
    return NULL;
}

/* Takes one argument, and the one behind it when that is its value. */
static int take_argument(int argc, char *const *argv, int *at, bool *is_seen,
                         struct options *options, struct chimera_error *err)
{
    const char *argument = argv[*at];
    if (argument[0] != '-')
        return chimera_fail(err, CHIMERA_EINVAL, "unrecognized subcommand '%s'", argument);
    const char *name = argument + (argument[1] == '-' ? 2 : 1);
    size_t size = strcspn(name, "=");
    const struct option *option = argument[1] == '-' ? find_option(name, size) : NULL;
    if (!option)
        return chimera_fail(err, CHIMERA_EINVAL, "unexpected argument '%.*s' found",
                            (int)(size + (size_t)(name - argument)), argument);
    bool *seen = &is_seen[option - TABLE];
    const char *value = name[size] == '=' ? name + size + 1 : NULL;
    const char *open = option->value ? " <" : "", *close = option->value ? ">" : "";
    const char *shown = option->value ? option->value : "";
    if (*seen)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the argument '--%s%s%s%s' cannot be used multiple times", option->name,
                            open, shown, close);
    *seen = true;
    if (!value && option->value) {
        if (*at + 1 >= argc)
            return chimera_fail(err, CHIMERA_EINVAL,
                                "a value is required for '--%s <%s>' but none was supplied",
                                option->name, shown);
        value = argv[++*at];
        if (value[0] == '-' && value[1])
            return chimera_fail(err, CHIMERA_EINVAL, "unexpected argument '%s' found", value);
    }
    return set_option(options, option, value ? value : "true", err);
}

static bool is_wish(const char *argument, enum options_wish *ret_wish)
{
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)
        *ret_wish = OPTIONS_HELP;
    else if (strcmp(argument, "--version") == 0)
        *ret_wish = OPTIONS_VERSION;
    else if (strcmp(argument, "-V") == 0)
        *ret_wish = OPTIONS_VERSION_SHORT;
    else
        return false;
    return true;
}

int options_parse(int argc, char *const *argv, struct options *ret_options,
                  enum options_wish *ret_wish, struct chimera_error *err)
{
    struct options options = {0};
    enum options_wish wish = OPTIONS_RUN;
    bool is_seen[OPTION_COUNT] = {false};
    int code = CHIMERA_OK, at = 1;
    for (; at < argc && code == CHIMERA_OK && strcmp(argv[at], "--") != 0; at++) {
        if (is_wish(argv[at], &wish)) {
            *ret_wish = wish;
            return CHIMERA_OK;
        }
        code = take_argument(argc, argv, &at, is_seen, &options, err);
    }
    if (code == CHIMERA_OK && at + 1 < argc) /* behind "--" */
        code = chimera_fail(err, CHIMERA_EINVAL, "unrecognized subcommand '%s'", argv[at + 1]);
    if (code == CHIMERA_OK)
        code = read_environment(&options, is_seen, err);
    if (code < 0)
        return code;
    options.are_policies_given = options.policies != find_option("policies", 8)->initial;
    *ret_options = options;
    *ret_wish = wish;
    return CHIMERA_OK;
}

void options_print_help(FILE *out)
{
    fputs(
        "Serves Kubernetes admission policies that were compiled to native code.\n\n"
        "Usage: chimera-server [OPTIONS]\n       chimera-server docs --output FILE | --man DIR\n\n"
        "Options:\n",
        out);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &TABLE[i];
        if (option->is_hidden)
            continue;
        fprintf(out, "      --%s%s%s%s\n          %s [env: %s]", option->name,
                option->value ? " <" : "", option->value ? option->value : "",
                option->value ? ">" : "", option->help, option->variable);
        if (option->initial)
            fprintf(out, " [default: %s]", option->initial);
        if (option->choices)
            fprintf(out, " [possible values: %s]", option->choices);
        fputc('\n', out);
    }
    fputs("  -h, --help\n          Print help\n  -V, --version\n          Print version\n", out);
}
