/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/deploy/served_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/plugin/manifest.h"
#include "runtime/source/module_place.h"
#include "runtime/source/policies_bundle.h"
#include "runtime/text/problems.h"
#include "toolchain/command/policy_module.h"

/* --- What a module says of itself --- */

/* Of a plugin in a bundle: STEM.json, which the bundle has the digest of. */
static int read_plugin(const struct policy_spec *policy, struct served_module *module,
                       struct chimera_error *err)
{
    CHIMERA_FREE char *path = NULL;
    struct chimera_manifest manifest = {0};
    size_t stem = strlen(policy->plugin) - strlen(".so");
    if (asprintf(&path, "%.*s.json", (int)stem, policy->plugin) < 0) {
        path = NULL;
        return chimera_fail_memory(err);
    }
    int code = chimera_manifest_read_locked(path, &policy->lock, &manifest, err);
    if (code < 0)
        return code;
    module->wasm = manifest.wasm;
    module->mode = manifest.mode;
    module->toolchain = manifest.toolchain;
    manifest.toolchain = NULL; /* handed over */
    if (manifest.metadata)
        code = chimera_metadata_parse(chimera_slice_of(manifest.metadata), &module->metadata, err);
    chimera_manifest_done(&manifest);
    return code;
}

/* A file, or one of the store: nothing is fetched. */
static int read_module(const char *store, const struct policy_spec *policy,
                       struct served_module *module, struct chimera_error *err)
{
    struct policy_module file = {0};
    struct chimera_module_place place = {0};
    struct chimera_shown_name shown;
    const char *location = policy_spec_location(policy);
    int code = policy_is_plugin(location) ? CHIMERA_OK
                                          : chimera_module_locate(location, store, &place, err);
    if (code < 0)
        return code;
    if (place.path && !place.is_local && access(place.path, F_OK) != 0) {
        chimera_module_place_done(&place);
        return chimera_fail(err, CHIMERA_EIO,
                            "%s is not on this machine, and nothing is fetched here: get it with "
                            "`chimera pull`, or give a bundle",
                            chimera_reference_show(policy->module, &shown));
    }
    code = place.path ? policy_module_read(&place, &file, err)
                      : policy_module_open(location, NULL, &file, err);
    if (code < 0)
        return code;
    module->metadata = file.metadata;
    file.metadata = (struct chimera_metadata){0}; /* handed over */
    policy_module_done(&file);
    return CHIMERA_OK;
}

static void note(struct chimera_problems *problems, const char *id, const char *text)
{
    char where[300];
    snprintf(where, sizeof(where), "policy \"%.280s\"", id);
    chimera_problems_add(problems, 0, 0, where, text);
}

/* Goes on after a failure, so that one call tells all that is wrong. */
static int read_modules(const char *store, struct served_set *set, struct chimera_error *err)
{
    struct chimera_problems problems = {0};
    set->modules = calloc(set->policies.policy_count + 1, sizeof(*set->modules));
    if (!set->modules)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < set->policies.policy_count; i++) {
        const struct policy_spec *policy = &set->policies.policy[i];
        struct chimera_error why = {0};
        int code = set->is_bundle ? read_plugin(policy, &set->modules[i], &why)
                                  : read_module(store, policy, &set->modules[i], &why);
        if (code < 0)
            note(&problems, policy->id, why.text);
    }
    int code = chimera_problems_fail(&problems, NULL, CHIMERA_EINVAL, err);
    chimera_problems_done(&problems);
    return code;
}

/* --- The set --- */

static int read_bundle(const char *folder, struct served_set *set, struct chimera_error *err)
{
    struct chimera_bundle bundle = {0};
    set->is_bundle = true;
    int code = policies_open_bundle(folder, &bundle, &set->policies, err);
    if (code == CHIMERA_OK)
        code = read_modules(NULL, set, err);
    chimera_bundle_done(&bundle);
    return code;
}

static int read_file(const char *path, const char *store, struct served_set *set,
                     struct chimera_error *err)
{
    int code = policies_read(path, POLICIES_LIMITS_ARE_FREE, &set->policies, err);
    return code < 0 ? code : read_modules(store, set, err);
}

static int hand_over(int code, struct served_set *set, struct served_set *ret_set)
{
    if (code < 0)
        served_set_done(set);
    else
        *ret_set = *set;
    return code;
}

int served_set_read_bundle(const char *folder, struct served_set *ret_set,
                           struct chimera_error *err)
{
    struct served_set set = {0};
    return hand_over(read_bundle(folder, &set, err), &set, ret_set);
}

int served_set_read(const char *path, const char *store, struct served_set *ret_set,
                    struct chimera_error *err)
{
    struct served_set set = {0};
    struct stat status;
    if (stat(path, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    return hand_over(S_ISDIR(status.st_mode) ? read_bundle(path, &set, err)
                                             : read_file(path, store, &set, err),
                     &set, ret_set);
}

void served_set_done(struct served_set *set)
{
    for (size_t i = 0; set->modules && i < set->policies.policy_count; i++) {
        chimera_metadata_done(&set->modules[i].metadata);
        free(set->modules[i].toolchain);
    }
    free(set->modules);
    policies_done(&set->policies);
    *set = (struct served_set){0};
}
