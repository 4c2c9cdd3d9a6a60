/* main.c - chimera-server, a drop-in for Kubewarden's policy-server.
 *
 * Exit codes as there: 0 after --help, --version and a stop that was asked for; 2 for a command
 * line that makes no sense; 1 for everything else.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "server/bundle.h"
#include "server/config.h"
#include "server/docs.h"
#include "server/options.h"
#include "server/policies.h"
#include "server/supervisor.h"

#define TARGET "server::main"

static int fail(const struct chimera_error *err)
{
    fprintf(stderr, "Error: %s\n", err->text);
    return 1;
}

static void open_log(const struct options *options)
{
    enum chimera_log_level level = CHIMERA_LOG_INFO;
    chimera_log_level_parse(chimera_slice_of(options->log_level), &level);
    bool is_json = strcmp(options->log_format, "json") == 0;
    chimera_log_open(STDOUT_FILENO, is_json ? CHIMERA_LOG_JSON : CHIMERA_LOG_TEXT, level);
}

static void warn(const char *text)
{
    chimera_log(CHIMERA_LOG_WARN, TARGET, chimera_slice_of(text));
}

/* What is accepted so that a deployment of the reference starts, and not done. */
static void warn_of_what_is_missing(const struct options *options)
{
    if (options->is_metrics)
        warn("--enable-metrics: this version does not export metrics");
    if (strcmp(options->log_format, "otlp") == 0)
        warn("--log-fmt otlp: this version does not export traces; the log is text");
    if (options->sigstore_trust_config)
        warn("--sigstore-trust-config: this version does not verify signatures");
    if (options->docker_config)
        warn("--docker-config-json-path: this version does not pull from registries");
    if (options->is_pprof)
        warn("--enable-pprof: the endpoints only tell how to profile from outside");
}

static void log_limits(const struct config *config, const struct policies *policies)
{
    if (config->is_limited) {
        chimera_log_with(CHIMERA_LOG_INFO, TARGET,
                         CHIMERA_SLICE("policy timeout protection is enabled"),
                         CHIMERA_NUMBER("execution_limit_seconds", (int64_t)config->limit_seconds));
        return;
    }
    warn("policy timeout protection is disabled");
    for (size_t i = 0; i < policies->policy_count; i++)
        if (policies->policy[i].has_limit)
            chimera_log_with(
                CHIMERA_LOG_WARN, TARGET,
                CHIMERA_SLICE("timeoutEvalSeconds is ignored: timeout protection is disabled"),
                CHIMERA_TEXT("policy_id", chimera_slice_of(policies->policy[i].id)));
}

/* The reference does not start without a Kubernetes configuration, whether it will be used or not.
 * Ours insists only when a policy asks for it. */
static int check_kubernetes(const struct config *config, const struct policies *policies,
                            struct chimera_error *err)
{
    bool is_wanted = false;
    for (size_t i = 0; i < policies->policy_count; i++)
        is_wanted = is_wanted || policies->policy[i].resources[0];
    if (!is_wanted || config->has_kubernetes)
        return CHIMERA_OK;
    if (!config->options.is_without_kubernetes)
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "Cannot connect to Kubernetes, context aware policies would not work properly");
    fputs("Cannot connect to Kubernetes, context aware policies will not work properly\n", stderr);
    return CHIMERA_OK;
}

/* Jails are forks of this process: what it has freed (policies.yml, with the settings of all
 * tenants) must not be in their memory. Workers switch it off again. */
static void wipe_what_is_freed(const struct options *options)
{
    if (options->isolate)
        mallopt(M_PERTURB, 0x5a);
}

static int run(const struct options *options)
{
    struct chimera_error err = {0};
    struct config config = {0};
    struct policies policies = {0};
    struct isolation isolation = {0};
    if (config_make(options, &config, &err) < 0)
        return fail(&err);
    open_log(options);
    wipe_what_is_freed(options);
    int code = bundle_policies(options, &policies, &err);
    if (code == CHIMERA_OK)
        code = check_kubernetes(&config, &policies, &err);
    if (code == CHIMERA_OK)
        code = isolation_parse(options->isolate, &policies, &isolation, &err);
    if (code == CHIMERA_OK) {
        warn_of_what_is_missing(options);
        log_limits(&config, &policies);
        code = supervisor_run(&config, &policies, &isolation, &err);
    }
    isolation_done(&isolation);
    policies_done(&policies);
    config_done(&config);
    return code < 0 ? fail(&err) : 0;
}

static void print_version(void)
{
    printf("policy-server %s (chimera-server %s)\n", CHIMERA_KUBEWARDEN_VERSION, CHIMERA_VERSION);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    enum options_wish wish = OPTIONS_RUN;
    struct chimera_error err = {0};
    if (argc > 1 && strcmp(argv[1], "docs") == 0)
        return docs_run(argc - 2, argv + 2);
    if (options_parse(argc, argv, &options, &wish, &err) < 0) {
        fprintf(stderr, "error: %s\n\nFor more information, try '--help'.\n", err.text);
        return 2;
    }
    if (wish == OPTIONS_HELP)
        options_print_help(stdout);
    else if (wish == OPTIONS_RUN)
        return run(&options);
    else
        print_version();
    return 0;
}
