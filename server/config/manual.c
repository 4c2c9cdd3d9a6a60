/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/manual.h"

#include <stdio.h>
#include <string.h>

#include "runtime/cli/completions.h"
#include "runtime/cli/manual.h"
#include "runtime/text/printable.h"
#include "server/config/options.h"

#define USAGE "Usage: chimera-server docs --output <FILE> | --man <DIR>"

#define NEXT "Next: [serving policies](server.md), or [the command](command-options.md).\n"

static const struct chimera_cli_entry FILES[] = {
    {"policies.yml", "The policies, unless --policies names another file: policies.yml(5)", 0},
    {"DIR/chimera-cache", "The cache of built plugins, in the folder of --policies-download-dir",
     0},
    {"~/.docker/config.json",
     "Logins for registries, unless --docker-config-json-path says "
     "otherwise",
     0},
    {"~/.kube/config", "How the cluster is reached, outside of it", 0},
    {"PREFIX/lib/chimera", "The exporter of telemetry, and providers of what policies may ask for",
     0},
    {0},
};

static const struct chimera_cli_entry SIGNALS[] = {
    {"SIGTERM, SIGINT",
     "Let the requests under way be answered, and end the server; a second one does not wait", 0},
    {"SIGHUP",
     "Read policies, options of policies and certificates again, and open the decision log anew; "
     "what is wrong is logged, and changes nothing",
     0},
    {0},
};

static const struct chimera_cli_entry EXITS[] = {
    {"0", "Told to stop", 0},
    {"1", "The start failed; the reason is on standard error", 0},
    {"2", "The command line is wrong", 0},
    {0},
};

static const struct chimera_cli_manual MANUAL = {
    .name = "chimera-server",
    .about = "serve Kubernetes admission policies that were compiled to native code",
    .synopsis = "\\fBchimera\\-server\\fR [OPTIONS]\n.br\n"
                "\\fBchimera\\-server docs\\fR \\fB\\-\\-output\\fR \\fIFILE\\fR | "
                "\\fB\\-\\-man\\fR \\fIDIR\\fR\n.br\n"
                "\\fBchimera\\-server completions \\-\\-shell\\fR \\fISHELL\\fR",
    .description =
        "Takes the flags, the environment and the policies.yml of Kubewarden's "
        "policy-server, and answers as that does. A flag wins over its environment "
        "variable.\n"
        "It fetches and builds what policies.yml names, by the chimera program, or "
        "serves a bundle, for which it needs no other program.\n"
        "Several processes serve; a signal to any of them reaches the one that was started.",
    .uses = CHIMERA_CLI_SERVES,
    .files = FILES,
    .signals = SIGNALS,
    .exits = EXITS,
    .examples = "chimera-server --policies policies.yml --port 8443 --cert-file tls.crt "
                "--key-file tls.key\n"
                "chimera-server --bundle served --admin-port 9090",
    .see = "chimera(1) chimera-bundle(1) policies.yml(5) chimera-bundle(5)",
};

static const struct chimera_cli_option COMPLETIONS_OPTIONS[] = {
    CHIMERA_CLI_OPTION_SHELL,
    {0},
};

static const struct chimera_cli_command COMPLETIONS = {
    .name = "completions",
    .about = "Print a script that completes command lines of chimera-server in a shell",
    .options = COMPLETIONS_OPTIONS,
};

/* The value of `argument` when it is `name`, in either form; else NULL. */
static const char *take_value(const char *name, int argc, char *const *argv, int *at)
{
    size_t size = strlen(name);
    if (strncmp(argv[*at], name, size) != 0)
        return NULL;
    if (argv[*at][size] == '=')
        return argv[*at] + size + 1;
    return argv[*at][size] || *at + 1 >= argc ? NULL : argv[++*at];
}

int docs_run(int argc, char *const *argv)
{
    struct chimera_error err = {0};
    const char *output = NULL, *folder = NULL;
    for (int i = 0; i < argc; i++) {
        const char *file = take_value("--output", argc, argv, &i);
        if (!file)
            file = take_value("-o", argc, argv, &i);
        const char *pages = file ? NULL : take_value("--man", argc, argv, &i);
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            puts("Writes the pages of this program\n\n" USAGE);
            return 0;
        }
        if (!file && !pages) {
            chimera_printable_say(stderr, "error", "unexpected argument '%s' found", argv[i]);
            return 2;
        }
        output = file ? file : output;
        folder = pages ? pages : folder;
    }
    if (!output && !folder) {
        fputs("error: the following required arguments were not provided:\n"
              "  --output <FILE>\n\n" USAGE "\n",
              stderr);
        return 2;
    }
    const struct chimera_cli_reference reference = {.name = "chimera-server",
                                                    .program = &options_command,
                                                    .uses = CHIMERA_CLI_SERVES,
                                                    .end = NEXT};
    int code = output ? chimera_cli_write_reference(&reference, output, &err) : CHIMERA_OK;
    if (code == CHIMERA_OK && folder)
        code = chimera_cli_write_pages(&options_command, &MANUAL, folder, &err);
    if (code < 0)
        chimera_printable_say(stderr, "Error", "%s", err.text);
    return code < 0;
}

int completions_run(int argc, char *const *argv)
{
    struct chimera_cli_options options = {.program = "chimera-server", .command = &COMPLETIONS};
    enum chimera_cli_action action = CHIMERA_CLI_RUN;
    int code = chimera_cli_parse(&options, argc, argv, &action);
    if (code < 0)
        code = chimera_cli_refuse(options.program, options.command, "%s",
                                  code == CHIMERA_EINVAL ? options.refusal.data
                                                         : chimera_code_text(code));
    else if (action == CHIMERA_CLI_HELP)
        chimera_cli_print_help(options.program, options.command, stdout);
    else
        code = chimera_cli_print_completions(options.program, &options_command,
                                             chimera_cli_value(&options, "shell"));
    chimera_cli_done(&options);
    return code < 0 ? 1 : code;
}
