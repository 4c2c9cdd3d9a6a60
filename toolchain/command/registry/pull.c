/* SPDX-License-Identifier: Apache-2.0 */
/* pull.c - `chimera pull`: policies from registries and web servers into the store. */
#include <stdlib.h>
#include <string.h>

#include "runtime/source/reference.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/fetch_many.h"

static int report(void *context, size_t index, int code, const struct chimera_fetched *fetched,
                  const struct chimera_error *err)
{
    const struct chimera_cli_options *options = context;
    const char *uri = options->arguments[index];
    struct chimera_shown_name shown;
    fetch_warn_of_trust(fetched);
    if (code == CHIMERA_OK)
        fetch_say_verified(uri, fetched);
    return code < 0 ? say_error("%s: %s", chimera_reference_show(uri, &shown), err->text)
                    : EXIT_GOOD;
}

static void *free_uris(char **uris)
{
    for (size_t i = 0; uris && uris[i]; i++)
        free(uris[i]);
    free(uris);
    return NULL;
}

/* NULL: no memory. */
static char **list_uris(const struct chimera_cli_options *options)
{
    char **uris = calloc(options->argument_count + 1, sizeof(*uris));
    for (size_t i = 0; uris && i < options->argument_count; i++)
        if (!(uris[i] = fetch_uri(options->arguments[i])))
            return free_uris(uris);
    return uris;
}

static int run_pull(const struct chimera_cli_options *options)
{
    struct fetch_flags flags;
    struct chimera_error err = {0};
    if (fetch_flags_read(options, &flags, &err) < 0)
        return say_error("%s", err.text);
    flags.fetch.output = chimera_cli_value(options, "output-path");
    /* Lines of several would overwrite each other. */
    flags.fetch.shows_progress = flags.fetch.shows_progress && options->argument_count == 1;
    char **uris = list_uris(options);
    if (!uris) {
        fetch_flags_done(&flags);
        return say_error("%s", chimera_code_text(CHIMERA_ENOMEM));
    }
    int code = flags.fetch.output && options->argument_count > 1
                   ? chimera_cli_refuse(options->program, options->command,
                                        "the argument '--output-path <PATH>' is for one policy")
                   : fetch_many(&flags.fetch, (const char *const *)uris, options->argument_count,
                                report, (void *)(uintptr_t)options);
    free_uris(uris);
    fetch_flags_done(&flags);
    return code;
}

static const struct chimera_cli_option pull_options[] = {
    {.name = "output-path",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .value = "PATH",
     .help = "Write the policy to this file, or into this folder, in place of the store"},
    FETCH_FLAGS,
    OPTION_QUIET,
    {0},
};

static const struct chimera_cli_argument pull_arguments[] = {
    {.name = "uri",
     .is_required = true,
     .is_many = true,
     .help = "registry://HOST/NAME:TAG, https://..., or an image without a scheme"},
    {0},
};

const struct chimera_cli_command command_pull = {
    .name = "pull",
    .about = "Fetch policies into the store",
    .description =
        "Fetches each policy from its registry or web server and keeps it in the store, where the "
        "other commands find it by its URI. What is there already is not asked for again, but for "
        "the tag `latest`, which may have moved.\n"
        "When signatures are asked for, by options or by the file of the configuration folder, "
        "they are checked first, and then that the file is what was signed.\n"
        "Several policies are fetched at once; one that fails does not keep the others from it, "
        "and the exit code is 1 then.",
    .options = pull_options,
    .arguments = pull_arguments,
    .run = run_pull,
};
