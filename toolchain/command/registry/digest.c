/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c - `chimera digest`: what an image's tag means now. */
#include "runtime/base/cleanup.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"

static int run_digest(const struct chimera_cli_options *options)
{
    struct fetch_flags flags;
    struct chimera_error err = {0};
    char digest[CHIMERA_OCI_DIGEST_MAX];
    if (fetch_flags_read(options, &flags, &err) < 0)
        return say_error("%s", err.text);
    CHIMERA_FREE char *uri = fetch_uri(options->arguments[0]);
    int code =
        uri ? chimera_fetch_digest(&flags.fetch, uri, digest, &err) : chimera_fail_memory(&err);
    fetch_flags_done(&flags);
    if (code < 0)
        return say_error("%s", err.text);
    printf("%s@%s\n", options->arguments[0], digest);
    return EXIT_GOOD;
}

static const struct chimera_cli_option digest_options[] = {
    FETCH_FLAG_DOCKER_CONFIG,
    FETCH_FLAG_SOURCES,
    {0},
};

static const struct chimera_cli_argument digest_arguments[] = {
    {.name = "uri", .is_required = true, .help = "An image, with registry:// or without"},
    {0},
};

const struct chimera_cli_command command_digest = {
    .name = "digest",
    .about = "Print the digest of a policy's manifest in its registry",
    .description = "Asks the registry what the tag means now, and prints the URI as it was given, "
                   "`@`, and the digest: a name that always means the same policy.",
    .options = digest_options,
    .arguments = digest_arguments,
    .run = run_digest,
};
