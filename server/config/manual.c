/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/manual.h"

#include <stdio.h>
#include <string.h>

#include "runtime/cli/manual.h"
#include "runtime/text/printable.h"
#include "server/config/options.h"

#define USAGE "Usage: chimera-server docs --output <FILE> | --man <DIR>"

static const struct chimera_cli_manual MANUAL = {
    .title = "CHIMERA\\-SERVER",
    .name = "chimera-server",
    .about = "serve Kubernetes admission policies that were compiled to native code",
    .synopsis = "\\fBchimera\\-server\\fR [OPTIONS]\n.br\n"
                "\\fBchimera\\-server docs\\fR \\fB\\-\\-output\\fR \\fIFILE\\fR | "
                "\\fB\\-\\-man\\fR \\fIDIR\\fR",
    .description = "Takes the flags, the environment and the policies.yml of Kubewarden's "
                   "policy\\-server, and answers as that does. A flag wins over its "
                   "environment variable.\n.PP\n"
                   "SIGTERM and SIGINT let the requests under way be answered, and end the "
                   "server.",
    .end = ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nPrint help.\n"
           ".TP\n\\fB\\-V\\fR, \\fB\\-\\-version\\fR\nPrint the version.\n"
           ".SH ENVIRONMENT\nBesides those of the options:\n"
           ".TP\n\\fBCHIMERA_CACHE_DIR\\fR\nFolder of built plugins, in place of "
           "chimera\\-cache in \\-\\-policies\\-download\\-dir.\n"
           ".TP\n\\fBCHIMERA_COMMAND\\fR\nThe chimera program that builds; without it "
           "the one beside chimera\\-server, or in PATH.\n"
           ".TP\n\\fBLISTEN_FDS\\fR, \\fBLISTEN_FDNAMES\\fR, \\fBLISTEN_PID\\fR, "
           "\\fBNOTIFY_SOCKET\\fR\nFrom a service manager such as systemd: sockets in the place "
           "of the ports of options, by the names main, probe and admin, and who is told that the "
           "server is ready.\n"
           ".SH EXIT STATUS\n.TP\n0\nTold to stop.\n.TP\n1\nThe start failed; the "
           "reason is on standard error.\n.TP\n2\nThe command line is wrong.\n"
           ".SH SEE ALSO\n\\fBchimera\\fR(1)\n",
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
    int code = output ? chimera_cli_write_reference("chimera-server", &options_command,
                                                    CHIMERA_CLI_MARKDOWN, output, &err)
                      : CHIMERA_OK;
    if (code == CHIMERA_OK && folder)
        code = chimera_cli_write_pages(&options_command, &MANUAL, folder, &err);
    if (code < 0)
        chimera_printable_say(stderr, "Error", "%s", err.text);
    return code < 0;
}
