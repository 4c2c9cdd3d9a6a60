/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/policies_bundle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/digest.h"
#include "runtime/base/file.h"
#include "runtime/source/policies.h"
#include "runtime/source/reference.h"
#include "runtime/text/problems.h"

#define FILE_MAX ((size_t)64 << 20)

int policies_read_bundle(const char *folder, const struct chimera_bundle *bundle,
                         enum policies_limits limits, struct policies *ret_policies,
                         struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, CHIMERA_BUNDLE_POLICIES);
    struct chimera_digest digest;
    struct chimera_buffer text;
    if (!path)
        return chimera_fail_memory(err);
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_file_read(path, &text, err);
    if (code == CHIMERA_OK && chimera_digest_of(chimera_buffer_slice(&text), &digest) < 0)
        code = chimera_fail(err, CHIMERA_EIO, "%s: cannot be hashed", path);
    else if (code == CHIMERA_OK && memcmp(&digest, &bundle->policies, sizeof(digest)) != 0)
        code = chimera_fail(err, CHIMERA_EREFUSED,
                            "%s is not the file that the bundle was made with: the digests differ; "
                            "make the bundle again",
                            path);
    if (code == CHIMERA_OK)
        code = policies_parse(chimera_buffer_slice(&text), path, limits, ret_policies, err);
    if (text.data) /* as in policies_read() */
        explicit_bzero(text.data, text.capacity);
    chimera_buffer_free(&text);
    return code;
}

static int take_plugin(const char *folder, const struct chimera_bundle *bundle,
                       struct policy_spec *policy, struct chimera_problems *problems)
{
    const struct chimera_bundle_plugin *plugin = chimera_bundle_find(bundle, policy->module);
    if (!plugin) {
        struct chimera_shown_name shown;
        char where[300], text[1000];
        snprintf(where, sizeof(where), "policy \"%.280s\"", policy->id);
        snprintf(
            text, sizeof(text),
            "the bundle %.300s has no plugin for %.300s: make the bundle again from a file that "
            "names it",
            folder, chimera_reference_show(policy->module, &shown));
        chimera_problems_add(problems, 0, 0, where, text);
        return CHIMERA_OK;
    }
    policy->lock = plugin->file[CHIMERA_BUNDLE_PART_JSON].digest;
    if (asprintf(&policy->plugin, "%s/" CHIMERA_BUNDLE_PLUGINS "/%s.so", folder, plugin->stem) >= 0)
        return CHIMERA_OK;
    policy->plugin = NULL;
    return CHIMERA_ENOMEM;
}

/* Behind what the file has been warned of. */
static int warn_of_others(const struct chimera_bundle *bundle, struct policies *policies)
{
    char *lines = NULL;
    if (!bundle->others)
        return CHIMERA_OK;
    if (asprintf(&lines, "%s%s\n", policies->warnings ? policies->warnings : "", bundle->others) <
        0)
        return CHIMERA_ENOMEM;
    free(policies->warnings);
    policies->warnings = lines;
    return CHIMERA_OK;
}

int policies_take_plugins(const char *folder, const struct chimera_bundle *bundle,
                          struct policies *policies, struct chimera_error *err)
{
    struct chimera_problems problems = {0};
    int code = warn_of_others(bundle, policies);
    for (size_t i = 0; i < policies->policy_count && code == CHIMERA_OK; i++)
        code = take_plugin(folder, bundle, &policies->policy[i], &problems);
    if (code < 0)
        chimera_fail(err, code, "%s", chimera_code_text(code));
    else
        code = chimera_problems_fail(&problems, NULL, CHIMERA_EINVAL, err);
    chimera_problems_done(&problems);
    return code;
}

int policies_open_bundle(const char *folder, struct chimera_bundle *ret_bundle,
                         struct policies *ret_policies, struct chimera_error *err)
{
    struct chimera_bundle bundle = {0};
    struct policies policies = {0};
    CHIMERA_FREE char *manifest = chimera_path_join(folder, CHIMERA_BUNDLE_MANIFEST);
    if (!manifest)
        return chimera_fail_memory(err);
    if (access(folder, F_OK) == 0 && access(manifest, F_OK) < 0 && errno == ENOENT)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s is a folder, but no bundle: there is no " CHIMERA_BUNDLE_MANIFEST
                            " in it, as `chimera bundle` writes it",
                            folder);
    int code = chimera_bundle_read(folder, &bundle, err);
    if (code == CHIMERA_OK)
        code = policies_read_bundle(folder, &bundle, POLICIES_LIMITS_ARE_FREE, &policies, err);
    if (code == CHIMERA_OK)
        code = policies_take_plugins(folder, &bundle, &policies, err);
    if (code < 0) {
        policies_done(&policies);
        chimera_bundle_done(&bundle);
        return code;
    }
    *ret_bundle = bundle;
    *ret_policies = policies; /* both handed over */
    return CHIMERA_OK;
}
