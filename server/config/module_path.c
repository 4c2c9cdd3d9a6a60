/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/module_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/source/reference.h"

int module_find(const struct options *options, const struct policies *policies,
                const struct policy_spec *policy, char **ret_path, struct chimera_error *err)
{
    char name[256];
    struct chimera_error why = {0};
    /* As the reference calls it here: "name", or "group/#member". */
    if (policy->group == NO_GROUP)
        snprintf(name, sizeof(name), "%s", policy->id);
    else
        snprintf(name, sizeof(name), "%s/#%s", policies->group[policy->group].name, policy->name);
    /* To serve it unverified although verification is asked for would be to fail open. */
    if (options->verification)
        return chimera_fail(
            err, CHIMERA_EREFUSED,
            "Policy '%s' cannot be verified: this version cannot check signatures, and "
            "does not serve what it could not verify: verify %s before, and leave "
            "--verification-path out",
            name, policy->module);
    if (policy->plugin) { /* of a bundle */
        *ret_path = strdup(policy->plugin);
        return *ret_path ? CHIMERA_OK : chimera_fail_memory(err);
    }
    int code = chimera_module_find(policy->module, options->download_dir, ret_path, &why);
    if (code < 0)
        chimera_fail(err, code, "Error while downloading policy '%s' from %s: %s", name,
                     policy->module, why.text);
    return code;
}
