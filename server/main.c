/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - chimera-server, a drop-in for Kubewarden's policy-server.
 *
 * Exit codes as there: 0 after --help, --version and a stop that was asked for; 2 for a command
 * line that makes no sense; 1 for everything else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/log/log.h"
#include "runtime/log/log_limit.h"
#include "runtime/log/log_writer.h"
#include "runtime/rego/builtin.h"
#include "runtime/text/printable.h"
#include "runtime/text/problems.h"
#include "server/base/role.h"
#include "server/client/tls_memory.h"
#include "server/config/config.h"
#include "server/config/generation.h"
#include "server/config/manual.h"
#include "server/config/options.h"
#include "server/supervisor/daemon.h"
#include "server/supervisor/supervisor.h"

#define TARGET "server::main"

static void say(void *context, const char *line)
{
    (void)context;
    CHIMERA_FREE char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return;
    chimera_printable_say(memory, "Error", "%s", line);
    fclose(memory);
    chimera_log_say(STDERR_FILENO, text);
}

static void open_log(const struct config *config)
{
    const struct options *options = &config->options;
    enum chimera_log_level level = CHIMERA_LOG_INFO;
    chimera_log_level_parse(chimera_slice_of(options->log_level), &level);
    bool is_json = strcmp(options->log_format, "json") == 0;
    chimera_log_open(STDOUT_FILENO, is_json ? CHIMERA_LOG_JSON : CHIMERA_LOG_TEXT, level);
    chimera_log_limit_set(config->policy_log_rate);
}

static void warn(const char *text)
{
    chimera_log(CHIMERA_LOG_WARN, TARGET, chimera_slice_of(text));
}

static void warn_line(void *context, const char *line)
{
    (void)context;
    warn(line);
}

static void log_step(const char *text)
{
    chimera_log(CHIMERA_LOG_INFO, TARGET, chimera_slice_of(text));
}

static int become_daemon(const struct options *options, struct chimera_error *err)
{
    if (!options->is_daemon)
        return CHIMERA_OK;
    log_step("Running instance as a daemon");
    int code = daemon_begin(options, err);
    if (code == CHIMERA_OK)
        log_step("Detached from shell, now running in background.");
    return code;
}

static int serve(const struct options *options, struct chimera_error *err)
{
    struct config config = {0};
    struct policies_file *file = NULL;
    int code = config_make(options, &config, err);
    if (code < 0)
        return code;
    open_log(&config);
    if (config.warnings)
        chimera_lines_each(chimera_slice_of(config.warnings), warn_line, NULL);
    chimera_cli_each_unknown_variable(&options_command, "CHIMERA_", warn_line, NULL);
    code = become_daemon(options, err);
    if (code == CHIMERA_OK)
        code = policies_file_read(&config, &file, err);
    if (code == CHIMERA_OK) {
        if (options->is_pprof)
            warn("--enable-pprof: the endpoints only tell how to profile from outside");
        code = supervisor_run(&config, file, err);
    }
    config_done(&config);
    daemon_end();
    return code;
}

static int run_server(const struct options *options)
{
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    int code = serve(options, &err);
    if (code < 0) {
        options_name_sources(options, &err);
        chimera_error_each(&err, say, NULL);
        daemon_failed(&err);
    }
    chimera_buffer_free(&details);
    return code < 0 ? 1 : 0;
}

static int compare_builtins(const void *a, const void *b)
{
    const struct chimera_rego_builtin *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void print_version(bool is_short)
{
    printf("policy-server %s (chimera-server %s)\n", CHIMERA_KUBEWARDEN_VERSION, CHIMERA_VERSION);
    if (!is_short) {
        /* The builtins that a Rego policy may leave to us. */
        size_t count = 0;
        const struct chimera_rego_builtin *all = chimera_rego_builtins(&count);
        CHIMERA_FREE const struct chimera_rego_builtin **sorted = calloc(count, sizeof(*sorted));
        if (sorted) {
            for (size_t i = 0; i < count; i++)
                sorted[i] = &all[i];
            qsort(sorted, count, sizeof(*sorted), compare_builtins);
            puts("\nOpen Policy Agent/Gatekeeper implemented builtins:");
            for (size_t i = 0; i < count; i++)
                printf("  - %s\n", sorted[i]->name);
        }
    }
}

/* A policies.yml, or a bundle, is the value of an option. */
static const char *option_for(const char *word)
{
    struct stat status;
    if (stat(word, &status) < 0)
        return NULL;
    return S_ISDIR(status.st_mode) ? "--bundle" : "--policies";
}

static int refuse(int argc, char **argv, const struct chimera_error *err)
{
    const char *option = argc > 1 && argv[1][0] != '-' ? option_for(argv[1]) : NULL;
    chimera_printable_say(stderr, "error", "%s", err->text);
    if (option)
        chimera_printable_say(stderr, NULL, "  did you mean '%s %s'?", option, argv[1]);
    fputs("\nFor more information, try '--help'.\n", stderr);
    return CHIMERA_CLI_EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    enum chimera_cli_action action = CHIMERA_CLI_RUN;
    struct chimera_error err = {0};
    tls_memory_begin();
    if (argc > 0)
        role_show_name(argv[0]);
    if (argc > 1 && strcmp(argv[1], "docs") == 0)
        return docs_run(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "completions") == 0)
        return completions_run(argc - 2, argv + 2);
    if (argc == 2 && strcmp(argv[1], "help") == 0) {
        chimera_cli_print_help("chimera-server", &options_command, stdout);
        return 0;
    }
    if (options_parse(argc, argv, &options, &action, &err) < 0)
        return refuse(argc, argv, &err);
    if (action == CHIMERA_CLI_HELP)
        chimera_cli_print_help("chimera-server", &options_command, stdout);
    else if (action == CHIMERA_CLI_RUN)
        return run_server(&options);
    else
        print_version(action == CHIMERA_CLI_VERSION_SHORT);
    return 0;
}

int main(int argc, char **argv)
{
    return chimera_cli_end(run(argc, argv));
}
