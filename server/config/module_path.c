/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/module_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/source/module_place.h"
#include "runtime/source/reference.h"

/* As the reference calls it here: "name", or "group/#member". */
static void print_name(const struct policies *policies, const struct policy_spec *policy,
                       char *ret_name, size_t room)
{
    if (policy->group == NO_GROUP)
        snprintf(ret_name, room, "%s", policy->id);
    else
        snprintf(ret_name, room, "%s/#%s", policies->group[policy->group].name, policy->name);
}

char *module_explain(const struct policies *policies, const struct policy_spec *policy,
                     bool is_unsigned, const char *cause)
{
    char name[256], *text = NULL;
    struct chimera_shown_name shown;
    const char *meant = policy->meant ? policy->meant : "";
    print_name(policies, policy, name, sizeof(name));
    int size = is_unsigned
                   ? asprintf(&text, "Policy '%s' cannot be verified: %s", name, cause)
                   : asprintf(&text, "Error while downloading policy '%s' from %s: %s%s%s%s", name,
                              chimera_reference_show(policy->module, &shown), cause,
                              *meant ? "; there is a file of that name: is `" : "", meant,
                              *meant ? "` meant?" : "");
    return size < 0 ? NULL : text;
}

int module_find(const struct options *options, const struct policy_spec *policy, bool has_fetched,
                char **ret_path, struct chimera_error *err)
{
    struct chimera_module_place place = {0};
    *ret_path = NULL;
    if (policy->plugin) { /* of a bundle */
        *ret_path = strdup(policy->plugin);
        return *ret_path ? CHIMERA_OK : chimera_fail_memory(err);
    }
    if (options->verification && !has_fetched)
        return CHIMERA_OK; /* as it says whether that is the module which was signed */
    int code =
        chimera_module_locate(policy_spec_location(policy), options->download_dir, &place, err);
    if (code < 0)
        return code;
    bool is_here = place.is_local || has_fetched ||
                   (!place.is_floating && !options->builder_key && access(place.path, F_OK) == 0);
    if (is_here && !place.is_local)
        code = chimera_module_check(place.path, err);
    if (is_here && code == CHIMERA_OK) {
        *ret_path = place.path;
        place.path = NULL; /* handed over */
    }
    chimera_module_place_done(&place);
    return code;
}
