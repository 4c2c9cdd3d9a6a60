/* SPDX-License-Identifier: Apache-2.0 */
/* served_set.h - the policies of a policies.yml or a bundle, each with what its module says of
 * itself. Only what is on this machine is looked at; nothing is built or run.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_DEPLOY_SERVED_SET_H
#define CHIMERA_TOOLCHAIN_COMMAND_DEPLOY_SERVED_SET_H

#include "runtime/base/digest.h"
#include "runtime/policy/metadata.h"
#include "runtime/source/policies.h"

struct served_module {
    struct chimera_metadata metadata;
    struct chimera_digest wasm; /* of the module; of what is not in a bundle all zero */
    enum chimera_mode mode;     /* that the plugin was built for; NONE outside of a bundle */
    char *toolchain;            /* that built the plugin; owned; NULL outside of a bundle */
};

struct served_set {
    struct policies policies;
    struct served_module *modules; /* owned; one for each policy of `policies` */
    bool is_bundle;
};

/* `path` is a policies.yml, or the folder of a bundle; `store` is where fetched modules are. All
 * that is wrong is told at once, as runtime/text/problems.h has it. The caller ends *ret_set with
 * served_set_done(). */
int served_set_read(const char *path, const char *store, struct served_set *ret_set,
                    struct chimera_error *err);
int served_set_read_bundle(const char *folder, struct served_set *ret_set,
                           struct chimera_error *err);
void served_set_done(struct served_set *set);

#endif
