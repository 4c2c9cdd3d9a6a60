/* SPDX-License-Identifier: Apache-2.0 */
/* fetcher.h - has the `chimera` program fetch and verify the modules that are not on this machine,
 * or may have moved, or must be signed.
 *
 * The server holds neither a client of registries nor the code that checks signatures: they are in
 * a confined process of the command's. Waits for it, as builder.h does.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_FETCHER_H
#define CHIMERA_SERVER_SUPERVISOR_FETCHER_H

#include "runtime/base/error.h"
#include "runtime/source/policy_spec.h"
#include "server/config/config.h"
#include "server/config/plugins.h"

struct fetched_module {
    const char *module; /* as of policy_spec_location(); borrowed */
    const char *name;   /* of the first policy that wants it; borrowed, for the log */
    /* What comes of it: one of both texts, owned. */
    char *path, *failure;
    char *plugin; /* of a trusted builder, to be served in place of what `path` is built to; NULL:
                   * none */
    bool is_unsigned;            /* the failure is that it is not signed as it must be */
    struct module_origin origin; /* owned */
};

/* Fills each of them; one that cannot be had does not keep the others from being fetched. */
int fetcher_run(const struct config *config, const char *command, struct fetched_module *modules,
                size_t count, struct chimera_error *err);

/* Has the signature of the bundle judged: all that is in it hangs on its manifest.json, which must
 * be the one that was read. Fills *ret_verdict but for its path, with the folder as its module. */
int fetcher_judge_bundle(const struct config *config, const char *command,
                         const struct bundle_origin *bundle, struct fetched_module *ret_verdict,
                         struct chimera_error *err);

void fetched_module_done(struct fetched_module *module);
/* Frees what came of them, and the list. Does nothing when there is no list. */
void fetched_modules_free(struct fetched_module *modules, size_t count);

#endif
