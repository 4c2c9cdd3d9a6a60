/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - `chimera verify`: whether a policy is signed as it must be. */
#include "runtime/base/cleanup.h"
#include "runtime/source/reference.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"

#define DETAILS_MAX ((size_t)1 << 20)

static int verify(const struct fetch_flags *flags, const char *uri)
{
    struct chimera_fetched fetched = {0};
    struct chimera_shown_name shown;
    struct chimera_buffer details;
    chimera_buffer_init(&details, DETAILS_MAX);
    struct chimera_error err = {.details = &details};
    CHIMERA_FREE char *full = fetch_uri(uri);
    int code = full ? chimera_fetch_verify(&flags->fetch, full, &fetched, &err)
                    : chimera_fail_memory(&err);
    fetch_warn_of_trust(&fetched);
    if (code < 0)
        say_error("Policy %s cannot be validated\n%s\n%.*s", chimera_reference_show(uri, &shown),
                  err.text, (int)details.size, details.data ? details.data : "");
    else
        fetch_say_verified(uri, &fetched);
    chimera_fetched_done(&fetched);
    chimera_buffer_free(&details);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

static int run_verify(const struct chimera_cli_options *options)
{
    struct fetch_flags flags;
    struct chimera_error err = {0};
    if (fetch_flags_read(options, &flags, &err) < 0)
        return say_error("%s", err.text);
    int code = flags.fetch.verification
                   ? verify(&flags, options->arguments[0])
                   : say_error("could not retrieve sigstore options: say which signatures are "
                               "wanted, with --verification-key, a file or the other options");
    fetch_flags_done(&flags);
    return code;
}

static const struct chimera_cli_option verify_options[] = {
    FETCH_FLAGS,
    {.name = "offline",
     .section = SECTION_REGISTRIES,
     .help = "Ask no registry: check the policy in the store by the signatures that were kept "
             "there, or that `save --with-signatures` has brought"},
    {0},
};

static const struct chimera_cli_argument verify_arguments[] = {
    {.name = "uri", .is_required = true, .help = "An image, with registry:// or without"},
    {0},
};

const struct chimera_cli_command command_verify = {
    .name = "verify",
    .about = "Check the signatures of a policy in its registry",
    .description =
        "Looks for signatures in both of cosign's places, the tag sha256-....sig and the "
        "referrers, "
        "and checks them by keys, by certificates and their logs, or both, as asked for. Any good "
        "signature satisfies what asks for it. Nothing is pulled.\n"
        "The success is told on standard error, with the digest and who signed.",
    .options = verify_options,
    .arguments = verify_arguments,
    .run = run_verify,
};
