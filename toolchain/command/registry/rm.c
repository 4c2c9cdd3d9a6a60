/* SPDX-License-Identifier: Apache-2.0 */
/* rm.c - `chimera rm`: a policy out of the store. */
#include <stdlib.h>
#include <unistd.h>

#include "compiler/fetch/store/store.h"
#include "runtime/base/cleanup.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/policy_argument.h"

static int remove_stored(const struct chimera_module_place *place, struct chimera_error *err)
{
    struct chimera_error why = {0};
    CHIMERA_FREE char *store = policy_store(err);
    if (!store)
        return CHIMERA_EINVAL;
    int code = chimera_store_remove(store, place->path, &why);
    return code < 0
               ? chimera_fail(err, code, "could not delete policy %s: %s", place->uri, why.text)
               : CHIMERA_OK;
}

static int run_rm(const struct chimera_cli_options *options)
{
    struct chimera_module_place place = {0};
    struct chimera_error err = {0};
    int code =
        policy_argument_find(options->arguments[0], POLICY_WORDS_ANY_REFERENCE, NULL, &place, &err);
    if (code == CHIMERA_OK && place.is_local)
        code = chimera_fail(&err, CHIMERA_EINVAL, "unknown scheme: file");
    if (code == CHIMERA_OK)
        code = remove_stored(&place, &err);
    chimera_module_place_done(&place);
    return code < 0 ? say_error("%s", err.text) : EXIT_GOOD;
}

static const struct chimera_cli_argument rm_arguments[] = {
    {.name = "uri_or_sha_prefix",
     .is_required = true,
     .help = "The policy: its URI, or the beginning of the SHA-256 of its file"},
    {0},
};

const struct chimera_cli_command command_rm = {
    .name = "rm",
    .about = "Remove a policy from the store",
    .description = "Removes the file, the signatures that are kept of it, and the folders that are "
                   "empty then. What was built from it "
                   "stays in the cache of plugins.",
    .arguments = rm_arguments,
    .run = run_rm,
};
