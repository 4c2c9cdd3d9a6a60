/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - `chimera load`: an archive's policies into the store. */
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/policy_argument.h"
#include "toolchain/command/registry/archive.h"

static int run_load(const struct chimera_cli_options *options)
{
    const char *input = chimera_cli_value(options, "input");
    struct chimera_error err = {0};
    size_t ignored = 0;
    CHIMERA_FREE char *store = policy_store(&err);
    if (!store || archive_load(input, store, &ignored, &err) < 0)
        return say_error("%s", err.text);
    if (ignored > 0)
        say_warning(
            "%s: passed over what is no policy of a registry or the web: %zu of its entries", input,
            ignored);
    return EXIT_GOOD;
}

static const struct chimera_cli_option load_options[] = {
    {.name = "input",
     .kind = CHIMERA_CLI_VALUE,
     .value = "input",
     .is_required = true,
     .help = "The archive: tar, compressed by gzip or not"},
    {0},
};

const struct chimera_cli_command command_load = {
    .name = "load",
    .about = "Load policies from an archive into the store",
    .description =
        "Unpacks what `save`, ours or kwctl's, has made. All of its policies are loaded, or none.\n"
        "The archive may be anybody's: what would leave the store, links, devices, files that are "
        "no WebAssembly modules and names that no policy can have are refused. What is neither in "
        "the folder of a scheme nor signatures of that is passed over, and told.",
    .options = load_options,
    .run = run_load,
};
