/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/version.h"

#include <stdio.h>
#include <string.h>

#include "plugins/policy/plugin.h"
#include "toolchain/command/commands.h"

void version_print_short(const char *program)
{
    bool is_kwctl = strcmp(program, "kwctl") == 0;
    printf("%s %s\n", program, is_kwctl ? CHIMERA_KUBEWARDEN_VERSION : CHIMERA_VERSION);
}

void version_print(const char *program)
{
    version_print_short(program);
    printf("Chimera %s, acting as Kubewarden %s\n", CHIMERA_VERSION, CHIMERA_KUBEWARDEN_VERSION);
}

static int run_version(const struct chimera_cli_options *options)
{
    version_print(options->program);
    printf("plugin ABI: %d\n", CHIMERA_PLUGIN_ABI);
    return EXIT_GOOD;
}

const struct chimera_cli_command command_version = {
    .name = "version",
    .about = "Print versions",
    .description = "Prints the version of Chimera, the Kubewarden release that it acts as where a "
                   "policy asks (minimumKubewardenVersion), and the number of the plugin ABI.",
    .run = run_version,
};
